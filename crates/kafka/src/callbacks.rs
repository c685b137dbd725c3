//! What the library calls back: its log, errors, statistics, tokens and rebalances. Everything is
//! only noted here; what follows from it is done by whoever polls.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;
use closecall_calendar::Clock;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::{ClientContext, Offset, Statistics, TopicPartitionList};
use secrecy::{ExposeSecret, SecretString};

use crate::KafkaSettings;
use crate::partitions::{DeliveryTag, Partitions, TopicPartition};
use crate::settings::client::secret;
use crate::stats::KafkaStats;

/// Something that happened to a client.
#[derive(Debug)]
pub(crate) enum ClientEvent {
    /// An error that is not about one record.
    Error(KafkaError, String),
    /// These partitions were added, possibly none.
    Assigned(Vec<TopicPartition>),
    /// These were taken away.
    Revoked,
    /// The brokers' answer to the commit that was under way.
    Committed(Result<(), KafkaError>),
}

/// What happened and was not looked at yet. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    list: Arc<Mutex<Vec<ClientEvent>>>,
    /// The library has called back since the last question.
    called: Arc<AtomicBool>,
}

impl Events {
    fn list(&self) -> MutexGuard<'_, Vec<ClientEvent>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, event: ClientEvent) {
        self.called();
        self.list().push(event);
    }

    fn called(&self) {
        self.called.store(true, Ordering::Release);
    }

    /// What happened since the last call.
    pub(crate) fn take(&self) -> Vec<ClientEvent> {
        std::mem::take(&mut *self.list())
    }

    /// Whether the library has called back since the last call. A poll that was spent on a call
    /// back gives nothing, and says nothing of what else there is.
    pub(crate) fn take_called(&self) -> bool {
        self.called.swap(false, Ordering::AcqRel)
    }
}

/// The context of any client.
#[derive(Debug)]
pub(crate) struct ClientCallbacks {
    name: String,
    stats: KafkaStats,
    settings: KafkaSettings,
    pub(crate) events: Events,
}

impl ClientCallbacks {
    pub(crate) fn new(name: &str, stats: &KafkaStats, settings: &KafkaSettings) -> Self {
        Self {
            name: name.to_owned(),
            stats: stats.clone(),
            settings: settings.clone(),
            events: Events::default(),
        }
    }
}

impl ClientContext for ClientCallbacks {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    /// The library repeats itself for as long as a broker is away; the link tells it once instead.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        let client = self.name.as_str();
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(target: "librdkafka", client, facility, "{text}");
            }
            _ => tracing::debug!(target: "librdkafka", client, facility, "{text}"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        self.events.called();
        self.stats.update(&self.name, &statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", client = self.name, %error, "{reason}");
        self.events
            .note(ClientEvent::Error(error, reason.to_owned()));
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn StdError>> {
        self.events.called();
        let settings = &self.settings;
        let none = SecretString::default();
        let token = secret(&none, "sasl_token_file", &settings.sasl_token_file)?;
        // The brokers' time is real time, whatever clock the pipeline runs on.
        let until = Clock::system().now() + TimeDelta::from_std(settings.token_lifetime)?;
        Ok(OAuthToken {
            token: token.expose_secret().to_owned(),
            principal_name: settings.sasl_username.clone(),
            lifetime_ms: until.timestamp_millis(),
        })
    }
}

/// An answer to a hand-out.
#[derive(Debug)]
pub(crate) struct SettledDelivery {
    pub(crate) tag: DeliveryTag,
    pub(crate) outcome: DeliveryOutcome,
}

/// How a hand-out ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeliveryOutcome {
    /// Its way through the process is done; its offset may be committed.
    Done,
    /// The process is ending; it stays where it is.
    Released,
    /// Nobody could settle it.
    Stuck(String),
}

/// The bookkeeping of a consumer, shared by its loop and its callbacks, which run on one thread.
#[derive(Debug)]
pub(crate) struct Work<R> {
    pub(crate) partitions: Partitions<R>,
    pub(crate) settled: Receiver<SettledDelivery>,
    /// Records that came back unsettled, with why.
    pub(crate) returned: Vec<(DeliveryTag, DeliveryOutcome)>,
}

