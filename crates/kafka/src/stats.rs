//! Statistics of the Kafka clients of this process, for metrics: updated by the clients, read at any
//! time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rdkafka::Statistics;
use serde::Serialize;

use crate::lag::{LagSamples, LagTrend};

/// One client.
#[derive(Debug, Clone, Default)]
struct ClientCounters {
    lag: BTreeMap<(String, i32), LagSamples>,
    assigned: usize,
    rebalances: u64,
    generations: u64,
    brokers_up: usize,
    turned: Option<Instant>,
}

#[derive(Debug, Default)]
struct Counters {
    clients: BTreeMap<String, ClientCounters>,
    received: u64,
    /// Timestamp of the newest record that was received, by topic and partition.
    received_of: BTreeMap<String, BTreeMap<i32, DateTime<Utc>>>,
    sent: u64,
    lost: BTreeMap<String, u64>,
}

/// The view of all clients. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct KafkaStats(Arc<Mutex<Counters>>);

/// The view at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KafkaSnapshot {
    /// Records not yet settled, for each partition that is assigned here. Refreshed every 15 s.
    pub lag: Vec<PartitionLag>,
    /// Assignments and revocations so far.
    pub rebalances: u64,
    /// Records received so far.
    pub received: u64,
    /// Records sent and confirmed so far, dead letters included.
    pub sent: u64,
    /// Records of each topic that retention removed before they were read.
    pub lost: BTreeMap<String, u64>,
    /// Each client by its name.
    pub clients: BTreeMap<String, ClientView>,
}

/// The lag of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionLag {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// Records behind the end.
    pub lag: i64,
    /// Direction in which that moved over the last five minutes.
    pub trend: LagTrend,
    /// Timestamp of the newest record that was received: where records wait, the time from which
    /// on they were sent.
    pub received_up_to: Option<DateTime<Utc>>,
}

/// One client at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientView {
    /// Partitions assigned to it.
    pub assigned: usize,
    /// Connections to brokers that stand. Refreshed every 15 s.
    pub brokers_up: usize,
    /// Number of clients so far that had this name.
    pub generations: u64,
    /// Since its thread last turned, where it has one of its own.
    #[serde(skip)]
    pub silent: Option<Duration>,
}

impl KafkaStats {
    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, name: &str, change: impl FnOnce(&mut ClientCounters)) {
        let mut counters = self.lock();
        match counters.clients.get_mut(name) {
            Some(client) => change(client),
            None => change(counters.clients.entry(name.to_owned()).or_default()),
        }
    }

    pub(crate) fn made(&self, name: &str) {
        self.client(name, |client| {
            client.generations += 1;
            client.assigned = 0;
            client.lag.clear();
        });
    }

    pub(crate) fn rebalanced(&self, name: &str, assigned: usize) {
        self.client(name, |client| {
            client.rebalances += 1;
            client.assigned = assigned;
            client.lag.clear();
        });
    }

    pub(crate) fn turned(&self, name: &str) {
        self.client(name, |client| client.turned = Some(Instant::now()));
    }

    pub(crate) fn ended(&self, name: &str) {
        self.client(name, |client| client.turned = None);
    }

    pub(crate) fn received(&self, topic: &str, partition: i32, timestamp: DateTime<Utc>) {
        let mut counters = self.lock();
        counters.received += 1;
        match counters.received_of.get_mut(topic) {
            Some(partitions) => {
                partitions.insert(partition, timestamp);
            }
            None => {
                let partitions = BTreeMap::from([(partition, timestamp)]);
                counters.received_of.insert(topic.to_owned(), partitions);
            }
        }
    }

    pub(crate) fn sent(&self) {
        self.lock().sent += 1;
    }

    pub(crate) fn lost(&self, topic: &str, records: u64) {
        *self.lock().lost.entry(topic.to_owned()).or_default() += records;
    }

    /// The library's own statistics of a client.
    pub(crate) fn update(&self, name: &str, statistics: &Statistics) {
        let up = |broker: &&rdkafka::statistics::Broker| broker.nodeid >= 0 && broker.state == "UP";
        let brokers_up = statistics.brokers.values().filter(up).count();
        let lag = statistics
            .topics
            .values()
            .flat_map(|topic| topic.partitions.values().map(move |p| (&topic.topic, p)))
            // A partition that is not ours is not fetched; one whose end is unknown has no lag yet.
            .filter(|(_, p)| p.partition >= 0 && p.fetch_state == "active" && p.consumer_lag >= 0)
            .map(|(topic, p)| ((topic.clone(), p.partition), p.consumer_lag))
            .collect::<BTreeMap<_, _>>();
        let now = Instant::now();
        self.client(name, |client| {
            client.brokers_up = brokers_up;
            client
                .lag
                .retain(|partition, _| lag.contains_key(partition));
            for (partition, lag) in lag {
                client.lag.entry(partition).or_default().push(now, lag);
            }
        });
    }

    /// Everything as it is now.
    #[must_use]
    pub fn snapshot(&self) -> KafkaSnapshot {
        let counters = self.lock();
        let lag = counters.clients.values().flat_map(|client| &client.lag);
        KafkaSnapshot {
            lag: lag
                .map(|((topic, partition), lag)| PartitionLag {
                    topic: topic.clone(),
                    partition: *partition,
                    lag: lag.newest(),
                    trend: lag.trend(),
                    received_up_to: counters
                        .received_of
                        .get(topic)
                        .and_then(|partitions| partitions.get(partition))
                        .copied(),
                })
                .collect(),
            rebalances: counters
                .clients
                .values()
                .map(|client| client.rebalances)
                .sum(),
            received: counters.received,
            sent: counters.sent,
            lost: counters.lost.clone(),
            clients: counters
                .clients
                .iter()
                .map(|(name, client)| {
                    let view = ClientView {
                        assigned: client.assigned,
                        brokers_up: client.brokers_up,
                        generations: client.generations,
                        silent: client.turned.map(|at| at.elapsed()),
                    };
                    (name.clone(), view)
                })
                .collect(),
        }
    }
}
