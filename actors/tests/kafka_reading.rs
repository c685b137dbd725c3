//! Reading a real topic as it is in the field: with transactions in it, with records that retention
//! has removed, and from a broker that sends its clients to an address where none answers.

use std::ops::ControlFlow;
use std::time::Duration;

use closecall_kafka::KafkaSettings;
use closecall_kafka::admin::KafkaAdmin;
use closecall_kafka::peek::{PeekFrom, peek};
use closecall_protocol::Topic;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::kafka_support;

use kafka_support::{Foreign, Member, Seen, broker, run, script, settings, until};

const SHORTLY: Duration = Duration::from_secs(30);

/// Sends values to partitions of a topic in one transaction.
fn transaction(producer: &BaseProducer, topic: &str, records: &[(i32, &str)]) {
    producer.begin_transaction().unwrap();
    for (partition, value) in records {
        let to = BaseRecord::<[u8], [u8]>::to(topic).partition(*partition);
        producer
            .send(to.payload(value.as_bytes()))
            .map_err(|(error, _)| error)
            .unwrap();
    }
    producer.flush(SHORTLY).unwrap();
}

#[test]
fn reading_ends_at_the_topics_end_whatever_lies_behind_the_last_record() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        let admin = KafkaAdmin::new(&settings).unwrap();
        admin.create_topics().await.unwrap();
        let topic = settings.dead_letters(Topic::StockNameSelector);
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &broker)
            .set("transactional.id", &topic)
            .create()
            .unwrap();
        producer.init_transactions(SHORTLY).unwrap();
        // Partition 0 ends in the marker of a commit, 1 in that of an abort, 2 in a plain record.
        transaction(&producer, &topic, &[(0, "first"), (0, "second")]);
        producer.commit_transaction(SHORTLY).unwrap();
        transaction(&producer, &topic, &[(0, "torn"), (1, "torn")]);
        producer.abort_transaction(SHORTLY).unwrap();
        let plain = BaseRecord::<[u8], [u8]>::to(&topic).partition(2);
        Foreign::new(&broker).send(plain.payload(b"plain"));

        let mut values = Vec::new();
        peek(&settings, &topic, PeekFrom::Beginning, |record, _| {
            values.push(String::from_utf8(record.value.unwrap()).unwrap());
            ControlFlow::Continue(())
        })
        .unwrap();
        values.sort();
        assert_eq!(values, ["first", "plain", "second"]);
    });
}

/// Removes the records of a partition before an offset, as retention does.
async fn remove(broker: &str, topic: &str, partition: i32, before: i64) {
    let client: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", broker)
        .create()
        .unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets
        .add_partition_offset(topic, partition, Offset::Offset(before))
        .unwrap();
    let removed = client.delete_records(&offsets, &AdminOptions::new()).await;
    removed.unwrap().elements()[0].error().unwrap();
}

#[test]
fn records_that_retention_removed_unread_are_counted() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        let admin = KafkaAdmin::new(&settings).unwrap();
        admin.create_topics().await.unwrap();
        let (picks, foreign) = (
            settings.topic(Topic::StockNameSelector),
            Foreign::new(&broker),
        );
        let settled = || {
            let lags = admin.group_lags().unwrap_or_default();
            lags.first().is_some_and(|group| group.lag == 0)
        };
        foreign.pick(&picks, 4, "READ");
        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.noting());
        until("it is settled", || seen.len() == 1 && settled()).await;
        assert!(member.stats().snapshot().lost.is_empty());
        member.end().await;

        for ticker in ["GONE", "LOST", "LEFT"] {
            foreign.pick(&picks, 4, ticker);
        }
        remove(&broker, &picks, 4, 3).await;
        let member = Member::start(&settings, &[], seen.noting());
        until("what is left was read", || seen.len() == 2 && settled()).await;
        assert_eq!(seen.tickers(), ["READ", "LEFT"]);
        until("the others are counted", || {
            member.stats().snapshot().lost.get(&picks) == Some(&2)
        })
        .await;
        member.end().await;
    });
}

#[test]
fn a_broker_that_advertises_an_address_where_none_answers_is_named() {
    if broker().is_none() {
        return;
    }
    let own = format!("advertised-{}", std::process::id());
    let start = |more: &[&str]| {
        let user = std::process::id().to_string();
        let arguments = [&["start", "--name", &own, "--while", &user], more].concat();
        script(&arguments).unwrap()
    };
    let settings = settings(&start(&[]));
    let nowhere = "127.0.0.1:1";
    run(async {
        let admin = KafkaAdmin::new(&settings).unwrap();
        admin.create_topics().await.unwrap();
        script(&["stop", "--name", &own, "--keep-data"]).unwrap();
        assert_eq!(start(&["--advertise", nowhere]), settings.brokers);

        let named = |text: &str| text.contains(nowhere) && text.contains("advertised.listeners");
        let member = Member::start(&settings, &[], Seen::default().noting());
        let missing = || member.supervisor.board().health().missing;
        until("it is named in readiness", || {
            missing().values().any(|text| named(text))
        })
        .await;
        member.supervisor.drain().await;
        member.supervisor.stop().await;

        let topic = settings.topic(Topic::StockNameSelector);
        let asked = KafkaSettings::clone(&settings);
        let read = tokio::task::spawn_blocking(move || {
            peek(&asked, &topic, PeekFrom::Beginning, |_, _| {
                ControlFlow::Break(())
            })
        });
        let text = read.await.unwrap().unwrap_err().to_string();
        assert!(named(&text) && !text.contains("kafka.brokers"), "{text}");
        script(&["stop", "--name", &own]).unwrap();
    });
}
