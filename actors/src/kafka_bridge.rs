//! KafkaBridge: mirrors the boundaries between the roles onto the topics.
//!
//! ```text
//! stage ─▶ Outbox ─▶ ToTopic ─▶ producer ══▶ topic
//! topic ══▶ consumer thread ─▶ Outbox ─▶ FromTopic ─▶ Outbox ─▶ stage
//!                    ▲ answer: commit the offset   refused: ══▶ topic-dlt
//! ```
//!
//! Each side of a boundary is an actor. A receiving side owns a thread with a consumer (many records
//! of a partition in work, those of one key in their order), delivers through the same outboxes as
//! the hops within a process, and commits the offsets before which every record is settled: the
//! stage has replied, or the record's dead letter is confirmed. A sending side replies with the
//! brokers' confirmation. So a record is acknowledged when what came of it is safe, and may come
//! again; its pick's identity shows a repeat.
//!
//! Here are the actors and their wiring; the clients they work with are `closecall-kafka`.

use std::sync::{Arc, OnceLock};

use actix::{Actor, Addr, Recipient};
use chrono::TimeDelta;
use closecall_kafka::{
    BridgeContext, DeadLetterStore, DeadLetterTopic, Error, HELD_RECORDS, KafkaSettings,
    KafkaStats, Producer, ReceivedRecord, RecordMetadata, RefusalCheck, TopicConsumer, producer,
};
use closecall_protocol::codec::{Arrival, Record};
use closecall_protocol::topic::PARTITIONS;
use closecall_protocol::{Error as ProtocolError, Topic};
use closecall_supervision::{Deliver, FaultPoints, MessageMetadata, Supervisor};

pub mod bench;
mod from_dead_letters;
mod from_topic;
mod to_topic;

use from_dead_letters::FromDeadLetters;
use from_topic::{FromTopic, RecordReader};
use to_topic::ToTopic;

use crate::stage::KAFKA_BRIDGE;

/// Partitions of a topic.
const ALL_PARTITIONS: usize = PARTITIONS as usize;

/// The bridge of one process: makes its sides.
pub struct KafkaBridge {
    supervisor: Supervisor,
    context: Arc<BridgeContext>,
    producer: Arc<Producer>,
    watched: OnceLock<()>,
    expires_after: Option<TimeDelta>,
}

/// One receiving side: its topics, group and reader.
struct Consumed {
    name: String,
    topics: Vec<String>,
    group: String,
    /// Records on their way to the actor at once.
    window: usize,
    refuses: RefusalCheck,
    dead_letters: Option<DeadLetterTopic>,
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
    /// missing shows in the log and in readiness, and is tried on.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(
        settings: KafkaSettings,
        supervisor: &Supervisor,
        faults: FaultPoints,
    ) -> Result<Self, Error> {
        settings.validate()?;
        settings.needed()?;
        let stats = KafkaStats::default();
        let producer = Producer::new(&settings, &stats, supervisor.board());
        let context = BridgeContext {
            settings,
            stats,
            stage: supervisor.context(KAFKA_BRIDGE, faults),
        };
        Ok(Self {
            supervisor: supervisor.clone(),
            context: Arc::new(context),
            producer: Arc::new(producer),
            watched: OnceLock::new(),
            expires_after: None,
        })
    }

    /// A record that does not say when it expires does so this long after its timestamp.
    #[must_use]
    pub fn expiring_after(mut self, span: Option<TimeDelta>) -> Self {
        self.expires_after = span;
        self
    }

    /// Records in work at once on their way to or from one topic.
    #[must_use]
    pub fn window(&self) -> usize {
        ALL_PARTITIONS * self.context.settings.window_per_partition
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
        self.send_to(self.context.settings.topic(topic))?;
        let side = ToTopic {
            topic: self.context.settings.topic(topic),
            encode: Arc::new(encode),
            producer: Arc::clone(&self.producer),
            context: self.context.stage.clone(),
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
        metadata: impl MessageMetadata<T> + Clone,
        decode: impl Fn(&Record, &Arrival) -> Result<T, ProtocolError> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let settings = &self.context.settings;
        let name = format!("{KAFKA_BRIDGE}/from-{topic}");
        let dead_letters = DeadLetterTopic {
            producer: Arc::clone(&self.producer),
            topic: settings.dead_letters(topic),
            group: settings.group(topic),
        };
        self.send_to(dead_letters.topic.clone())?;
        // A scrape's bound begins when it is handed over, and the vendors set the pace.
        let window = match topic {
            Topic::StockNameSelector => ALL_PARTITIONS,
            Topic::StockModelOutput | Topic::StockPredictionOutput => self.window(),
        };
        let next = self
            .supervisor
            .outbox(&name, stage, recipient, metadata.clone());
        let reader = Arc::new(RecordReader {
            decode: Arc::new(decode),
            metadata: Arc::new(metadata),
            context: self.context.stage.clone(),
            stage: stage.into(),
        });
        let side = FromTopic {
            reader: Arc::clone(&reader),
            next: next.window(window).build(),
        };
        let side: Addr<_> = self.supervisor.spawn_stage(&name, side)?;
        self.consume(
            Consumed {
                name: format!("{KAFKA_BRIDGE}/consumer-{topic}"),
                topics: vec![settings.topic(topic)],
                group: settings.group(topic),
                // What is refused needs no stage, so all that is held may be on its way.
                window: ALL_PARTITIONS * HELD_RECORDS,
                refuses: Arc::new(move |record| reader.read(record).is_err()),
                dead_letters: Some(dead_letters),
            },
            &name,
            side,
        )
    }

    /// Reads the three dead-letter topics into `store`; the reporter's role does.
    ///
    /// # Errors
    /// When the stage cannot be started.
    pub fn from_dead_letters(&self, store: Arc<dyn DeadLetterStore>) -> Result<(), Error> {
        let settings = &self.context.settings;
        let name = format!("{KAFKA_BRIDGE}/from-dead-letters");
        let side = FromDeadLetters {
            store,
            topic_prefix: settings.topic_prefix.clone(),
        };
        let side = self.supervisor.spawn_stage(&name, side)?;
        let topics = Topic::ALL.map(|topic| settings.dead_letters(topic));
        self.consume(
            Consumed {
                name: format!("{KAFKA_BRIDGE}/consumer-dead-letters"),
                topics: topics.into(),
                group: settings.dead_letter_group(),
                window: ALL_PARTITIONS,
                refuses: Arc::new(|_| false),
                dead_letters: None,
            },
            &name,
            side,
        )
    }

    /// Statistics of the clients.
    #[must_use]
    pub fn stats(&self) -> KafkaStats {
        self.context.stats.clone()
    }

    /// Starts the thread of a consumer, with its hop to the actor that reads the records.
    fn consume<A>(&self, consumed: Consumed, to: &str, side: Addr<A>) -> Result<(), Error>
    where
        A: Actor<Context = actix::Context<A>> + actix::Handler<Deliver<Arc<ReceivedRecord>>>,
    {
        let Consumed {
            name,
            topics,
            group,
            window,
            refuses,
            dead_letters,
        } = consumed;
        let outbox = self
            .supervisor
            .outbox(&name, to, side.recipient(), RecordMetadata);
        let consumer = TopicConsumer {
            name: name.clone(),
            topics,
            group,
            outbox: outbox.window(window).build(),
            refuses,
            dead_letters,
            runtime: self.supervisor.runtime(to)?,
            expires_after: self.expires_after,
            board: self.supervisor.board().clone(),
            context: Arc::clone(&self.context),
        };
        self.supervisor
            .spawn_thread(&name, move |run| consumer.run(run))?;
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
