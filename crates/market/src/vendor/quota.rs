//! The requests that a vendor allows a UTC day: how many were made, and whether the day is spent.
//!
//! A pure state machine over the clock's time; what it holds survives a restart.

use chrono::{DateTime, NaiveDate, Utc};

/// Requests of one UTC day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) day: NaiveDate,
    pub(crate) used: u32,
    /// The vendor said so.
    pub(crate) spent: bool,
}

impl Quota {
    /// As it stands at `now`: a new day begins with nothing used.
    #[must_use]
    pub(crate) fn at(self, now: DateTime<Utc>) -> Self {
        let day = now.date_naive();
        if self.day == day {
            self
        } else {
            Self {
                day,
                ..Self::default()
            }
        }
    }

    /// Whether another request is allowed, with at most `limit` a day where there is one.
    pub(crate) fn allows(self, limit: Option<u32>) -> bool {
        !self.spent && limit.is_none_or(|limit| self.used < limit)
    }

    /// Requests that are left of the day, with at most `limit` where there is one.
    pub(crate) fn left(self, limit: Option<u32>) -> Option<u32> {
        let left = limit.map(|limit| limit.saturating_sub(self.used));
        if self.spent { Some(0) } else { left }
    }

    /// With one more request.
    #[must_use]
    pub(crate) fn used(self) -> Self {
        Self {
            used: self.used.saturating_add(1),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_utc() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (evening, morning) = (at("2023-06-30T23:59:59Z"), at("2023-07-01T00:00:00Z"));
        let mut quota = Quota::default().at(evening);
        for _ in 0..25 {
            assert!(quota.at(evening).allows(Some(25)));
            quota = quota.at(evening).used();
        }
        assert!(!quota.at(evening).allows(Some(25)));
        assert!(quota.at(evening).allows(None));
        assert!(quota.at(morning).allows(Some(25)));
        let spent = Quota {
            spent: true,
            ..quota
        };
        assert!(!spent.at(evening).allows(None));
        assert_eq!((spent.left(Some(25)), spent.left(None)), (Some(0), Some(0)));
        assert_eq!(quota.left(Some(25)), Some(25 - quota.used));
        assert_eq!(quota.left(None), None);
        assert!(spent.at(morning).allows(None));
    }
}