impl<R> Work<R> {
    /// Takes note of the answers that have come.
    pub(crate) fn note_settled(&mut self) {
        while let Ok(SettledDelivery { tag, outcome }) = self.settled.try_recv() {
            let done = matches!(outcome, DeliveryOutcome::Done);
            let wanted = self.partitions.settle(&tag, done);
            if !wanted {
                let (topic, partition) = &tag.place;
                tracing::info!(
                    topic,
                    partition,
                    offset = tag.offset,
                    "an answer from before a rebalance is dropped"
                );
            } else if !done {
                self.returned.push((tag, outcome));
            }
        }
    }
}

/// The context of a consumer.
#[derive(Debug)]
pub(crate) struct ConsumerCallbacks<R> {
    pub(crate) context: ClientCallbacks,
    work: Mutex<Work<R>>,
    /// Whether the brokers answer, as far as known: with nobody to ask, nothing is waited for.
    pub(crate) reachable: AtomicBool,
}

impl<R: Send> ConsumerCallbacks<R> {
    pub(crate) fn new(context: ClientCallbacks, settled: Receiver<SettledDelivery>) -> Self {
        let work = Work {
            partitions: Partitions::default(),
            settled,
            returned: Vec::new(),
        };
        Self {
            context,
            work: Mutex::new(work),
            reachable: AtomicBool::new(true),
        }
    }

    /// Held shortly and never while the library is called: its callbacks want it too.
    pub(crate) fn work(&self) -> MutexGuard<'_, Work<R>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Send> ClientContext for ConsumerCallbacks<R> {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.context.log(level, facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        self.context.stats(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn StdError>> {
        self.context.generate_oauth_token(config)
    }
}

impl<R: Send> ConsumerContext for ConsumerCallbacks<R> {
    /// What is settled is committed before its partition goes to another member; what is still in
    /// work is not waited for.
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(list) = rebalance else {
            return;
        };
        let places = places(list);
        let mut due = {
            let mut work = self.work();
            work.note_settled();
            work.partitions.to_commit()
        };
        due.retain(|(place, _)| places.contains(place));
        if !due.is_empty()
            && self.reachable.load(Ordering::Acquire)
            && !consumer.assignment_lost()
            && let Err(error) = commit(consumer, &due)
        {
            tracing::info!(stage = self.context.name, %error, "not committed before a rebalance; it comes again");
        }
        let assigned = {
            let mut work = self.work();
            work.partitions.revoke(&places);
            work.partitions.places().count()
        };
        self.context.stats.rebalanced(&self.context.name, assigned);
        self.context.events.note(ClientEvent::Revoked);
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let places = places(list);
                let assigned = {
                    let mut work = self.work();
                    work.partitions.assign(&places);
                    work.partitions.places().count()
                };
                // A pause outlives an assignment.
                if let Err(error) = consumer.resume(list) {
                    self.context.events.note(ClientEvent::Error(
                        error,
                        "resume after an assignment".into(),
                    ));
                }
                self.context.stats.rebalanced(&self.context.name, assigned);
                self.context.events.note(ClientEvent::Assigned(places));
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => {
                self.context
                    .events
                    .note(ClientEvent::Error(error.clone(), "rebalance".into()));
            }
        }
    }
}

fn places(list: &TopicPartitionList) -> Vec<TopicPartition> {
    let elements = list.elements();
    elements
        .iter()
        .map(|one| (one.topic().to_owned(), one.partition()))
        .collect()
}

/// Commits offsets and waits for the brokers' answer. The list lives in here only: one that
/// outlives its use can keep the consumer from ever being dropped.
pub(crate) fn commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    offsets: &[(TopicPartition, i64)],
) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for ((topic, partition), next) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*next))?;
    }
    consumer.commit(&list, CommitMode::Sync)
}
