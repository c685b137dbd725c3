//! A thread that runs a loop is a stage under the same policy as an actor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix::{Actor, Context, Handler, Supervised};
use closecall_supervision::{Drain, StageState};

use crate::support::{on_system, quick, supervisor};

#[test]
fn panics_errors_and_returning_unasked_restart_it_until_it_is_stopped() {
    on_system(async {
        let supervisor = supervisor(quick());
        let runs = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&runs);
        let body = move |run: &closecall_supervision::ThreadContext| {
            counted.store(run.generation() + 1, Ordering::SeqCst);
            match run.generation() {
                0 => panic!("no client"),
                1 => return Err("fatal: fenced"),
                2 => return Ok(()),
                _ => {}
            }
            while !run.stopping() {
                std::thread::yield_now();
            }
            Ok(())
        };
        supervisor.spawn_thread("consumer", body).unwrap();
        while runs.load(Ordering::SeqCst) < 4 {
            tokio::task::yield_now().await;
        }
        let stage = &supervisor.board().health().stages["consumer"];
        assert_eq!((stage.state, stage.restarts), (StageState::Running, 3));
        assert_eq!(
            stage.last_error.as_deref(),
            Some("the loop ended by itself")
        );
        assert_eq!(supervisor.stop().await, Vec::<String>::new());
        let stage = &supervisor.board().health().stages["consumer"];
        assert_eq!((stage.state, stage.restarts), (StageState::Stopped, 3));
    });
}

#[test]
fn more_than_the_budget_escalates() {
    on_system(async {
        let supervisor = supervisor(quick());
        supervisor
            .spawn_thread("consumer", |_| Err("fatal: fenced"))
            .unwrap();
        let failure = supervisor.failure().await;
        assert_eq!(
            (&*failure.stage, &*failure.error),
            ("consumer", "fatal: fenced")
        );
        assert_eq!(supervisor.board().health().stages["consumer"].restarts, 5);
    });
}

#[test]
fn stopping_does_not_wait_for_the_backoff() {
    on_system(async {
        let mut settings = quick();
        let hour = Duration::from_secs(3600);
        settings.restart.backoff.first = hour;
        settings.restart.backoff.max = hour;
        settings.restart.period = 10 * hour;
        let supervisor = supervisor(settings);
        supervisor
            .spawn_thread("consumer", |_| Err("fatal: fenced"))
            .unwrap();
        let mut health = supervisor.health();
        health
            .wait_for(|health| {
                let stage = health.stages.get("consumer");
                stage.is_some_and(|stage| stage.state == StageState::BackingOff)
            })
            .await
            .unwrap();
        assert_eq!(supervisor.stop().await, Vec::<String>::new());
    });
}

#[test]
fn a_loop_that_hangs_is_stalled() {
    on_system(async {
        let mut settings = quick();
        settings.watchdog.handler_bound = Duration::from_millis(20);
        let supervisor = supervisor(settings);
        let (release, held) = std::sync::mpsc::channel::<()>();
        let body = move |run: &closecall_supervision::ThreadContext| {
            held.recv().ok();
            while !run.stopping() {
                std::thread::yield_now();
            }
            Ok::<_, &str>(())
        };
        supervisor.spawn_thread("consumer", body).unwrap();
        let mut health = supervisor.health();
        health.wait_for(|health| !health.live().ok).await.unwrap();
        drop(release);
        health.wait_for(|health| health.live().ok).await.unwrap();
        assert_eq!(supervisor.stop().await, Vec::<String>::new());
    });
}

/// Notes the thread that it runs on.
struct Placed(std::sync::mpsc::Sender<std::thread::ThreadId>);

impl Actor for Placed {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.0.send(std::thread::current().id()).unwrap();
    }
}

impl Supervised for Placed {}

impl Handler<Drain> for Placed {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

#[test]
fn a_thread_is_lent_the_runtime_that_carries_an_actor() {
    on_system(async {
        let supervisor = supervisor(quick());
        let (place, placed) = std::sync::mpsc::channel();
        supervisor
            .spawn_stage("reader", Placed(place.clone()))
            .unwrap();
        let runtime = supervisor.runtime("reader").unwrap();
        let body = move |run: &closecall_supervision::ThreadContext| {
            let place = place.clone();
            runtime.spawn(async move { place.send(std::thread::current().id()) });
            while !run.stopping() {
                std::thread::yield_now();
            }
            Ok::<_, String>(())
        };
        supervisor.spawn_thread("consumer", body).unwrap();
        let (first, second) = (placed.recv().unwrap(), placed.recv().unwrap());
        assert_eq!(first, second);
        assert_ne!(first, std::thread::current().id());
        let none = supervisor.runtime("consumer").unwrap_err();
        assert!(none.to_string().contains("no stage consumer"), "{none}");
    });
}
