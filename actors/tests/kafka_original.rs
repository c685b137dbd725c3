//! Records of the original programs through a real broker, both directions: what they write
//! arrives, and what we write is what they read.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use closecall_actors::PickMetadata;
use closecall_actors::kafka_bridge::KafkaBridge;
use closecall_calendar::Calendar;
use closecall_kafka::KafkaSettings;
use closecall_kafka::admin::KafkaAdmin;
use closecall_kafka::peek::{PeekFrom, peek};
use closecall_protocol::codec::{dataset, forecast, pick};
use closecall_protocol::value::{DatasetRow, SessionNews};
use closecall_protocol::{
    Annotations, DatasetBuilt, Prediction, QuoteAbsent, SessionDate, SessionTimes, TickerPicked,
    Topic,
};
use closecall_supervision::{Ack, FaultPoints, Supervisor};
use rdkafka::producer::BaseRecord;
use serde_json::Value;

use crate::kafka_support;

use kafka_support::{Foreign, Told, broker, picked, run, settings, supervisor, until};

/// A stage that keeps what it is handed.
fn keeping<T: Send + 'static>(kept: &Arc<Mutex<Vec<T>>>) -> Told<T> {
    let kept = Arc::clone(kept);
    Told(Arc::new(move |message| {
        kept.lock().unwrap().push(message);
        Box::pin(async { Ok(Ack::Done) })
    }))
}

async fn bridge(settings: &KafkaSettings) -> (Supervisor, KafkaBridge) {
    KafkaAdmin::new(settings)
        .unwrap()
        .create_topics()
        .await
        .unwrap();
    let supervisor = supervisor();
    let faults = FaultPoints::default();
    let bridge = KafkaBridge::new(settings.clone(), &supervisor, faults).unwrap();
    (supervisor, bridge)
}

#[test]
fn what_the_original_writes_arrives() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        let (supervisor, bridge) = bridge(&settings).await;
        let foreign = Foreign::new(&broker);
        let send = |topic: Topic, value: &str| {
            let name = settings.topic(topic);
            foreign.send(BaseRecord::<[u8], [u8]>::to(&name).payload(value.as_bytes()));
        };
        send(Topic::StockNameSelector, r#"{"stock_name": "TSLA"}"#);
        // Encoded twice, epoch milliseconds, one score missing; columns in another order.
        let rows = r#"[{"Stock":"AAPL","Date":1700006400000,"Avg_sentiment_score":0.5,"Close":187.43},
                       {"Date":1700092800000,"Close":188.01,"Avg_sentiment_score":null,"Stock":"AAPL"}]"#;
        send(
            Topic::StockModelOutput,
            &serde_json::to_string(rows).unwrap(),
        );
        let prediction = r#"{"Date": "2024-04-26", "Prediction": 170.2, "Prev_date": "2024-04-25", "Close": 169.89, "Stock Name": "AAPL"}"#;
        send(Topic::StockPredictionOutput, prediction);

        let picks: Arc<Mutex<Vec<TickerPicked>>> = Arc::default();
        let stage = supervisor
            .spawn_stage("scraper", keeping(&picks))
            .unwrap()
            .recipient();
        let topic = Topic::StockNameSelector;
        bridge
            .from_topic(topic, "scraper", stage, PickMetadata, pick::decode)
            .unwrap();
        let datasets: Arc<Mutex<Vec<DatasetBuilt>>> = Arc::default();
        let stage = supervisor
            .spawn_stage("gru-trainer", keeping(&datasets))
            .unwrap()
            .recipient();
        let calendar = Calendar::default();
        let decode = move |record: &_, arrival: &_| dataset::decode(record, arrival, &calendar);
        bridge
            .from_topic(
                Topic::StockModelOutput,
                "gru-trainer",
                stage,
                PickMetadata,
                decode,
            )
            .unwrap();
        let forecasts: Arc<Mutex<Vec<Prediction>>> = Arc::default();
        let stage = supervisor
            .spawn_stage("reporter", keeping(&forecasts))
            .unwrap()
            .recipient();
        let topic = Topic::StockPredictionOutput;
        bridge
            .from_topic(topic, "reporter", stage, PickMetadata, forecast::decode)
            .unwrap();

        let count = || {
            (
                picks.lock().unwrap().len(),
                datasets.lock().unwrap().len(),
                forecasts.lock().unwrap().len(),
            )
        };
        until("all three came", || count() == (1, 1, 1)).await;
        assert_eq!(picks.lock().unwrap()[0].pick.ticker.as_str(), "TSLA");
        let dataset = datasets.lock().unwrap().remove(0);
        assert_eq!(
            (dataset.pick.ticker.as_str(), dataset.rows.len()),
            ("AAPL", 2)
        );
        assert_eq!(dataset.rows[0].news().sentiment, Some(0.5));
        assert_eq!(dataset.rows[1].news().sentiment, None);
        let Prediction::Foreign(prediction) = forecasts.lock().unwrap().remove(0) else {
            panic!("the original's prediction belongs to no pick")
        };
        assert_eq!(
            (prediction.prediction, prediction.last_close),
            (170.2, 169.89)
        );
        assert!(supervisor.drain().await.is_empty());
        assert!(supervisor.stop().await.is_empty());
    });
}

