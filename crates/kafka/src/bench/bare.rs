//! The way to compare with: one loop that promises what the bridge does, and has nothing else. A
//! record is copied and sent on, the brokers' confirmation is awaited, then its offset is committed
//! and the brokers' answer awaited. Same settings, no actors, no supervision.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use closecall_calendar::Clock;
use closecall_protocol::PickId;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::runtime::{Builder, Runtime};

use super::topics::{IN, OUT};
use crate::callbacks::ClientCallbacks;
use crate::error::Error;
use crate::partition_lists::commit;
use crate::record::{ReceivedRecord, native_headers};
use crate::settings::KafkaSettings;
use crate::stats::KafkaStats;
use crate::topic_partition::TopicPartition;

const NAME: &str = "bench-bare";

/// The longest that the loop does not look whether it should end.
const LONGEST_SLEEP: Duration = Duration::from_millis(200);

/// The running loop.
#[derive(Debug)]
pub struct BareLoop {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), Error>>,
}

struct Loop {
    settings: KafkaSettings,
    clock: Clock,
    consumer: BaseConsumer<ClientCallbacks>,
    producer: FutureProducer<ClientCallbacks>,
    runtime: Runtime,
    entered: Sender<(PickId, Instant)>,
}

impl BareLoop {
    /// Starts the loop; `entered` gets each record that it has.
    ///
    /// # Errors
    /// When the settings cannot be used, or there is no thread.
    pub fn start(
        settings: &KafkaSettings,
        clock: &Clock,
        entered: Sender<(PickId, Instant)>,
    ) -> Result<Self, Error> {
        let failed = |error: &KafkaError| Error::of(error, NAME, "", &settings.brokers);
        let context = || ClientCallbacks::new(NAME, &KafkaStats::default(), settings);
        let no_thread = |error: std::io::Error| Error::Unsettled {
            what: "the bare loop".into(),
            reason: error.to_string(),
        };
        let consumer: BaseConsumer<ClientCallbacks> = settings
            .consumer(NAME, &settings.group(IN))?
            .create_with_context(context())
            .map_err(|error| failed(&error))?;
        consumer
            .subscribe(&[&settings.topic(IN)])
            .map_err(|error| failed(&error))?;
        let producer = settings
            .producer(NAME)?
            .create_with_context(context())
            .map_err(|error| failed(&error))?;
        let bare = Loop {
            settings: settings.clone(),
            clock: clock.clone(),
            consumer,
            producer,
            runtime: Builder::new_current_thread()
                .enable_time()
                .build()
                .map_err(no_thread)?,
            entered,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name(NAME.into())
            .spawn(move || bare.turns(&stopping))
            .map_err(no_thread)?;
        Ok(Self { stop, thread })
    }

    /// Ends the loop.
    pub fn end(self) -> Result<(), Error> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_else(|_| {
            Err(Error::Unsettled {
                what: "the bare loop".into(),
                reason: "it panicked".into(),
            })
        })
    }
}

impl Loop {
    fn turns(&self, stop: &AtomicBool) -> Result<(), Error> {
        let out = self.settings.topic(OUT);
        while !stop.load(Ordering::Relaxed) {
            let message = match self.consumer.poll(LONGEST_SLEEP) {
                None => continue,
                Some(Ok(message)) => message,
                // Such as a topic that is still too new; where it lasts, the driver says so.
                Some(Err(error)) => {
                    tracing::debug!(%error, "the bare loop goes on");
                    continue;
                }
            };
            let at = Instant::now();
            let received = ReceivedRecord::copy(&message, None, self.clock.now());
            drop(message);
            self.entered.send((received.pick_id(), at)).ok();
            self.pass_on(&out, &received)
                .map_err(|error| Error::of(&error, NAME, &out, &self.settings.brokers))?;
        }
        Ok(())
    }

    fn pass_on(&self, out: &str, received: &ReceivedRecord) -> Result<(), KafkaError> {
        let record = &received.record;
        let mut outgoing = FutureRecord::<[u8], [u8]>::to(out).headers(native_headers(record));
        outgoing.key = record.key.as_deref();
        outgoing.payload = record.value.as_deref();
        let sent = self.producer.send(outgoing, self.settings.delivery_timeout);
        self.runtime.block_on(sent).map_err(|(error, _)| error)?;
        let partition = TopicPartition::new(&received.arrival.topic, received.arrival.partition);
        commit(&self.consumer, &[(partition, received.arrival.offset + 1)])
    }
}
