//! Draining loses nothing: what is queued, what is being worked on and what waits for a later stage
//! is settled before it ends, and nothing new is accepted.

use std::sync::Arc;
use std::time::Duration;

use closecall_supervision::{Ack, FailureClass, StageState};
use futures_util::future::join_all;

use crate::support::{Jobs, Letters, Worker, job, on_system, quick, supervisor};

#[test]
fn unfinished_work_of_every_stage_is_finished() {
    on_system(async {
        let supervisor = supervisor(quick());
        let letters = Letters::default();
        // Each message takes a while, outside of the actor, as a `ResponseFuture`.
        let slow = || {
            Worker::new(|_, delivery| {
                let after = Duration::from_millis(1 + delivery.message.number % 7);
                Box::pin(async move {
                    tokio::time::sleep(after).await;
                    Ok(Ack::Done)
                })
            })
        };
        let last = supervisor.spawn_stage("last", slow()).unwrap();
        let to_last = supervisor
            .outbox("middle", "last", last.recipient(), Jobs)
            .window(2)
            .build();
        let middle = supervisor
            .spawn_stage("middle", Worker::passing_to(to_last))
            .unwrap();
        let first = supervisor.spawn_stage("first", slow()).unwrap();
        let to_middle = supervisor
            .outbox("first", "middle", middle.recipient(), Jobs)
            .window(30)
            .dead_letters(Arc::new(letters.clone()))
            .build();

        let mut accepted = Vec::new();
        for number in 0..30 {
            accepted.push(to_middle.accept(job(number)).await.unwrap());
        }
        assert!(to_middle.stats().in_flight > 0);
        let missed = supervisor.drain().await;
        assert_eq!(missed, []);
        assert_eq!(to_middle.stats().in_flight, 0);
        let settled = join_all(accepted.into_iter().map(|message| message.settled())).await;
        assert!(
            settled.iter().all(|reply| *reply == Ok(Ack::Done)),
            "{settled:?}"
        );
        assert!(letters.all().is_empty());

        let late = to_middle.accept(job(99)).await.unwrap_err();
        assert_eq!(late.class(), FailureClass::Released);
        let health = supervisor.board().health();
        assert!(!health.ready().ok && health.live().ok);
        assert_eq!(health.stages["middle"].state, StageState::Draining);

        assert_eq!(supervisor.abandon().await, 0);
        assert_eq!(supervisor.stop().await, Vec::<String>::new());
        let health = supervisor.board().health();
        assert!(
            health
                .stages
                .values()
                .all(|stage| stage.state == StageState::Stopped)
        );
        assert!(first.connected() || health.stages["first"].restarts == 0);
    });
}
