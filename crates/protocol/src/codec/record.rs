//! A Kafka record without Kafka: owned bytes, and where a record came from.

use chrono::{DateTime, TimeDelta, Utc};

use crate::Error;
use crate::topic::MAX_RECORD_BYTES;

/// More headers than any sender sets; a record with more is refused, so that what is hostile
/// stays bounded.
pub(crate) const MAX_HEADERS: usize = 256;

/// Key, value and headers of a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The key: the ticker in our records, absent in the original's.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Headers in order; a header may have no value.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Where and when a record came in, and what holds for one that does not say so itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp: the as-of time of a record that carries none.
    pub timestamp: DateTime<Utc>,
    /// Span after its slot in which a pick expires; `None` never.
    pub expires_after: Option<TimeDelta>,
}

impl Record {
    /// The text of the last header of this name; `None` where it is absent or not UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .headers
            .iter()
            .rev()
            .find(|(header, _)| header == name)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers
            .push((name.to_owned(), Some(value.into().into_bytes())));
        self
    }

    /// Bytes of key, value and headers.
    #[must_use]
    pub fn size(&self) -> usize {
        let bytes = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, v)| name.len() + bytes(v))
            .sum();
        bytes(&self.key) + bytes(&self.value) + headers
    }

    /// # Errors
    /// [`Error::TooLarge`] past the size that is sent and taken.
    pub fn check_size(&self) -> Result<(), Error> {
        let bytes = self.size();
        if bytes > MAX_RECORD_BYTES {
            return Err(Error::TooLarge {
                bytes,
                limit: MAX_RECORD_BYTES,
            });
        }
        Ok(())
    }

    /// The value as text, once size, number of headers and major version have been checked.
    pub(crate) fn text(&self) -> Result<&str, Error> {
        self.check_size()?;
        if self.headers.len() > MAX_HEADERS {
            let count = self.headers.len();
            return Err(Error::Undecodable(format!(
                "{count} headers, at most {MAX_HEADERS}"
            )));
        }
        self.check_version()?;
        let value = self.value.as_deref().unwrap_or_default();
        if value.is_empty() {
            return Err(Error::Undecodable("it has no value".into()));
        }
        std::str::from_utf8(value).map_err(|e| Error::Undecodable(format!("not UTF-8: {e}")))
    }

    /// Refuses a record whose type ends in a major version other than 1. A type without a version, or
    /// none at all, is version 1.
    fn check_version(&self) -> Result<(), Error> {
        let Some(event_type) = self.header("ce_type") else {
            return Ok(());
        };
        let version = event_type.rsplit_once(".v").map(|(_, version)| version);
        match version {
            Some(digits) if digits != "1" && digits.bytes().all(|b| b.is_ascii_digit()) => {
                let shown = event_type
                    .chars()
                    .take(80)
                    .flat_map(char::escape_debug)
                    .collect();
                Err(Error::UnsupportedVersion(shown))
            }
            _ => Ok(()),
        }
    }
}
