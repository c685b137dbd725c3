//! The producer of this process: sends records and waits for the brokers' confirmation. One that
//! fails in a way that leaves open whether a record arrived is replaced by a new one; the record
//! is sent again by its holder, and its identity shows a repeat.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use closecall_protocol::codec::Record;
use closecall_supervision::{HealthBoard, ThreadContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};

use crate::callbacks::ClientCallbacks;
use crate::connection_state::{Connection, ConnectionState};
use crate::error::Error;
use crate::events::{ClientEvent, Events};
use crate::probe::probe;
use crate::record::native_headers;
use crate::settings::KafkaSettings;
use crate::stats::KafkaStats;

/// The name of the producer among the clients and the stages.
pub const NAME: &str = "kafka-bridge/producer";

/// Between two probes of the watch at what the library has reported.
const LONGEST_SLEEP: Duration = Duration::from_millis(500);

type Client = FutureProducer<ClientCallbacks>;

/// The library's producer; dropped on a thread of its own, because it takes its time.
struct Retiring(Option<Client>);

impl Drop for Retiring {
    fn drop(&mut self) {
        let client = self.0.take();
        // Without a thread the closure, and the client in it, is dropped right here.
        thread::Builder::new()
            .name("kafka-drop".into())
            .spawn(move || drop(client))
            .ok();
    }
}

/// Sends records. Shared by everything in the process that does.
pub struct Producer {
    settings: KafkaSettings,
    stats: KafkaStats,
    board: HealthBoard,
    current: Mutex<Option<Arc<Retiring>>>,
    events: Mutex<Events>,
    /// Topics that are sent to, so that a missing one is found before it is needed.
    topics: Mutex<BTreeSet<String>>,
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("topics", &self.topics)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Producer {
    /// A producer that connects when something is sent or it is watched.
    #[must_use]
    pub fn new(settings: &KafkaSettings, stats: &KafkaStats, board: &HealthBoard) -> Self {
        Self {
            settings: settings.clone(),
            stats: stats.clone(),
            board: board.clone(),
            current: Mutex::default(),
            events: Mutex::default(),
            topics: Mutex::default(),
        }
    }

    /// Records will be sent there.
    pub fn will_send_to(&self, topic: String) {
        lock(&self.topics).insert(topic);
    }

    /// Sends a record and waits until the brokers have it; gives its partition and offset. Where
    /// the wanted partition does not exist, the key chooses one.
    ///
    /// # Errors
    /// When the brokers have not confirmed it; it may be there all the same.
    pub async fn send(
        &self,
        topic: &str,
        partition: Option<i32>,
        record: &Record,
    ) -> Result<(i32, i64), Error> {
        match self.try_send(topic, partition, record).await {
            Err(error)
                if partition.is_some()
                    && error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownPartition) =>
            {
                self.try_send(topic, None, record).await
            }
            sent => sent,
        }
        .inspect(|_| self.stats.sent())
        .map_err(|error| self.error(&error, topic))
    }

    async fn try_send(
        &self,
        topic: &str,
        partition: Option<i32>,
        record: &Record,
    ) -> Result<(i32, i64), KafkaError> {
        let current = self.current()?;
        let Some(client) = &current.0 else {
            return Err(KafkaError::Canceled);
        };
        let mut outgoing = FutureRecord::<[u8], [u8]>::to(topic).headers(native_headers(record));
        outgoing.key = record.key.as_deref();
        outgoing.payload = record.value.as_deref();
        outgoing.partition = partition;
        match client.send(outgoing, self.settings.delivery_timeout).await {
            Ok(delivery) => Ok((delivery.partition, delivery.offset)),
            Err((error, _)) => {
                if leaves_open(&error) {
                    self.replace(&current, &error);
                }
                Err(error)
            }
        }
    }

    fn error(&self, error: &KafkaError, topic: &str) -> Error {
        Error::of(
            error,
            &format!("sending to {topic}"),
            topic,
            &self.settings.brokers,
        )
    }

    fn current(&self) -> Result<Arc<Retiring>, KafkaError> {
        let mut current = lock(&self.current);
        if let Some(client) = &*current {
            return Ok(Arc::clone(client));
        }
        let config = self
            .settings
            .producer("producer")
            .map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        let context = ClientCallbacks::new(NAME, &self.stats, &self.settings);
        self.stats.made(NAME);
        *lock(&self.events) = context.events.clone();
        let client: Client = config.create_with_context(context)?;
        let client = Arc::new(Retiring(Some(client)));
        *current = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Makes the next send begin with a new client, unless that is done already.
    fn replace(&self, failed: &Arc<Retiring>, error: &KafkaError) {
        let mut current = lock(&self.current);
        if current
            .as_ref()
            .is_some_and(|client| Arc::ptr_eq(client, failed))
        {
            tracing::warn!(stage = NAME, %error, "the producer is replaced");
            *current = None;
        }
    }

    /// Watches how things stand, until it is stopped: readiness must not wait for the first record.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn watch(&self, run: &ThreadContext) -> Result<(), Error> {
        let mut connection = Connection::new(NAME, &self.settings.brokers, &self.board);
        while !run.stopping() {
            let topics: Vec<String> = lock(&self.topics).iter().cloned().collect();
            let current = self.current().map_err(|error| self.error(&error, ""))?;
            let events = lock(&self.events).take();
            for event in events {
                if let ClientEvent::Error(error, reason) = event {
                    connection.error(&error, &reason);
                }
            }
            if connection.probe_due()
                && let Some(client) = &current.0
            {
                let state = probe(client.client(), &topics, || run.stopping());
                match state {
                    Some(wrong) => drop(connection.set(wrong)),
                    None => connection.answered(ConnectionState::Up),
                }
            }
            thread::park_timeout(LONGEST_SLEEP);
        }
        Ok(())
    }
}

/// Whether the record may have arrived all the same, or the client can send no more.
fn leaves_open(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::Fatal
                | Code::MessageTimedOut
                | Code::RequestTimedOut
                | Code::OperationTimedOut
                | Code::BrokerTransportFailure
                | Code::InvalidProducerEpoch
                | Code::OutOfOrderSequenceNumber
                | Code::PurgeInflight
                | Code::PurgeQueue
        )
    )
}
