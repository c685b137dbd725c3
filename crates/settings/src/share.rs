//! Shares: numbers from 0 up to, and without, 1.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A part of a whole that is never all of it.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Share(f64);

/// The refusal of a number that is no share.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a share: give a number of at least 0 and less than 1")]
pub struct NoShare(f64);

impl Share {
    /// Nothing of the whole.
    pub const NONE: Self = Self(0.0);

    /// A share of `percent` in a hundred, at most 99.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        let percent = if percent > 99 { 99 } else { percent };
        Self(percent as f64 / 100.0)
    }

    /// As a number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = NoShare;

    fn try_from(number: f64) -> Result<Self, NoShare> {
        if (0.0..1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(NoShare(number))
        }
    }
}

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        share.0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_below_one_and_read_as_numbers() {
        let read = |json: &str| serde_json::from_str::<Share>(json);
        assert_eq!(read("0.25").unwrap().get(), 0.25);
        assert_eq!(read("0").unwrap(), Share::NONE);
        for no in ["1", "-0.1", "1e400", "null", "\"x\""] {
            assert!(read(no).is_err(), "{no}");
        }
        assert!(Share::try_from(f64::NAN).is_err());
        let error = read("1.5").unwrap_err().to_string();
        assert!(error.contains("1.5 is not a share"), "{error}");
    }
}
