//! An end that gets stuck is ended by force. Proven on a process of its own: this test's binary,
//! run again.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use closecall_supervision::{DeadLetter, DeadLetterSink, Recording, Signal, Signals};

use crate::support::{Jobs, Rig, Worker, job, on_system, quick};

const CHILD: &str = "CLOSECALL_TEST_FORCE";

/// Holds the thread it is asked on, which nothing asynchronous can end.
struct Stuck;

impl DeadLetterSink for Stuck {
    fn record<'a>(&'a self, _: &'a DeadLetter) -> Recording<'a> {
        Box::pin(async {
            loop {
                std::thread::park();
            }
        })
    }
}

#[test]
fn the_process_ends_although_its_main_thread_hangs() {
    if std::env::var_os(CHILD).is_some() {
        on_system(async {
            let mut settings = quick();
            settings.drain.deadline = Duration::from_millis(10);
            settings.drain.stop = Duration::from_millis(10);
            settings.drain.force = Duration::from_millis(100);
            let unanswered = Worker::new(|_, _| Box::pin(std::future::pending()));
            let rig = Rig::new(settings, unanswered);
            let stuck = rig
                .supervisor
                .outbox("source", "worker", rig.worker.clone().recipient(), Jobs)
                .dead_letters(Arc::new(Stuck))
                .abandon_at_exit()
                .build();
            drop(stuck.accept(job(1)).await);
            let (source, mut signals) = Signals::manual();
            source.send(Signal::Terminate);
            rig.supervisor
                .run(&mut signals, std::future::pending())
                .await;
        });
        std::process::exit(0);
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "force::the_process_ends_although_its_main_thread_hangs",
            "--exact",
        ])
        .env(CHILD, "1")
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(143));
}
