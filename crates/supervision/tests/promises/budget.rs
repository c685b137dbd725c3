//! A stage that fails more often than it may is given up: the process drains the rest, records what
//! was held for the failed stage, and exits with 70.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::AsyncContext;
use closecall_protocol::Reason;
use closecall_supervision::{Ack, Cause, Signals, StageState};
use tokio::sync::Semaphore;

use crate::support::{Jobs, Letters, Worker, done, job, on_system, quick, supervisor};

#[test]
fn the_rest_drains_and_what_was_held_is_recorded() {
    on_system(async {
        let supervisor = supervisor(quick());
        let letters = Letters::default();
        let runs = Arc::new(AtomicUsize::new(0));

        // "broken" fails by its own timer, whatever it is sent, until it is given up.
        let starts = Arc::clone(&runs);
        let broken = Worker::new(|_, _| Box::pin(std::future::pending())).on_start(move |ctx| {
            starts.fetch_add(1, Ordering::SeqCst);
            ctx.run_later(Duration::ZERO, |_, _| panic!("broken"));
        });
        let broken = supervisor.spawn_stage("broken", broken).unwrap();
        let gate = Arc::new(Semaphore::new(0));
        let opened = Arc::clone(&gate);
        let healthy = supervisor
            .spawn_stage(
                "healthy",
                Worker::new(move |_, _| {
                    let gate = Arc::clone(&opened);
                    Box::pin(async move {
                        gate.acquire().await.unwrap().forget();
                        Ok(Ack::Done)
                    })
                }),
            )
            .unwrap();
        let source = supervisor.spawn_stage("source", Worker::new(|_, _| done()));
        assert!(source.unwrap().connected());
        let to_broken = supervisor
            .outbox("source", "broken", broken.clone().recipient(), Jobs)
            .dead_letters(Arc::new(letters.clone()))
            .abandon_at_exit()
            .build();
        let to_healthy = supervisor
            .outbox("source", "healthy", healthy.recipient(), Jobs)
            .dead_letters(Arc::new(letters.clone()))
            .build();

        let failure = supervisor.failure().await;
        assert_eq!(failure.stage, "broken");
        assert!(failure.error.starts_with("broken"), "{failure:?}");
        // One run, and one after each of the five restarts the policy allows.
        assert_eq!(runs.load(Ordering::SeqCst), 6);
        let health = supervisor.board().health();
        assert_eq!(health.stages["broken"].state, StageState::Failed);
        assert!(!health.live().ok);
        while broken.connected() {
            tokio::task::yield_now().await;
        }

        // One message for each; the healthy stage answers only after the end has begun.
        let held = to_broken.accept(job(1)).await.unwrap();
        let in_work = to_healthy.accept(job(2)).await.unwrap();
        let board = supervisor.board().clone();
        let opener = tokio::spawn(async move {
            while !board.health().draining {
                tokio::task::yield_now().await;
            }
            gate.add_permits(1);
        });
        let (_source, mut signals) = Signals::manual();
        let exit = supervisor.run(&mut signals, std::future::pending()).await;
        opener.await.unwrap();

        assert_eq!(exit.code, 70);
        assert_eq!(exit.cause, Cause::StageFailed(failure));
        assert!(exit.report.unwrap().drained());
        assert_eq!(in_work.settled().await, Ok(Ack::Done));
        assert_eq!(held.settled().await, Ok(Ack::DeadLettered));
        assert_eq!(letters.reasons(), [("job-1".into(), Reason::Abandoned)]);
    });
}

#[test]
fn what_is_spent_and_when_it_is_tried_again_is_on_the_board() {
    on_system(async {
        let mut settings = quick();
        settings.restart.period = Duration::from_secs(7_200);
        settings.restart.backoff.first = Duration::from_secs(600);
        settings.restart.backoff.max = Duration::from_secs(600);
        let supervisor = supervisor(settings);
        let failing = Worker::new(|_, _| done()).on_start(|_| panic!("broken"));
        drop(supervisor.spawn_stage("failing", failing));
        let failing = || supervisor.board().health().stages["failing"].clone();
        while failing().state != StageState::BackingOff {
            tokio::task::yield_now().await;
        }
        let health = failing();
        let budget = health.budget.unwrap();
        assert_eq!(
            (budget.spent, budget.allowed, budget.period_ms),
            (1, 5, 7_200_000)
        );
        assert!((60_000..=720_000).contains(&health.next_try_ms.unwrap()));
    });
}

#[test]
fn an_actor_that_stops_itself_is_restarted_within_the_same_budget() {
    on_system(async {
        let supervisor = supervisor(quick());
        let stopping = Worker::new(|_, _| done()).on_start(actix::ActorContext::stop);
        let addr = supervisor.spawn_stage("stopping", stopping).unwrap();
        let failure = supervisor.failure().await;
        assert_eq!(failure.error, "the actor stopped itself");
        drop(addr);
    });
}
