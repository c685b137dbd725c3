//! A dead letter settles its message only once it is recorded: recording is tried until it works. A
//! failure of something the stage depends on is tried again without counting against the message.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use closecall_protocol::Reason;
use closecall_supervision::{Ack, StageError};

use crate::support::{Letters, Rig, Worker, at_once, done, job, on_system, quick};

#[test]
fn recording_is_tried_until_it_works() {
    on_system(async {
        let worker = Worker::new(|_, _| {
            at_once(Err(StageError::permanent(
                Reason::UnknownTicker,
                "no such ticker",
            )))
        });
        let rig = Rig::new(quick(), worker);
        rig.letters.failures.store(5, Ordering::SeqCst);
        assert_eq!(rig.outbox.deliver(job(1)).await, Ok(Ack::DeadLettered));
        assert_eq!(rig.letters.failures.load(Ordering::SeqCst), 0);
        assert_eq!(
            rig.letters.reasons(),
            [("job-1".into(), Reason::UnknownTicker)]
        );
        assert_eq!(rig.letters.all()[0].attempts, 1);
        assert_eq!(rig.outbox.stats().dead_lettered, 1);
    });
}

#[test]
fn a_message_may_have_a_place_of_its_own_for_its_dead_letter() {
    on_system(async {
        let refuse =
            Worker::new(|_, _| at_once(Err(StageError::permanent(Reason::NoData, "none"))));
        let rig = Rig::new(quick(), refuse);
        let own = Letters::default();
        let accepted = rig
            .outbox
            .accept_with(job(1), Some(Arc::new(own.clone())))
            .await
            .unwrap();
        assert_eq!(accepted.settled().await, Ok(Ack::DeadLettered));
        assert_eq!(own.reasons(), [("job-1".into(), Reason::NoData)]);
        assert!(rig.letters.all().is_empty());
    });
}

#[test]
fn a_dependency_that_is_down_costs_no_attempt() {
    on_system(async {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let worker = Worker::new(move |_, _| match counted.fetch_add(1, Ordering::SeqCst) {
            0..20 => at_once(Err(StageError::transient(
                Reason::Unavailable,
                "vendor down",
            ))),
            _ => done(),
        });
        let rig = Rig::new(quick(), worker);
        assert_eq!(rig.outbox.deliver(job(1)).await, Ok(Ack::Done));
        assert_eq!(calls.load(Ordering::SeqCst), 21);
    });
}
