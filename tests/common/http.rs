//! Pages and probes of a running program, asked for over HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Where it listens.
pub(crate) struct Site(String);

impl Site {
    /// At a URL such as `http://127.0.0.1:8316/`.
    pub(crate) fn at(url: &str) -> Self {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        Self(address.to_owned())
    }

    /// The status and the whole answer, head included.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.0).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }
}
