//! Errors between this process and Kafka. What is wrong with a record is the protocol's error instead.

use std::path::PathBuf;

use closecall_protocol::ErrorClass;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::unreachable::explain;

/// A refused setting, or something that Kafka did not do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot be used.
    #[error("kafka.{key} {problem}")]
    Setting {
        /// The key within the section.
        key: &'static str,
        /// The fault, and what is expected.
        problem: String,
    },
    /// The Kafka library refused a setting.
    #[error("the Kafka library refused the settings: {reason}")]
    Library {
        /// Its own text.
        reason: String,
    },
    /// A file with a password, token or certificate cannot be read.
    #[error("kafka.{key} names {}, which cannot be read: {source}", path.display())]
    File {
        /// The key within the section.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason that the system gave.
        source: std::io::Error,
    },
    /// No broker answers, or none that is reachable is responsible for now.
    #[error("{what}: {}", explain(brokers, reason))]
    Unreachable {
        /// The operation.
        what: String,
        /// The configured addresses.
        brokers: String,
        /// The reason that the library gave.
        reason: String,
    },
    /// A topic is not there.
    #[error("topic {topic} is missing: `closecall topics create` makes it")]
    MissingTopic {
        /// The topic.
        topic: String,
    },
    /// Kafka refused the credentials or the right.
    #[error("{what}: refused by Kafka: {reason}; check kafka.sasl_* and the access rules")]
    Refused {
        /// The operation.
        what: String,
        /// The reason that the library gave.
        reason: String,
    },
    /// There is no secure connection: one side does not trust the other's certificate.
    #[error(
        "{what}: no secure connection to Kafka: {reason}; check kafka.tls_ca_file and the other \
         kafka.tls_* settings"
    )]
    Insecure {
        /// The operation.
        what: String,
        /// The reason that the library gave.
        reason: String,
    },
    /// A record is larger than the topic takes.
    #[error("{what}: too large for the topic: {reason}")]
    TooLarge {
        /// The operation.
        what: String,
        /// The reason that the library gave.
        reason: String,
    },
    /// The client cannot go on and has to be replaced.
    #[error("{what}: the Kafka client failed for good: {reason}")]
    Fatal {
        /// The operation.
        what: String,
        /// The reason that the library gave.
        reason: String,
    },
    /// A message could not be settled although the process is not ending.
    #[error("{what} could not be settled: {reason}")]
    Unsettled {
        /// The record.
        what: String,
        /// The reason.
        reason: String,
    },
    /// The library has lost a request.
    #[error("{what}: not answered for {span:?} although the brokers are there")]
    Unanswered {
        /// The operation.
        what: String,
        /// The span that it was waited for.
        span: std::time::Duration,
    },
    /// A stage could not be started.
    #[error(transparent)]
    Stage(#[from] closecall_supervision::Error),
}

impl Error {
    /// Kind of the error, by which a record is refused and a command's exit code chosen.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Setting { .. } | Self::Library { .. } | Self::File { .. } => {
                ErrorClass::Configuration
            }
            Self::Refused { .. } | Self::Insecure { .. } => ErrorClass::Refused,
            Self::TooLarge { .. } => ErrorClass::BadData,
            Self::Unreachable { .. }
            | Self::MissingTopic { .. }
            | Self::Fatal { .. }
            | Self::Unsettled { .. }
            | Self::Unanswered { .. }
            | Self::Stage(_) => ErrorClass::Unavailable,
        }
    }

    /// Sorts what the library said while doing `what`; `topic` is the topic it was about.
    pub(crate) fn of(error: &KafkaError, what: &str, topic: &str, brokers: &str) -> Self {
        Self::because(error, &error.to_string(), what, topic, brokers)
    }

    /// As [`Error::of`], where the library gave a better reason than the error's own text.
    pub(crate) fn because(
        error: &KafkaError,
        reason: &str,
        what: &str,
        topic: &str,
        brokers: &str,
    ) -> Self {
        use RDKafkaErrorCode as Code;
        let (what, reason) = (what.to_owned(), ours(reason));
        let fatal = matches!(error, KafkaError::MessageConsumptionFatal(_));
        let code = match error {
            KafkaError::AdminOp(code) => Some(*code),
            _ => error.rdkafka_error_code(),
        };
        match code {
            _ if fatal => Self::Fatal { what, reason },
            Some(Code::Fatal | Code::InvalidProducerEpoch) => Self::Fatal { what, reason },
            Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => Self::MissingTopic {
                topic: topic.to_owned(),
            },
            Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize) => {
                Self::TooLarge { what, reason }
            }
            Some(
                Code::Authentication
                | Code::SaslAuthenticationFailed
                | Code::UnsupportedSASLMechanism
                | Code::IllegalSASLState
                | Code::TopicAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::ClusterAuthorizationFailed,
            ) => Self::Refused { what, reason },
            Some(Code::SSL) => Self::Insecure { what, reason },
            _ if matches!(
                error,
                KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_)
            ) =>
            {
                Self::Library { reason }
            }
            _ => Self::Unreachable {
                what,
                brokers: brokers.to_owned(),
                reason,
            },
        }
    }
}

/// The library's text with its settings by our names.
pub(crate) fn ours(text: &str) -> String {
    text.replace("security.protocol", "kafka.security_protocol")
        .replace("ssl.ca.location", "kafka.tls_ca_file")
}
