//! The topics and groups as an operator sees them: makes what is missing, says what differs, and
//! how far behind a group is. Alters nothing that exists.

use std::collections::BTreeMap;

use closecall_protocol::Topic;
use closecall_protocol::codec::Record;
use closecall_protocol::topic::{DEAD_LETTER_RETENTION_DAYS, PARTITIONS, REPLICATION};
use closecall_supervision::HealthBoard;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use serde::Serialize;

use crate::callbacks::ClientCallbacks;
use crate::error::Error;
use crate::observer::{ANSWER_TIMEOUT, Observer, connect, unanswered};
use crate::partition_lists;
use crate::producer::Producer;
use crate::settings::KafkaSettings;
use crate::stats::KafkaStats;
use crate::topic_partition::TopicPartition;

const DAY_MS: u64 = 86_400_000;

/// Layout of a topic, as it should be or as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicLayout {
    /// Its name on the cluster.
    pub name: String,
    /// Partitions.
    pub partitions: i32,
    /// Copies of each.
    pub replication: i32,
    /// `retention.ms`, `cleanup.policy` and `min.insync.replicas`; empty where it cannot be asked for.
    pub config: BTreeMap<String, String>,
}

/// One topic, as it should be and as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicReport {
    /// As it should be on this cluster.
    pub wanted: TopicLayout,
    /// As it was found; `None` where it is missing.
    pub found: Option<TopicLayout>,
    /// Whether it was made just now.
    pub created: bool,
    /// The differences, a sentence each.
    pub drift: Vec<String>,
}

/// Progress of one group on one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupLag {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// Records that are not yet settled, over all partitions.
    pub lag: i64,
    /// Partitions without a committed offset: no member has read them yet.
    pub unread_partitions: usize,
}

/// A client that asks, and makes topics.
pub struct KafkaAdmin {
    settings: KafkaSettings,
    client: AdminClient<ClientCallbacks>,
    /// Connects when something is sent.
    producer: Producer,
}

impl std::fmt::Debug for KafkaAdmin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaAdmin")
            .field("brokers", &self.settings.brokers)
            .finish_non_exhaustive()
    }
}

