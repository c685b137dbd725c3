//! The bridge against the library's mock cluster: delivery, back-pressure, restart and retry, on
//! any machine and without a broker.

use std::sync::Arc;
use std::time::Duration;

use closecall_actors::PickMetadata;
use closecall_actors::kafka_bridge::KafkaBridge;
use closecall_kafka::{GroupProtocol, KafkaSettings};
use closecall_protocol::codec::pick;
use closecall_protocol::{Reason, Topic};
use closecall_supervision::{Ack, FaultPoints, StageError};
use futures_util::future;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::kafka_support;

use kafka_support::{Behave, Foreign, Member, Seen, picked, run, settings, supervisor, until};

type Mock = MockCluster<'static, DefaultProducerContext>;

const PARTITIONS: i32 = 3;

/// A cluster with the picks' topics, and settings to reach it.
fn cluster() -> (Mock, KafkaSettings) {
    let cluster = MockCluster::new(1).unwrap();
    let settings = KafkaSettings {
        // Joins in a tenth of a second there; a classic group takes three.
        group_protocol: GroupProtocol::Consumer,
        ..settings(&cluster.bootstrap_servers())
    };
    create(&cluster, &settings);
    (cluster, settings)
}

fn create(cluster: &Mock, settings: &KafkaSettings) {
    let topic = Topic::StockNameSelector;
    for name in [settings.topic(topic), settings.dead_letters(topic)] {
        cluster.create_topic(&name, PARTITIONS, 1).unwrap();
    }
}

/// Offset that the group has committed for a partition of the picks.
fn committed(settings: &KafkaSettings, partition: i32) -> Option<i64> {
    let topic = settings.topic(Topic::StockNameSelector);
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.brokers);
    config.set("group.id", settings.group(Topic::StockNameSelector));
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition(&topic, partition);
    let answer = consumer
        .committed_offsets(list, Duration::from_secs(5))
        .ok()?;
    match answer.find_partition(&topic, partition).unwrap().offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }
}

fn messages(cluster: &Mock, settings: &KafkaSettings, tickers: &[(i32, &str)]) {
    let foreign = Foreign::new(&cluster.bootstrap_servers());
    for (partition, ticker) in tickers {
        foreign.pick(
            &settings.topic(Topic::StockNameSelector),
            *partition,
            ticker,
        );
    }
}

#[test]
fn a_record_is_delivered_and_committed_and_a_partition_without_offset_gets_one() {
    let (cluster, settings) = cluster();
    messages(
        &cluster,
        &settings,
        &[(0, "AAPL"), (0, "TSLA"), (1, "MSFT")],
    );
    run(async {
        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.noting());
        until("all three came", || seen.len() == 3).await;
        let order: Vec<_> = seen
            .tickers()
            .into_iter()
            .filter(|ticker| ticker != "MSFT")
            .collect();
        assert_eq!(order, ["AAPL", "TSLA"], "a partition keeps its order");
        until("the offsets are committed", || {
            (0..PARTITIONS)
                .map(|one| committed(&settings, one))
                .eq([Some(2), Some(1), Some(0)])
        })
        .await;
        assert!(member.supervisor.board().health().missing.is_empty());
        member.end().await;
    });
}

#[test]
fn a_partition_has_one_record_in_work_and_nothing_is_committed_before_the_reply() {
    let (cluster, settings) = cluster();
    messages(
        &cluster,
        &settings,
        &[(0, "AAPL"), (0, "TSLA"), (1, "MSFT")],
    );
    run(async {
        let seen = Seen::default();
        let (open, gate) = tokio::sync::watch::channel(false);
        let (noted, gate) = (seen.clone(), Arc::new(gate));
        let member = Member::start(
            &settings,
            &[],
            Arc::new(move |message| {
                noted.push(message);
                let mut gate = (*gate).clone();
                Box::pin(async move {
                    gate.wait_for(|open| *open)
                        .await
                        .map_err(|_| StageError::released("gone"))?;
                    Ok(Ack::Done)
                })
            }),
        );
        until("both partitions are busy", || seen.len() == 2).await;
        until("first offsets stand", || committed(&settings, 0) == Some(0)).await;
        // Time enough for a second one to slip through.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(
            !seen.tickers().contains(&"TSLA".into()),
            "it waits for AAPL's reply"
        );
        assert_eq!(committed(&settings, 0), Some(0));
        open.send(true).unwrap();
        until("the rest came", || committed(&settings, 0) == Some(2)).await;
        member.end().await;
    });
}

