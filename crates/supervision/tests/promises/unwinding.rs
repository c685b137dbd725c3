//! While a panic unwinds no handler, timer or lifecycle method of the actor runs, whatever the
//! actor answers when it is asked to stop; nor does any run on what a panic left when the stage is
//! given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use actix::{Actor, Context, Handler, Running, Supervised};
use closecall_supervision::{Ack, Deliver, Drain};

use crate::support::{Job, Jobs, Reply, job, on_system, quick, supervisor};

#[derive(Default)]
struct Seen {
    /// Calls of anything while the thread was panicking.
    unwinding: AtomicUsize,
    /// Calls of `stopping` and `stopped`.
    stops: AtomicUsize,
    handled: AtomicUsize,
}

#[derive(Clone, Default)]
struct Stubborn(Arc<Seen>);

impl Stubborn {
    fn note(&self) {
        if thread::panicking() {
            self.0.unwinding.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Actor for Stubborn {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.note();
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        self.note();
        self.0.stops.fetch_add(1, Ordering::SeqCst);
        Running::Continue
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.note();
        self.0.stops.fetch_add(1, Ordering::SeqCst);
    }
}

impl Supervised for Stubborn {
    fn restarting(&mut self, _: &mut Self::Context) {
        self.note();
    }
}

impl Handler<Deliver<Job>> for Stubborn {
    type Result = Reply;

    fn handle(&mut self, delivery: Deliver<Job>, _: &mut Self::Context) -> Reply {
        self.note();
        assert!(delivery.message.number > 5, "bad job");
        self.0.handled.fetch_add(1, Ordering::SeqCst);
        Ok(Ack::Done)
    }
}

impl Handler<Drain> for Stubborn {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

#[test]
fn nothing_of_the_actor_runs_while_its_thread_panics() {
    on_system(async {
        let supervisor = supervisor(quick());
        let stage = Stubborn::default();
        let seen = Arc::clone(&stage.0);
        let addr = supervisor.spawn_stage("stage", stage).unwrap();
        let outbox = supervisor
            .outbox("source", "stage", addr.clone().recipient(), Jobs)
            .window(20)
            .build();
        let mut accepted = Vec::new();
        for number in [1, 6, 2, 7, 3, 8, 9, 10] {
            accepted.push(outbox.accept(job(number)).await.unwrap());
        }
        while seen.handled.load(Ordering::SeqCst) < 5 {
            tokio::task::yield_now().await;
        }
        for number in [4, 5, 1, 2, 3] {
            accepted.push(outbox.accept(job(number)).await.unwrap());
        }
        supervisor.failure().await;
        while addr.connected() {
            tokio::task::yield_now().await;
        }
        assert_eq!(seen.unwinding.load(Ordering::SeqCst), 0);
        assert_eq!(seen.stops.load(Ordering::SeqCst), 0);
        assert_eq!(seen.handled.load(Ordering::SeqCst), 5);
    });
}
