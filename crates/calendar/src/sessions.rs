//! Sessions: the days the exchange trades, when they open and close, and which one a moment or a
//! piece of news belongs to.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::America::New_York;

use crate::holidays;

/// No run of closed days, extra closures aside, is nearly as long; it bounds every search.
const LONGEST_SEARCH_DAYS: u64 = 400;

/// One trading session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session {
    /// The New York date.
    pub date: NaiveDate,
    /// 09:30 New York.
    pub open: DateTime<Utc>,
    /// 16:00 New York, 13:00 on a half day.
    pub close: DateTime<Utc>,
}

/// The exchange's calendar: rules, special closures, and extra closures from configuration.
///
/// ```
/// use closecall_calendar::Calendar;
///
/// let calendar = Calendar::default();
/// // A Friday evening in New York: the close that is still to come is Monday's, on a summer day
/// // at 20:00 UTC.
/// let target = calendar.target("2026-06-12T22:00:00Z".parse()?);
/// assert_eq!(target.date.to_string(), "2026-06-15");
/// assert_eq!(target.close.to_rfc3339(), "2026-06-15T20:00:00+00:00");
/// // The day after Thanksgiving ends at 13:00.
/// let short = calendar.session("2026-11-27".parse()?).ok_or("closed")?;
/// assert!(short.is_half_day());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    extra_closures: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// A calendar with further closed days, for what the exchange announces at short notice.
    #[must_use]
    pub fn with_closures(closures: impl IntoIterator<Item = NaiveDate>) -> Self {
        Self {
            extra_closures: closures.into_iter().collect(),
        }
    }

    /// The session on this New York date, `None` on a closed day.
    #[must_use]
    pub fn session(&self, date: NaiveDate) -> Option<Session> {
        if holidays::is_closed(date) || self.extra_closures.contains(&date) {
            return None;
        }
        let closing_hour = if holidays::is_half_day(date) { 13 } else { 16 };
        Some(Session {
            date,
            open: new_york(date, 9, 30),
            close: new_york(date, closing_hour, 0),
        })
    }

    /// Whether the exchange trades on this New York date.
    #[must_use]
    pub fn is_session(&self, date: NaiveDate) -> bool {
        self.session(date).is_some()
    }

    /// The sessions from `first` to `last`, both included, ascending.
    pub fn sessions(
        &self,
        first: NaiveDate,
        last: NaiveDate,
    ) -> impl Iterator<Item = Session> + '_ {
        first
            .iter_days()
            .take_while(move |date| *date <= last)
            .filter_map(|date| self.session(date))
    }

    /// The session whose close is called at `t`: the one in progress, else the next one, which is
    /// the first session whose close is after `t`.
    #[must_use]
    pub fn target(&self, t: DateTime<Utc>) -> Session {
        let today = new_york_date(t);
        self.search(today, 1, |session| session.close > t)
    }

    /// The session that a piece of news counts to: the first whose close is later than its
    /// publication. News after a close, of weekends and of holidays roll forward.
    #[must_use]
    pub fn news_session(&self, published: DateTime<Utc>) -> Session {
        self.target(published)
    }

    /// The last session whose close is not after `t`: the newest one that has a final close.
    #[must_use]
    pub fn last_closed(&self, t: DateTime<Utc>) -> Session {
        self.search(new_york_date(t), -1, |session| session.close <= t)
    }

    /// The session in progress at `t`, from its opening to just before its close.
    #[must_use]
    pub fn in_progress(&self, t: DateTime<Utc>) -> Option<Session> {
        self.session(new_york_date(t))
            .filter(|session| session.open <= t && t < session.close)
    }

    /// The session before this date.
    #[must_use]
    pub fn previous(&self, date: NaiveDate) -> Session {
        self.search(date - Days::new(1), -1, |_| true)
    }

    /// The session after this date.
    #[must_use]
    pub fn next(&self, date: NaiveDate) -> Session {
        self.search(date + Days::new(1), 1, |_| true)
    }

    /// Number of sessions after `from` up to and including `to`; 0 when `to` is not after it.
    #[must_use]
    pub fn sessions_between(&self, from: NaiveDate, to: NaiveDate) -> usize {
        self.sessions(from + Days::new(1), to).count()
    }

    /// The first session from `start` on, in the given direction, that is `wanted`. Extra closures
    /// that cover more than a year would leave none; the rules alone decide then.
    fn search(&self, start: NaiveDate, step: i64, wanted: impl Fn(&Session) -> bool) -> Session {
        let mut date = start;
        for _ in 0..LONGEST_SEARCH_DAYS {
            if let Some(session) = self.session(date).filter(&wanted) {
                return session;
            }
            date = if step > 0 {
                date + Days::new(1)
            } else {
                date - Days::new(1)
            };
        }
        Self::default().search(start, step, wanted)
    }
}

/// The New York date at `t`, by the bundled zone database.
pub(crate) fn new_york_date(t: DateTime<Utc>) -> NaiveDate {
    t.with_timezone(&New_York).date_naive()
}

/// A New York wall time as a moment. Clocks change at two in the morning, so the hours used here
/// (from 9:30 to midnight) exist exactly once on every date.
fn new_york(date: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
    New_York
        .from_local_datetime(&date.and_time(time))
        .earliest()
        .map_or_else(
            || date.and_time(time).and_utc(),
            |local| local.with_timezone(&Utc),
        )
}

impl Session {
    /// Whether the session ends early, at 13:00.
    #[must_use]
    pub fn is_half_day(&self) -> bool {
        holidays::is_half_day(self.date)
    }
}

impl Calendar {
    /// The New York date at `t`.
    #[must_use]
    pub fn date_at(t: DateTime<Utc>) -> NaiveDate {
        new_york_date(t)
    }

    /// The exchange's wall clock at `t`.
    #[must_use]
    pub fn wall_clock(t: DateTime<Utc>) -> NaiveDateTime {
        t.with_timezone(&New_York).naive_local()
    }

    /// The last moment of a New York date: what a text that carries only a date counts as.
    #[must_use]
    pub fn end_of_day(date: NaiveDate) -> DateTime<Utc> {
        new_york(date, 23, 59) + chrono::TimeDelta::seconds(59)
    }
}

#[cfg(test)]
mod tests;
