//! Dead letters through Kafka: a refused record goes to the dead-letter topic of its own, and what
//! is found there is handed on to be stored.

use std::sync::Arc;

use closecall_protocol::Topic;
use closecall_protocol::codec::dead_letter::{self, DeadLetterHeaders, Refusal};
use closecall_protocol::codec::{Arrival, Record};
use closecall_supervision::{DeadLetter, DeadLetterSink, Recording};

use crate::producer::Producer;
use crate::record::ReceivedRecord;

/// Where the refused records of one consumer go.
#[derive(Debug, Clone)]
pub struct DeadLetterTopic {
    /// Sends them.
    pub producer: Arc<Producer>,
    /// The dead-letter topic.
    pub topic: String,
    /// The consumer group that met the record.
    pub group: String,
}

impl DeadLetterTopic {
    /// The sink for one record.
    pub(crate) fn sink_of(&self, received: &Arc<ReceivedRecord>) -> Arc<dyn DeadLetterSink> {
        Arc::new(RecordDeadLetters {
            topic: self.clone(),
            received: Arc::clone(received),
        })
    }
}

/// Sends one record, byte for byte, to where it goes when it is refused.
struct RecordDeadLetters {
    topic: DeadLetterTopic,
    received: Arc<ReceivedRecord>,
}

impl DeadLetterSink for RecordDeadLetters {
    fn record<'a>(&'a self, letter: &'a DeadLetter) -> Recording<'a> {
        Box::pin(async move {
            let DeadLetterTopic {
                producer,
                topic,
                group,
            } = &self.topic;
            let ReceivedRecord {
                record, arrival, ..
            } = &*self.received;
            let refusal = Refusal {
                // Sides of the bridge are told apart on the health board, not in records.
                stage: letter
                    .stage
                    .split('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                reason: letter.reason,
                message: letter.message.clone(),
                attempts: letter.attempts,
                group: group.clone(),
            };
            let pick_id = Some(self.received.pick_id());
            let outgoing = dead_letter::encode(record, arrival, pick_id, &refusal);
            producer
                .send(topic, Some(arrival.partition), &outgoing)
                .await?;
            Ok(())
        })
    }
}

/// A record found in a dead-letter topic.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundDeadLetter {
    /// Its headers.
    pub headers: DeadLetterHeaders,
    /// The topic of the pipeline that the refused record came from, where it is one of ours.
    pub origin: Option<Topic>,
    /// The record as it lies there: the refused one, or a stub of it, with the headers added.
    pub record: Record,
    /// Where and when it lies there.
    pub arrival: Arrival,
}

impl FoundDeadLetter {
    /// Reads a record of a dead-letter topic; `topic_prefix` stands before the names of ours.
    #[must_use]
    pub fn read(found: &ReceivedRecord, topic_prefix: &str) -> Self {
        let ReceivedRecord {
            record, arrival, ..
        } = found;
        let headers = dead_letter::decode(record, arrival);
        let topic = headers.topic.strip_prefix(topic_prefix);
        Self {
            origin: topic.and_then(Topic::from_name),
            headers,
            record: record.clone(),
            arrival: arrival.clone(),
        }
    }
}

/// Where dead letters that are found are stored; for the reporter's role, the ledger.
pub trait DeadLetterStore: Send + Sync + 'static {
    /// Stores `letter`; `Ok` means that it is safe. On an error it comes again, so a repeat must
    /// be harmless.
    fn store<'a>(&'a self, letter: &'a FoundDeadLetter) -> Recording<'a>;
}
