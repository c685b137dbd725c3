//! A slow stage slows its sender, who waits for a place in the window; waiting, however long, never
//! turns into a failure or a dead letter.

use std::pin::pin;
use std::sync::Arc;

use closecall_supervision::Ack;
use futures_util::FutureExt;
use tokio::sync::Semaphore;

use crate::support::{Rig, Worker, job, on_system, quick};

#[test]
fn the_sender_waits_and_nothing_is_lost() {
    on_system(async {
        let gate = Arc::new(Semaphore::new(0));
        let opened = Arc::clone(&gate);
        let worker = Worker::new(move |_, _| {
            let gate = Arc::clone(&opened);
            Box::pin(async move {
                gate.acquire().await.unwrap().forget();
                Ok(Ack::Done)
            })
        });
        let mut settings = quick();
        settings.delivery.window = 2.try_into().unwrap();
        let rig = Rig::new(settings, worker);
        let first = rig.outbox.accept(job(1)).await.unwrap();
        let second = rig.outbox.accept(job(2)).await.unwrap();
        let mut third = pin!(rig.outbox.accept(job(3)));
        // Many times longer than any wait in the settings.
        let long = 20 * quick().restart.backoff.max;
        assert!(tokio::time::timeout(long, &mut third).await.is_err());
        assert_eq!(rig.outbox.stats().accepted, 2);

        gate.add_permits(1);
        let third = third.await.unwrap();
        gate.add_permits(2);
        for accepted in [first, second, third] {
            assert_eq!(accepted.settled().await, Ok(Ack::Done));
        }
        assert!(rig.letters.all().is_empty());
        assert_eq!(rig.restarts(), 0);
    });
}

#[test]
fn a_message_that_was_accepted_is_delivered_though_nobody_waits() {
    on_system(async {
        let rig = Rig::new(quick(), Worker::new(|_, _| crate::support::done()));
        drop(rig.outbox.accept(job(1)).await.unwrap());
        // Polled once, which accepts it, and dropped.
        assert!(rig.outbox.deliver(job(2)).now_or_never().is_none());
        while rig.outbox.stats().done < 2 {
            tokio::task::yield_now().await;
        }
    });
}
