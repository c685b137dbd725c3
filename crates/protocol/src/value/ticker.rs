//! Ticker symbols.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// A ticker symbol: `[A-Z0-9][A-Z0-9.\-]{0,9}`. Nothing else reaches a request, a path or a page,
/// so no symbol can smuggle anything into one. Always text: `TRUE`, `ON` and `NAN` are tickers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ticker(String);

impl Ticker {
    /// # Errors
    /// [`Error::Ticker`] when the text is not of the form.
    pub fn new(text: &str) -> Result<Self, Error> {
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(is_alphanumeric);
        let rest = bytes.all(|byte| is_alphanumeric(byte) || matches!(byte, b'.' | b'-'));
        if first && rest && text.len() <= 10 {
            return Ok(Self(text.to_owned()));
        }
        // What is refused may be hostile and long: it is shown cut and escaped.
        let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
        Err(Error::Ticker(shown))
    }

    /// The symbol.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

impl fmt::Display for Ticker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Ticker {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for Ticker {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(&text)
    }
}

impl From<Ticker> for String {
    fn from(ticker: Ticker) -> Self {
        ticker.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pattern_passes() {
        for good in [
            "A",
            "AAPL",
            "BRK-B",
            "BRK.B",
            "ON",
            "TRUE",
            "NAN",
            "0700.HK",
            "ABCDEFGHIJ",
        ] {
            assert_eq!(Ticker::new(good).unwrap().as_str(), good);
        }
        let long = "A".repeat(500);
        for bad in [
            "",
            "aapl",
            "../x",
            "A&apikey=",
            "A\r\nX: y",
            ".A",
            "-A",
            "ABCDEFGHIJK",
            "АAPL",
            &long,
        ] {
            assert!(matches!(Ticker::new(bad), Err(Error::Ticker(_))), "{bad}");
        }
    }

    #[test]
    fn what_is_refused_is_shown_cut_and_escaped() {
        let text = Ticker::new("A\r\nX: y\u{1b}[31m").unwrap_err().to_string();
        assert!(!text.contains('\n') && !text.contains('\u{1b}'), "{text}");
        assert!(
            Ticker::new(&"x".repeat(9999))
                .unwrap_err()
                .to_string()
                .len()
                < 300
        );
    }
}
