//! A breaker: whether a host may be asked, after what came of asking it before.
//!
//! A pure state machine over the clock's time. Faults in a row open it for a while that doubles, a
//! refusal for being too fast opens it at once and for long; when the time is over one question is
//! let through as a probe, whose outcome closes it or opens it for longer.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_settings::{Backoff, Share};

/// Faults in a row that open it: the tries of one request.
const FAULTS: u32 = 3;
/// Times for which faults open it.
const FAULT_PAUSES: Backoff = doubling(Duration::from_secs(20), Duration::from_secs(15 * 60));
/// Times for which refusals open it.
const REFUSAL_PAUSES: Backoff = doubling(
    Duration::from_secs(15 * 60),
    Duration::from_secs(4 * 60 * 60),
);
const LONGEST_REFUSAL_PAUSE: TimeDelta = TimeDelta::hours(4);
/// A probe that never ended counts as failed after this long.
const PROBE_WITHIN: TimeDelta = TimeDelta::seconds(30);

/// End of a request, as far as the host is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contact {
    /// The host answered what it was asked.
    Answered,
    /// It cannot be reached, or answers with errors or pages.
    Faulty,
    /// It refuses this machine, for this long where it says so.
    Refused(Option<TimeDelta>),
}

/// Knowledge of a host; all that has to survive a restart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Breaker {
    /// Faults since the last answer.
    pub(crate) faults: u32,
    /// Number of times that it opened since the last answer.
    pub(crate) openings: u32,
    /// Closed to questions until then.
    pub(crate) open_until: Option<DateTime<Utc>>,
}

impl Breaker {
    /// Until when no question is let through; `None` when one is.
    pub(crate) fn shut_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // A clock that was set back leaves no pause longer than the longest.
        self.open_until
            .filter(|until| now < *until && *until - now <= LONGEST_REFUSAL_PAUSE)
    }

    /// The state once a question is under way: while it is a probe, no second one is let through.
    #[must_use]
    pub(crate) fn asking(self, now: DateTime<Utc>) -> Self {
        match self.open_until {
            Some(_) => Self {
                open_until: Some(now + PROBE_WITHIN),
                ..self
            },
            None => self,
        }
    }

    /// The state after a question.
    #[must_use]
    pub(crate) fn after(self, contact: Contact, now: DateTime<Utc>) -> Self {
        match contact {
            Contact::Answered => Self::default(),
            Contact::Refused(asked) => {
                let pause = pause(&REFUSAL_PAUSES, self.openings);
                let pause = asked.map_or(pause, |asked| asked.min(LONGEST_REFUSAL_PAUSE));
                self.opened(now + pause)
            }
            Contact::Faulty if self.faults + 1 < FAULTS && self.open_until.is_none() => Self {
                faults: self.faults + 1,
                ..self
            },
            Contact::Faulty => {
                let pause = pause(&FAULT_PAUSES, self.openings);
                self.opened(now + pause)
            }
        }
    }

    fn opened(self, until: DateTime<Utc>) -> Self {
        Self {
            faults: self.faults.saturating_add(1),
            openings: self.openings.saturating_add(1),
            open_until: Some(until),
        }
    }
}

const fn doubling(first: Duration, max: Duration) -> Backoff {
    Backoff {
        first,
        factor: 2.0,
        max,
        jitter: Share::NONE,
    }
}

fn pause(pauses: &Backoff, openings: u32) -> TimeDelta {
    TimeDelta::from_std(pauses.nominal(openings)).unwrap_or(LONGEST_REFUSAL_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    #[test]
    fn faults_in_a_row_open_it_for_a_time_that_doubles() {
        let mut breaker = Breaker::default();
        for _ in 0..2 {
            breaker = breaker.after(Contact::Faulty, at(0));
            assert_eq!(breaker.shut_until(at(0)), None);
        }
        breaker = breaker.after(Contact::Faulty, at(0));
        assert_eq!(breaker.shut_until(at(19)), Some(at(20)));
        assert_eq!(breaker.shut_until(at(20)), None);
        // The probe fails: at once open again, for twice as long.
        breaker = breaker.after(Contact::Faulty, at(20));
        assert_eq!(breaker.shut_until(at(59)), Some(at(60)));
        for _ in 0..20 {
            breaker = breaker.after(Contact::Faulty, at(100));
        }
        assert_eq!(breaker.shut_until(at(100)), Some(at(1_000)));
        assert_eq!(
            breaker.after(Contact::Answered, at(1_000)),
            Breaker::default()
        );
    }

    #[test]
    fn an_answer_between_faults_keeps_it_closed() {
        let mut breaker = Breaker::default();
        for contact in [Contact::Faulty, Contact::Faulty, Contact::Answered].repeat(5) {
            breaker = breaker.after(contact, at(0));
            assert_eq!(breaker.shut_until(at(0)), None);
        }
    }

    #[test]
    fn a_refusal_opens_it_at_once_for_a_quarter_of_an_hour_or_as_asked() {
        let refused = |asked| Breaker::default().after(Contact::Refused(asked), at(0));
        assert_eq!(refused(None).shut_until(at(0)), Some(at(900)));
        let hour = refused(Some(TimeDelta::hours(1)));
        assert_eq!(hour.shut_until(at(0)), Some(at(3_600)));
        let week = refused(Some(TimeDelta::days(7)));
        assert_eq!(week.shut_until(at(0)), Some(at(14_400)));
        let again = refused(None).after(Contact::Refused(None), at(900));
        assert_eq!(again.shut_until(at(900)), Some(at(2_700)));
    }

    #[test]
    fn one_probe_is_let_through() {
        let open = Breaker::default().after(Contact::Refused(None), at(0));
        assert_eq!(open.shut_until(at(900)), None);
        let probing = open.asking(at(900));
        assert!(probing.shut_until(at(901)).is_some());
        assert_eq!(probing.shut_until(at(930)), None);
        assert_eq!(Breaker::default().asking(at(0)), Breaker::default());
    }

    #[test]
    fn a_clock_set_back_does_not_shut_a_host_for_years() {
        let open = Breaker::default().after(Contact::Refused(None), at(1_000_000_000));
        assert_eq!(open.shut_until(at(0)), None);
    }
}
