//! The date of a session, in the forms in which records carry it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// The New York date of a session. Written as `YYYY-MM-DD`; read from that, from any ISO 8601 date
/// and time (of which the date counts), or from epoch milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionDate(NaiveDate);

impl SessionDate {
    /// # Errors
    /// [`Error::SessionDate`] for a date outside 1970 to 2199.
    pub fn new(date: NaiveDate) -> Result<Self, Error> {
        if (1970..2200).contains(&date.year()) {
            return Ok(Self(date));
        }
        Err(Error::SessionDate(date.to_string()))
    }

    /// From epoch milliseconds; the UTC date counts.
    ///
    /// # Errors
    /// [`Error::SessionDate`] for a date outside 1970 to 2199.
    pub fn from_epoch_ms(ms: i64) -> Result<Self, Error> {
        DateTime::from_timestamp_millis(ms)
            .ok_or_else(|| Error::SessionDate(ms.to_string()))
            .and_then(|moment| Self::new(moment.date_naive()))
    }

    /// Midnight UTC of the date in epoch milliseconds.
    #[must_use]
    pub fn epoch_ms(self) -> i64 {
        self.0.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
    }

    /// The date.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.0
    }
}

impl fmt::Display for SessionDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SessionDate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = || Error::SessionDate(text.chars().take(40).collect());
        let (day, rest) = text.split_at_checked(10).ok_or_else(refused)?;
        if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
            return Err(refused());
        }
        Self::new(NaiveDate::from_str(day).map_err(|_| refused())?)
    }
}

impl Serialize for SessionDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient)
    }
}

/// Text or epoch milliseconds, the latter as an integer or as pandas writes it, with a fraction.
struct Lenient;

impl Visitor<'_> for Lenient {
    type Value = SessionDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date as YYYY-MM-DD or epoch milliseconds")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SessionDate, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, ms: i64) -> Result<SessionDate, E> {
        SessionDate::from_epoch_ms(ms).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, ms: u64) -> Result<SessionDate, E> {
        self.visit_i64(i64::try_from(ms).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: de::Error>(self, ms: f64) -> Result<SessionDate, E> {
        // Saturates; the range check refuses what saturated.
        self.visit_i64(ms as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_day_in_every_form() {
        let day: SessionDate = "2023-11-15".parse().unwrap();
        assert_eq!(day.epoch_ms(), 1_700_006_400_000);
        let json = [
            "1700006400000",
            "1700006400000.0",
            "\"2023-11-15\"",
            "\"2023-11-15T00:00:00.000Z\"",
            "\"2023-11-15 00:00:00\"",
        ];
        for text in json {
            assert_eq!(
                serde_json::from_str::<SessionDate>(text).unwrap(),
                day,
                "{text}"
            );
        }
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2023-11-15\"");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let json = [
            "\"2023-02-30\"",
            "\"\"",
            "\"today\"",
            "\"2023-11-15x\"",
            "1e300",
            "-1",
            "true",
            "null",
        ];
        for text in json {
            assert!(serde_json::from_str::<SessionDate>(text).is_err(), "{text}");
        }
    }
}
