//! The settings of everything that speaks to Kafka, with their defaults and what must hold between
//! them. Turning them into the library's configuration is in `client`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use closecall_protocol::Topic;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use strum::IntoStaticStr;

mod check;
pub(crate) mod client;

/// Section `kafka` of the configuration. Empty text means "not set".
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSettings {
    /// Addresses of one or more brokers, `host:port` with commas between. Not set: the boundaries
    /// stay within the process.
    #[serde(default)]
    pub brokers: String,
    /// Put before the role's name to make its consumer group: `closecall.scraper`.
    pub group_prefix: String,
    /// Put before every topic's name; for several pipelines on one cluster.
    #[serde(default)]
    pub topic_prefix: String,
    /// Name of this process among others of its role, in the brokers' logs (`client.id`).
    pub instance: String,
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    #[serde(deserialize_with = "closecall_settings::choice::deserialize")]
    pub security_protocol: SecurityProtocol,
    /// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`, with a `sasl_*` protocol.
    #[serde(default)]
    pub sasl_mechanism: String,
    /// The user, or the principal of a token.
    #[serde(default)]
    pub sasl_username: String,
    /// The password. Shown nowhere.
    #[serde(default, deserialize_with = "secret")]
    pub sasl_password: SecretString,
    /// A file that holds the password instead.
    #[serde(default)]
    pub sasl_password_file: PathBuf,
    /// A file that holds the token of `OAUTHBEARER`; read again before it is `token_lifetime` old.
    #[serde(default)]
    pub sasl_token_file: PathBuf,
    /// Span in which a token is used after it was read.
    #[serde(with = "closecall_settings::span")]
    pub token_lifetime: Duration,
    /// File of the certificate authorities to trust; the system's where not set.
    #[serde(default)]
    pub tls_ca_file: PathBuf,
    /// File of the client's certificate, where the brokers ask for one.
    #[serde(default)]
    pub tls_certificate_file: PathBuf,
    /// File of its key.
    #[serde(default)]
    pub tls_key_file: PathBuf,
    /// The key's password. Shown nowhere.
    #[serde(default, deserialize_with = "secret")]
    pub tls_key_password: SecretString,
    /// A file that holds the key's password instead.
    #[serde(default)]
    pub tls_key_password_file: PathBuf,
    /// Whether the broker's certificate must name the broker. Leave on.
    pub tls_verify_hostname: bool,
    /// `classic`, or `consumer` (KIP-848, brokers from 4.0).
    #[serde(deserialize_with = "closecall_settings::choice::deserialize")]
    pub group_protocol: GroupProtocol,
    /// Static membership, for fixed replica counts: the pod's own name. Set `session_timeout` to
    /// 60 s with it.
    #[serde(default)]
    pub group_instance_id: String,
    /// A member that is not heard of for this long has left the group (classic only).
    #[serde(with = "closecall_settings::span")]
    pub session_timeout: Duration,
    /// Time between two signs of life (classic only); at most a third of the session timeout.
    #[serde(with = "closecall_settings::span")]
    pub heartbeat_interval: Duration,
    /// A consumer that does not poll for this long has left the group. Work does not count: polling
    /// goes on beside it.
    #[serde(with = "closecall_settings::span")]
    pub max_poll_interval: Duration,
    /// A record that the brokers have not confirmed after this long is sent again by a new producer.
    #[serde(with = "closecall_settings::span")]
    pub delivery_timeout: Duration,
    /// A request to a broker that is not answered after this long is given up.
    #[serde(with = "closecall_settings::span")]
    pub socket_timeout: Duration,
    /// Records of one partition in work at once; those of one key keep their order.
    pub window_per_partition: usize,
    /// Copies of each partition that `topics create` asks for; 0 means 3, or as many as there are
    /// brokers.
    pub replication: i32,
    /// Settings of the Kafka library (librdkafka) by their own names, passed on as they are; those
    /// that the program's promises rest on are refused.
    #[serde(default, deserialize_with = "flat")]
    pub librdkafka: BTreeMap<String, String>,
}

/// Security of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, Deserialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SecurityProtocol {
    /// Not at all.
    #[serde(alias = "PLAINTEXT")]
    Plaintext,
    /// TLS.
    #[serde(alias = "SSL")]
    Ssl,
    /// A user or token, in the clear.
    #[serde(alias = "SASL_PLAINTEXT")]
    SaslPlaintext,
    /// A user or token, over TLS.
    #[serde(alias = "SASL_SSL")]
    SaslSsl,
}

/// Protocol by which the members of a group share the partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupProtocol {
    /// The members' own protocol, with cooperative rebalances.
    Classic,
    /// The brokers assign (KIP-848).
    Consumer,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        closecall_settings::section("kafka")
    }
}

impl KafkaSettings {
    /// Whether the boundaries go through Kafka at all.
    #[must_use]
    pub fn enabled(&self) -> bool {
        !self.brokers.is_empty()
    }

    /// That there are brokers, for what cannot do without.
    ///
    /// # Errors
    /// When none is configured.
    pub fn needed(&self) -> Result<(), crate::Error> {
        if self.enabled() {
            return Ok(());
        }
        Err(crate::Error::Setting {
            key: "brokers",
            problem: "is not set: give host:port, for example with `--set \
                      kafka.brokers=127.0.0.1:9092`"
                .into(),
        })
    }

    /// The name of a topic of the pipeline on this cluster.
    #[must_use]
    pub fn topic(&self, topic: Topic) -> String {
        format!("{}{}", self.topic_prefix, topic.name())
    }

    /// The name of its dead-letter topic.
    #[must_use]
    pub fn dead_letters(&self, topic: Topic) -> String {
        format!("{}{}", self.topic_prefix, topic.dead_letters())
    }

    /// The consumer group of the role that reads a topic.
    #[must_use]
    pub fn group(&self, topic: Topic) -> String {
        let role = match topic {
            Topic::StockNameSelector => "scraper",
            Topic::StockModelOutput => "gru-trainer",
            Topic::StockPredictionOutput => "reporter",
        };
        format!("{}.{role}", self.group_prefix)
    }

    /// The consumer group that reads the dead-letter topics into the ledger. Not the reporter's
    /// own, so that the lag of either is its own.
    #[must_use]
    pub fn dead_letter_group(&self) -> String {
        format!("{}.reporter-dead-letters", self.group_prefix)
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// A value of the pass-through table. Configuration layers take a name's dots for levels, so both
/// are read: `"fetch.wait.max.ms" = 5` and the tables `fetch`, `wait`, `max`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Passed {
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    Level(BTreeMap<String, Passed>),
}

fn flat<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let mut flat = BTreeMap::new();
    let table = BTreeMap::<String, Passed>::deserialize(deserializer)?;
    flatten("", table, &mut flat);
    Ok(flat)
}

fn flatten(prefix: &str, table: BTreeMap<String, Passed>, flat: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        let text = match value {
            Passed::Flag(flag) => flag.to_string(),
            Passed::Whole(number) => number.to_string(),
            Passed::Number(number) => number.to_string(),
            Passed::Text(text) => text,
            Passed::Level(level) => {
                flatten(&format!("{name}."), level, flat);
                continue;
            }
        };
        flat.insert(name, text);
    }
}
