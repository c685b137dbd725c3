//! KafkaBridge: mirrors the boundaries between the roles onto the topics.
//!
//! ```text
//! stage ─▶ Outbox ─▶ ToTopic ─▶ producer ══▶ topic
//! topic ══▶ consumer thread ─▶ Outbox ─▶ FromTopic ─▶ Outbox ─▶ stage
//!                    ▲ answer: commit the offset   refused: ══▶ topic-dlt
//! ```
//!
//! Each side of a boundary is an actor. A receiving side owns a thread with a consumer (one record
//! in work per partition), delivers through the same outboxes as the hops within a process, and
//! commits an offset when the stage has replied, or when the record's dead letter is confirmed. A
//! sending side replies with the brokers' confirmation. So a record is acknowledged when what came
//! of it is safe, and may come again; its pick's identity is what a repeat is told by.
//!
//! Here are the actors and their wiring; the clients they work with are `closecall-kafka`.

use std::sync::{Arc, OnceLock};

use actix::{Actor, Addr, Recipient};
use chrono::TimeDelta;
use closecall_calendar::Clock;
use closecall_kafka::{
    BridgeContext, DeadLetterStore, DeadLetterTopic, Error, KafkaSettings, KafkaStats, Producer,
    ReceivedRecord, RecordMetadata, TopicConsumer, producer,
};
use closecall_protocol::codec::{Arrival, Record};
use closecall_protocol::topic::PARTITIONS;
use closecall_protocol::{Error as ProtocolError, Topic};
use closecall_supervision::{Deliver, Describe, FaultPoints, Supervisor};

pub mod bench;
mod from_dead_letters;
mod from_topic;
mod to_topic;

use from_dead_letters::FromDeadLetters;
use from_topic::FromTopic;
use to_topic::ToTopic;

use crate::stage::KAFKA_BRIDGE;

/// Records in work at once on their way to one stage: one a partition.
const WINDOW: usize = PARTITIONS as usize;

/// The bridge of one process: makes its sides.
pub struct KafkaBridge {
    supervisor: Supervisor,
    parts: Arc<BridgeContext>,
    producer: Arc<Producer>,
    watched: OnceLock<()>,
}

impl std::fmt::Debug for KafkaBridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaBridge")
            .field("producer", &self.producer)
            .finish_non_exhaustive()
    }
}

