//! A message on which a stage panics three times is a dead letter, with what happened; the next one
//! flows.

use closecall_protocol::Reason;
use closecall_supervision::{Ack, StageError};
use serde_json::json;

use crate::support::{Rig, Worker, at_once, done, job, on_system, quick};

#[test]
fn one_that_crashes_the_stage_is_dead_lettered_at_the_third_attempt() {
    on_system(async {
        let worker = Worker::new(|_, delivery| {
            assert!(delivery.message.number != 1, "poison");
            done()
        });
        let rig = Rig::new(quick(), worker);
        assert_eq!(rig.outbox.deliver(job(1)).await, Ok(Ack::DeadLettered));
        assert_eq!(rig.outbox.deliver(job(2)).await, Ok(Ack::Done));

        let [letter] = <[_; 1]>::try_from(rig.letters.all()).unwrap();
        assert_eq!((letter.reason, letter.attempts), (Reason::Panic, 3));
        assert_eq!((&*letter.stage, &*letter.id), ("worker", "job-1"));
        assert_eq!(letter.payload, json!({ "number": 1 }));
        assert!(letter.message.starts_with("poison"), "{}", letter.message);
        assert_eq!(rig.restarts(), 3);
        assert_eq!(rig.health().stages["worker"].dead_letters["panic"], 1);
    });
}

#[test]
fn one_whose_work_panics_within_its_boundary_is_too_without_a_restart() {
    on_system(async {
        let worker = Worker::new(|_, _| at_once(Err(StageError::panicked("poison"))));
        let rig = Rig::new(quick(), worker);
        assert_eq!(rig.outbox.deliver(job(1)).await, Ok(Ack::DeadLettered));
        assert_eq!(rig.letters.all()[0].attempts, 3);
        assert_eq!(rig.restarts(), 0);
    });
}
