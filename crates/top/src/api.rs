//! The API of a running program, asked over plain HTTP.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use serde_json::Value;

use crate::words::plain;

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
    #[error("no page answers at {0} (is the program running, and is that its `page:` line?)")]
    Unreachable(String, #[source] io::Error),
    /// It answers, but not as this program does.
    #[error("{0} does not answer as closecall does (is that the address of its `page:` line?)")]
    Foreign(String),
    /// The connection ended before the answer did.
    #[error("the answer of {host} broke off: {came} bytes of {promised} came")]
    BrokenOff {
        /// Host and port.
        host: String,
        /// Bytes that came.
        came: usize,
        /// Bytes that the answer said it has.
        promised: usize,
    },
    /// It answers that it cannot, or that this is not to be had there.
    #[error("{host} answers {status}: {reason}")]
    Refused {
        /// Host and port.
        host: String,
        /// The status.
        status: u16,
        /// Its reason.
        reason: String,
        /// The whole of it, where it is a problem of this program's form.
        problem: Option<Value>,
    },
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
    /// When nothing answers, or something else does, or it answers otherwise than with 200.
    pub fn get(&self, path: &str) -> Result<Value, Error> {
        let answer = self
            .ask(path)
            .map_err(|error| Error::Unreachable(self.host.clone(), error))?;
        parse(&self.host, &answer)
    }

    /// The answer of a path, or the problem that it answers with, which people are to see in its place.
    ///
    /// # Errors
    /// When nothing answers, or something else does.
    pub fn get_or_problem(&self, path: &str) -> Result<Value, Error> {
        match self.get(path) {
            Err(Error::Refused {
                problem: Some(problem),
                ..
            }) => Ok(problem),
            other => other,
        }
    }

    fn ask(&self, path: &str) -> io::Result<Vec<u8>> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in self.host.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, WITHIN) {
                Ok(mut stream) => {
                    stream.set_read_timeout(Some(WITHIN))?;
                    stream.set_write_timeout(Some(WITHIN))?;
                    let host = &self.host;
                    let request = format!(
                        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
                    );
                    stream.write_all(request.as_bytes())?;
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

/// The value in an answer: status 200, as long as it says, and JSON.
fn parse(host: &str, answer: &[u8]) -> Result<Value, Error> {
    let foreign = || Error::Foreign(host.to_owned());
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(foreign)?;
    let head = std::str::from_utf8(&answer[..end]).map_err(|_| foreign())?;
    let body = &answer[end + 4..];
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().splitn(3, ' ');
    let version = first.next().filter(|word| word.starts_with("HTTP/1."));
    let status = first.next().and_then(|word| word.parse::<u16>().ok());
    let (Some(_), Some(status)) = (version, status) else {
        return Err(foreign());
    };
    let header = |wanted: &str| {
        let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let found = fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim())
    };
    let promised = header("content-length").and_then(|length| length.parse().ok());
    if let Some(promised) = promised.filter(|promised| *promised != body.len()) {
        return Err(Error::BrokenOff {
            host: host.to_owned(),
            came: body.len(),
            promised,
        });
    }
    let value = serde_json::from_slice::<Value>(body).ok();
    if status == 200 {
        // Of an answer that does not say how long it is, nothing shows that it is whole.
        return value.filter(|_| promised.is_some()).ok_or_else(foreign);
    }
    let problem = value.filter(|value| value["title"].is_string());
    let text = || {
        let kind = header("content-type").filter(|kind| kind.starts_with("text/plain"))?;
        let line = std::str::from_utf8(body).ok()?.lines().next()?;
        (!kind.is_empty() && !line.is_empty()).then(|| plain(line))
    };
    let reason = match &problem {
        Some(problem) => plain(problem["title"].as_str().unwrap_or_default()),
        None => text().unwrap_or_else(|| plain(first.next().unwrap_or_default())),
    };
    Err(Error::Refused {
        host: host.to_owned(),
        status,
        reason,
        problem,
    })
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

    fn parsed(answer: &str) -> Result<Value, Error> {
        parse("h:1", answer.as_bytes())
    }

    #[test]
    fn only_whole_answers_are_taken() {
        let good = parsed("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"a\":1}").unwrap();
        assert_eq!(good["a"], 1);
        let short = parsed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\":1}").unwrap_err();
        assert_eq!(
            short.to_string(),
            "the answer of h:1 broke off: 7 bytes of 9 came"
        );
        for foreign in [
            "",
            "SSH-2.0-OpenSSH_9.6\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n<>",
            "HTTP/1.1 x OK\r\nContent-Length: 2\r\n\r\n{}",
        ] {
            let error = parsed(foreign).unwrap_err();
            assert!(matches!(error, Error::Foreign(_)), "{foreign}");
        }
    }

    #[test]
    fn refusals_are_said_by_their_reason() {
        let words = |answer: &str| parsed(answer).unwrap_err().to_string();
        let problem = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 26\r\n\r\n{\"title\":\"it is starting\"}";
        assert_eq!(words(problem), "h:1 answers 503: it is starting");
        let problem = match parsed(problem) {
            Err(Error::Refused { problem, .. }) => problem.unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(problem["title"], "it is starting");
        let moved = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(words(moved), "h:1 answers 302: Found");
        let text =
            "HTTP/1.1 421 X\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nset hosts";
        assert_eq!(words(text), "h:1 answers 421: set hosts");
    }
}
