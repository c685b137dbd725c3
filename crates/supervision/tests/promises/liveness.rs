//! A stalled handler makes the process not alive, and work that is silent past twice its bound too;
//! long work that is within its bound, and waiting, do not.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use closecall_protocol::Reason;
use closecall_supervision::{Ack, FaultPoints, Signals, StageError, StageState};
use futures_util::FutureExt;

use crate::support::{Rig, Worker, job, on_system, quick};

#[test]
fn a_held_thread_is_flagged_while_a_long_legal_fit_is_not() {
    on_system(async {
        let mut settings = quick();
        settings.watchdog.handler_bound = Duration::from_millis(40);
        let (release, held) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        // Blocks its arbiter's thread, as a handler never should.
        let worker = Worker::new(move |_, _| {
            held.lock().unwrap().recv().ok();
            crate::support::done()
        });
        let rig = Rig::new(settings, worker);
        rig.until(|health| health.stages["worker"].state == StageState::Running)
            .await;

        let (end_fit, fit_ends) = mpsc::channel::<()>();
        let context = rig.supervisor.context("fitter", FaultPoints::default());
        let fit = tokio::spawn(async move {
            context
                .compute("fit", Duration::from_secs(180), move |_| {
                    fit_ends.recv().ok();
                    Ok(())
                })
                .await
        });
        rig.until(|health| {
            health
                .stages
                .get("fitter")
                .is_some_and(|s| s.work.len() == 1)
        })
        .await;

        let stuck = rig.outbox.accept(job(1)).await.unwrap();
        let health = rig.until(|health| !health.live().ok).await;
        let reasons = health.live().reasons;
        assert!(
            reasons.iter().all(|reason| reason.starts_with("worker:")),
            "{reasons:?}"
        );
        assert_eq!(health.stages["fitter"].work[0].what, "fit");

        drop(release);
        assert_eq!(stuck.settled().await, Ok(Ack::Done));
        rig.until(|health| health.live().ok).await;
        drop(end_fit);
        assert_eq!(fit.await.unwrap(), Ok(()));
    });
}

#[test]
fn silent_work_is_flagged_until_it_gets_on() {
    on_system(async {
        let rig = Rig::new(quick(), Worker::new(|_, _| crate::support::done()));
        let (progress, told) = mpsc::channel::<bool>();
        let context = rig.supervisor.context("fitter", FaultPoints::default());
        let bound = Duration::from_millis(20);
        let fit = tokio::spawn(async move {
            context
                .compute("fit", bound, move |work| {
                    while told.recv() == Ok(true) {
                        work.progressed();
                    }
                    assert!(work.cancelled(), "past its bound");
                    Ok(())
                })
                .await
        });
        // The wait for it ended at its bound; its thread goes on and is watched until it ends.
        let error: StageError = fit.await.unwrap().unwrap_err();
        assert_eq!(error.reason(), Reason::TookTooLong);
        let health = rig.until(|health| !health.live().ok).await;
        assert!(health.live().reasons[0].starts_with("fitter: fit has made no progress"));
        drop(progress);
        rig.until(|health| health.live().ok).await;
        let stages = rig.health().stages;
        assert_eq!(stages["fitter"].work, []);
        assert_eq!(stages["fitter"].work_buckets.last().unwrap().1, 1);
    });
}

#[test]
fn waiting_is_not_work() {
    on_system(async {
        let mut settings = quick();
        settings.watchdog.handler_bound = Duration::from_millis(200);
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let opened = Arc::clone(&gate);
        let worker = Worker::new(move |_, _| {
            let gate = Arc::clone(&opened);
            Box::pin(async move {
                gate.acquire().await.unwrap().forget();
                Ok(Ack::Done)
            })
        });
        let rig = Rig::new(settings, worker);
        let waiting = rig.outbox.accept(job(1)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
        // Three times its bound later it is well, or as soon as a busy machine lets it say so.
        rig.until(|health| health.live().ok).await;
        gate.add_permits(1);
        assert_eq!(waiting.settled().await, Ok(Ack::Done));
    });
}

#[test]
fn what_the_probes_see_follows_a_change_at_once() {
    on_system(async {
        let mut settings = quick();
        settings.watchdog.every = Duration::from_secs(3600);
        let rig = Rig::new(settings, Worker::new(|_, _| crate::support::done()));
        let mut seen = rig.supervisor.health();
        let running = rig.supervisor.clone();
        let (_source, mut signals) = Signals::manual();
        let run = running.run(&mut signals, std::future::pending());
        assert!(run.now_or_never().is_none());
        seen.wait_for(|health| health.ready().ok).await.unwrap();
        let board = rig.supervisor.board().clone();
        board.condition("assignment", Some("no partitions yet".into()));
        seen.wait_for(|health| !health.ready().ok).await.unwrap();
    });
}

#[test]
fn readiness_asks_for_every_stage_and_every_condition() {
    on_system(async {
        let rig = Rig::new(quick(), Worker::new(|_, _| crate::support::done()));
        rig.until(|health| health.stages["worker"].state == StageState::Running)
            .await;
        let board = rig.supervisor.board().clone();
        let reasons = board.health().ready().reasons;
        assert_eq!(reasons, ["not all stages have been started"]);
        let running = rig.supervisor.clone();
        let (_source, mut signals) = Signals::manual();
        let run = running.run(&mut signals, std::future::pending());
        assert!(run.now_or_never().is_none());
        assert!(board.health().ready().ok);
        board.condition("assignment", Some("no partitions yet".into()));
        assert_eq!(
            rig.health().ready().reasons,
            ["assignment: no partitions yet"]
        );
        board.condition("assignment", None);
        board.degraded("worker", "old data");
        assert!(rig.health().ready().ok);
        assert_eq!(
            rig.health().stages["worker"].degraded.as_deref(),
            Some("old data")
        );
        let json = serde_json::to_value(rig.health()).unwrap();
        assert_eq!(json["stages"]["worker"]["state"], "degraded");
        board.recovered("worker");
        assert_eq!(rig.health().stages["worker"].degraded, None);
    });
}
