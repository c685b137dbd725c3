//! The hours of one session.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Session};

use crate::Error;
use crate::value::SessionDate;

/// When a session opens and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    open: DateTime<Utc>,
    close: DateTime<Utc>,
}

impl SessionTimes {
    /// # Errors
    /// [`Error::SessionTimes`] for a close that is not after the opening, or more than a day after
    /// it.
    pub fn new(open: DateTime<Utc>, close: DateTime<Utc>) -> Result<Self, Error> {
        let length = close.signed_duration_since(open);
        if length > TimeDelta::zero() && length <= TimeDelta::days(1) {
            return Ok(Self { open, close });
        }
        Err(Error::SessionTimes { open, close })
    }

    /// Its opening.
    #[must_use]
    pub fn open(&self) -> DateTime<Utc> {
        self.open
    }

    /// Its close, early on a half day.
    #[must_use]
    pub fn close(&self) -> DateTime<Utc> {
        self.close
    }

    /// The New York date of its opening.
    ///
    /// # Errors
    /// [`Error::SessionDate`] for a date outside 1970 to 2199.
    pub fn date(&self) -> Result<SessionDate, Error> {
        SessionDate::new(Calendar::date_at(self.open))
    }

    /// The share of the session that had passed at a moment, in [0, 1].
    #[must_use]
    pub fn elapsed(&self, at: DateTime<Utc>) -> f64 {
        let ms = |span: TimeDelta| span.num_milliseconds() as f64;
        (ms(at - self.open) / ms(self.close - self.open)).clamp(0.0, 1.0)
    }
}

impl From<&Session> for SessionTimes {
    fn from(session: &Session) -> Self {
        Self {
            open: session.open,
            close: session.close,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_after_it_began_and_within_a_day() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let open = at("2023-06-30T13:30:00Z");
        assert!(SessionTimes::new(open, open).is_err());
        assert!(SessionTimes::new(open, at("2023-07-02T20:00:00Z")).is_err());
        let times = SessionTimes::new(open, at("2023-06-30T20:00:00Z")).unwrap();
        assert_eq!(times.date().unwrap().to_string(), "2023-06-30");
        assert_eq!(times.elapsed(at("2023-06-30T16:45:00Z")), 0.5);
        assert_eq!(times.elapsed(at("2023-06-30T12:00:00Z")), 0.0);
    }
}
