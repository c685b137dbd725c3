//! A consumer of some topics as a stage: what it is made of, and its connection. The loop of its
//! thread is in `consumer_loop`.

use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread;

use chrono::TimeDelta;
use closecall_supervision::{HealthBoard, Outbox};
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use tokio::runtime::Handle;

use crate::bridge_context::BridgeContext;
use crate::callbacks::ClientCallbacks;
use crate::closing::ClosingConsumer;
use crate::committer::Committer;
use crate::consumer_callbacks::ConsumerCallbacks;
use crate::dead_letters::DeadLetterTopic;
use crate::delivery::Deliveries;
use crate::error::Error;
use crate::partition::PartitionLimits;
use crate::partition_queues::PartitionQueues;
use crate::record::ReceivedRecord;

/// Records of one partition that are held at most, from their arrival until they are settled, and
/// their bytes in memory. Together with the partitions they bound the memory of a backlog.
pub const HELD_RECORDS: usize = 512;
const HELD_BYTES: usize = 1 << 19;

/// Whether the reader of a record will refuse it, so that no stage has to work on it.
pub type RefusalCheck = Arc<dyn Fn(&ReceivedRecord) -> bool + Send + Sync>;

/// The library's client.
pub(crate) type Client = BaseConsumer<ConsumerCallbacks<Arc<ReceivedRecord>>>;

/// The parts of a consumer's thread, which survive its restarts.
pub struct TopicConsumer {
    /// Its name among the stages.
    pub name: String,
    /// The topics it reads.
    pub topics: Vec<String>,
    /// The consumer group it is a member of.
    pub group: String,
    /// The hop to the reader of the records; its window has to hold all that is held here.
    pub outbox: Arc<Outbox<Arc<ReceivedRecord>>>,
    /// A record that the reader refuses is handed out at once: it waits for no record of its key.
    pub refuses: RefusalCheck,
    /// Where refused records go; without it they come again.
    pub dead_letters: Option<DeadLetterTopic>,
    /// Carries the deliveries: the runtime of the actor behind the outbox.
    pub runtime: Handle,
    /// Span after its timestamp in which a record expires that does not say so itself.
    pub expires_after: Option<TimeDelta>,
    /// Shows the state of the connection.
    pub board: HealthBoard,
    /// Shared by all sides.
    pub context: Arc<BridgeContext>,
}

impl fmt::Debug for TopicConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicConsumer")
            .field("name", &self.name)
            .field("topics", &self.topics)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// One client with all that serves it. An answer to an earlier client reaches none: each has a
/// channel of its own.
pub(crate) struct Connected {
    /// Before the client, so that its thread lets go of the client first; the queues hold it too.
    pub(crate) committer: Committer,
    pub(crate) queues: PartitionQueues<Arc<ReceivedRecord>>,
    pub(crate) client: ClosingConsumer<ConsumerCallbacks<Arc<ReceivedRecord>>>,
    pub(crate) deliveries: Deliveries,
}

impl TopicConsumer {
    /// A new client.
    pub(crate) fn connect(&self) -> Result<Connected, Error> {
        let BridgeContext {
            settings, stats, ..
        } = &*self.context;
        let client_id = self.name.replace('/', ".");
        let config = settings.consumer(&client_id, &self.group)?;
        let limits = PartitionLimits {
            in_work: settings.window_per_partition,
            held_records: HELD_RECORDS,
            held_bytes: HELD_BYTES,
        };
        let (answers, settled) = mpsc::channel();
        let callbacks = ClientCallbacks::new(&self.name, stats, settings);
        let events = callbacks.events.clone();
        stats.made(&self.name);
        let mut client: Client = config
            .create_with_context(ConsumerCallbacks::new(callbacks, settled, limits))
            .map_err(|error| self.error(&error, "making a consumer"))?;
        let waker = thread::current();
        let wakes = waker.clone();
        client.set_nonempty_callback(move || wakes.unpark());
        let client = Arc::new(client);
        let committer = Committer::start(Arc::clone(&client), events, waker.clone());
        let client = ClosingConsumer::new(&self.name, client);
        let committer = committer.map_err(|source| closecall_supervision::Error::NoThread {
            stage: self.name.clone(),
            source,
        })?;
        Ok(Connected {
            committer,
            queues: PartitionQueues::default(),
            client,
            deliveries: Deliveries {
                outbox: Arc::clone(&self.outbox),
                dead_letters: self.dead_letters.clone(),
                runtime: self.runtime.clone(),
                answers,
                waker,
            },
        })
    }

    pub(crate) fn error(&self, error: &KafkaError, what: &str) -> Error {
        let topics = self.topics.join(", ");
        Error::of(
            error,
            &format!("{what} ({})", self.name),
            &topics,
            &self.context.settings.brokers,
        )
    }
}
