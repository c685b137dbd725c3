//! Answers that are no chart of the ticker: refusals, pages, other markets, and bytes of any kind.

use closecall_protocol::Bar;
use proptest::prelude::*;
use serde_json::json;

use super::{changed, closes, json_answer, read, recorded as chart_of, ticker, two_bars};
use crate::providers::Chart;
use crate::recorded;
use crate::vendor::VendorFault;
use crate::vendor::http::HttpAnswer;

#[test]
fn recorded_answers_that_are_not_daily_bars_of_a_ticker_are_refused_with_their_reason() {
    let Some(future) = chart_of("GC=F-2020-01-01-future", "AAPL") else {
        return;
    };
    let reason = future.unwrap_err();
    assert!(
        matches!(&reason, VendorFault::InvalidSymbol(why) if why.contains("GC=F")),
        "{reason}"
    );
    let weekend = chart_of("AAPL-2025-02-01-weekend-no-timestamp", "AAPL").unwrap();
    assert_eq!(weekend, Err(VendorFault::Granularity("1m".to_owned())));
    let other = chart_of("MSFT-6mo-2025-10-29", "AAPL")
        .unwrap()
        .unwrap_err();
    assert!(matches!(other, VendorFault::WrongSymbol { .. }), "{other}");
}

#[test]
fn the_recorded_refusals_are_what_they_are() {
    for (name, answer) in recorded::refusals("yahoo-chart/error-bodies.json") {
        let result = read(&answer, &ticker("AAPL"));
        let right = match name.as_str() {
            "unknown-or-delisted" => matches!(result, Err(VendorFault::UnknownSymbol(_))),
            "window-too-long" => matches!(result, Err(VendorFault::BadRequest(_))),
            "unauthorized-crumb" => matches!(result, Err(VendorFault::Credential(_))),
            "too-many-requests" | "edge-too-many-requests" => {
                result == Err(VendorFault::Throttled { retry_after: None })
            }
            "maintenance" => matches!(result, Err(VendorFault::NotJson(_))),
            "consent-redirect" => {
                result == Err(VendorFault::Redirected("consent.yahoo.com".into()))
            }
            "empty-window" | "empty-result" => result == Ok(Chart::default()),
            "result-null-error-null" => matches!(result, Err(VendorFault::Malformed(_))),
            "null-last-bar" => result.as_ref().is_ok_and(|chart| {
                let expected = [
                    ("2025-10-27".to_owned(), 268.81),
                    ("2025-10-28".to_owned(), 269.0),
                ];
                closes(chart) == expected && chart.empty_rows == 1
            }),
            _ => false,
        };
        assert!(right, "{name}: {result:?}");
    }
}

#[test]
fn only_shares_in_dollars_in_sessions_of_new_york_are_taken() {
    let said = |name: &str, value: &str| {
        let result = changed(|series| series["meta"][name] = json!(value));
        match result {
            Err(VendorFault::OtherMarket(market)) => market,
            other => panic!("{name} {value}: {other:?}"),
        }
    };
    assert!(said("exchangeTimezoneName", "Europe/London").contains("Europe/London"));
    assert!(said("exchangeTimezoneName", "Asia/Tokyo").contains("Asia/Tokyo"));
    assert!(said("exchangeTimezoneName", "Mars/Base").contains("Mars/Base"));
    assert!(said("currency", "GBp").contains("GBp"));
    assert!(said("instrumentType", "MUTUALFUND").contains("a fund"));
    assert!(said("instrumentType", "FUTURE").contains("a future"));
    assert!(said("instrumentType", "CRYPTOCURRENCY").contains("a crypto currency"));
    assert!(said("instrumentType", "INDEX").contains("an index"));
    assert!(said("instrumentType", "NEW").contains("of the type NEW"));
    assert!(changed(|series| series["meta"]["instrumentType"] = json!("ETF")).is_ok());
    let silent = changed(|series| series["meta"] = json!({"symbol": "AAPL"}));
    assert_eq!(silent.unwrap().bars.len(), 2);
    let nameless = |offset: i32| {
        changed(|series| series["meta"] = json!({"symbol": "AAPL", "gmtoffset": offset}))
    };
    assert_eq!(nameless(-14_400).unwrap().bars.len(), 2);
    let london = nameless(3_600).unwrap_err().to_string();
    assert!(london.contains("+1 h from Greenwich"), "{london}");
    let Some(bitcoin) = chart_of("BTC-USD-2020-01-01-utc-market", "BTC-USD") else {
        return;
    };
    let market = bitcoin.unwrap_err().to_string();
    assert!(
        market.contains("a crypto currency") && market.contains("UTC"),
        "{market}"
    );
}

#[test]
fn a_class_of_shares_is_answered_under_the_vendors_symbol() {
    let mut body = two_bars();
    body["chart"]["result"][0]["meta"]["symbol"] = json!("BRK-B");
    for asked in ["BRK.B", "BRK-B"] {
        assert_eq!(
            read(&json_answer(&body), &ticker(asked))
                .unwrap()
                .bars
                .len(),
            2
        );
    }
    assert!(read(&json_answer(&body), &ticker("BRK")).is_err());
}