impl KafkaAdmin {
    /// A client for the cluster of the settings; not connected yet.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(settings: &KafkaSettings) -> Result<Self, Error> {
        settings.validate()?;
        let context = ClientCallbacks::new("admin", &KafkaStats::default(), settings);
        let client = settings
            .admin()?
            .create_with_context(context)
            .map_err(|error| Error::of(&error, "making a client", "", &settings.brokers))?;
        let producer = Producer::new(settings, &KafkaStats::default(), &HealthBoard::new());
        Ok(Self {
            settings: settings.clone(),
            client,
            producer,
        })
    }

    fn error(&self, error: &KafkaError, what: &str, topic: &str) -> Error {
        Error::of(error, what, topic, &self.settings.brokers)
    }

    /// Makes the topics that are missing and reports on all six. What exists stays as it is.
    /// Blocks for some seconds where brokers do not answer, as every function here but `send`.
    ///
    /// # Errors
    /// When the brokers do not answer, or refuse.
    pub async fn create_topics(&self) -> Result<Vec<TopicReport>, Error> {
        let before = self.describe_topics().await?;
        let missing: Vec<&TopicLayout> = before
            .iter()
            .filter(|one| one.found.is_none())
            .map(|one| &one.wanted)
            .collect();
        if missing.is_empty() {
            return Ok(before);
        }
        if !self.settings.admin_works() {
            let problem = "OAUTHBEARER cannot make topics: the Kafka library asks for no token there; \
                           make them with another sasl_mechanism";
            return Err(Error::Setting {
                key: "sasl_mechanism",
                problem: problem.into(),
            });
        }
        let topics: Vec<NewTopic<'_>> = missing.iter().map(|layout| new_topic(layout)).collect();
        let answers = self.client.create_topics(&topics, &options()).await;
        let mut created = Vec::new();
        for answer in answers.map_err(|error| self.error(&error, "creating topics", ""))? {
            match answer {
                Ok(name) => created.push(name),
                // Somebody was faster.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => {
                    let what = format!("creating topic {name}");
                    return Err(self.error(&KafkaError::AdminOp(code), &what, &name));
                }
            }
        }
        // A topic shows a moment after it was made; it is as it was asked for.
        let made = |mut report: TopicReport| {
            report.created = created.contains(&report.wanted.name);
            report
        };
        Ok(before.into_iter().map(made).collect())
    }

    /// Reports on all six topics.
    ///
    /// # Errors
    /// When the brokers do not answer, or refuse.
    pub async fn describe_topics(&self) -> Result<Vec<TopicReport>, Error> {
        let group = self.settings.dead_letter_group();
        let (_, metadata) = connect(&self.settings, "admin", &group, None, "listing topics")?;
        let brokers = i32::try_from(metadata.brokers().len()).unwrap_or(i32::MAX);
        let mut found: BTreeMap<&str, (i32, i32)> = BTreeMap::new();
        for topic in metadata
            .topics()
            .iter()
            .filter(|topic| topic.error().is_none())
        {
            let copies = topic
                .partitions()
                .iter()
                .map(|one| one.replicas().len())
                .min();
            let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
            found.insert(
                topic.name(),
                (count(topic.partitions().len()), count(copies.unwrap_or(0))),
            );
        }
        let wanted = self.wanted(brokers);
        let existing: Vec<&str> = wanted
            .iter()
            .map(|one| one.name.as_str())
            .filter(|name| found.contains_key(name))
            .collect();
        let mut configs = self.configs(&existing).await?;
        let report = |wanted: TopicLayout| {
            let layout = found
                .get(wanted.name.as_str())
                .map(|(partitions, replication)| TopicLayout {
                    name: wanted.name.clone(),
                    partitions: *partitions,
                    replication: *replication,
                    config: configs.remove(&wanted.name).unwrap_or_default(),
                });
            let drift = layout
                .as_ref()
                .map(|found| drift(&wanted, found))
                .unwrap_or_default();
            TopicReport {
                wanted,
                found: layout,
                created: false,
                drift,
            }
        };
        Ok(wanted.into_iter().map(report).collect())
    }

    /// The layouts of the six topics on a cluster of this many brokers.
    fn wanted(&self, brokers: i32) -> Vec<TopicLayout> {
        let settings = &self.settings;
        let replication = match settings.replication {
            0 => REPLICATION.min(brokers).max(1),
            copies => copies,
        };
        let layout = |name: String, days: u32| TopicLayout {
            name,
            partitions: PARTITIONS,
            replication,
            config: BTreeMap::from([
                ("cleanup.policy".into(), "delete".into()),
                (
                    "min.insync.replicas".into(),
                    (replication - 1).clamp(1, 2).to_string(),
                ),
                (
                    "retention.ms".into(),
                    (u64::from(days) * DAY_MS).to_string(),
                ),
            ]),
        };
        let data = Topic::ALL.map(|topic| layout(settings.topic(topic), topic.retention_days()));
        let letters = Topic::ALL
            .map(|topic| layout(settings.dead_letters(topic), DEAD_LETTER_RETENTION_DAYS));
        data.into_iter().chain(letters).collect()
    }

    async fn configs(
        &self,
        topics: &[&str],
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, Error> {
        if topics.is_empty() || !self.settings.admin_works() {
            return Ok(BTreeMap::new());
        }
        let asked: Vec<_> = topics
            .iter()
            .map(|name| ResourceSpecifier::Topic(name))
            .collect();
        let answers = self.client.describe_configs(&asked, &options()).await;
        let answers = answers.map_err(|error| self.error(&error, "describing topics", ""))?;
        let mut configs = BTreeMap::new();
        for (name, answer) in topics.iter().zip(answers) {
            let resource = answer.map_err(|code| {
                self.error(
                    &KafkaError::AdminOp(code),
                    &format!("describing topic {name}"),
                    name,
                )
            })?;
            let ours = resource.entries.into_iter().filter(|entry| {
                matches!(
                    entry.name.as_str(),
                    "cleanup.policy" | "min.insync.replicas" | "retention.ms"
                )
            });
            let entries = ours.map(|entry| (entry.name, entry.value.unwrap_or_default()));
            configs.insert((*name).to_owned(), entries.collect());
        }
        Ok(configs)
    }

    /// Sends one record and waits for the brokers' confirmation; gives its partition and offset. For
    /// a record that no stage emits, such as a dead letter that is tried again.
    ///
    /// # Errors
    /// When the brokers have not confirmed it; it may be there all the same.
    pub async fn send(&self, topic: &str, record: &Record) -> Result<(i32, i64), Error> {
        self.producer.send(topic, None, record).await
    }

    /// Lags of the groups of all roles. Topics that are missing are left out.
    ///
    /// # Errors
    /// When the brokers do not answer, or refuse.
    pub fn group_lags(&self) -> Result<Vec<GroupLag>, Error> {
        let settings = &self.settings;
        let data = Topic::ALL.map(|topic| (settings.group(topic), settings.topic(topic)));
        let letters =
            Topic::ALL.map(|topic| (settings.dead_letter_group(), settings.dead_letters(topic)));
        let mut lags = Vec::new();
        for (group, topic) in data.into_iter().chain(letters) {
            let what = format!("looking at group {group} on {topic}");
            let (consumer, metadata) = connect(settings, "admin", &group, Some(&topic), &what)?;
            let lag = group_lag(&consumer, &metadata, &group, &topic)
                .map_err(|error| unanswered(&consumer, settings, &error, &what, &topic));
            match lag {
                Err(Error::MissingTopic { .. }) => {}
                lag => lags.push(lag?),
            }
        }
        Ok(lags)
    }
}

