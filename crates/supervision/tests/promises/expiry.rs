//! A message that is met after its expiry, on the given clock, is a dead letter `expired`; expiry
//! also ends the retries of one whose stage stays unavailable.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Clock;
use closecall_protocol::Reason;
use closecall_supervision::{Ack, StageError};

use crate::support::{Job, Rig, Worker, at_once, done, on_system, quick};

fn noon() -> DateTime<Utc> {
    "2023-06-30T12:00:00Z".parse().unwrap()
}

fn expiring(number: u64, after_noon: TimeDelta) -> Job {
    let expires_at = Some(noon() + after_noon);
    Job { number, expires_at }
}

#[test]
fn an_expired_message_never_reaches_the_stage() {
    on_system(async {
        let clock = Clock::fixed(noon());
        let rig = Rig::with_clock(quick(), Worker::new(|_, _| done()), clock);
        let stale = rig.outbox.deliver(expiring(1, TimeDelta::zero())).await;
        assert_eq!(stale, Ok(Ack::DeadLettered));
        let fresh = rig.outbox.deliver(expiring(2, TimeDelta::seconds(1))).await;
        assert_eq!(fresh, Ok(Ack::Done));
        let letter = &rig.letters.all()[0];
        assert_eq!(
            (&*letter.id, letter.reason, letter.attempts),
            ("job-1", Reason::Expired, 0)
        );
        assert_eq!(letter.at, noon());
    });
}

#[test]
fn retries_end_with_expiry() {
    on_system(async {
        let clock = Clock::fixed(noon());
        let (moved, calls) = (clock.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&calls);
        let worker = Worker::new(move |_, _| {
            if counted.fetch_add(1, Ordering::SeqCst) == 6 {
                moved.set(noon() + TimeDelta::hours(1));
            }
            at_once(Err(StageError::transient(
                Reason::Unavailable,
                "vendor down",
            )))
        });
        let rig = Rig::with_clock(quick(), worker, clock);
        let reply = rig
            .outbox
            .deliver(expiring(1, TimeDelta::minutes(30)))
            .await;
        assert_eq!(reply, Ok(Ack::DeadLettered));
        assert_eq!(calls.load(Ordering::SeqCst), 7);
        assert_eq!(rig.letters.reasons(), [("job-1".into(), Reason::Expired)]);
    });
}
