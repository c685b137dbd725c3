//! The clock that is passed to every part: the system's, a fixed one, or a simulated one.
//!
//! It answers two questions: what time is it, and how long does a span of *its* time last in real
//! time (so that a timer under a simulated clock waits the right while). Supervision's backoffs
//! and deadlines do not come from here: they are real, monotonic time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::Timetable;

/// Where the time comes from. Cheap to clone; clones of a fixed or simulated clock stay in step.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    /// Microseconds since the epoch.
    Fixed(Arc<AtomicI64>),
    Simulated {
        origin: Instant,
        start: DateTime<Utc>,
        speed: f64,
    },
    Timetable {
        origin: Instant,
        timetable: Timetable,
        /// Real time that each moment lasts at least.
        each: Duration,
        /// Number of the moment that it reads.
        reached: Arc<AtomicUsize>,
    },
}

/// Errors of making a clock.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ClockError {
    /// The speed is not a positive, finite number.
    #[error(
        "clock speed {0} is not usable: give seconds of simulated time per second, above 0 and at most 1000000"
    )]
    Speed(f64),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still at `at` until [`Clock::set`] moves it.
    #[must_use]
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(
            at.timestamp_micros(),
        ))))
    }

    /// A clock that reads `start` now and runs `speed` seconds in each real second.
    ///
    /// # Errors
    /// When `speed` is not in (0, 1,000,000].
    pub fn simulated(start: DateTime<Utc>, speed: f64) -> Result<Self, ClockError> {
        if !(speed > 0.0 && speed <= 1e6) {
            return Err(ClockError::Speed(speed));
        }
        Ok(Self(Source::Simulated {
            origin: Instant::now(),
            start,
            speed,
        }))
    }

    /// A clock that reads one moment of the timetable after the other: the first now, and each next one
    /// as soon as [`Clock::set`] moves on to it. [`Clock::real_until`] says when that is due: `each`
    /// after the moment before. An owner that moves it when all work for a moment is done makes that work the
    /// same on every machine.
    ///
    /// # Errors
    /// When `each` is zero.
    pub fn timetable(timetable: Timetable, each: Duration) -> Result<Self, ClockError> {
        if each.is_zero() {
            return Err(ClockError::Speed(f64::INFINITY));
        }
        Ok(Self(Source::Timetable {
            origin: Instant::now(),
            timetable,
            each,
            reached: Arc::default(),
        }))
    }

    /// The clock's time.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now(),
            Source::Fixed(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::Acquire)).unwrap_or_default()
            }
            Source::Simulated {
                origin,
                start,
                speed,
            } => {
                let micros = origin.elapsed().as_secs_f64() * speed * 1e6;
                *start + TimeDelta::microseconds(micros as i64)
            }
            Source::Timetable {
                timetable, reached, ..
            } => timetable.moment(reached.load(Ordering::Acquire)),
        }
    }

    /// Span of real time that `span` of this clock's time lasts; zero for a span that is not
    /// positive. On a fixed clock time does not pass, so a wait there is taken as real time.
    #[must_use]
    pub fn real(&self, span: TimeDelta) -> Duration {
        let positive = span.to_std().unwrap_or(Duration::ZERO);
        match self.0 {
            Source::Simulated { speed, .. } => positive.div_f64(speed),
            Source::System | Source::Fixed(_) => positive,
            // How long it lasts depends on when it begins.
            Source::Timetable { .. } => self.real_until(self.now() + span),
        }
    }

    /// Real time until this clock reads `at`; zero when it already has.
    #[must_use]
    pub fn real_until(&self, at: DateTime<Utc>) -> Duration {
        if let Source::Timetable {
            origin,
            timetable,
            each,
            ..
        } = &self.0
        {
            // A moment in between is that of the next one.
            let before = TimeDelta::nanoseconds(1);
            let index = timetable.index_at(at - before).map_or(0, |index| index + 1);
            let due = each.saturating_mul(u32::try_from(index).unwrap_or(u32::MAX));
            return due.saturating_sub(origin.elapsed());
        }
        self.real(at - self.now())
    }

    /// Moves a fixed clock, or one by timetable to a moment of it, clones included; no effect on the
    /// others, which move by themselves.
    pub fn set(&self, at: DateTime<Utc>) {
        match &self.0 {
            Source::Fixed(micros) => micros.store(at.timestamp_micros(), Ordering::Release),
            Source::Timetable {
                timetable, reached, ..
            } => {
                let index = timetable.index_at(at).unwrap_or(0);
                reached.fetch_max(index, Ordering::AcqRel);
            }
            Source::System | Source::Simulated { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_fixed_clock_moves_with_its_clones_only_when_set() {
        let clock = Clock::fixed(at("2023-06-30T14:00:00Z"));
        let clone = clock.clone();
        assert_eq!(clone.now(), at("2023-06-30T14:00:00Z"));
        clock.set(at("2023-07-03T14:00:00Z"));
        assert_eq!(clone.now(), at("2023-07-03T14:00:00Z"));
    }

    #[test]
    fn a_simulated_clock_starts_where_told_and_shortens_waits_by_its_speed() {
        let clock = Clock::simulated(at("2023-06-30T14:00:00Z"), 3600.0).unwrap();
        assert!(clock.now() >= at("2023-06-30T14:00:00Z"));
        assert_eq!(clock.real(TimeDelta::hours(1)), Duration::from_secs(1));
        assert_eq!(clock.real(TimeDelta::hours(-1)), Duration::ZERO);
    }

    #[test]
    fn a_clock_by_timetable_reads_the_moment_it_was_moved_to() {
        let day = at("2025-01-05T00:00:00Z").date_naive();
        let timetable = Timetable::after_day(crate::Calendar::default(), day);
        let hour = Duration::from_secs(3600);
        let clock = Clock::timetable(timetable, hour).unwrap();
        let clone = clock.clone();
        assert_eq!(clock.now(), at("2025-01-06T14:15:00Z"));
        clock.set(at("2025-01-06T14:44:00Z"));
        assert_eq!(clone.now(), at("2025-01-06T14:44:00Z"));
        // It never goes back.
        clock.set(at("2025-01-06T14:15:00Z"));
        assert_eq!(clone.now(), at("2025-01-06T14:44:00Z"));
        // 25 moments after the first is the next day's first, whatever lies between.
        for text in ["2025-01-07T14:15:00Z", "2025-01-07T03:00:00Z"] {
            let due = clock.real_until(at(text));
            assert!(due <= hour * 25 && due > hour * 24, "{text}: {due:?}");
        }
        assert_eq!(clock.real_until(at("2025-01-05T00:00:00Z")), Duration::ZERO);
        assert!(
            Clock::timetable(
                Timetable::after_day(crate::Calendar::default(), day),
                Duration::ZERO
            )
            .is_err()
        );
    }

    #[test]
    fn unusable_speeds_are_refused() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7] {
            assert!(
                Clock::simulated(at("2023-06-30T14:00:00Z"), speed).is_err(),
                "{speed}"
            );
        }
    }
}
