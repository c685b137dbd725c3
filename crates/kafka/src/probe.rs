//! Asks the brokers how things stand.

use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::client::Client;
use rdkafka::error::RDKafkaErrorCode;

use crate::connection_state::ConnectionState;

/// The longest wait for one answer: longer than a bad connection takes, shorter than a thread may
/// be silent.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// The fault, where there is one: the brokers do not answer, or topics are not there or not ours to use. `None`
/// when all is well. Asks `stopping` between its questions and
/// gives up when it says so.
pub(crate) fn probe<C: ClientContext>(
    client: &Client<C>,
    topics: &[String],
    stopping: impl Fn() -> bool,
) -> Option<ConnectionState> {
    let mut missing = Vec::new();
    for topic in topics {
        if stopping() {
            break;
        }
        let metadata = match client.fetch_metadata(Some(topic), ANSWER_TIMEOUT) {
            Ok(metadata) => metadata,
            Err(error) => return Some(ConnectionState::Unreachable(error.to_string())),
        };
        let found = metadata.topics().iter().find(|one| one.name() == topic);
        let error = found
            .and_then(|one| one.error())
            .map(RDKafkaErrorCode::from);
        match error {
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                return Some(ConnectionState::Refused(format!(
                    "no right to topic {topic}"
                )));
            }
            Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                missing.push(topic.clone());
            }
            Some(error) => return Some(ConnectionState::Unreachable(error.to_string())),
            None if found.is_none_or(|one| one.partitions().is_empty()) => {
                missing.push(topic.clone())
            }
            None => {}
        }
    }
    (!missing.is_empty()).then_some(ConnectionState::Missing(missing))
}
