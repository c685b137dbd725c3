//! The clock that is passed to every part: the system's, a fixed one, or a simulated one.
//!
//! It answers two questions: what time is it, and how long does a span of *its* time last in real
//! time (so that a timer under a simulated clock waits the right while). Supervision's backoffs
//! and deadlines do not come from here: they are real, monotonic time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

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
}

/// Why a clock could not be made.
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

    /// What time it is.
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
        }
    }

    /// How long `span` of this clock's time lasts in real time; zero for a span that is not
    /// positive. On a fixed clock time does not pass, so a wait there is taken as real time.
    #[must_use]
    pub fn real(&self, span: TimeDelta) -> Duration {
        let span = span.to_std().unwrap_or(Duration::ZERO);
        match self.0 {
            Source::Simulated { speed, .. } => span.div_f64(speed),
            Source::System | Source::Fixed(_) => span,
        }
    }

    /// Real time until this clock reads `at`; zero when it already has.
    #[must_use]
    pub fn real_until(&self, at: DateTime<Utc>) -> Duration {
        self.real(at - self.now())
    }

    /// Moves a fixed clock, clones included; no effect on the others, which move by themselves.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Source::Fixed(micros) = &self.0 {
            micros.store(at.timestamp_micros(), Ordering::Release);
        }
    }

    /// Whether this is the system's clock.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self.0, Source::System)
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
    fn unusable_speeds_are_refused() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7] {
            assert!(
                Clock::simulated(at("2023-06-30T14:00:00Z"), speed).is_err(),
                "{speed}"
            );
        }
    }
}