/// The value of the one record in a topic, and its key.
fn lies(settings: &KafkaSettings, topic: Topic) -> (Option<Vec<u8>>, Value) {
    let mut found = None;
    peek(
        settings,
        &settings.topic(topic),
        PeekFrom::Beginning,
        |record, _| {
            found = Some((
                record.key.clone(),
                serde_json::from_slice(&record.value.unwrap()).unwrap(),
            ));
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    found.unwrap()
}

#[test]
fn what_we_write_is_what_the_original_reads() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        let (supervisor, bridge) = bridge(&settings).await;
        let pick = picked("AAPL");
        let topic = Topic::StockNameSelector;
        let side = bridge.to_topic(topic, pick::encode).unwrap();
        let name = KafkaBridge::to_name(topic);
        let outbox = supervisor
            .outbox("ticker-picker", &name, side, PickMetadata)
            .build();
        outbox.deliver(pick.clone()).await.unwrap();
        let (key, value) = lies(&settings, topic);
        assert_eq!(key.as_deref(), Some(&b"AAPL"[..]));
        assert_eq!(value["stock_name"], "AAPL");

        let day = |text: &str| SessionDate::new(text.parse().unwrap()).unwrap();
        let (row, target) = (day("2026-11-20"), day("2026-11-23"));
        let none = SessionNews::new(row, None, 0).unwrap();
        let message = DatasetBuilt {
            pick: pick.pick,
            target,
            session: SessionTimes::from(&Calendar::default().session(target.date()).unwrap()),
            sessions_ahead: 0,
            quote: Err(QuoteAbsent::NoQuote),
            provider: None,
            provider_switched: None,
            provisional: false,
            repairs: [].into(),
            rows: vec![DatasetRow::with_close(row, 187.43, none).unwrap()].into(),
            live: SessionNews::new(target, None, 0).unwrap(),
            fetched_at: None,
            annotations: Annotations::default(),
        };
        let topic = Topic::StockModelOutput;
        let side = bridge.to_topic(topic, dataset::encode).unwrap();
        let name = KafkaBridge::to_name(topic);
        let outbox = supervisor
            .outbox("sentiment", &name, side, PickMetadata)
            .build();
        outbox.deliver(message).await.unwrap();
        // json.loads gives a string, which the original feeds to pandas.
        let (_, value) = lies(&settings, topic);
        let rows: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
        assert_eq!(rows[0]["Date"], 1_795_132_800_000_i64);
        assert_eq!(rows[0]["Close"], 187.43);
        assert_eq!(
            rows[0]["Avg_sentiment_score"], 0.0,
            "no null: its reader may not survive one"
        );
        assert_eq!(rows[0]["Stock"], "AAPL");
        assert!(supervisor.drain().await.is_empty());
        assert!(supervisor.stop().await.is_empty());
    });
}
