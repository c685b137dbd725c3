//! Replies that are wrong on the connection: statuses, waits, lengths, bodies of another kind.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use hyper::{Response, StatusCode};

use super::bomb::{self, Coding};
use super::target::Service;
use crate::answer::Answer;

/// A reply's body.
pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, io::Error>;

const JSON: &str = "application/json;charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain";

const OUTAGE: &str = "<html><body><h1>Will be right back...</h1></body></html>";

/// The fault.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ReplyFault {
    /// Another status, with the vendor's body for it.
    Status {
        status: StatusCode,
        retry_after: Option<u64>,
    },
    /// The answer, later.
    Delay(Duration),
    /// No answer at all.
    Hang,
    /// This many bytes of the body, then nothing while the connection stays.
    Silence(usize),
    /// This many bytes a second.
    Drip(usize),
    /// This many bytes of the announced length, then the end of the connection.
    Truncate(usize),
    /// This many bytes in chunks, then the end of the connection without the last chunk.
    Abort(usize),
    /// A length that differs from the body's by so much.
    Length(i64),
    /// Bytes that are no JSON, said to be some.
    Garbage,
    /// A page in place of data, with status 200.
    Html,
    /// A refusal in words, with status 200.
    Text,
    /// A coding that the body is not in.
    Encoding(String),
    /// A small body that decompresses to this number of gibibytes.
    Bomb { coding: Coding, gibibytes: u64 },
    /// Another address.
    Redirect(String),
}

/// Bytes to send, and the moment when their sending starts.
pub(crate) struct Reply {
    pub(crate) wait: Wait,
    pub(crate) response: Response<ReplyBody>,
}

/// Event before a reply's head is sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Wait {
    None,
    For(Duration),
    Forever,
}

impl Reply {
    /// An answer as it is.
    pub(crate) fn of((status, body): Answer) -> Self {
        Self::whole(status, JSON, body.to_string())
    }

    fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Self {
        let whole = Full::new(body.into()).map_err(|never: Infallible| match never {});
        let mut reply = Self {
            wait: Wait::None,
            response: Response::new(whole.boxed_unsync()),
        };
        *reply.response.status_mut() = status;
        reply.with(CONTENT_TYPE, HeaderValue::from_static(kind))
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.response.headers_mut().insert(name, value);
        self
    }

    /// A text that is no header's value leaves the header away.
    fn with_text(self, name: HeaderName, text: &str) -> Self {
        match HeaderValue::from_str(text) {
            Ok(value) => self.with(name, value),
            Err(_) => self,
        }
    }
}

