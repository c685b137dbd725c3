//! A panic in a handler costs the message in hand one attempt and nothing else: the address, the
//! queue and what other messages are waiting for stay, and the actor's state is rebuilt.

use std::sync::Arc;

use closecall_protocol::Reason;
use closecall_supervision::{Ack, Deliver};
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use crate::support::{Rig, Worker, done, job, on_system, quick};

const BAD: u64 = 3;

#[test]
fn what_is_queued_behind_it_is_handled_on_the_same_address() {
    on_system(async {
        let rig = Rig::new(
            quick(),
            Worker::new(|worker, delivery| {
                if delivery.message.number == BAD {
                    worker.handled = 999;
                    panic!("bad job");
                }
                assert!(worker.handled < 100, "state left by the panic");
                done()
            }),
        );
        // Straight to the mailbox, so that no one retries.
        let sent = (0..7).map(|number| rig.worker.send(Deliver::new(job(number))));
        let replies = join_all(sent).await;
        for (number, reply) in (0..).zip(&replies) {
            assert_eq!(reply.is_err(), number == BAD, "{number}: {reply:?}");
        }
        assert!(rig.worker.connected());
        assert_eq!(rig.restarts(), 1);
        let health = rig.health();
        let error = health.stages["worker"].last_error.clone().unwrap();
        assert!(error.starts_with("bad job"), "{error}");
    });
}

#[test]
fn work_that_waits_elsewhere_survives_the_restart() {
    on_system(async {
        let gate = Arc::new(Semaphore::new(0));
        let opened = Arc::clone(&gate);
        let rig = Rig::new(
            quick(),
            Worker::new(move |_, delivery| {
                assert!(delivery.message.number != BAD, "bad job");
                let gate = Arc::clone(&opened);
                Box::pin(async move {
                    gate.acquire().await.unwrap().forget();
                    Ok(Ack::Done)
                })
            }),
        );
        let waiting = rig.outbox.accept(job(1)).await.unwrap();
        let bad = rig.outbox.deliver(job(BAD)).await;
        assert_eq!(bad, Ok(Ack::DeadLettered));
        gate.add_permits(1);
        assert_eq!(waiting.settled().await, Ok(Ack::Done));
        assert_eq!(rig.letters.reasons(), [("job-3".into(), Reason::Panic)]);
    });
}
