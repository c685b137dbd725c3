//! End of the process: drained with 0; on a signal that could not be drained with its code and
//! everything held recorded; at a second signal at once. Work is cancelled at the deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use closecall_protocol::Reason;
use closecall_supervision::{
    Ack, Cause, FailureClass, FaultPoints, Missed, Signal, Signals, SupervisionSettings,
};

use crate::support::{Rig, Worker, done, job, on_system, quick};

/// A stage whose messages are never answered.
fn stuck() -> Worker {
    Worker::new(|_, _| Box::pin(std::future::pending()))
}

fn impatient() -> SupervisionSettings {
    let mut settings = quick();
    settings.drain.deadline = Duration::from_millis(30);
    settings
}

#[test]
fn drained_on_a_signal_it_exits_with_0_and_when_finished_too() {
    on_system(async {
        let rig = Rig::new(quick(), Worker::new(|_, _| done()));
        let (source, mut signals) = Signals::manual();
        assert_eq!(rig.outbox.deliver(job(1)).await, Ok(Ack::Done));
        source.send(Signal::Terminate);
        let exit = rig
            .supervisor
            .run(&mut signals, std::future::pending())
            .await;
        assert_eq!(
            (exit.code, exit.cause),
            (0, Cause::Signal(Signal::Terminate))
        );
        assert_eq!(exit.report, Some(Default::default()));
        assert!(!rig.worker.connected());

        let rig = Rig::new(quick(), Worker::new(|_, _| done()));
        let exit = rig
            .supervisor
            .run(&mut signals, std::future::ready(()))
            .await;
        assert_eq!((exit.code, exit.cause), (0, Cause::Finished));
    });
}

#[test]
fn what_cannot_be_drained_is_named_and_recorded() {
    on_system(async {
        let rig = Rig::new(impatient(), stuck());
        let held = rig.outbox.accept(job(1)).await.unwrap();
        let (signal, mut signals) = Signals::manual();
        signal.send(Signal::Terminate);
        let exit = rig
            .supervisor
            .run(&mut signals, std::future::pending())
            .await;
        assert_eq!(exit.code, 143);
        let report = exit.report.unwrap();
        let missed = Missed {
            stage: "worker".into(),
            in_flight: 1,
        };
        assert_eq!((report.missed, report.abandoned), (vec![missed], 1));
        assert_eq!(rig.letters.reasons(), [("job-1".into(), Reason::Abandoned)]);
        assert_eq!(
            held.settled().await.unwrap_err().class(),
            FailureClass::Released
        );
        assert_eq!(rig.outbox.stats().in_flight, 0);
    });
}

#[test]
fn work_is_cancelled_at_the_deadline_so_that_its_thread_ends() {
    on_system(async {
        let rig = Rig::new(impatient(), stuck());
        let context = rig.supervisor.context("worker", FaultPoints::default());
        let ended = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&ended);
        let fit = tokio::spawn(async move {
            context
                .compute("fit", Duration::from_secs(180), move |work| {
                    while !work.cancelled() {
                        std::thread::yield_now();
                    }
                    noted.store(true, Ordering::SeqCst);
                    Ok(())
                })
                .await
        });
        rig.until(|health| !health.stages["worker"].work.is_empty())
            .await;
        let (signal, mut signals) = Signals::manual();
        signal.send(Signal::Interrupt);
        rig.supervisor
            .run(&mut signals, std::future::pending())
            .await;
        assert_eq!(
            fit.await.unwrap().unwrap_err().class(),
            FailureClass::Released
        );
        while !ended.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_second_signal_ends_it_at_once() {
    on_system(async {
        // Deadlines of a minute: only the second signal can end this in time.
        let rig = Rig::new(quick(), stuck());
        let held = rig.outbox.accept(job(1)).await.unwrap();
        let (signal, mut signals) = Signals::manual();
        signal.send(Signal::Terminate);
        signal.send(Signal::Interrupt);
        let exit = rig
            .supervisor
            .run(&mut signals, std::future::pending())
            .await;
        assert_eq!((exit.code, exit.report), (130, None));
        drop(held);
    });
}

#[test]
fn the_systems_signals_are_heard() {
    on_system(async {
        let mut signals = Signals::listen().unwrap();
        let itself = rustix::process::getpid();
        rustix::process::kill_process(itself, rustix::process::Signal::TERM).unwrap();
        assert_eq!(signals.next().await, Signal::Terminate);
        rustix::process::kill_process(itself, rustix::process::Signal::INT).unwrap();
        assert_eq!(signals.next().await, Signal::Interrupt);
    });
}
