//! The API of a running program, asked over plain HTTP.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use serde_json::Value;

/// Longest wait for an answer.
const WITHIN: Duration = Duration::from_secs(3);

/// The largest answer.
const LARGEST: u64 = 4 * 1024 * 1024;

/// An API that cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("`{0}` is not the address of a page: give http://HOST:PORT/")]
    Address(String),
    /// It does not answer.
    #[error("no page answers at {0}: is the program running, and is that its `page:` line?")]
    Unreachable(String, #[source] io::Error),
    /// It answers, but not as this program does.
    #[error("{0} does not answer as closecall does")]
    Foreign(String),
    /// The terminal cannot be used.
    #[error("the terminal cannot be used")]
    Terminal(#[from] io::Error),
}

/// An API.
#[derive(Debug, Clone)]
pub struct Api {
    /// Host and port.
    host: String,
}

impl Api {
    /// The API of the page at this address.
    ///
    /// # Errors
    /// For an address that is none.
    pub fn new(page: &str) -> Result<Self, Error> {
        let rest = page.strip_prefix("http://").unwrap_or(page);
        let host = rest.split('/').next().unwrap_or_default();
        let host = match host.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok() => host.to_owned(),
            _ if !host.is_empty() && !host.contains(':') => format!("{host}:80"),
            _ => return Err(Error::Address(page.chars().take(100).collect())),
        };
        Ok(Self { host })
    }

    /// The answer of a path.
    ///
    /// # Errors
    /// When nothing answers, or something else does.
    pub fn get(&self, path: &str) -> Result<Value, Error> {
        let answer = self
            .ask(path)
            .map_err(|error| Error::Unreachable(self.host.clone(), error))?;
        let text = String::from_utf8(answer).map_err(|_| Error::Foreign(self.host.clone()))?;
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        body.and_then(|body| serde_json::from_str(body).ok())
            .ok_or_else(|| Error::Foreign(self.host.clone()))
    }

    fn ask(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in self.host.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, WITHIN) {
                Ok(mut stream) => {
                    stream.set_read_timeout(Some(WITHIN))?;
                    stream.set_write_timeout(Some(WITHIN))?;
                    let host = &self.host;
                    write!(
                        stream,
                        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                    )?;
                    let mut answer = Vec::new();
                    stream.take(LARGEST).read_to_end(&mut answer)?;
                    return Ok(answer);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_the_page_line_prints_them() {
        for good in [
            "http://127.0.0.1:8316/",
            "127.0.0.1:8316",
            "http://localhost",
            "http://[::1]:8316/",
        ] {
            assert!(Api::new(good).is_ok(), "{good}");
        }
        for bad in ["", "http://", "https://x/", "http://host:port/"] {
            assert!(matches!(Api::new(bad), Err(Error::Address(_))), "{bad}");
        }
    }
}
