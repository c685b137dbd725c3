//! Faults of a call to a vendor.

use std::time::Duration;

use chrono::{DateTime, Utc};
use closecall_protocol::ErrorClass;

/// Longest text of a stranger's that is carried in a fault, in characters.
const SHOWN: usize = 240;

/// Reasons that a vendor's answer is no data. Never carries an address or a key: both vendors are
/// asked by query, and one of them repeats the key in its answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VendorFault {
    /// No connection, or one that broke.
    #[error("the connection failed ({0})")]
    Network(String),
    /// No whole answer within the time there was.
    #[error("there was no whole answer in time")]
    Timeout,
    /// A body beyond the limit, after decompression.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A redirect to another host, as of a consent page.
    #[error("it redirects to {0}, which is refused")]
    Redirected(String),
    /// A status that says nothing more about the request.
    #[error("it answered with HTTP status {0}")]
    Status(u16),
    /// Too many requests in a short time.
    #[error("it refuses requests at this rate{}", wait(*.retry_after))]
    Throttled {
        /// Span for which it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It shuts this machine out, whatever is asked.
    #[error("it refuses this machine ({0})")]
    Blocked(String),
    /// Its certificate, or that of a proxy in its place, is signed by an authority unknown here.
    #[error(
        "its certificate is not trusted ({0}): where a proxy or an organisation signs for it, name \
         the file of that certificate authority in network.ca_file or SSL_CERT_FILE"
    )]
    UntrustedCertificate(String),
    /// Not asked: it failed or refused too often.
    #[error("it is left alone until {}, after it failed or refused", until.format("%Y-%m-%d %H:%M:%S UTC"))]
    LeftAlone {
        /// When it is asked again.
        until: DateTime<Utc>,
    },
    /// The day's requests are spent.
    #[error("its quota of requests is spent until the next day ({0})")]
    Quota(String),
    /// The key is missing or refused.
    #[error("it refuses the credential ({0})")]
    Credential(String),
    /// The key does not cover this request.
    #[error("the request is not covered by the key ({0})")]
    NotEntitled(String),
    /// It does not know the symbol.
    #[error("it does not know the symbol ({0})")]
    UnknownSymbol(String),
    /// AlphaVantage's one answer to an unknown ticker and to a window without news.
    #[error("it calls the inputs invalid: an unknown ticker, or no news")]
    InvalidInputs,
    /// It refuses the request as such.
    #[error("it refuses the request ({0})")]
    BadRequest(String),
    /// A page or a text where JSON is due.
    #[error("the answer is not JSON but {0}")]
    NotJson(&'static str),
    /// JSON that is not of the form.
    #[error("the answer is not of the expected form ({0})")]
    Malformed(String),
    /// A symbol outside the form of a ticker.
    #[error("the answer is about an invalid symbol: {0}")]
    InvalidSymbol(String),
    /// Another symbol than was asked for.
    #[error("the answer is about {answered}, asked was {asked}")]
    WrongSymbol {
        /// As asked.
        asked: String,
        /// As answered.
        answered: String,
    },
    /// Bars of another length than was asked for.
    #[error("the bars are of granularity {0}, which was not asked for")]
    Granularity(String),
    /// An instrument of another market.
    #[error("it answers with {0}")]
    OtherMarket(String),
    /// A file of prices that cannot be read, or is in no form that is known.
    #[error("{0}")]
    File(String),
    /// Prices on several bases or in several units.
    #[error("its prices cannot be trusted: {0}")]
    Unsound(String),
}

fn wait(after: Option<Duration>) -> String {
    after.map_or_else(String::new, |after| {
        format!(" and asks for {} s", after.as_secs_f64().ceil())
    })
}

impl VendorFault {
    /// Kind of the fault, by which it is retried and a command's exit code chosen.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Throttled { .. } | Self::LeftAlone { .. } | Self::Quota(_) => {
                ErrorClass::TryLater
            }
            Self::Network(_)
            | Self::Blocked(_)
            | Self::Timeout
            | Self::TooLarge { .. }
            | Self::Redirected(_)
            | Self::Status(_) => ErrorClass::Unavailable,
            Self::UntrustedCertificate(_) => ErrorClass::NoConnection,
            Self::Credential(_) | Self::NotEntitled(_) => ErrorClass::Refused,
            Self::InvalidInputs | Self::NotJson(_) | Self::Malformed(_) => ErrorClass::Garbled,
            Self::UnknownSymbol(_)
            | Self::BadRequest(_)
            | Self::InvalidSymbol(_)
            | Self::WrongSymbol { .. }
            | Self::Granularity(_)
            | Self::OtherMarket(_)
            | Self::File(_)
            | Self::Unsound(_) => ErrorClass::BadData,
        }
    }
}

/// A stranger's text as it may be shown: one line, no control characters, cut.
pub(crate) fn shown(text: &str) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN)
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_cut_and_on_one_line() {
        let text = shown(&format!("a\r\n\u{1b}[31m{}", "x".repeat(9_999)));
        assert!(!text.contains(['\n', '\r', '\u{1b}']));
        assert!(text.chars().count() <= SHOWN + 1);
    }
}