#[test]
fn a_panic_of_the_thread_brings_a_new_client_and_loses_nothing() {
    let (cluster, settings) = cluster();
    messages(&cluster, &settings, &[(0, "AAPL"), (0, "TSLA")]);
    run(async {
        let seen = Seen::default();
        let faults = ["kafka-bridge.after-receive:panic:once"];
        let member = Member::start(&settings, &faults, seen.noting());
        until("both are committed", || committed(&settings, 0) == Some(2)).await;
        assert_eq!(seen.tickers(), ["AAPL", "TSLA"]);
        let health = member.supervisor.board().health();
        assert_eq!(
            health.stages["kafka-bridge/consumer-stock-name-selector"].restarts,
            1
        );
        member.end().await;
    });
}

#[test]
fn a_reply_to_an_earlier_client_commits_nothing() {
    let (cluster, settings) = cluster();
    messages(&cluster, &settings, &[(0, "AAPL"), (1, "MSFT")]);
    run(async {
        let seen = Seen::default();
        let (open, gate) = tokio::sync::watch::channel(0);
        let (noted, gate) = (seen.clone(), Arc::new(gate));
        // MSFT is settled once AAPL has come, AAPL when the gate has opened as often as it came.
        let behave: Behave = Arc::new(move |message| {
            let held = message.pick.ticker.as_str() == "AAPL";
            noted.push(message);
            let times = noted
                .tickers()
                .iter()
                .filter(|ticker| *ticker == "AAPL")
                .count();
            let (mut gate, seen) = ((*gate).clone(), noted.clone());
            Box::pin(async move {
                until("AAPL came", || seen.tickers().contains(&"AAPL".into())).await;
                let opened = gate.wait_for(|opened| !held || *opened >= times).await;
                opened.map_err(|_| StageError::released("gone"))?;
                Ok(Ack::Done)
            })
        });
        // The first client dies when it commits MSFT; AAPL comes again to the second.
        let faults = ["kafka-bridge.before-commit:panic:once"];
        let member = Member::start(&settings, &faults, behave);
        let came = || {
            seen.tickers()
                .iter()
                .filter(|ticker| *ticker == "AAPL")
                .count()
        };
        until("AAPL came to both clients", || came() == 2).await;
        open.send(1).unwrap();
        // Time enough for the first one's reply to do harm.
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_ne!(
            committed(&settings, 0),
            Some(1),
            "the second is still at it"
        );
        open.send(2).unwrap();
        until("both are committed", || {
            committed(&settings, 0) == Some(1) && committed(&settings, 1) == Some(1)
        })
        .await;
        assert_eq!(came(), 2);
        member.end().await;
    });
}

#[test]
fn a_refused_record_is_dead_lettered_and_its_stage_named() {
    let (cluster, settings) = cluster();
    messages(&cluster, &settings, &[(2, "AAPL"), (2, "TSLA")]);
    run(async {
        let seen = Seen::default();
        let noted = seen.clone();
        let member = Member::start(
            &settings,
            &[],
            Arc::new(move |message| {
                let refused = message.pick.ticker.as_str() == "AAPL";
                noted.push(message);
                let refusal = StageError::permanent(Reason::UnknownTicker, "no one trades it");
                Box::pin(future::ready(if refused {
                    Err(refusal)
                } else {
                    Ok(Ack::Done)
                }))
            }),
        );
        until("both are settled", || committed(&settings, 2) == Some(2)).await;
        assert_eq!(seen.tickers(), ["AAPL", "TSLA"], "the stage goes on");
        let refused = &member.supervisor.board().health().stages["scraper"].dead_letters;
        assert_eq!(refused.get("unknown-ticker"), Some(&1));
        member.end().await;
    });
}

