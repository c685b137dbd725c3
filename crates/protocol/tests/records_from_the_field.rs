//! Ensures that records as they were met in the field are read, or refused with a message that
//! names the cause.

use chrono::TimeDelta;
use closecall_calendar::Calendar;
use closecall_protocol::codec::{Arrival, Record, dataset, pick};
use closecall_protocol::{Reason, Topic};

fn arrival(topic: Topic) -> Arrival {
    Arrival {
        topic: topic.name().to_owned(),
        partition: 0,
        offset: 0,
        timestamp: "2023-06-30T14:00:00Z".parse().unwrap(),
        expires_after: Some(TimeDelta::hours(1)),
    }
}

fn records() -> Vec<(String, Topic, Record)> {
    let lines = include_str!("field/records.jsonl").lines();
    lines
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            let record = Record {
                value: Some(text("value").into_bytes()),
                ..Record::default()
            };
            let topic = Topic::from_name(&text("topic")).unwrap();
            (text("case"), topic, record)
        })
        .collect()
}

#[test]
fn a_slot_of_another_age_is_refused_by_name() {
    let mut slots = 0;
    for (case, topic, record) in records() {
        if topic != Topic::StockNameSelector {
            continue;
        }
        let refused = pick::decode(&record, &arrival(topic)).unwrap_err();
        assert_eq!(refused.reason(), Reason::Undecodable, "{case}");
        let message = refused.to_string();
        assert!(message.contains("`slot`"), "{case}: {message}");
        assert!(message.contains("1990 to 2199"), "{case}: {message}");
        slots += 1;
    }
    assert_eq!(slots, 3);
}

#[test]
fn a_header_of_another_age_is_refused_by_name() {
    let of = |name: &str, value: &str| {
        let record = Record {
            value: Some(br#"{"stock_name":"AAPL"}"#.to_vec()),
            ..Record::default()
        };
        record.with_header(name, value)
    };
    let far = of("closecall-slot", "+262142-12-31T23:59:59Z");
    let refused = pick::decode(&far, &arrival(Topic::StockNameSelector)).unwrap_err();
    assert!(refused.to_string().contains("closecall-slot"), "{refused}");

    let mut late = arrival(Topic::StockNameSelector);
    late.timestamp = chrono::DateTime::<chrono::Utc>::MAX_UTC;
    let plain = of("x", "y");
    let refused = pick::decode(&plain, &late).unwrap_err();
    assert!(refused.to_string().contains("timestamp"), "{refused}");

    // An expiry may be as far away as "never".
    let never = of("closecall-expires-at", "9999-12-31T23:59:59Z");
    assert!(pick::decode(&never, &arrival(Topic::StockNameSelector)).is_ok());
}

#[test]
fn nan_is_no_sentiment_and_no_close() {
    let calendar = Calendar::default();
    let (_, topic, record) = records().pop().unwrap();
    let read = dataset::decode(&record, &arrival(topic), &calendar).unwrap();
    assert_eq!(read.rows[0].news().sentiment, None);
    assert_eq!(read.rows[1].news().sentiment, Some(0.1));

    let text = String::from_utf8(record.value.unwrap()).unwrap();
    let twice = Record {
        value: Some(serde_json::to_vec(&text).unwrap()),
        ..Record::default()
    };
    assert_eq!(
        dataset::decode(&twice, &arrival(topic), &calendar).unwrap(),
        read
    );

    let closeless = Record {
        value: Some(text.replace("189.25", "NaN").into_bytes()),
        ..Record::default()
    };
    let refused = dataset::decode(&closeless, &arrival(topic), &calendar).unwrap_err();
    assert!(refused.to_string().contains("NaN"), "{refused}");
}
