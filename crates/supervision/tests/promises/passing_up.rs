//! An outbox that records no dead letters passes a refusal up: the sender that does record names
//! the stage that refused, with its reason and its attempts, and holds its own message for it.

use std::sync::Arc;

use closecall_protocol::Reason;
use closecall_supervision::Ack;

use crate::support::{Jobs, Letters, Worker, done, job, on_system, quick, supervisor};

#[test]
fn the_dead_letter_is_of_the_first_message_and_names_the_last_stage() {
    on_system(async {
        let supervisor = supervisor(quick());
        let letters = Letters::default();
        let last = Worker::new(|_, delivery| {
            assert!(delivery.message.number != 1, "poison");
            done()
        });
        let last = supervisor.spawn_stage("last", last).unwrap();
        let to_last = supervisor
            .outbox("middle", "last", last.recipient(), Jobs)
            .build();
        let middle = Worker::passing_to(Arc::clone(&to_last));
        let middle = supervisor.spawn_stage("middle", middle).unwrap();
        let to_middle = supervisor
            .outbox("first", "middle", middle.recipient(), Jobs)
            .dead_letters(Arc::new(letters.clone()))
            .build();
        assert_eq!(to_middle.deliver(job(1)).await, Ok(Ack::DeadLettered));
        assert_eq!(to_middle.deliver(job(2)).await, Ok(Ack::Done));
        let [letter] = <[_; 1]>::try_from(letters.all()).unwrap();
        assert_eq!(
            (&*letter.stage, letter.reason, letter.attempts),
            ("last", Reason::Panic, 3)
        );
        assert_eq!(
            (to_last.stats().returned, to_last.stats().dead_lettered),
            (1, 0)
        );
        assert_eq!(supervisor.board().health().stages["middle"].restarts, 0);
    });
}
