//! A panic in a timer of the actor restarts the stage; messages are none the worse for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::AsyncContext;
use closecall_supervision::Ack;

use crate::support::{Rig, Worker, done, job, on_system, quick};

#[test]
fn the_stage_comes_back_with_its_timer_armed_again() {
    on_system(async {
        let ticks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&ticks);
        let worker = Worker::new(|_, _| done()).on_start(move |ctx| {
            let ticks = Arc::clone(&counted);
            ctx.run_interval(Duration::from_millis(1), move |_, _| {
                let nth = ticks.fetch_add(1, Ordering::SeqCst);
                assert!(nth != 2, "tick");
            });
        });
        let rig = Rig::new(quick(), worker);
        rig.until(|health| health.stages["worker"].restarts == 1)
            .await;
        assert_eq!(rig.outbox.deliver(job(1)).await, Ok(Ack::Done));
        while ticks.load(Ordering::SeqCst) < 5 {
            tokio::task::yield_now().await;
        }
        assert_eq!(rig.restarts(), 1);
    });
}
