//! One HTTP request to a vendor: bounded in time and size, never led to another host, and never
//! showing its address, which may hold a key.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use rustls::CertificateError;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::Error;
use crate::vendor::VendorFault;
use crate::vendor::fault::shown;
use crate::vendor::tls::Tls;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(20);
/// Of a body, after decompression.
pub(crate) const MAX_BODY: usize = 8 << 20;
/// Redirects within one host that are followed.
const MAX_REDIRECTS: usize = 3;

/// Answer of a host, whatever its status.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    content_type: String,
    pub(crate) location: Option<String>,
    retry_after: Option<Duration>,
    /// The body is in a coding that this client does not read.
    coded: bool,
    body: Vec<u8>,
}

/// The client of one vendor.
#[derive(Debug)]
pub(crate) struct Http(Client);

impl Http {
    /// A client of one host, which sends `headers` with each request.
    ///
    /// # Errors
    /// [`Error::Client`] when TLS cannot be set up.
    pub(crate) fn new(
        user_agent: &str,
        host: &Url,
        tls: &Tls,
        headers: HeaderMap,
    ) -> Result<Self, Error> {
        let mut builder = Client::builder()
            .user_agent(user_agent)
            .default_headers(headers)
            .connect_timeout(CONNECT)
            .tls_backend_preconfigured(tls.client())
            // A redirect would hand the address on, and with it the key.
            .referer(false)
            .redirect(Policy::custom(|attempt| {
                let same =
                    attempt.previous().last().map(Url::origin) == Some(attempt.url().origin());
                if same && attempt.previous().len() <= MAX_REDIRECTS {
                    attempt.follow()
                } else {
                    attempt.stop()
                }
            }));
        if is_loopback(host) {
            builder = builder.no_proxy();
        }
        builder
            .build()
            .map(Self)
            .map_err(|error| Error::Client(describe(error)))
    }

    /// Asks once, until `deadline` at most.
    pub(crate) async fn get(&self, url: Url, deadline: Instant) -> Result<HttpAnswer, VendorFault> {
        let deadline = deadline.min(Instant::now() + WHOLE);
        let request = async {
            let response = self.0.get(url).send().await.map_err(fault)?;
            read(response).await
        };
        timeout_at(deadline, request)
            .await
            .unwrap_or(Err(VendorFault::Timeout))
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

async fn read(mut response: Response) -> Result<HttpAnswer, VendorFault> {
    let headers = response.headers();
    let mut answer = HttpAnswer {
        status: response.status().as_u16(),
        content_type: header(headers, &CONTENT_TYPE)
            .unwrap_or_default()
            .to_ascii_lowercase(),
        location: header(headers, &LOCATION).map(|to| host_of(to, response.url())),
        retry_after: retry_after(headers),
        coded: header(headers, &CONTENT_ENCODING)
            .is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity")),
        body: Vec::new(),
    };
    while let Some(chunk) = response.chunk().await.map_err(fault)? {
        if answer.body.len() + chunk.len() > MAX_BODY {
            return Err(VendorFault::TooLarge { limit: MAX_BODY });
        }
        answer.body.extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The host alone: the rest of an address may hold anything.
fn host_of(location: &str, base: &Url) -> String {
    let host = base
        .join(location)
        .ok()
        .and_then(|url| url.host_str().map(shown));
    host.unwrap_or_else(|| "an unreadable address".to_owned())
}

/// In seconds, or as a date, which is taken relative to the answer's own.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = header(headers, &RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let from = DateTime::parse_from_rfc2822(header(headers, &DATE)?).ok()?;
    (until - from).to_std().ok()
}

fn fault(error: reqwest::Error) -> VendorFault {
    if error.is_timeout() {
        return VendorFault::Timeout;
    }
    let untrusted = is_untrusted(&error);
    let text = describe(error);
    if untrusted {
        VendorFault::UntrustedCertificate(text)
    } else {
        VendorFault::Network(text)
    }
}

/// Whether the certificate is of an authority that is not known here.
fn is_untrusted(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        if inner.downcast_ref::<rustls::Error>() == Some(&unknown) {
            return true;
        }
        // An I/O error leaves what it was made of out of the chain of sources.
        let made_of = inner
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match made_of {
            Some(made_of) => Some(made_of),
            None => inner.source(),
        };
    }
    false
}

/// The error without its address: the innermost cause says most.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    shown(&text)
}

impl HttpAnswer {
    /// Fault that the status alone shows, where it shows one.
    pub(crate) fn refusal(&self) -> Option<VendorFault> {
        match self.status {
            300..=399 => {
                let to = self
                    .location
                    .clone()
                    .unwrap_or_else(|| "nowhere".to_owned());
                Some(VendorFault::Redirected(to))
            }
            429 => Some(VendorFault::Throttled {
                retry_after: self.retry_after,
            }),
            500.. => Some(VendorFault::Status(self.status)),
            _ => None,
        }
    }

    /// Meaning of a refusal's status where the body says nothing: a page in place of the vendor's own
    /// words is no word about the request.
    pub(crate) fn refused_without_words(&self) -> VendorFault {
        match self.status {
            401 | 403 => VendorFault::Blocked(format!("HTTP status {}", self.status)),
            status => VendorFault::Status(status),
        }
    }

    /// The body as JSON of the form `T`; a page is never read as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, VendorFault> {
        // A coding that was asked for has been undone, and its header is gone.
        if self.coded {
            return Err(VendorFault::NotJson("in a coding that was not asked for"));
        }
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        match first {
            None => return Err(VendorFault::Malformed("the body is empty".to_owned())),
            Some(b'<') => return Err(VendorFault::NotJson("a page")),
            Some(b'{' | b'[') if !self.content_type.contains("html") => {}
            Some(_) if self.content_type.contains("html") => {
                return Err(VendorFault::NotJson("a page"));
            }
            Some(_) => return Err(VendorFault::NotJson("other text")),
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            // Its own text may quote the body, and the body may repeat a key.
            let what = if error.is_data() {
                "another form"
            } else {
                "broken JSON"
            };
            VendorFault::Malformed(format!(
                "{what} at line {} column {}",
                error.line(),
                error.column()
            ))
        })
    }

    #[cfg(test)]
    pub(crate) fn of(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type: content_type.to_owned(),
            location: None,
            retry_after: None,
            coded: false,
            body: body.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_needs_no_certificates_of_the_machine() {
        let live = Url::parse("https://query1.finance.yahoo.com").unwrap();
        let tls = Tls::new([]).unwrap();
        Http::new("test", &live, &tls, HeaderMap::new()).unwrap();
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let loopback = |text: &str| is_loopback(&Url::parse(text).unwrap());
        assert!(loopback("http://127.0.0.1:1") && loopback("http://[::1]:1"));
        assert!(loopback("http://localhost") && !loopback("http://10.0.0.1"));
        assert!(!loopback("http://localhost.example.com"));
    }

    #[test]
    fn a_retry_date_is_relative_to_the_answers_own() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Mon, 23 Nov 2026 12:00:00 GMT".parse().unwrap());
        headers.insert(
            RETRY_AFTER,
            "Mon, 23 Nov 2026 12:00:07 GMT".parse().unwrap(),
        );
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(7)));
        headers.insert(RETRY_AFTER, "3".parse().unwrap());
        assert_eq!(retry_after(&headers), Some(Duration::from_secs(3)));
        headers.insert(RETRY_AFTER, "-3".parse().unwrap());
        assert_eq!(retry_after(&headers), None);
    }
}