#[test]
fn a_send_that_fails_for_now_is_tried_again_until_the_brokers_have_it() {
    let (cluster, settings) = cluster();
    let unavailable = RDKafkaRespErr::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    cluster.request_errors(RDKafkaApiKey::Produce, &[unavailable; 3]);
    run(async {
        let supervisor = supervisor();
        let faults = FaultPoints::default();
        let bridge = KafkaBridge::new(settings.clone(), &supervisor, faults).unwrap();
        let topic = Topic::StockNameSelector;
        let side = bridge.to_topic(topic, pick::encode).unwrap();
        let to = KafkaBridge::to_name(topic);
        let outbox = supervisor
            .outbox("ticker-picker", &to, side, PickMetadata)
            .build();
        assert_eq!(outbox.deliver(picked("AAPL")).await, Ok(Ack::Done));
        assert_eq!(bridge.stats().snapshot().sent, 1);
        until("the producer is ready", || {
            supervisor.board().health().missing.is_empty()
        })
        .await;
        drop(outbox);
        supervisor.drain().await;
        supervisor.stop().await;
    });
}

#[test]
fn a_send_that_may_have_arrived_is_sent_again_by_a_new_producer() {
    let (cluster, settings) = cluster();
    let settings = KafkaSettings {
        delivery_timeout: Duration::from_secs(1),
        ..settings
    };
    run(async {
        let supervisor = supervisor();
        let faults = FaultPoints::default();
        let bridge = KafkaBridge::new(settings.clone(), &supervisor, faults).unwrap();
        let topic = Topic::StockNameSelector;
        let side = bridge.to_topic(topic, pick::encode).unwrap();
        let to = KafkaBridge::to_name(topic);
        let outbox = supervisor
            .outbox("ticker-picker", &to, side, PickMetadata)
            .build();
        assert_eq!(outbox.deliver(picked("AAPL")).await, Ok(Ack::Done));
        let producers = || bridge.stats().snapshot().clients["kafka-bridge/producer"].generations;
        assert_eq!(producers(), 1);
        cluster.broker_down(1).unwrap();
        let waiting = outbox.accept(picked("TSLA")).await.unwrap();
        until("the producer was replaced", || producers() > 1).await;
        cluster.broker_up(1).unwrap();
        assert_eq!(waiting.settled().await, Ok(Ack::Done));
        drop(outbox);
        supervisor.drain().await;
        supervisor.stop().await;
    });
}

#[test]
fn a_missing_topic_is_named_in_readiness_and_found_when_it_is_made() {
    let cluster = MockCluster::new(1).unwrap();
    let settings = KafkaSettings {
        group_protocol: GroupProtocol::Consumer,
        ..settings(&cluster.bootstrap_servers())
    };
    // The mock makes every topic it is asked about, so the answers are told.
    let topic = settings.topic(Topic::StockNameSelector);
    create(&cluster, &settings);
    let unknown = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    cluster.topic_error(&topic, unknown).unwrap();
    run(async {
        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.noting());
        let said = || {
            member
                .supervisor
                .board()
                .health()
                .ready()
                .reasons
                .join("\n")
        };
        let named = format!("missing: {topic}; `closecall topics create`");
        until("it is named", || said().contains(&named)).await;
        assert!(
            member.supervisor.board().health().live().ok,
            "alive all the same"
        );
        cluster
            .topic_error(&topic, RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR)
            .unwrap();
        messages(&cluster, &settings, &[(0, "AAPL")]);
        until("it works", || seen.len() == 1).await;
        member.end().await;
    });
}
