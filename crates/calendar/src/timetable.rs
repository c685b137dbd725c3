//! Moments of trading days at which something is done, in order and without end: a quarter of an hour
//! before the opening, a minute before a quarter past it, and every quarter of an hour from then on
//! until half an hour before the close, so that each phase of a session has some. What lies between
//! two days is left out.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::Calendar;

/// A timetable of trading days. Cheap to clone; its days are worked out as they are asked for.
#[derive(Debug, Clone)]
pub struct Timetable(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    calendar: Calendar,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    moments: Vec<DateTime<Utc>>,
    /// The last day they are of.
    day: NaiveDate,
}

impl Timetable {
    /// The usual span from one moment of a day to the next; none is shorter.
    pub const STEP: TimeDelta = TimeDelta::minutes(15);

    /// Begins with the first session after `day`.
    #[must_use]
    pub fn after_day(calendar: Calendar, day: NaiveDate) -> Self {
        let known = Mutex::new(Known {
            moments: Vec::new(),
            day,
        });
        Self(Arc::new(Inner { calendar, known }))
    }

    /// Moment number `index`, from 0.
    #[must_use]
    pub fn moment(&self, index: usize) -> DateTime<Utc> {
        let known = self.known(|known| known.moments.len() > index);
        known.get(index).copied().unwrap_or_default()
    }

    /// Number of the last moment that is not after `at`; `None` before the first.
    #[must_use]
    pub fn index_at(&self, at: DateTime<Utc>) -> Option<usize> {
        let known = self.known(|known| known.moments.last().is_some_and(|last| *last > at));
        known.partition_point(|moment| *moment <= at).checked_sub(1)
    }

    /// The moment after this one; the first after none.
    #[must_use]
    pub fn next(&self, last: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let next = last.and_then(|last| self.index_at(last)).map(|at| at + 1);
        self.moment(next.unwrap_or(0))
    }

    /// The moments, once they are enough.
    fn known(
        &self,
        enough: impl Fn(&Known) -> bool,
    ) -> impl std::ops::Deref<Target = [DateTime<Utc>]> {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        while !enough(&known) {
            let session = self.0.calendar.next(known.day);
            let opening = session.open - Self::STEP;
            let later = (1..)
                .map(|quarter| session.open + Self::STEP * quarter)
                // With the first quarter the phase of the opening is over.
                .map(|moment| match moment - session.open {
                    Self::STEP => moment - TimeDelta::minutes(1),
                    _ => moment,
                })
                .take_while(|moment| *moment <= session.close - Self::STEP * 2);
            known.moments.extend(std::iter::once(opening).chain(later));
            known.day = session.date;
        }
        Moments(known)
    }
}

struct Moments<'a>(std::sync::MutexGuard<'a, Known>);

impl std::ops::Deref for Moments<'_> {
    type Target = [DateTime<Utc>];

    fn deref(&self) -> &Self::Target {
        &self.0.moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// A Wednesday, the half day after Thanksgiving, a Monday.
    #[test]
    fn whole_days_have_25_moments_and_half_days_13() {
        let day = NaiveDate::from_ymd_opt(2025, 11, 25).unwrap();
        let timetable = Timetable::after_day(Calendar::default(), day);
        let moments: Vec<_> = (0..40).map(|index| timetable.moment(index)).collect();
        for (index, moment) in [
            (0, "2025-11-26T14:15:00Z"),
            (1, "2025-11-26T14:44:00Z"),
            (2, "2025-11-26T15:00:00Z"),
            (24, "2025-11-26T20:30:00Z"),
            (25, "2025-11-28T14:15:00Z"),
            (37, "2025-11-28T17:30:00Z"),
            (38, "2025-12-01T14:15:00Z"),
        ] {
            assert_eq!(moments[index], at(moment), "{index}");
        }
        assert!(moments.is_sorted());
    }

    #[test]
    fn each_moment_is_followed_by_the_next() {
        let day = NaiveDate::from_ymd_opt(2025, 1, 5).unwrap();
        let timetable = Timetable::after_day(Calendar::default(), day);
        let mut last = None;
        for index in 0..100 {
            let next = timetable.next(last);
            assert_eq!(next, timetable.moment(index));
            assert_eq!(timetable.index_at(next), Some(index));
            last = Some(next);
        }
        assert_eq!(timetable.index_at(at("2025-01-06T14:14:59Z")), None);
        assert_eq!(timetable.index_at(at("2025-01-06T23:00:00Z")), Some(24));
    }
}
