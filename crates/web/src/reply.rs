//! One answer before it is sent: status, headers, body; and what every answer carries.

use std::io::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Every answer forbids everything that the pages do not need.
const SECURITY: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Bodies from this size on are compressed for those who can read that.
const COMPRESSED_FROM: usize = 1024;

/// Content type of the pages.
pub(crate) const HTML: &str = "text/html; charset=utf-8";
/// Content type of the API.
pub(crate) const JSON: &str = "application/json";

/// An answer.
#[derive(Debug)]
pub(crate) struct WebReply {
    pub(crate) status: u16,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl WebReply {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// Nothing changed since the reader's copy.
    pub(crate) fn not_modified() -> Self {
        Self::new(304, "", String::new())
    }

    pub(crate) fn redirect(to: &str) -> Self {
        let mut reply = Self::new(302, "text/plain; charset=utf-8", String::new());
        reply.header("location", to);
        reply.header("cache-control", "no-store");
        reply
    }

    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        self.headers.push((name, value.to_owned()));
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.header(name, value);
        self
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| *known == name)
    }

    /// As it is sent; compressed where that is worth it and can be read.
    pub(crate) fn send(self, gzip: bool) -> HttpResponse {
        let mut response = builder(self.status);
        if !self.content_type.is_empty() {
            response.insert_header(("content-type", self.content_type));
        }
        if !self.has("cache-control") {
            response.insert_header(("cache-control", "no-cache"));
        }
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(*name), HeaderValue::try_from(value))
            {
                response.insert_header((name, value));
            }
        }
        response.insert_header(("vary", "accept-encoding"));
        if gzip
            && self.body.len() >= COMPRESSED_FROM
            && let Some(packed) = compress(self.body.as_bytes())
        {
            response.insert_header(("content-encoding", "gzip"));
            return response.body(packed);
        }
        response.body(self.body)
    }
}

/// A response with what every one of them carries.
pub(crate) fn builder(status: u16) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for header in SECURITY {
        response.insert_header(header);
    }
    response
}

fn compress(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}