impl KafkaBridge {
    /// A bridge without sides; nothing is connected yet, and brokers need not be there: what is
    /// missing shows in the log and in readiness, and is tried on. `expires_after` is how long
    /// after its timestamp a record expires that does not say so itself.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(
        settings: KafkaSettings,
        supervisor: &Supervisor,
        clock: Clock,
        expires_after: Option<TimeDelta>,
        faults: FaultPoints,
    ) -> Result<Self, Error> {
        settings.validate()?;
        if !settings.enabled() {
            let problem = "is not set: give host:port".into();
            return Err(Error::Setting {
                key: "brokers",
                problem,
            });
        }
        let stats = KafkaStats::default();
        let producer = Producer::new(&settings, &stats, supervisor.board());
        let parts = BridgeContext {
            settings,
            stats,
            clock,
            expires_after,
            faults,
        };
        Ok(Self {
            supervisor: supervisor.clone(),
            parts: Arc::new(parts),
            producer: Arc::new(producer),
            watched: OnceLock::new(),
        })
    }

    /// The sending side of a boundary, in place of the next stage: an outbox to it settles a
    /// message when the brokers have confirmed its record. Start it before the stage that sends.
    ///
    /// # Errors
    /// When the stage cannot be started.
    pub fn to_topic<T: Send + 'static>(
        &self,
        topic: Topic,
        encode: impl Fn(&T) -> Result<Record, ProtocolError> + Send + Sync + 'static,
    ) -> Result<Recipient<Deliver<T>>, Error> {
        let name = Self::to_name(topic);
        self.send_to(self.parts.settings.topic(topic))?;
        let side = ToTopic {
            topic: self.parts.settings.topic(topic),
            encode: Arc::new(encode),
            producer: Arc::clone(&self.producer),
            faults: self.parts.faults.clone(),
        };
        Ok(self.supervisor.spawn_stage(&name, side)?.recipient())
    }

    /// The name of a sending side among the stages, for the outbox to it.
    #[must_use]
    pub fn to_name(topic: Topic) -> String {
        format!("{KAFKA_BRIDGE}/to-{topic}")
    }

    /// The receiving side of a boundary: delivers what the topic's records say to `stage`, whose
    /// address is `recipient`. Start it after that stage.
    ///
    /// # Errors
    /// When the stage cannot be started.
    pub fn from_topic<T: Clone + Send + Sync + 'static>(
        &self,
        topic: Topic,
        stage: &str,
        recipient: Recipient<Deliver<T>>,
        describe: impl Describe<T> + Clone,
        decode: impl Fn(&Record, &Arrival) -> Result<T, ProtocolError> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let settings = &self.parts.settings;
        let name = format!("{KAFKA_BRIDGE}/from-{topic}");
        let letters = DeadLetterTopic {
            producer: Arc::clone(&self.producer),
            topic: settings.dead_letters(topic),
            group: settings.group(topic),
        };
        self.send_to(letters.topic.clone())?;
        let next = self
            .supervisor
            .outbox(&name, stage, recipient, describe.clone());
        let runtime = Arc::default();
        let side = FromTopic {
            decode: Arc::new(decode),
            describe: Arc::new(describe),
            next: next.window(WINDOW).build(),
            runtime: Arc::clone(&runtime),
            faults: self.parts.faults.clone(),
        };
        let side: Addr<_> = self.supervisor.spawn_stage(&name, side)?;
        let reads = (vec![settings.topic(topic)], settings.group(topic));
        self.consume(
            &format!("consumer-{topic}"),
            reads,
            &name,
            side,
            Some(letters),
            runtime,
        )
    }

    /// Reads the three dead-letter topics into `store`; the reporter's role does.
    ///
    /// # Errors
    /// When the stage cannot be started.
    pub fn from_dead_letters(&self, store: Arc<dyn DeadLetterStore>) -> Result<(), Error> {
        let settings = &self.parts.settings;
        let name = format!("{KAFKA_BRIDGE}/from-dead-letters");
        let runtime = Arc::default();
        let side = FromDeadLetters {
            store,
            runtime: Arc::clone(&runtime),
            topic_prefix: settings.topic_prefix.clone(),
        };
        let side = self.supervisor.spawn_stage(&name, side)?;
        let topics = Topic::ALL.map(|topic| settings.dead_letters(topic));
        let reads = (topics.into(), settings.dead_letter_group());
        self.consume("consumer-dead-letters", reads, &name, side, None, runtime)
    }

    /// What the clients see of themselves.
    #[must_use]
    pub fn stats(&self) -> KafkaStats {
        self.parts.stats.clone()
    }

    /// Starts the thread of a consumer, with its hop to the actor that reads the records.
    fn consume<A>(
        &self,
        name: &str,
        (topics, group): (Vec<String>, String),
        to: &str,
        side: Addr<A>,
        letters: Option<DeadLetterTopic>,
        runtime: Arc<OnceLock<tokio::runtime::Handle>>,
    ) -> Result<(), Error>
    where
        A: Actor<Context = actix::Context<A>> + actix::Handler<Deliver<Arc<ReceivedRecord>>>,
    {
        let name = format!("{KAFKA_BRIDGE}/{name}");
        let outbox = self
            .supervisor
            .outbox(&name, to, side.recipient(), RecordMetadata);
        let source = TopicConsumer {
            name: name.clone(),
            topics,
            group,
            outbox: outbox.window(WINDOW).build(),
            letters,
            runtime,
            board: self.supervisor.board().clone(),
            parts: Arc::clone(&self.parts),
        };
        self.supervisor
            .spawn_thread(&name, move |run| source.run(run))?;
        Ok(())
    }

    /// The producer will send there; it is watched from the first such topic on.
    fn send_to(&self, topic: String) -> Result<(), Error> {
        self.producer.will_send_to(topic);
        if self.watched.set(()).is_ok() {
            let producer = Arc::clone(&self.producer);
            self.supervisor
                .spawn_thread(producer::NAME, move |run| producer.watch(run))?;
        }
        Ok(())
    }
}
