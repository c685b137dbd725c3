//! The four roles on a real Kafka broker: forecasts flow, `peek` and kcat show the same records at
//! each boundary, and trainers share the partitions, whichever comes, goes or stands still.

#![allow(clippy::disallowed_methods, reason = "tests may fail loudly")]

use crate::common;
use crate::kafka_support;

use std::process::Command;
use std::time::Duration;

use common::MarketServer;
use kafka_support::{Pipeline, broker, until};
use serde_json::Value;

/// A record as either program shows it: partition, offset, key and decoded value.
type Shown = (i64, i64, String, Value);

/// Records of a topic as kcat, an independent reader, shows them; `None` where it is not installed
/// and that is allowed.
fn kcat(broker: &str, topic: &str) -> Option<Vec<Shown>> {
    let format = "%p\t%o\t%k\t%s\n";
    let read = ["-C", "-o", "beginning", "-e", "-q", "-f", format];
    let done = Command::new("kcat")
        .args(["-b", broker, "-t", topic])
        .args(read)
        .output();
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            let required = testing::is_required("CLOSECALL_REQUIRE_KAFKA");
            assert!(!required, "kcat is required: {error}");
            testing::skip(&format!("no kcat ({error})"));
            return None;
        }
    };
    assert!(done.status.success(), "{done:?}");
    let shown = |line: &str| {
        let [partition, offset, key, value] = line.splitn(4, '\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let once: Value = serde_json::from_str(value).unwrap();
        let value = match once.as_str() {
            Some(inner) => serde_json::from_str(inner).unwrap(),
            None => once,
        };
        let (partition, offset) = (partition.parse().unwrap(), offset.parse().unwrap());
        (partition, offset, key.to_owned(), value)
    };
    let text = String::from_utf8(done.stdout).unwrap();
    Some(text.lines().map(shown).collect())
}

/// Records as `closecall peek` shows them.
fn peek(pipeline: &Pipeline, topic: &str) -> Vec<Shown> {
    let shown = |record: &Value| {
        let number = |name: &str| record[name].as_i64().unwrap();
        let key = record["key"].as_str().unwrap().to_owned();
        (
            number("partition"),
            number("offset"),
            key,
            record["value"].clone(),
        )
    };
    pipeline.peek(topic).iter().map(shown).collect()
}

fn sorted(mut records: Vec<Shown>) -> Vec<Shown> {
    records.sort_by_key(|(partition, offset, ..)| (*partition, *offset));
    records
}

#[test]
fn forecasts_flow_and_each_boundary_can_be_looked_at() {
    let Some(broker) = broker() else { return };
    let market = MarketServer::start(&["--simulated"]);
    let pipeline = Pipeline::on(&broker, &market.address);
    let _roles = ["scraper", "gru-trainer", "reporter"].map(|role| pipeline.start(role, &[]));
    pipeline.pick(3);
    until("three forecasts in the ledger", || {
        pipeline.ledger().values().eq(["forecast"; 3])
    });

    for (topic, holds) in [
        ("stock-name-selector", "stock_name"),
        ("stock-model-output", "Avg_sentiment_score"),
        ("stock-prediction-output", "Prediction"),
    ] {
        let records = sorted(peek(&pipeline, topic));
        assert_eq!(records.len(), 3, "{topic}");
        for (_, _, key, value) in &records {
            assert_eq!(key, "AAPL", "{topic}");
            let first = value.get(0).unwrap_or(value);
            assert!(first.get(holds).is_some(), "{topic}: {first}");
        }
        if let Some(seen) = kcat(&broker, &pipeline.topic(topic)) {
            assert_eq!(sorted(seen), records, "{topic}");
        }
    }
}

#[test]
fn trainers_share_the_partitions_and_one_that_is_killed_loses_them_to_the_other() {
    let Some(broker) = broker() else { return };
    let market = MarketServer::start(&["--simulated"]);
    let pipeline = Pipeline::on(&broker, &market.address);
    let _others = ["scraper", "reporter"].map(|role| pipeline.start(role, &[]));
    let mut first = pipeline.start_as("first", "gru-trainer", &[]);
    until("the first has all", || first.was_assigned().len() == 12);
    let second = pipeline.start_as("second", "gru-trainer", &[]);
    until("the second has its share", || {
        second.was_assigned().len() >= 6
    });

    first.kill();
    until("the second has all", || second.was_assigned().len() == 12);
    pipeline.pick(2);
    until("its forecasts in the ledger", || {
        pipeline.ledger().values().eq(["forecast"; 2])
    });
}

/// With `CLOSECALL_LONG_TESTS` set: should the library lose a commit's answer, it takes a minute more.
#[test]
fn a_trainer_that_stood_still_longer_than_its_session_goes_on_with_what_it_had() {
    if std::env::var_os("CLOSECALL_LONG_TESTS").is_none() {
        testing::skip("takes minutes: CLOSECALL_LONG_TESTS is not set");
        return;
    }
    let Some(broker) = broker() else { return };
    let market = MarketServer::start(&["--simulated"]);
    let pipeline = Pipeline::on(&broker, &market.address);
    let _others = ["scraper", "reporter"].map(|role| pipeline.start(role, &[]));
    let slow = "gru-trainer.mid-fit:stall=3000:once";
    let trainer = pipeline.start("gru-trainer", &["--fault", slow]);
    pipeline.pick(3);
    trainer.says("fault strikes");
    trainer.signal("STOP");
    // The brokers hear nothing for six seconds and take its partitions away.
    std::thread::sleep(Duration::from_secs(9));
    trainer.signal("CONT");
    until("all forecasts in the ledger", || {
        pipeline.ledger().values().eq(["forecast"; 3])
    });
    pipeline.pick(2);
    until("and those picked since", || {
        pipeline.ledger().values().eq(["forecast"; 5])
    });
    assert_eq!(trainer.page("/readyz"), Some(200), "{}", trainer.log());
}
