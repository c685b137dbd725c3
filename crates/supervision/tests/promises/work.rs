//! The work on one message: its panic is an answer, its bound holds, it can be
//! cancelled, and CPU work is limited to its permits until its threads have ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use closecall_protocol::Reason;
use closecall_supervision::{FailureClass, FaultPoints, StageError, Supervisor};
use futures_util::future::join_all;

use crate::support::{on_system, quick, supervisor};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(5);

fn outcome<T: std::fmt::Debug>(result: Result<T, StageError>) -> (FailureClass, Reason) {
    let error = result.unwrap_err();
    (error.class(), error.reason())
}

#[test]
fn a_panic_becomes_an_answer() {
    on_system(async {
        let context = supervisor(quick()).context("stage", FaultPoints::default());
        let in_future = context.run("work", LONG, async { panic!("{}", "no") as Result<(), _> });
        assert_eq!(
            outcome(in_future.await),
            (FailureClass::Panicked, Reason::Panic)
        );
        let on_thread = context.compute("work", LONG, |_| panic!("no") as Result<(), _>);
        let error = on_thread.await.unwrap_err();
        assert_eq!(error.class(), FailureClass::Panicked);
        assert!(error.message().starts_with("no"), "{error}");
    });
}

#[test]
fn work_past_its_bound_is_refused_and_told_to_stop() {
    on_system(async {
        let context = supervisor(quick()).context("stage", FaultPoints::default());
        let late = (FailureClass::Permanent, Reason::TookTooLong);
        let forever = std::future::pending::<Result<(), StageError>>();
        assert_eq!(outcome(context.run("work", SHORT, forever).await), late);
        let (told, was_told) = tokio::sync::oneshot::channel();
        let thread = context.blocking("work", SHORT, move |work| {
            while !work.cancelled() {
                std::thread::yield_now();
            }
            told.send(()).ok();
            Ok(())
        });
        assert_eq!(outcome(thread.await), late);
        was_told.await.unwrap();
    });
}

#[test]
fn cpu_work_keeps_to_its_permits() {
    on_system(async {
        let context = supervisor(quick()).context("stage", FaultPoints::default());
        let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let work = |n: usize| {
            let counts = Arc::clone(&counts);
            context.compute("work", LONG, move |_| {
                let now = counts.0.fetch_add(1, Ordering::SeqCst) + 1;
                counts.1.fetch_max(now, Ordering::SeqCst);
                for _ in 0..1000 {
                    std::thread::yield_now();
                }
                counts.0.fetch_sub(1, Ordering::SeqCst);
                Ok(n)
            })
        };
        let results = join_all((0..12).map(work)).await;
        assert_eq!(results, (0..12).map(Ok).collect::<Vec<_>>());
        let peak = counts.1.load(Ordering::SeqCst);
        assert!(peak <= quick().cpu_permits, "{peak} at once");
    });
}

#[test]
fn the_end_of_the_process_releases_what_waits_and_what_works() {
    on_system(async {
        let supervisor: Supervisor = supervisor(quick());
        let context = supervisor.context("stage", FaultPoints::default());
        let work = |_: usize| {
            context.compute("work", LONG, |work| {
                while !work.cancelled() {
                    std::thread::yield_now();
                }
                Ok(())
            })
        };
        // Two work, two wait for a permit, one waits on something else.
        let all = join_all((0..4).map(work));
        let other = context.run(
            "work",
            LONG,
            std::future::pending::<Result<(), StageError>>(),
        );
        let end = async {
            tokio::task::yield_now().await;
            supervisor.abandon().await
        };
        let (all, other, _) = tokio::join!(all, other, end);
        for result in all.into_iter().chain([other]) {
            assert_eq!(outcome(result).0, FailureClass::Released);
        }
    });
}
