use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::recorded;

fn ticker(symbol: &str) -> Ticker {
    Ticker::new(symbol).unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn recorded(name: &str, symbol: &str) -> Option<Result<Chart, VendorFault>> {
    let answer = recorded::answer(&format!("yahoo-chart/{name}.json"))?;
    Some(read(&answer, &ticker(symbol)))
}

fn json_answer(body: &serde_json::Value) -> HttpAnswer {
    HttpAnswer::of(200, "application/json", body.to_string())
}

/// A chart of two bars, stamped at the openings of 2023-06-29 and 2023-06-30.
fn two_bars() -> serde_json::Value {
    json!({"chart": {"error": null, "result": [{
        "meta": {"symbol": "AAPL", "dataGranularity": "1d",
            "exchangeTimezoneName": "America/New_York", "gmtoffset": 36_000},
        "timestamp": [1_688_045_400, 1_688_131_800],
        "indicators": {
            "quote": [{
                "open": [189.08, 191.63], "high": [190.07, 194.48], "low": [188.94, 191.26],
                "close": [189.59, 193.97], "volume": [46_347_300, 85_069_600]
            }],
            "adjclose": [{"adjclose": [188.5, 192.9]}]
        }
    }]}})
}

fn changed(change: impl Fn(&mut serde_json::Value)) -> Result<Chart, VendorFault> {
    let mut body = two_bars();
    change(&mut body["chart"]["result"][0]);
    read(&json_answer(&body), &ticker("AAPL"))
}

fn closes(chart: &Chart) -> Vec<(String, f64)> {
    let cents = |price: f64| (price * 100.0).round() / 100.0;
    chart
        .bars
        .iter()
        .map(|bar| (bar.session().to_string(), cents(bar.close())))
        .collect()
}

#[test]
fn the_recorded_half_years_have_all_their_bars_and_dividends() {
    for (symbol, first, last, dividend) in
        [("AAPL", 212.5, 269.7, 0.26), ("MSFT", 395.26, 541.55, 0.83)]
    {
        let Some(chart) = recorded(&format!("{symbol}-6mo-2025-10-29"), symbol) else {
            return;
        };
        let chart = chart.unwrap();
        let closes = closes(&chart);
        assert_eq!(
            (chart.bars.len(), chart.refused, chart.empty_rows),
            (127, 0, 0)
        );
        assert_eq!(closes[0], ("2025-04-30".to_owned(), first));
        // Stamped at the close instead of the opening, and still that day's.
        assert_eq!(closes[126], ("2025-10-29".to_owned(), last));
        assert!(chart.dividends.iter().all(|paid| paid.amount == dividend));
        assert_eq!((chart.dividends.len(), chart.splits.len()), (2, 0));
        // Every session of the calendar, and all of them finished a second after the last close.
        let calendar = Calendar::default();
        let sessions = calendar
            .sessions(date("2025-04-30"), date("2025-10-29"))
            .count();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(
            chart.finished(&calendar, at("2025-10-29T20:00:01Z")).len(),
            sessions
        );
        assert_eq!(
            chart.finished(&calendar, at("2025-10-29T19:59:59Z")).len(),
            sessions - 1
        );
    }
}

#[test]
fn the_recorded_split_and_the_end_of_summer_time_fall_on_their_days() {
    let name = "AAPL-2020-08-31-to-2020-11-07-split-dividend";
    let Some(chart) = recorded(name, "AAPL") else {
        return;
    };
    let chart = chart.unwrap();
    assert_eq!(chart.bars.len(), 49);
    assert_eq!(
        chart.splits,
        [Split {
            date: date("2020-08-31"),
            ratio: 4.0
        }]
    );
    assert_eq!(
        chart.dividends,
        [Dividend {
            date: date("2020-11-06"),
            amount: 0.205
        }]
    );
    let closes = closes(&chart);
    assert_eq!(closes[0], ("2020-08-31".to_owned(), 129.04));
    assert_eq!(closes[48], ("2020-11-06".to_owned(), 118.69));
    let calendar = Calendar::default();
    assert!(
        chart
            .bars
            .iter()
            .all(|bar| calendar.is_session(bar.session().date()))
    );
}

#[test]
fn the_other_recorded_charts_parse_too() {
    let name = "MSFT-2021-02-01-to-2022-01-31-dividends";
    let Some(chart) = recorded(name, "MSFT") else {
        return;
    };
    let chart = chart.unwrap();
    assert_eq!((chart.bars.len(), chart.dividends.len()), (252, 4));
    assert_eq!(closes(&chart)[0], ("2021-02-01".to_owned(), 239.65));

    let one = recorded("AAPL-2020-01-01-to-2020-01-03-one-bar", "AAPL")
        .unwrap()
        .unwrap();
    assert_eq!(closes(&one), [("2020-01-02".to_owned(), 75.09)]);
    assert_eq!(one.bars[0].adj_close().unwrap(), 72.716_072_082_519_53);

    // Stamped at midnight of its own zone.
    let bitcoin = recorded("BTC-USD-2020-01-01-utc-market", "BTC-USD")
        .unwrap()
        .unwrap();
    let days: Vec<_> = bitcoin
        .bars
        .iter()
        .map(|bar| bar.session().to_string())
        .collect();
    assert_eq!(days, ["2020-01-01", "2020-01-02", "2020-01-03"]);
    let far = "2030-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(bitcoin.finished(&Calendar::default(), far).len(), 2);
}

#[test]
fn recorded_answers_that_are_not_daily_bars_of_a_ticker_are_refused_with_their_reason() {
    let Some(future) = recorded("GC=F-2020-01-01-future", "AAPL") else {
        return;
    };
    let reason = future.unwrap_err();
    assert!(
        matches!(&reason, VendorFault::InvalidSymbol(why) if why.contains("GC=F")),
        "{reason}"
    );
    let weekend = recorded("AAPL-2025-02-01-weekend-no-timestamp", "AAPL").unwrap();
    assert_eq!(weekend, Err(VendorFault::Granularity("1m".to_owned())));
    let other = recorded("MSFT-6mo-2025-10-29", "AAPL")
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
fn the_date_comes_from_the_zone_and_not_from_the_offset() {
    let chart = changed(|_| {}).unwrap();
    assert_eq!(
        closes(&chart),
        [("2023-06-29".into(), 189.59), ("2023-06-30".into(), 193.97)]
    );
    assert_eq!(chart.bars[1].adj_close().unwrap(), 192.9);
    let unknown = changed(|series| series["meta"]["exchangeTimezoneName"] = json!("Mars/Base"));
    assert!(
        matches!(unknown, Err(VendorFault::Malformed(_))),
        "{unknown:?}"
    );
}

#[test]
fn only_the_symbol_has_to_be_there() {
    let chart = changed(|series| {
        series["meta"] = json!({"symbol": "AAPL", "currency": null, "new": [1]});
        series["indicators"]
            .as_object_mut()
            .unwrap()
            .remove("adjclose");
    });
    assert_eq!(chart.unwrap().bars[0].adj_close().unwrap(), 189.59);
    let empty = changed(|series| {
        series.as_object_mut().unwrap().remove("timestamp");
        series["indicators"] = json!({"quote": [{}]});
    });
    assert_eq!(empty.unwrap(), Chart::default());
}

#[test]
fn the_last_row_of_a_day_counts_unless_it_is_empty() {
    let same_day = |last: serde_json::Value| {
        changed(move |series| {
            series["timestamp"][0] = json!(1_688_131_800);
            series["timestamp"][1] = json!(1_688_155_201);
            for (column, value) in series["indicators"]["quote"][0].as_object_mut().unwrap() {
                value[0] = if column == "volume" {
                    json!(1)
                } else {
                    json!(100)
                };
                if last.is_null() {
                    value[1] = json!(null);
                }
            }
        })
        .unwrap()
    };
    assert_eq!(closes(&same_day(json!(1))), [("2023-06-30".into(), 193.97)]);
    assert_eq!(
        closes(&same_day(json!(null))),
        [("2023-06-30".into(), 100.0)]
    );
}

#[test]
fn rows_that_break_a_rule_are_counted_and_left_out() {
    for (column, value) in [
        ("close", json!("193.97")),
        ("close", json!(-1)),
        ("close", json!(0)),
        ("close", json!(1e308)),
        ("close", json!(500)),
        ("open", json!(null)),
        ("open", json!([1])),
        ("low", json!(true)),
        ("volume", json!(-5)),
        ("volume", json!(null)),
    ] {
        let chart =
            changed(|series| series["indicators"]["quote"][0][column][1] = value.clone()).unwrap();
        assert_eq!(
            (chart.bars.len(), chart.refused),
            (1, 1),
            "{column} {value}"
        );
        assert!(chart.first_refusal.unwrap().contains("2023-06-30"));
    }
    let untimed = changed(|series| series["timestamp"][0] = json!(null)).unwrap();
    assert_eq!((untimed.bars.len(), untimed.refused), (1, 1));
}

#[test]
fn columns_of_unequal_length_cost_the_whole_answer() {
    let short = changed(|series| {
        series["indicators"]["quote"][0]["low"]
            .as_array_mut()
            .unwrap()
            .pop();
    });
    assert!(
        matches!(&short, Err(VendorFault::Malformed(why)) if why.contains("low")),
        "{short:?}"
    );
    let none = changed(|series| series["indicators"] = json!({}));
    assert!(matches!(none, Err(VendorFault::Malformed(_))));
    let adjusted = changed(|series| series["indicators"]["adjclose"][0]["adjclose"] = json!([1]));
    assert!(matches!(adjusted, Err(VendorFault::Malformed(_))));
}

#[test]
fn events_are_read_in_every_form_and_odd_ones_left_out() {
    let chart = changed(|series| {
        series["events"] = json!({
            "splits": {
                "1": {"date": 1_688_131_800, "numerator": "10", "denominator": 1.0},
                "2": {"date": 1_688_045_400, "numerator": 1, "denominator": 0}
            },
            "dividends": {
                "3": {"date": "1688131800", "amount": "0.24"},
                "4": {"date": 1_688_045_400, "amount": null}
            }
        });
    })
    .unwrap();
    let day = date("2023-06-30");
    assert_eq!(
        chart.splits,
        [Split {
            date: day,
            ratio: 10.0
        }]
    );
    assert_eq!(
        chart.dividends,
        [Dividend {
            date: day,
            amount: 0.24
        }]
    );
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
        Err(VendorFault::Credential(_))
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
    #[test]
    fn no_bytes_make_it_panic(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..400)) {
        let read = read(&HttpAnswer::of(status, "application/json", body), &ticker("AAPL"));
        prop_assert!(read.is_err());
    }

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