fn group_lag(
    consumer: &Observer,
    metadata: &Metadata,
    group: &str,
    topic: &str,
) -> Result<GroupLag, KafkaError> {
    let found = metadata.topics().iter().find(|one| one.name() == topic);
    let partitions = found.map(|one| one.partitions()).unwrap_or_default();
    if partitions.is_empty() {
        return Err(KafkaError::MetadataFetch(
            RDKafkaErrorCode::UnknownTopicOrPartition,
        ));
    }
    let named: Vec<TopicPartition> = partitions
        .iter()
        .map(|one| TopicPartition::new(topic, one.id()))
        .collect();
    let mut total = GroupLag {
        group: group.to_owned(),
        topic: topic.to_owned(),
        lag: 0,
        unread_partitions: 0,
    };
    for (partition, committed) in partition_lists::committed(consumer, &named)? {
        let (low, high) = partition_lists::watermarks(consumer, &partition)?;
        total.lag += high - committed.unwrap_or(low).max(low);
        total.unread_partitions += usize::from(committed.is_none());
    }
    Ok(total)
}

fn new_topic(layout: &TopicLayout) -> NewTopic<'_> {
    let copies = TopicReplication::Fixed(layout.replication);
    let topic = NewTopic::new(&layout.name, layout.partitions, copies);
    layout
        .config
        .iter()
        .fold(topic, |topic, (key, value)| topic.set(key, value))
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(ANSWER_TIMEOUT))
        .operation_timeout(Some(ANSWER_TIMEOUT))
}

/// The differences between a topic as it should be and as it is.
fn drift(wanted: &TopicLayout, found: &TopicLayout) -> Vec<String> {
    let mut drift = Vec::new();
    let mut differ = |what: &str, wanted: &str, found: &str| {
        if wanted != found {
            drift.push(format!("{what} is {found}, expected {wanted}"));
        }
    };
    differ(
        "partitions",
        &wanted.partitions.to_string(),
        &found.partitions.to_string(),
    );
    differ(
        "replication",
        &wanted.replication.to_string(),
        &found.replication.to_string(),
    );
    // Nothing is known of the rest where it cannot be asked for.
    let asked = wanted.config.iter().filter(|_| !found.config.is_empty());
    for (key, value) in asked {
        differ(
            key,
            value,
            found.config.get(key).map_or("not set", String::as_str),
        );
    }
    drift
}