#[test]
fn what_is_no_json_is_never_parsed_as_such() {
    let read =
        |status, kind, body: &str| read(&HttpAnswer::of(status, kind, body), &ticker("AAPL"));
    assert!(matches!(
        read(200, "application/json", "  <html>"),
        Err(VendorFault::NotJson("a page"))
    ));
    assert!(matches!(
        read(200, "text/html", "{}"),
        Err(VendorFault::NotJson(_))
    ));
    assert!(matches!(
        read(200, "text/plain", "Too Many Requests"),
        Err(VendorFault::NotJson(_))
    ));
    assert!(matches!(
        read(200, "application/json", ""),
        Err(VendorFault::Malformed(_))
    ));
    assert!(matches!(
        read(200, "application/json", "{\"chart\":{"),
        Err(VendorFault::Malformed(_))
    ));
    // A wrong base address answers with a page, which says nothing about the symbol.
    assert_eq!(
        read(404, "text/html", "<html>"),
        Err(VendorFault::Status(404))
    );
    assert!(matches!(
        read(403, "text/html", "<html>"),
        Err(VendorFault::Blocked(_))
    ));
    assert_eq!(
        read(502, "text/html", "<html>"),
        Err(VendorFault::Status(502))
    );
    let nested = "[".repeat(100_000);
    assert!(matches!(
        read(200, "application/json", &nested),
        Err(VendorFault::Malformed(_))
    ));
}

#[test]
fn more_rows_than_were_asked_for_are_refused_and_not_kept() {
    let many = serde_json::Value::from(vec![1; 20_001]);
    for place in [
        "/timestamp",
        "/indicators/quote/0/low",
        "/indicators/adjclose/0/adjclose",
    ] {
        let mut body = two_bars();
        *body["chart"]["result"][0].pointer_mut(place).unwrap() = many.clone();
        let refused = read(&json_answer(&body), &ticker("AAPL"));
        assert!(
            matches!(refused, Err(VendorFault::Malformed(_))),
            "{place}: {refused:?}"
        );
    }
    // Further results are read over.
    let mut body = two_bars();
    for _ in 0..3 {
        let again = body["chart"]["result"][0].clone();
        body["chart"]["result"].as_array_mut().unwrap().push(again);
    }
    assert_eq!(
        read(&json_answer(&body), &ticker("AAPL"))
            .unwrap()
            .bars
            .len(),
        2
    );
}

/// Arbitrary JSON, of the names and nesting that the codec looks at.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        prop_oneof![Just("AAPL"), Just("1d"), Just("UTC"), Just("1e9")].prop_map(|s| json!(s)),
    ];
    let names = prop::sample::select(vec![
        "chart",
        "finance",
        "result",
        "error",
        "meta",
        "symbol",
        "timestamp",
        "indicators",
        "quote",
        "adjclose",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "events",
        "splits",
        "date",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::hash_map(names.clone(), inner, 0..5).prop_map(|entries| {
                entries
                    .into_iter()
                    .map(|(k, v)| (k.to_owned(), v))
                    .collect()
            }),
        ]
    })
}

/// One column or event list, replaced by arbitrary JSON.
fn any_place() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "/timestamp",
        "/timestamp/0",
        "/meta",
        "/meta/exchangeTimezoneName",
        "/indicators",
        "/indicators/quote",
        "/indicators/quote/0/close",
        "/indicators/quote/0/open/1",
        "/indicators/adjclose",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(recorded::mutations()))]

    #[test]
    fn no_bytes_make_it_panic(status in 100_u16..600, seed in any::<u64>()) {
        let body = testing::noise(seed);
        let read = read(&HttpAnswer::of(status, "application/json", body), &ticker("AAPL"));
        prop_assert!(read.is_err());
    }

    #[test]
    fn no_byte_changed_makes_it_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = two_bars().to_string().into_bytes();
        let place = place.index(body.len());
        body[place] = byte;
        let read = read(&HttpAnswer::of(200, "application/json", body), &ticker("AAPL"));
        if let Ok(chart) = read {
            prop_assert!(chart.bars.iter().all(|bar| bar.close().is_finite()));
            prop_assert!(chart.bars.len() + chart.refused + chart.empty_rows <= 3);
        }
    }

    #[test]
    fn no_chart_spoilt_makes_it_panic(seed in any::<u64>()) {
        let body = testing::spoilt(two_bars().to_string().as_bytes(), seed);
        let read = read(&HttpAnswer::of(200, "application/json", body), &ticker("AAPL"));
        if let Ok(chart) = read {
            prop_assert!(chart.bars.iter().all(|bar| bar.close().is_finite()));
            prop_assert!(chart.bars.is_sorted_by_key(Bar::session));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_json_makes_it_panic_and_what_comes_ascends(place in any_place(), odd in any_json()) {
        let alone = read(&json_answer(&odd), &ticker("AAPL"));
        prop_assert!(alone.map_or(true, |chart| chart.bars.is_empty()));
        let mut body = two_bars();
        *body["chart"]["result"][0].pointer_mut(place).unwrap() = odd;
        if let Ok(chart) = read(&json_answer(&body), &ticker("AAPL")) {
            prop_assert!(chart.bars.is_sorted_by_key(Bar::session));
            prop_assert!(chart.bars.len() + chart.refused + chart.empty_rows <= 2);
        }
    }
}
