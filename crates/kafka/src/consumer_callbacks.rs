//! Callbacks of a consumer: those of every client, and the rebalances of its group.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::{ClientContext, Statistics, TopicPartitionList};

use crate::callbacks::ClientCallbacks;
use crate::delivery::{DeliveryOutcome, SettledDelivery};
use crate::events::ClientEvent;
use crate::partition::PartitionLimits;
use crate::partition_lists::commit;
use crate::partitions::{DeliveryTag, Partitions};
use crate::topic_partition::TopicPartition;

/// The bookkeeping of a consumer, shared by its loop and its callbacks, which run on one thread.
#[derive(Debug)]
pub(crate) struct AssignedWork<R> {
    pub(crate) partitions: Partitions<R>,
    pub(crate) settled: Receiver<SettledDelivery>,
    /// Partitions that answers were about, until the loop has looked: a rebalance takes answers too.
    pub(crate) touched: BTreeSet<TopicPartition>,
    /// Records that came back unsettled, with why.
    pub(crate) returned: Vec<(DeliveryTag, DeliveryOutcome)>,
}

impl<R> AssignedWork<R> {
    /// Takes note of the answers that have come.
    pub(crate) fn note_settled(&mut self) {
        while let Ok(SettledDelivery { tag, outcome }) = self.settled.try_recv() {
            let done = matches!(outcome, DeliveryOutcome::Done);
            let wanted = self.partitions.settle(&tag, done);
            if !wanted {
                tracing::debug!(
                    partition = %tag.partition,
                    offset = tag.offset,
                    "an answer from before a rebalance is dropped"
                );
            } else if !done {
                self.returned.push((tag, outcome));
            } else if !self.touched.contains(&tag.partition) {
                self.touched.insert(tag.partition);
            }
        }
    }
}

/// The callbacks, with the bookkeeping that rebalances change.
#[derive(Debug)]
pub(crate) struct ConsumerCallbacks<R> {
    pub(crate) client: ClientCallbacks,
    work: Mutex<AssignedWork<R>>,
    /// Whether the brokers answer, as far as known; only then is a commit waited for.
    pub(crate) reachable: AtomicBool,
}

impl<R: Send> ConsumerCallbacks<R> {
    pub(crate) fn new(
        client: ClientCallbacks,
        settled: Receiver<SettledDelivery>,
        limits: PartitionLimits,
    ) -> Self {
        let work = AssignedWork {
            partitions: Partitions::new(limits),
            settled,
            touched: BTreeSet::new(),
            returned: Vec::new(),
        };
        Self {
            client,
            work: Mutex::new(work),
            reachable: AtomicBool::new(true),
        }
    }

    /// Held shortly and never while the library is called: its callbacks want it too.
    pub(crate) fn work(&self) -> MutexGuard<'_, AssignedWork<R>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Send> ClientContext for ConsumerCallbacks<R> {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.client.log(level, facility, text);
    }

    fn stats(&self, statistics: Statistics) {
        self.client.stats(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.client.error(error, reason);
    }

    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn StdError>> {
        self.client.generate_oauth_token(config)
    }
}

impl<R: Send> ConsumerContext for ConsumerCallbacks<R> {
    /// Settled records are committed before their partition goes to another member; what is still in
    /// work is not waited for.
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(list) = rebalance else {
            return;
        };
        let revoked = names(list);
        let mut due = {
            let mut work = self.work();
            work.note_settled();
            work.partitions.to_commit()
        };
        due.retain(|(partition, _)| revoked.contains(partition));
        if !due.is_empty()
            && self.reachable.load(Ordering::Acquire)
            && !consumer.assignment_lost()
            && let Err(error) = commit(consumer, &due)
        {
            tracing::info!(stage = self.client.name, %error, "not committed before a rebalance; it comes again");
        }
        let assigned = {
            let mut work = self.work();
            work.partitions.revoke(&revoked);
            work.partitions.count()
        };
        self.client.stats.rebalanced(&self.client.name, assigned);
        self.client.events.note(ClientEvent::Revoked(revoked));
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let partitions = names(list);
                let assigned = {
                    let mut work = self.work();
                    work.partitions.assign(&partitions);
                    work.partitions.count()
                };
                self.client.stats.rebalanced(&self.client.name, assigned);
                self.client.events.note(ClientEvent::Assigned(partitions));
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => {
                self.client
                    .events
                    .note(ClientEvent::Error(error.clone(), "rebalance".into()));
            }
        }
    }
}

fn names(list: &TopicPartitionList) -> Vec<TopicPartition> {
    let elements = list.elements();
    elements
        .iter()
        .map(|one| TopicPartition::new(one.topic(), one.partition()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::partition::{Arrived, Turn};

    /// An answer that a rebalance takes may be the last of a partition that stays: what waits for it
    /// there is handed out all the same.
    #[test]
    fn answers_that_a_rebalance_takes_are_still_looked_at() {
        let limits = PartitionLimits {
            in_work: 1,
            held_records: 2,
            held_bytes: 100,
        };
        let (answers, settled) = mpsc::channel();
        let mut work = AssignedWork {
            partitions: Partitions::new(limits),
            settled,
            touched: BTreeSet::new(),
            returned: Vec::new(),
        };
        let name = TopicPartition::new("topic", 0);
        work.partitions.assign(std::slice::from_ref(&name));
        for offset in 0..2 {
            let turn = Turn::AfterKey(0);
            let arrived = Arrived {
                offset,
                bytes: 1,
                turn,
                record: offset,
            };
            work.partitions.receive(&name, arrived);
        }
        let (tag, _) = work.partitions.next(&name).unwrap();
        let outcome = DeliveryOutcome::Done;
        answers.send(SettledDelivery { tag, outcome }).unwrap();

        work.note_settled();
        work.note_settled();
        assert_eq!(work.touched, BTreeSet::from([name.clone()]));
        assert!(work.partitions.next(&name).is_some());
    }
}
