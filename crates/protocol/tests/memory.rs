//! Ensures that reading a record takes no more memory than a small multiple of it, however it is made.

use chrono::TimeDelta;
use closecall_calendar::Calendar;
use closecall_protocol::codec::dead_letter;
use closecall_protocol::codec::{Arrival, Record, dataset, forecast, pick};

/// As large as brokers take records at most by default of the topics' settings.
const LARGEST: usize = 4 << 20;
/// Bytes that reading may take, in sizes of the record.
const CAP: u64 = 4;

fn arrival() -> Arrival {
    Arrival {
        topic: "stock-name-selector".into(),
        partition: 0,
        offset: 0,
        timestamp: "2023-06-30T14:00:00Z".parse().unwrap(),
        expires_after: Some(TimeDelta::hours(1)),
    }
}

fn filled(start: &str, unit: &str, end: &str) -> String {
    let room = LARGEST - start.len() - end.len();
    format!("{start}{}{end}", unit.repeat(room / unit.len()))
}

fn hostile() -> Vec<String> {
    let row = r#"{"Date":1688083200000,"Close":1.5,"Avg_sentiment_score":0,"Stock":"AAPL"},"#;
    let twice = row.replace('"', "\\\"");
    vec![
        filled("[", row, &row.replace("},", "}]")),
        filled("\"[", &twice, "]\""),
        filled("[", "{},", "{}]"),
        filled("[", "1,", "1]"),
        filled("[", "[],", "1]"),
        filled("\"", "\\u0041", "\""),
        filled(r#"{"stock_name":""#, "A", "\"}"),
        filled("{", r#""k":1,"#, r#""k":1}"#),
        filled(
            r#"{"history":["#,
            r#"["2023-06-29",1.5],"#,
            r#"["2023-06-29",1.5]]}"#,
        ),
        filled(
            r#"{"intervals":["#,
            r#"{"level":0.8,"lower":1,"upper":2},"#,
            "1]}",
        ),
        "[".repeat(LARGEST),
        r#"{"a":"#.repeat(LARGEST / 5),
    ]
}

#[test]
fn no_record_takes_more_than_the_cap_while_it_is_read() {
    if !testing::alone("memory::no_record_takes_more_than_the_cap_while_it_is_read") {
        return;
    }
    let (arrival, calendar) = (arrival(), Calendar::default());
    let mut most = 0;
    for value in hostile() {
        let record = Record {
            value: Some(value.into_bytes()),
            ..Record::default()
        };
        let reads: [(&str, &dyn Fn() -> bool); 4] = [
            ("pick", &|| pick::decode(&record, &arrival).is_ok()),
            ("dataset", &|| {
                dataset::decode(&record, &arrival, &calendar).is_ok()
            }),
            ("forecast", &|| forecast::decode(&record, &arrival).is_ok()),
            ("dead letter", &|| {
                dead_letter::decode(&record, &arrival).stage.is_empty()
            }),
        ];
        for (codec, read) in reads {
            let Some((_, grown)) = testing::growth(read) else {
                return;
            };
            let value = record.value.as_ref().unwrap();
            let begins = String::from_utf8_lossy(&value[..60]);
            assert!(
                grown <= CAP * LARGEST as u64,
                "{codec}: {grown} bytes for {begins}"
            );
            most = most.max(grown);
        }
    }
    println!("at most {most} bytes beside a record of {LARGEST}");
}
