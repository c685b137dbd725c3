//! Records that are JSON and yet no message, at the door of each stage that reads a topic: each ends
//! in the dead-letter topic with its reason, and the good one behind them comes through.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use closecall_actors::PickMetadata;
use closecall_actors::kafka_bridge::KafkaBridge;
use closecall_actors::stage::{GRU_TRAINER, REPORTER, SCRAPER};
use closecall_calendar::Calendar;
use closecall_kafka::KafkaSettings;
use closecall_kafka::admin::KafkaAdmin;
use closecall_kafka::peek::{PeekFrom, peek};
use closecall_protocol::codec::dead_letter::DeadLetterHeaders;
use closecall_protocol::codec::{Arrival, Record, dataset, dead_letter, forecast, pick};
use closecall_protocol::{Error, Topic};
use closecall_supervision::{Ack, FaultPoints, MessageMetadata};
use rdkafka::producer::BaseRecord;

use crate::kafka_support;

use kafka_support::{Foreign, Told, broker, run, settings, supervisor, until};

/// The dead letters of a topic.
fn found(settings: &KafkaSettings, topic: Topic) -> Vec<DeadLetterHeaders> {
    let mut found = Vec::new();
    let name = settings.dead_letters(topic);
    peek(settings, &name, PeekFrom::Beginning, |letter, at| {
        found.push(dead_letter::decode(&letter, &at));
        ControlFlow::Continue(())
    })
    .unwrap();
    found
}

/// Puts `bad` and then `good` on the topic, and looks what became of them.
fn at_the_door<T: Clone + Send + Sync + 'static>(
    topic: Topic,
    stage: &str,
    decode: impl Fn(&Record, &Arrival) -> Result<T, Error> + Send + Sync + 'static,
    bad: &[(&str, &str)],
    good: &str,
) where
    PickMetadata: MessageMetadata<T>,
{
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        let admin = KafkaAdmin::new(&settings).unwrap();
        admin.create_topics().await.unwrap();
        let (name, foreign) = (settings.topic(topic), Foreign::new(&broker));
        for value in bad.iter().map(|(value, _)| *value).chain([good]) {
            let to = BaseRecord::<[u8], [u8]>::to(&name).partition(3);
            foreign.send(to.payload(value.as_bytes()));
        }

        let (came, supervisor) = (Arc::new(AtomicUsize::new(0)), supervisor());
        let faults = FaultPoints::default();
        let bridge = KafkaBridge::new(settings.clone(), &supervisor, faults).unwrap();
        let count = Arc::clone(&came);
        let told = Told::<T>(Arc::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(Ack::Done) })
        }));
        let next = supervisor.spawn_stage(stage, told).unwrap().recipient();
        bridge
            .from_topic(topic, stage, next, PickMetadata, decode)
            .unwrap();
        until("the good one came", || came.load(Ordering::SeqCst) > 0).await;

        // Dead letters are sent side by side: the good one passes those that are under way.
        let mut letters = Vec::new();
        until("all others are dead letters", || {
            letters = found(&settings, topic);
            letters.len() >= bad.len()
        })
        .await;
        letters.sort_unstable_by_key(|letter| letter.offset);
        let reasons: Vec<_> = letters.iter().map(|one| one.reason.code()).collect();
        let expected: Vec<_> = bad.iter().map(|(_, reason)| *reason).collect();
        assert_eq!(reasons, expected);
        assert!(letters.iter().all(|letter| letter.stage == "kafka-bridge"));
        assert_eq!(came.load(Ordering::SeqCst), 1, "none of the others came");
        let health = supervisor.board().health();
        assert!(health.stages.values().all(|stage| stage.restarts == 0));
        assert!(supervisor.drain().await.is_empty());
        assert!(supervisor.stop().await.is_empty());
    });
}

#[test]
fn at_the_scrapers() {
    let bad = [
        ("[]", "undecodable"),
        ("7", "undecodable"),
        (r#"{"stock": "AAPL"}"#, "undecodable"),
        (r#"{"stock_name": null}"#, "undecodable"),
        (r#"{"stock_name": ""}"#, "invalid-ticker"),
        (r#"{"stock_name": "aapl"}"#, "invalid-ticker"),
        (r#"{"stock_name": "A&apikey="}"#, "invalid-ticker"),
        (r#"{"stock_name": "A\r\nX: y"}"#, "invalid-ticker"),
        (r#"{"stock_name": "AAPL", "slot": "soon"}"#, "undecodable"),
    ];
    let good = r#"{"stock_name": "BRK-B"}"#;
    at_the_door(Topic::StockNameSelector, SCRAPER, pick::decode, &bad, good);
}

#[test]
fn at_the_trainers() {
    let row = |close: &str, date: &str, stock: &str| {
        format!(r#"{{"Date":{date},"Close":{close},"Avg_sentiment_score":0.1,"Stock":"{stock}"}}"#)
    };
    let rows = |rows: &[String]| format!("[{}]", rows.join(","));
    let (date, next) = ("1700006400000", "1700092800000");
    let good = row("187.4", date, "AAPL");
    let bad = [
        rows(&[]),
        "{}".into(),
        r#""not rows""#.into(),
        rows(&[row("NaN", date, "AAPL")]),
        rows(&[row("1e999", date, "AAPL")]),
        rows(&[row("0", date, "AAPL")]),
        rows(&[row("-3", date, "AAPL")]),
        rows(&[row(r#""187.4""#, date, "AAPL")]),
        rows(&[row("187.4", r#""yesterday""#, "AAPL")]),
        rows(&[good.clone(), row("188.0", date, "AAPL")]),
        rows(&[good.clone(), row("188.0", next, "MSFT")]),
        rows(&[good.replace("0.1", "7.5")]),
    ];
    let mut bad: Vec<_> = bad
        .iter()
        .map(|value| (value.as_str(), "undecodable"))
        .collect();
    let nameless = rows(&[row("187.4", date, "../x")]);
    bad.push((&nameless, "invalid-ticker"));
    let calendar = Calendar::default();
    let decode = move |record: &_, at: &_| dataset::decode(record, at, &calendar);
    let good = rows(&[row("188.0", next, "AAPL"), good]);
    at_the_door(Topic::StockModelOutput, GRU_TRAINER, decode, &bad, &good);
}

#[test]
fn at_the_reporters() {
    let prediction = |prediction: &str, stock: &str| {
        format!(
            r#"{{"Date":"2024-04-26","Prediction":{prediction},"Prev_date":"2024-04-25","Close":169.89,"Stock Name":"{stock}"}}"#
        )
    };
    let good = prediction("170.2", "AAPL");
    let bad = [
        "null".to_owned(),
        "{}".into(),
        prediction("null", "AAPL"),
        prediction("NaN", "AAPL"),
        prediction("1e999", "AAPL"),
        prediction("-1", "AAPL"),
        good.replace("2024-04-26", "2024-02-30"),
        // Traced to a pick, and yet not all that a forecast of ours says.
        good.replace('}', r#","pick_id":"9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c"}"#),
    ];
    let mut bad: Vec<_> = bad
        .iter()
        .map(|value| (value.as_str(), "undecodable"))
        .collect();
    let nameless = prediction("170.2", "NOT A TICKER");
    bad.push((&nameless, "invalid-ticker"));
    let topic = Topic::StockPredictionOutput;
    at_the_door(topic, REPORTER, forecast::decode, &bad, &good);
}
