//! Two stages and a panic: the second stage panics on every third message. The supervisor restarts
//! it on the same address, the sender tries again, and nothing is lost.
//!
//! ```text
//! cargo run -p closecall-supervision --example two_stages
//! ```

use std::error::Error;
use std::sync::Arc;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised, System};
use closecall_calendar::Clock;
use closecall_supervision::{
    Ack, Deliver, Drain, MessageMetadata, Outbox, StageError, SupervisionSettings, Supervisor,
};
use serde_json::{Value, json};

/// The message: a number.
#[derive(Clone, Copy)]
struct Number(u64);

/// Metadata of numbers, for logs and dead letters.
struct Numbers;

impl MessageMetadata<Number> for Numbers {
    fn id(&self, message: &Number) -> String {
        format!("number-{}", message.0)
    }

    fn to_json(&self, message: &Number) -> Value {
        json!(message.0)
    }
}

/// The first stage doubles a number and replies when the next stage has.
struct Doubler(Arc<Outbox<Number>>);

/// The second stage prints it, or panics.
struct Printer;

impl Actor for Doubler {
    type Context = Context<Self>;
}

impl Actor for Printer {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        println!("the printer starts");
    }
}

impl Supervised for Doubler {}
impl Supervised for Printer {}

impl Handler<Deliver<Number>> for Doubler {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, incoming: Deliver<Number>, _: &mut Self::Context) -> Self::Result {
        let (next, doubled) = (Arc::clone(&self.0), Number(2 * incoming.message.0));
        Box::pin(async move { next.deliver(doubled).await })
    }
}

impl Handler<Deliver<Number>> for Printer {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, incoming: Deliver<Number>, _: &mut Self::Context) -> Self::Result {
        let number = incoming.message.0;
        // Panics once on each such number: the try after the restart succeeds.
        assert!(
            !number.is_multiple_of(3) || incoming.panics() > 0,
            "{number} is a multiple of three"
        );
        println!("printed {number}");
        Box::pin(async { Ok(Ack::Done) })
    }
}

impl Handler<Drain> for Doubler {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

impl Handler<Drain> for Printer {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    System::new().block_on(async {
        let supervisor = Supervisor::new(SupervisionSettings::default(), Clock::system(), 7)?;
        // From the last stage to the first, since each is built with the way to the next.
        let printer = supervisor.spawn_stage("printer", Printer)?.recipient();
        let to_printer = supervisor.outbox("doubler", "printer", printer, Numbers);
        let doubler = supervisor.spawn_stage("doubler", Doubler(to_printer.build()))?;
        let to_doubler = supervisor.outbox("main", "doubler", doubler.recipient(), Numbers);
        let first_hop = to_doubler.build();

        for number in 1..=4 {
            first_hop.deliver(Number(number)).await?;
        }
        let health = supervisor.board().health();
        println!(
            "restarts of the printer: {}",
            health.stages["printer"].restarts
        );
        supervisor.stop().await;
        Ok(())
    })
}
