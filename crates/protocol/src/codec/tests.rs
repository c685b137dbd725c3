//! Round trips, the original's exact forms, and what is refused.

use closecall_calendar::Calendar;
use serde_json::{Value, json};

use super::*;
use crate::*;

mod examples;
mod properties;

use examples::*;

#[test]
fn every_fact_survives_its_topic() {
    let picked = TickerPicked { pick: pick() };
    let record = pick::encode(&picked).unwrap();
    assert_eq!(
        pick::decode(&record, &arrival(Topic::StockNameSelector)).unwrap(),
        picked
    );
    assert_eq!(record.key.as_deref(), Some(b"AAPL".as_slice()));
    assert_eq!(
        record.header("ce_id"),
        Some(pick().pick_id.to_string().as_str())
    );

    let record = dataset::encode(&dataset()).unwrap();
    let back = dataset::decode(
        &record,
        &arrival(Topic::StockModelOutput),
        &Calendar::default(),
    )
    .unwrap();
    assert_eq!(back, dataset());

    let record = forecast::encode(&Prediction::Ours(Box::new(prediction()))).unwrap();
    let back = forecast::decode(&record, &arrival(Topic::StockPredictionOutput)).unwrap();
    assert_eq!(back, Prediction::Ours(Box::new(prediction())));
}

#[test]
fn the_originals_pick_is_dated_and_identified_by_its_record() {
    let record = raw(r#"{"stock_name": "TSLA"}"#);
    let picked = pick::decode(&record, &arrival(Topic::StockNameSelector))
        .unwrap()
        .pick;
    assert_eq!(picked.ticker.as_str(), "TSLA");
    assert_eq!(
        picked.pick_id,
        PickId::of_record("stock-name-selector", 3, 42)
    );
    assert_eq!(picked.slot, at("2023-06-30T14:00:00Z"));
    assert_eq!(picked.expires_at, Some(at("2023-06-30T15:00:00.250Z")));
}

/// Its reader takes `json.loads(value)` and hands the text to pandas.
#[test]
fn a_dataset_is_written_as_the_original_reads_it() {
    let record = dataset::encode(&dataset()).unwrap();
    let outer: Value = serde_json::from_slice(record.value.as_deref().unwrap()).unwrap();
    let rows: Value = serde_json::from_str(outer.as_str().unwrap()).unwrap();
    assert_eq!(rows[0]["Date"], json!(1_687_910_400_000_i64));
    assert_eq!(rows[0]["Avg_sentiment_score"], json!(0.1027));
    assert_eq!(rows[1]["Avg_sentiment_score"], json!(0.0));
    assert_eq!(rows[1]["Article_count"], json!(0));
    assert_eq!(rows[1]["Stock"], json!("AAPL"));
}

/// Once or twice encoded, epoch milliseconds or ISO text, null or 0, any order of columns.
#[test]
fn every_form_of_the_originals_dataset_reads_the_same() {
    let ms = r#"[{"Date":1687910400000,"Close":189.25,"Avg_sentiment_score":0.1,"Stock":"AAPL"},
                 {"Date":1687996800000,"Close":189.59,"Avg_sentiment_score":0,"Stock":"AAPL"}]"#;
    let iso = r#"[{"Stock":"AAPL","Avg_sentiment_score":null,"extra":[1],"Close":189.59,
                   "Date":"2023-06-29T00:00:00.000"},
                  {"Close":189.25,"Stock":"AAPL","Date":"2023-06-28","Avg_sentiment_score":0.1}]"#;
    let twice = serde_json::to_string(ms).unwrap();
    let read = |text: &str| {
        dataset::decode(
            &raw(text),
            &arrival(Topic::StockModelOutput),
            &Calendar::default(),
        )
        .unwrap()
    };
    assert_eq!(read(ms), read(iso));
    assert_eq!(read(ms), read(&twice));
    let rows = read(ms).rows;
    assert_eq!(
        rows[0].news(),
        SessionNews {
            sentiment: Some(0.1),
            articles: 1
        }
    );
    assert_eq!(rows[1].news(), SessionNews::default());
    assert!(rows[0].bar().open().is_none());
}

#[test]
fn rows_of_sessions_not_closed_at_the_as_of_time_do_not_exist() {
    let text = r#"[{"Date":"2023-06-29","Close":189.59,"Avg_sentiment_score":0,"Stock":"AAPL"},
                   {"Date":"2023-06-30","Close":193.97,"Avg_sentiment_score":0,"Stock":"AAPL"}]"#;
    let calendar = Calendar::default();
    let read = dataset::decode(&raw(text), &arrival(Topic::StockModelOutput), &calendar).unwrap();
    assert_eq!(read.rows.len(), 1);
    assert_eq!(read.target.to_string(), "2023-06-30");
}

#[test]
fn the_originals_prediction_is_foreign() {
    let record = raw(
        r#"{"Date":"2024-04-27","Prediction":170.2,"Prev_date":"2024-04-25 00:00:00",
            "Close":169.89,"Stock Name":"AAPL"}"#,
    );
    match forecast::decode(&record, &arrival(Topic::StockPredictionOutput)).unwrap() {
        Prediction::Foreign(foreign) => {
            assert_eq!(foreign.target.to_string(), "2024-04-27");
            assert_eq!(foreign.prediction, 170.2);
            assert_eq!(
                foreign.pick_id,
                PickId::of_record("stock-prediction-output", 3, 42)
            );
            // And written as it is read.
            let again = forecast::encode(&Prediction::Foreign(foreign.clone())).unwrap();
            let arrival = arrival(Topic::StockPredictionOutput);
            let read = forecast::decode(&again, &arrival).unwrap();
            assert_eq!(read, Prediction::Foreign(foreign));
        }
        Prediction::Ours(forecast) => panic!("{forecast:?}"),
    }
}

