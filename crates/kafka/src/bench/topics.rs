//! The topics and groups of one measurement: with names of their own, made, and deleted again.

use std::time::Duration;

use closecall_calendar::Clock;
use closecall_protocol::Topic;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::error::KafkaError;

use crate::admin::KafkaAdmin;
use crate::callbacks::ClientCallbacks;
use crate::error::Error;
use crate::settings::KafkaSettings;
use crate::stats::KafkaStats;

/// Records come in here.
pub const IN: Topic = Topic::StockNameSelector;
/// And go out here.
pub const OUT: Topic = Topic::StockModelOutput;

/// The longest wait for the brokers' answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The settings of either way, which differ in what its topics and groups are called.
#[derive(Debug)]
pub struct BenchTopics {
    /// Those that the bridge uses.
    pub bridge: KafkaSettings,
    /// Those that the bare loop uses.
    pub bare: KafkaSettings,
}

impl BenchTopics {
    /// Names them; nothing is made yet.
    ///
    /// # Errors
    /// When no broker is configured.
    pub fn named(settings: &KafkaSettings, clock: &Clock) -> Result<Self, Error> {
        settings.needed()?;
        let own = format!(
            "bench-{:x}-{:x}",
            std::process::id(),
            clock.now().timestamp_micros()
        );
        let way = |name: &str| KafkaSettings {
            // The given prefixes stay in front: rights may hang on them.
            topic_prefix: format!("{}{own}.{name}.", settings.topic_prefix),
            group_prefix: format!("{}.{own}.{name}", settings.group_prefix),
            group_instance_id: String::new(),
            ..settings.clone()
        };
        Ok(Self {
            bridge: way("bridge"),
            bare: way("bare"),
        })
    }

    /// Makes them.
    ///
    /// # Errors
    /// When the brokers do not answer, or refuse.
    pub async fn make(&self) -> Result<(), Error> {
        for way in self.ways() {
            KafkaAdmin::new(way)?.create_topics().await?;
        }
        Ok(())
    }

    /// Deletes what was made. What is left over is logged and is no failure of the measurement.
    pub async fn delete(&self) {
        for way in self.ways() {
            if let Err(error) = delete(way).await {
                let prefix = &way.topic_prefix;
                tracing::warn!(%error, prefix, "topics or groups of the measurement are left over");
            }
        }
    }

    fn ways(&self) -> [&KafkaSettings; 2] {
        [&self.bridge, &self.bare]
    }
}

async fn delete(way: &KafkaSettings) -> Result<(), Error> {
    let failed = |error: &KafkaError| Error::of(error, "deleting topics", "", &way.brokers);
    let context = ClientCallbacks::new("bench", &KafkaStats::default(), way);
    let client: AdminClient<ClientCallbacks> = way
        .admin()?
        .create_with_context(context)
        .map_err(|error| failed(&error))?;
    let options = AdminOptions::new()
        .request_timeout(Some(ANSWER_TIMEOUT))
        .operation_timeout(Some(ANSWER_TIMEOUT));
    let names: Vec<String> = Topic::ALL
        .into_iter()
        .flat_map(|topic| [way.topic(topic), way.dead_letters(topic)])
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let group = way.group(IN);
    let groups = client.delete_groups(&[&group], &options).await;
    let topics = client.delete_topics(&names, &options).await;
    let answers = groups
        .map_err(|error| failed(&error))?
        .into_iter()
        .chain(topics.map_err(|error| failed(&error))?);
    for answer in answers {
        answer.map_err(|(_, code)| failed(&KafkaError::AdminOp(code)))?;
    }
    Ok(())
}
