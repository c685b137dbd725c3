//! Questions and orders to a consumer that go through lists of partitions. Each list lives within one function:
//! one that outlives its use can keep the consumer from ever being dropped.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use crate::topic_partition::TopicPartition;

/// The longest wait for one answer of the brokers: longer than a bad connection takes, shorter
/// than a thread may be silent.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

fn list(partitions: &[TopicPartition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for TopicPartition { topic, partition } in partitions {
        list.add_partition(topic, *partition);
    }
    list
}

/// The committed offsets of partitions; `None` where there is none.
pub(crate) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[TopicPartition],
) -> Result<Vec<(TopicPartition, Option<i64>)>, KafkaError> {
    let answer = patiently(|| consumer.committed_offsets(list(partitions), ANSWER_TIMEOUT))?;
    let elements = answer.elements();
    let read = |one: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
        one.error()?;
        let offset = match one.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        Ok((TopicPartition::new(one.topic(), one.partition()), offset))
    };
    elements.iter().map(read).collect()
}

/// The oldest offset and the one after the newest.
pub(crate) fn watermarks<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    TopicPartition { topic, partition }: &TopicPartition,
) -> Result<(i64, i64), KafkaError> {
    patiently(|| consumer.fetch_watermarks(topic, *partition, ANSWER_TIMEOUT))
}

/// Asks until a broker is responsible: a topic or a group that is new, or whose broker changes, has
/// none for a moment.
fn patiently<T>(mut ask: impl FnMut() -> Result<T, KafkaError>) -> Result<T, KafkaError> {
    use RDKafkaErrorCode as Code;
    let until = Instant::now() + ANSWER_TIMEOUT;
    loop {
        let error = match ask() {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let moving = matches!(
            error.rdkafka_error_code(),
            Some(
                Code::NotLeaderForPartition
                    | Code::LeaderNotAvailable
                    | Code::NotCoordinator
                    | Code::CoordinatorNotAvailable
                    | Code::CoordinatorLoadInProgress
            )
        );
        if !moving || Instant::now() >= until {
            return Err(error);
        }
        thread::park_timeout(Duration::from_millis(100));
    }
}

/// Commits the beginning of each partition that has no committed offset: where the consumer begins
/// to read it. Asks `stopping` between its questions and gives up when it says so.
pub(crate) fn begin<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[TopicPartition],
    stopping: impl Fn() -> bool,
) -> Result<(), KafkaError> {
    if partitions.is_empty() {
        return Ok(());
    }
    let mut beginnings = Vec::new();
    for (partition, offset) in committed(consumer, partitions)? {
        if offset.is_none() {
            if stopping() {
                return Ok(());
            }
            let (low, _) = watermarks(consumer, &partition)?;
            beginnings.push((partition, low));
        }
    }
    if beginnings.is_empty() {
        return Ok(());
    }
    if stopping() {
        return Ok(());
    }
    commit(consumer, &beginnings)
}

/// Commits offsets and waits for the brokers' answer. The list lives in here only: one that
/// outlives its use can keep the consumer from ever being dropped.
pub(crate) fn commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    offsets: &[(TopicPartition, i64)],
) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (TopicPartition { topic, partition }, next) in offsets {
        list.add_partition_offset(topic, *partition, Offset::Offset(*next))?;
    }
    consumer.commit(&list, CommitMode::Sync)
}