#[test]
fn a_prediction_begins_with_the_originals_fields() {
    let record = forecast::encode(&Prediction::Ours(Box::new(prediction()))).unwrap();
    let text = String::from_utf8(record.value.unwrap()).unwrap();
    let start = r#"{"Date":"2023-06-30","Prediction":190.12,"Prev_date":"2023-06-29","Close":189.59,"Stock Name":"AAPL","pick_id":""#;
    assert!(text.starts_with(start), "{text}");
    assert!(
        text.contains(r#""baseline":191.63,"change":0.53,"change_pct":0.28,"direction":"rise""#),
        "{text}"
    );
    assert!(
        text.contains(r#""history":[["2023-06-29",189.59]]"#),
        "{text}"
    );
}

#[test]
fn what_cannot_be_read_has_its_reason() {
    let deep = "[".repeat(100_000);
    let cases: [(Record, Reason); 9] = [
        (Record::default(), Reason::Undecodable),
        (raw(""), Reason::Undecodable),
        (raw([0xff, 0xfe, 0x00]), Reason::Undecodable),
        (raw("not json"), Reason::Undecodable),
        (
            raw("\u{feff}{\"stock_name\":\"AAPL\"}"),
            Reason::Undecodable,
        ),
        (raw(deep), Reason::Undecodable),
        (raw(r#"{"stock_name":"../x"}"#), Reason::InvalidTicker),
        (raw(vec![b' '; 10 << 20]), Reason::TooLarge),
        (
            raw(r#"{"stock_name":"AAPL"}"#).with_header("ce_type", "closecall.ticker-picked.v2"),
            Reason::UnsupportedVersion,
        ),
    ];
    for (record, reason) in cases {
        let refused = pick::decode(&record, &arrival(Topic::StockNameSelector)).unwrap_err();
        assert_eq!(refused.reason(), reason, "{refused}");
        assert!(refused.to_string().len() < 500);
    }
    let mut hostile = raw(r#"{"stock_name":"AAPL"}"#);
    hostile.headers = vec![("x".into(), Some(b"y".to_vec())); 10_000];
    assert!(pick::decode(&hostile, &arrival(Topic::StockNameSelector)).is_err());
}

#[test]
fn numbers_that_are_not_finite_or_not_numbers_are_refused() {
    for close in ["1e999", "NaN", "\"189.59\"", "-1", "0", "null"] {
        let rows = format!(
            r#"[{{"Date":"2023-06-29","Close":{close},"Avg_sentiment_score":0,"Stock":"AAPL"}}]"#
        );
        let arrival = arrival(Topic::StockModelOutput);
        assert!(
            dataset::decode(&raw(rows), &arrival, &Calendar::default()).is_err(),
            "{close}"
        );
    }
}

#[test]
fn a_dead_letter_holds_its_record_and_can_be_replayed() {
    let original = pick::encode(&TickerPicked { pick: pick() }).unwrap();
    let refusal = dead_letter::Refusal {
        stage: "scraper".into(),
        reason: Reason::Unavailable,
        message: "é".repeat(1000),
        attempts: 1,
        group: "closecall.scraper".into(),
    };
    let from = arrival(Topic::StockNameSelector);
    let letter = dead_letter::encode(&original, &from, None, &refusal);
    assert_eq!(
        (&letter.key, &letter.value),
        (&original.key, &original.value)
    );
    assert_eq!(
        letter.headers[..original.headers.len()],
        original.headers[..]
    );

    let lies = Arrival {
        topic: "stock-name-selector-dlt".into(),
        offset: 9,
        ..from
    };
    let says = dead_letter::decode(&letter, &lies);
    assert_eq!(says.pick_id, pick().pick_id);
    assert_eq!(
        (says.stage.as_str(), says.reason),
        ("scraper", Reason::Unavailable)
    );
    assert_eq!((says.partition, says.offset), (3, 42));
    assert!(says.message.len() <= 1024);

    let later = at("2023-07-01T00:00:00Z");
    let again = dead_letter::replay(&letter, &lies, Some(later)).unwrap();
    let replayed = pick::decode(&again, &arrival(Topic::StockNameSelector))
        .unwrap()
        .pick;
    assert_eq!(
        replayed,
        Pick {
            expires_at: Some(later),
            ..pick()
        }
    );
    assert_eq!(
        again.header(dead_letter::REPLAYED_FROM),
        Some("stock-name-selector-dlt/3/9")
    );
}

#[test]
fn what_is_too_large_to_copy_becomes_a_stub() {
    let from = arrival(Topic::StockModelOutput);
    let refusal = dead_letter::Refusal {
        stage: "gru-trainer".into(),
        reason: Reason::TooLarge,
        message: String::new(),
        attempts: 0,
        group: String::new(),
    };
    let letter = dead_letter::encode(&raw(vec![b'x'; 10 << 20]), &from, None, &refusal);
    let body: Value = serde_json::from_slice(letter.value.as_deref().unwrap()).unwrap();
    assert_eq!(body["length"], json!(10 << 20));
    assert_eq!(body["first"].as_str().unwrap().len(), 1024);
    assert!(letter.size() < 8192);
    assert!(dead_letter::replay(&letter, &from, None).is_none());
}
