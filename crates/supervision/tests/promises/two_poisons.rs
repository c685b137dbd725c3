//! Poison messages cost their own attempts, not the stage's budget: two at once (six crashes)
//! leave the stage running. Restarts on more than five different messages are the stage's fault.

use closecall_supervision::{Ack, StageState};
use futures_util::future::join_all;

use crate::support::{Rig, Worker, done, job, on_system, quick};

#[test]
fn two_at_once_do_not_spend_the_budget() {
    on_system(async {
        let worker = Worker::new(|_, delivery| {
            assert!(delivery.message.number > 2, "poison");
            done()
        });
        let rig = Rig::new(quick(), worker);
        let sent = (1..=4).map(|number| rig.outbox.deliver(job(number)));
        let replies = join_all(sent).await;
        let (poison, good) = (Ok(Ack::DeadLettered), Ok(Ack::Done));
        assert_eq!(replies, [poison.clone(), poison, good.clone(), good]);
        let health = rig.until(|health| health.stages["worker"].state == StageState::Running);
        assert_eq!(health.await.stages["worker"].restarts, 6);
    });
}

#[test]
fn crashes_on_six_different_messages_spend_it() {
    on_system(async {
        let mut settings = quick();
        settings.delivery.window = 6.try_into().unwrap();
        let rig = Rig::new(settings, Worker::new(|_, _| panic!("broken")));
        let mut held = Vec::new();
        for number in 1..=6 {
            held.push(rig.outbox.accept(job(number)).await.unwrap());
        }
        let failure = rig.supervisor.failure().await;
        assert_eq!(failure.stage, "worker");
        assert_eq!(rig.health().stages["worker"].state, StageState::Failed);
    });
}
