//! A panic in `started`, or while the actor is rebuilt, is a failure like any other: the actor is
//! started again on the same address, and what was queued meanwhile is handled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use closecall_supervision::Ack;

use crate::support::{Rig, Worker, done, job, on_system, quick};

#[test]
fn a_stage_that_cannot_start_at_first_starts_in_the_end() {
    on_system(async {
        let starts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&starts);
        let worker = Worker::new(|_, _| done()).on_start(move |_| {
            let nth = counted.fetch_add(1, Ordering::SeqCst);
            assert!(nth >= 3, "not yet");
        });
        let rig = Rig::new(quick(), worker);
        assert_eq!(rig.outbox.deliver(job(1)).await, Ok(Ack::Done));
        assert_eq!(starts.load(Ordering::SeqCst), 4);
        assert_eq!(rig.restarts(), 3);
        assert!(rig.letters.all().is_empty());
    });
}
