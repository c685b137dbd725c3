//! Records that the first version wrote are read: one of each topic, as `closecall run` of commit
//! 02ea82a put them there over a simulated market.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::codec::{Arrival, Record, dataset, forecast, pick};
use closecall_protocol::{Direction, Prediction, Topic};
use serde_json::Value;

const SLOT: &str = "2025-01-06T15:00:00Z";

/// The record of a topic, and its arrival.
fn record_of(topic: Topic) -> (Record, Arrival) {
    let lines = include_str!("field/first-version.jsonl").lines();
    let line = lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["topic"] == topic.name())
        .unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers = line["headers"].as_array().unwrap().iter();
    let record = Record {
        key: Some(text(&line["key"]).into_bytes()),
        value: Some(text(&line["value"]).into_bytes()),
        headers: headers
            .map(|header| (text(&header[0]), Some(text(&header[1]).into_bytes())))
            .collect(),
    };
    let arrival = Arrival {
        topic: topic.name().to_owned(),
        partition: 0,
        offset: 0,
        timestamp: DateTime::from_timestamp_millis(line["timestamp"].as_i64().unwrap()).unwrap(),
        expires_after: Some(TimeDelta::hours(1)),
    };
    (record, arrival)
}

fn slot() -> DateTime<Utc> {
    SLOT.parse().unwrap()
}

#[test]
fn a_pick_keeps_its_identity() {
    let (record, arrival) = record_of(Topic::StockNameSelector);
    let picked = pick::decode(&record, &arrival).unwrap().pick;
    assert_eq!(picked.ticker.as_str(), "MSFT");
    assert_eq!(
        picked.pick_id.to_string(),
        "cc04aeefab5866cf1381c8b218e92de8"
    );
    assert_eq!(picked.slot, slot());
    assert_eq!(picked.expires_at, Some(slot() + TimeDelta::hours(1)));
}

#[test]
fn a_dataset_has_no_price_of_the_moment_and_says_so() {
    let (record, arrival) = record_of(Topic::StockModelOutput);
    let built = dataset::decode(&record, &arrival, &Calendar::default()).unwrap();
    assert_eq!(
        built.pick.pick_id.to_string(),
        "cc04aeefab5866cf1381c8b218e92de8"
    );
    assert_eq!(built.rows.len(), 206);
    assert_eq!(built.rows[205].close(), 314.936002);
    assert!(built.quote.is_err(), "{:?}", built.quote);
}

#[test]
fn a_forecast_is_published_by_the_rule_it_was_made_under() {
    let (record, arrival) = record_of(Topic::StockPredictionOutput);
    let Prediction::Ours(forecast) = forecast::decode(&record, &arrival).unwrap() else {
        panic!("a forecast of ours was taken for a foreign one");
    };
    assert_eq!(forecast.prediction, 314.94);
    assert_eq!(forecast.direction(), Direction::Same);
    assert_eq!(forecast.as_of, slot());
    assert_eq!(forecast.sessions, 206);
    // It has no reference, and is scored by rule 1 for that.
    assert!(forecast.reference.is_none());
}
