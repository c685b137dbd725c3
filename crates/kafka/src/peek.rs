//! Reads records without being a member of any group: nothing is committed, no member is disturbed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use closecall_calendar::Clock;
use closecall_protocol::codec::{Arrival, Record};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::metadata::Metadata;
use rdkafka::{Message as _, Offset, TopicPartitionList};

use crate::error::Error;
use crate::observer::{ANSWER_TIMEOUT, Observer, connect, unanswered};
use crate::partition_lists;
use crate::record::ReceivedRecord;
use crate::settings::KafkaSettings;
use crate::topic_partition::TopicPartition;

/// The longest wait for one answer of the library; its callbacks end it early.
const POLL: Duration = Duration::from_secs(1);

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeekFrom {
    /// With the oldest record there is.
    Beginning,
    /// With the first record of this moment or later, by the records' own timestamps.
    Time(DateTime<Utc>),
}

/// Hands every record that lies in `topic` now to `visit`, until it breaks or the end is reached.
/// Records of a partition come in order; partitions are mixed. Blocks.
///
/// # Errors
/// When the brokers do not answer, the topic is missing or not ours to read.
pub fn peek(
    settings: &KafkaSettings,
    topic: &str,
    from: PeekFrom,
    mut visit: impl FnMut(Record, Arrival) -> ControlFlow<()>,
) -> Result<(), Error> {
    settings.validate()?;
    let (group, what) = (
        format!("{}.peek", settings.group_prefix),
        format!("reading {topic}"),
    );
    let (consumer, metadata) = connect(settings, "peek", &group, Some(topic), &what)?;
    let failed = |error: &KafkaError| unanswered(&consumer, settings, error, &what, topic);
    let mut ends = begin(&consumer, &metadata, topic, from).map_err(|error| failed(&error))?;
    let mut heard = Instant::now();
    while !ends.is_empty() {
        match consumer.poll(POLL) {
            Some(Ok(message)) => {
                heard = Instant::now();
                if before_end(&mut ends, &message) && hand_on(&message, &mut visit).is_break() {
                    break;
                }
            }
            // Behind the last record there may be what is none, such as a transaction's marker.
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                heard = Instant::now();
                ends.remove(&partition);
            }
            Some(Err(error)) => return Err(failed(&error)),
            None if heard.elapsed() < ANSWER_TIMEOUT => {}
            None => {
                return Err(failed(&KafkaError::MessageConsumption(
                    RDKafkaErrorCode::OperationTimedOut,
                )));
            }
        }
    }
    Ok(())
}

/// Whether a record lay in the topic when reading began; takes note of the last of its partition.
fn before_end(ends: &mut BTreeMap<i32, i64>, message: &BorrowedMessage<'_>) -> bool {
    let (partition, offset) = (message.partition(), message.offset());
    let Some(end) = ends.get(&partition).copied() else {
        return false;
    };
    if offset + 1 >= end {
        ends.remove(&partition);
    }
    offset < end
}

fn hand_on(
    message: &BorrowedMessage<'_>,
    visit: &mut impl FnMut(Record, Arrival) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let ReceivedRecord {
        record, arrival, ..
    } = ReceivedRecord::copy(message, None, Clock::system().now());
    visit(record, arrival)
}

/// Assigns every partition that has something to read; gives their ends.
fn begin(
    consumer: &Observer,
    metadata: &Metadata,
    topic: &str,
    from: PeekFrom,
) -> Result<BTreeMap<i32, i64>, KafkaError> {
    let found = metadata.topics().iter().find(|one| one.name() == topic);
    let partitions = found.map(|one| one.partitions()).unwrap_or_default();
    if let Some(error) = found.and_then(|one| one.error()) {
        return Err(KafkaError::MetadataFetch(error.into()));
    }
    if partitions.is_empty() {
        return Err(KafkaError::MetadataFetch(
            RDKafkaErrorCode::UnknownTopicOrPartition,
        ));
    }
    let mut ends = BTreeMap::new();
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions.iter().map(|one| one.id()) {
        let (low, high) =
            partition_lists::watermarks(consumer, &TopicPartition::new(topic, partition))?;
        let start = match from {
            PeekFrom::Beginning => low,
            PeekFrom::Time(at) => offset_of(consumer, topic, partition, at)?.unwrap_or(high),
        };
        if start < high {
            ends.insert(partition, high);
            list.add_partition_offset(topic, partition, Offset::Offset(start))?;
        }
    }
    consumer.assign(&list)?;
    Ok(ends)
}

fn offset_of(
    consumer: &Observer,
    topic: &str,
    partition: i32,
    at: DateTime<Utc>,
) -> Result<Option<i64>, KafkaError> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(
        topic,
        partition,
        Offset::Offset(at.timestamp_millis().max(0)),
    )?;
    let answer = consumer.offsets_for_times(list, ANSWER_TIMEOUT)?;
    let found = answer
        .find_partition(topic, partition)
        .map(|one| one.offset());
    Ok(found.and_then(|offset| match offset {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }))
}
