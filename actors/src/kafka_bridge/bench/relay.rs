//! The way through the bridge: a pipeline of one stage, which hands on what it is given. All but
//! that stage is what the roles run on.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised};
use closecall_calendar::Clock;
use closecall_protocol::codec::pick;
use closecall_protocol::{PickId, TickerPicked};
use closecall_supervision::{
    Ack, Deliver, Drain, FaultPoints, Outbox, StageError, SupervisionSettings, Supervisor,
};

use closecall_kafka::bench::{IN, OUT};
use closecall_kafka::{Error, KafkaSettings};

use crate::PickMetadata;
use crate::kafka_bridge::KafkaBridge;

const NAME: &str = "bench-relay";

/// The stage.
#[derive(Debug)]
struct Relay {
    entered: Sender<(PickId, Instant)>,
    next: Arc<Outbox<TickerPicked>>,
}

impl Actor for Relay {
    type Context = Context<Self>;
}

impl Supervised for Relay {}

impl Handler<Deliver<TickerPicked>> for Relay {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, incoming: Deliver<TickerPicked>, _: &mut Self::Context) -> Self::Result {
        let picked = incoming.message.clone();
        // After a failed measurement the receiver is gone.
        self.entered
            .send((picked.pick.pick_id, Instant::now()))
            .ok();
        let next = Arc::clone(&self.next);
        Box::pin(async move { next.deliver(picked).await })
    }
}

impl Handler<Drain> for Relay {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

/// The running pipeline.
pub(super) struct RelayPipeline {
    supervisor: Supervisor,
    _bridge: KafkaBridge,
}

impl RelayPipeline {
    pub(super) fn start(
        settings: &KafkaSettings,
        supervision: SupervisionSettings,
        clock: &Clock,
        entered: Sender<(PickId, Instant)>,
    ) -> Result<Self, Error> {
        let supervisor = Supervisor::new(supervision, clock.clone(), 0)?;
        let faults = FaultPoints::default();
        let bridge = KafkaBridge::new(settings.clone(), &supervisor, faults)?;
        let out = bridge.to_topic(OUT, pick::encode)?;
        let next = supervisor
            .outbox(NAME, &KafkaBridge::to_name(OUT), out, PickMetadata)
            .window(bridge.window())
            .build();
        let relay = supervisor.spawn_stage(NAME, Relay { entered, next })?;
        bridge.from_topic(IN, NAME, relay.recipient(), PickMetadata, pick::decode)?;
        Ok(Self {
            supervisor,
            _bridge: bridge,
        })
    }

    pub(super) async fn end(self) {
        let missed = self.supervisor.drain().await;
        let abandoned = self.supervisor.abandon().await;
        let unjoined = self.supervisor.stop().await;
        if !missed.is_empty() || abandoned > 0 || !unjoined.is_empty() {
            tracing::warn!(
                ?missed,
                abandoned,
                ?unjoined,
                "the relay did not end in order"
            );
        }
    }
}