/// The reply that an answer becomes.
pub(super) fn spoil(fault: &ReplyFault, service: Service, (status, body): Answer) -> Reply {
    let bytes = Bytes::from(body.to_string());
    let length = bytes.len();
    let waits = |wait: Wait| {
        let mut reply = Reply::whole(status, JSON, bytes.clone());
        reply.wait = wait;
        reply
    };
    match fault {
        ReplyFault::Status {
            status,
            retry_after,
        } => {
            let (kind, body) = vendors_body(service, *status);
            let reply = Reply::whole(*status, kind, body);
            match retry_after {
                Some(seconds) => reply.with(RETRY_AFTER, HeaderValue::from(*seconds)),
                None => reply,
            }
        }
        ReplyFault::Delay(span) => waits(Wait::For(*span)),
        ReplyFault::Hang => waits(Wait::Forever),
        ReplyFault::Silence(sent) => {
            let part = stream::iter([Ok(cut(&bytes, *sent))]);
            streamed(status, part.chain(stream::pending())).with(CONTENT_LENGTH, length.into())
        }
        ReplyFault::Drip(rate) => {
            let rate = (*rate).max(1);
            let drops: Vec<Bytes> = bytes.chunks(rate).map(Bytes::copy_from_slice).collect();
            let drops = stream::iter(drops).then(|drop| async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(drop)
            });
            streamed(status, drops).with(CONTENT_LENGTH, length.into())
        }
        ReplyFault::Truncate(sent) => {
            streamed(status, broken_off(&bytes, *sent)).with(CONTENT_LENGTH, length.into())
        }
        ReplyFault::Abort(sent) => streamed(status, broken_off(&bytes, *sent)),
        ReplyFault::Length(difference) => {
            let said = (length as i64).saturating_add(*difference).max(0) as u64;
            streamed(status, broken_off(&bytes, length)).with(CONTENT_LENGTH, said.into())
        }
        ReplyFault::Garbage => Reply::whole(StatusCode::OK, JSON, garbage()),
        ReplyFault::Html => Reply::whole(StatusCode::OK, HTML, OUTAGE),
        ReplyFault::Text => Reply::whole(StatusCode::OK, TEXT, "Too Many Requests\r\n"),
        ReplyFault::Encoding(name) => {
            Reply::whole(status, JSON, bytes).with_text(CONTENT_ENCODING, name)
        }
        ReplyFault::Bomb { coding, gibibytes } => {
            let frames = stream::iter(bomb::frames(*coding, *gibibytes)).map(Ok);
            streamed(StatusCode::OK, frames)
                .with(CONTENT_ENCODING, HeaderValue::from_static(coding.name()))
        }
        ReplyFault::Redirect(address) => {
            Reply::whole(StatusCode::FOUND, HTML, "").with_text(LOCATION, address)
        }
    }
}

fn streamed(
    status: StatusCode,
    frames: impl stream::Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Reply {
    let body = StreamBody::new(frames.map(|bytes| bytes.map(Frame::data)));
    let mut reply = Reply::whole(status, JSON, "");
    *reply.response.body_mut() = body.boxed_unsync();
    reply
}

/// The first bytes, a turn of the connection in which they are sent, then an error that ends it.
fn broken_off(
    bytes: &Bytes,
    sent: usize,
) -> impl stream::Stream<Item = io::Result<Bytes>> + Send + use<> {
    let part = stream::iter([Ok(cut(bytes, sent))]);
    part.chain(stream::once(async {
        tokio::task::yield_now().await;
        Err(io::Error::other("broken off by its script"))
    }))
}

fn cut(bytes: &Bytes, length: usize) -> Bytes {
    bytes.slice(..length.min(bytes.len()))
}

/// The body that the vendors send with a status.
fn vendors_body(service: Service, status: StatusCode) -> (&'static str, &'static str) {
    use Service::{AlpacaDaily, AlpacaIntraday, TiingoDaily, TiingoIntraday};
    match (service, status.as_u16()) {
        (AlpacaDaily | AlpacaIntraday, 401) => (JSON, r#"{"message":"unauthorized."}"#),
        (AlpacaDaily | AlpacaIntraday, 403) => (
            JSON,
            r#"{"message":"subscription does not permit querying recent SIP data"}"#,
        ),
        (AlpacaDaily | AlpacaIntraday, 429) => (JSON, r#"{"message":"too many requests."}"#),
        (TiingoDaily | TiingoIntraday, 401 | 403) => (JSON, r#"{"detail":"Invalid token."}"#),
        (TiingoDaily | TiingoIntraday, 404) => (JSON, r#"{"detail":"Not found."}"#),
        (TiingoDaily | TiingoIntraday, 429) => (
            JSON,
            r#"{"detail":"Error: You have run over your hourly request allocation."}"#,
        ),
        (_, 401 | 403) => (
            JSON,
            r#"{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}"#,
        ),
        (_, 404) => (
            JSON,
            r#"{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}}"#,
        ),
        (_, 429) => (TEXT, "Edge: Too Many Requests"),
        _ => (HTML, OUTAGE),
    }
}

/// Bytes of every value, which are neither JSON nor UTF-8.
fn garbage() -> Vec<u8> {
    (0..=u8::MAX).rev().cycle().take(1_000).collect()
}
