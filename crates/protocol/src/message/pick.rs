//! A pick and its identity.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::value::Ticker;

/// The identity of a pick, and of everything that comes of it: 16 bytes, written as 32 hexadecimal
/// digits. A function of what was picked, so a repeated pick has the same one.
///
/// ```
/// use closecall_protocol::{PickId, Ticker};
///
/// let (slot, ticker) = ("2026-01-05T14:30:00Z".parse()?, Ticker::new("AAPL")?);
/// let id = PickId::of_slot(7, slot, &ticker);
/// assert_eq!(id, PickId::of_slot(7, slot, &ticker));
/// assert_ne!(id, PickId::of_slot(8, slot, &ticker));
/// assert_eq!(id.to_string().parse::<PickId>()?, id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PickId([u8; 16]);

impl PickId {
    /// Of the pick that the picker with this seed makes for a slot.
    #[must_use]
    pub fn of_slot(seed: u64, slot: DateTime<Utc>, ticker: &Ticker) -> Self {
        Self::hash(&[
            "slot",
            &seed.to_string(),
            &pick_timestamp(slot),
            ticker.as_str(),
        ])
    }

    /// Of a record that carries none, such as one of the original's.
    #[must_use]
    pub fn of_record(topic: &str, partition: i32, offset: i64) -> Self {
        Self::hash(&["record", topic, &partition.to_string(), &offset.to_string()])
    }

    fn hash(parts: &[&str]) -> Self {
        let digest = Sha256::digest(parts.join("\u{0}").as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }
}

impl fmt::Display for PickId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for PickId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused =
            || Error::PickId(text.chars().take(40).flat_map(char::escape_debug).collect());
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| refused())?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl TryFrom<String> for PickId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<PickId> for String {
    fn from(id: PickId) -> Self {
        id.to_string()
    }
}

/// Reason that a ticker was picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PickReason {
    /// Its slot came.
    Schedule,
    /// Somebody asked.
    Request,
}

/// A ticker to forecast, as of a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// The stock to forecast.
    pub ticker: Ticker,
    /// Its identity.
    pub pick_id: PickId,
    /// The start of its slot, which is the as-of time of everything that comes of it.
    pub slot: DateTime<Utc>,
    /// When it is no longer worth working on; `None` never expires.
    pub expires_at: Option<DateTime<Utc>>,
    /// The reason that it was made.
    pub reason: PickReason,
}

impl Pick {
    /// The moment at which everything is cut: what was not known then does not exist.
    #[must_use]
    pub fn as_of(&self) -> DateTime<Utc> {
        self.slot
    }
}

/// A moment as records write it: UTC, with a fraction only where there is one.
pub(crate) fn pick_timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_a_function_of_the_slot() {
        let (aapl, tsla) = (Ticker::new("AAPL").unwrap(), Ticker::new("TSLA").unwrap());
        let slot = "2026-11-23T15:03:00Z".parse().unwrap();
        let id = PickId::of_slot(7, slot, &aapl);
        assert_eq!(id, PickId::of_slot(7, slot, &aapl));
        assert_ne!(id, PickId::of_slot(8, slot, &aapl));
        assert_ne!(id, PickId::of_slot(7, slot, &tsla));
        assert_eq!(id.to_string().len(), 32);
        assert_eq!(id.to_string().parse::<PickId>().unwrap(), id);
    }

    #[test]
    fn what_is_no_identity_is_refused() {
        for text in [
            "",
            "9f2c",
            "+f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c",
            &"g".repeat(32),
        ] {
            assert!(text.parse::<PickId>().is_err(), "{text}");
        }
    }
}
