//! The messages in flight on a hop are never more than its window, neither seen from the sender nor
//! within the stage, and a restart does not widen it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use closecall_supervision::Ack;
use futures_util::future::join_all;

use crate::support::{Rig, Worker, job, on_system, quick};

const WINDOW: usize = 3;

/// Delivers 60 messages at once to a stage that crashes on every `crash_every`th call, and gives
/// the most messages that were in its hands together.
async fn peak_inside(crash_every: usize) -> (usize, Rig) {
    let (now, peak, calls) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let counts = Arc::new((now, peak, calls));
    let inside = Arc::clone(&counts);
    let worker = Worker::new(move |_, delivery| {
        let call = inside.2.fetch_add(1, Ordering::SeqCst) + 1;
        // First deliveries only, and few: the stage is to be restarted, not given up.
        let crash = call.is_multiple_of(crash_every) && delivery.panics() == 0;
        assert!(!crash, "crash");
        let inside = Arc::clone(&inside);
        Box::pin(async move {
            let now = inside.0.fetch_add(1, Ordering::SeqCst) + 1;
            inside.1.fetch_max(now, Ordering::SeqCst);
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            inside.0.fetch_sub(1, Ordering::SeqCst);
            Ok(Ack::Done)
        })
    });
    let mut settings = quick();
    settings.delivery.window = WINDOW.try_into().unwrap();
    let rig = Rig::new(settings, worker);
    let replies = join_all((0..60).map(|number| rig.outbox.deliver(job(number)))).await;
    assert!(
        replies.iter().all(|reply| *reply == Ok(Ack::Done)),
        "{replies:?}"
    );
    (counts.1.load(Ordering::SeqCst), rig)
}

#[test]
fn the_peak_is_the_window() {
    on_system(async {
        let (inside, rig) = peak_inside(usize::MAX).await;
        assert!(inside <= WINDOW, "{inside} at once");
        let stats = rig.outbox.stats();
        assert_eq!((stats.accepted, stats.done, stats.in_flight), (60, 60, 0));
        assert_eq!(stats.peak_in_flight, WINDOW);
        let stage = &rig.health().stages["worker"];
        assert_eq!(
            (stage.peak_in_flight, stage.window, stage.in_flight),
            (WINDOW, WINDOW, 0)
        );
    });
}

#[test]
fn restarts_do_not_widen_it() {
    on_system(async {
        let (inside, rig) = peak_inside(13).await;
        assert!(rig.restarts() > 0);
        assert!(inside <= WINDOW, "{inside} at once");
        assert_eq!(rig.outbox.stats().peak_in_flight, WINDOW);
    });
}
