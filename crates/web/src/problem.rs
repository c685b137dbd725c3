//! Errors of the API as RFC 9457 describes them, `application/problem+json`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::reply::WebReply;
use crate::text::short;

/// The kinds of problems; each is described on `/api`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    BadParameter,
    UnknownParameter,
    NotFound,
    Method,
    Misdirected,
    CrossSite,
    HeadTooLarge,
    NoLedger,
    Starting,
    Busy,
    BrokenLedger,
}

impl Kind {
    /// All of them, as the page of the API lists them.
    pub(crate) const ALL: [Self; 11] = [
        Self::BadParameter,
        Self::UnknownParameter,
        Self::NotFound,
        Self::Method,
        Self::Misdirected,
        Self::CrossSite,
        Self::HeadTooLarge,
        Self::NoLedger,
        Self::Starting,
        Self::Busy,
        Self::BrokenLedger,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BadParameter => "bad-parameter",
            Self::UnknownParameter => "unknown-parameter",
            Self::NotFound => "not-found",
            Self::Method => "method",
            Self::Misdirected => "misdirected",
            Self::CrossSite => "cross-site",
            Self::HeadTooLarge => "head-too-large",
            Self::NoLedger => "no-ledger",
            Self::Starting => "starting",
            Self::Busy => "busy",
            Self::BrokenLedger => "broken-ledger",
        }
    }

    pub(crate) fn status(self) -> u16 {
        match self {
            Self::BadParameter | Self::UnknownParameter => 400,
            Self::CrossSite => 403,
            Self::NotFound => 404,
            Self::Method => 405,
            Self::Misdirected => 421,
            Self::HeadTooLarge => 431,
            Self::BrokenLedger => 500,
            Self::NoLedger | Self::Starting | Self::Busy => 503,
        }
    }

    /// Meaning of the problem, for the page of the API.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::BadParameter => "A parameter has a value that it cannot have.",
            Self::UnknownParameter => {
                "A parameter that this path does not have, or one given twice."
            }
            Self::NotFound => "There is nothing at this path, or no such pick or ticker.",
            Self::Method => "Only GET and HEAD are answered.",
            Self::Misdirected => "The host is none of those in http.hosts.",
            Self::CrossSite => "Another site's page asked.",
            Self::HeadTooLarge => "The request's head is larger than 8 KiB.",
            Self::NoLedger => "This process keeps no ledger; the reporter does.",
            Self::Starting => "The record is still being read; try again in a second.",
            Self::Busy => "Too many readers at once, or the answer took too long.",
            Self::BrokenLedger => "The ledger does not verify, so no score is given.",
        }
    }

    /// Seconds after which asking again may help.
    fn retry_after(self) -> Option<u32> {
        match self {
            Self::Starting => Some(1),
            Self::Busy => Some(30),
            _ => None,
        }
    }
}

/// Something that cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    /// The problem, in a sentence.
    pub(crate) title: Box<str>,
    /// The text that was sent, cut.
    pub(crate) detail: Option<Box<str>>,
    /// The parameter at fault.
    pub(crate) parameter: Option<Box<str>>,
}

/// An error as RFC 9457 describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Its kind: a path on this server that describes it.
    #[serde(rename = "type")]
    kind: String,
    /// The problem, in a sentence.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The text that was sent, cut to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The path that was asked.
    instance: String,
    /// The parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, title: impl Into<String>) -> Self {
        Self {
            kind,
            title: title.into().into(),
            detail: None,
            parameter: None,
        }
    }

    /// A parameter's value that it cannot have; the value is shown cut.
    pub(crate) fn parameter(name: &str, rule: &str, value: &str) -> Self {
        Self {
            detail: Some(format!("{name} was '{}'", short(value, 64)).into()),
            parameter: Some(short(name, 64).into()),
            ..Self::new(Kind::BadParameter, format!("{name} is not {rule}"))
        }
    }

    /// Something that is not there.
    pub(crate) fn not_found(title: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, title)
    }

    /// The ledger cannot be read at this moment.
    pub(crate) fn unreadable() -> Self {
        Self::new(Kind::Busy, "the ledger cannot be read at this moment")
    }

    pub(crate) fn status(&self) -> u16 {
        self.kind.status()
    }

    /// As an answer to a program.
    pub(crate) fn reply(self, path: &str) -> WebReply {
        let body = ProblemBody {
            kind: format!("/api#{}", self.kind.name()),
            title: self.title.into(),
            status: self.kind.status(),
            detail: self.detail.map(Into::into),
            instance: short(path, 64),
            parameter: self.parameter.map(Into::into),
        };
        let text = serde_json::to_string(&body).unwrap_or_default();
        let mut reply = WebReply::new(self.kind.status(), "application/problem+json", text);
        reply.header("cache-control", "no-store");
        if let Some(seconds) = self.kind.retry_after() {
            reply.header("retry-after", &seconds.to_string());
        }
        if self.kind == Kind::Method {
            reply.header("allow", "GET, HEAD");
        }
        reply
    }
}

impl From<closecall_ledger::Error> for Problem {
    /// Neither a path nor a database's text leaves this machine.
    fn from(error: closecall_ledger::Error) -> Self {
        match error {
            closecall_ledger::Error::Absent(_) => Self::new(
                Kind::Starting,
                "there is no ledger yet: the first forecast makes one",
            ),
            error => {
                tracing::warn!(%error, "the page cannot read the ledger");
                Self::unreadable()
            }
        }
    }
}
