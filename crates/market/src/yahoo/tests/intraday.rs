//! Bars inside a session, as recorded answers hold them.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::json;

use super::{json_answer, ticker, two_bars};
use crate::providers::{IntradayAnswer, IntradayRow};
use crate::recorded;
use crate::vendor::VendorFault;
use crate::vendor::http::HttpAnswer;
use crate::yahoo::intraday::read;

fn recorded(name: &str, symbol: &str) -> Option<Result<Option<IntradayAnswer>, VendorFault>> {
    let answer = recorded::answer(&format!("yahoo-chart/{name}.json"))?;
    Some(read(&answer, &ticker(symbol)))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A row's numbers, prices to cents.
fn numbers(row: &IntradayRow) -> (DateTime<Utc>, [f64; 4], f64) {
    let prices = [row.open, row.high, row.low, row.close]
        .map(|price| (price.unwrap() * 100.0).round() / 100.0);
    (row.start, prices, row.volume.unwrap())
}

#[test]
fn a_running_session_has_its_bars_and_a_live_row() {
    let Some(answer) = recorded("AAPL-1d-5m-in-session-2026-10-05", "AAPL") else {
        return;
    };
    let intraday = answer.unwrap().unwrap();
    assert_eq!(
        (intraday.step, intraday.rows.len()),
        (TimeDelta::minutes(5), 7)
    );
    assert_eq!(
        numbers(&intraday.rows[0]),
        (
            at("2026-10-05T13:30:00Z"),
            [332.8, 336.19, 331.65, 336.07],
            1_810_280.0
        )
    );
    assert_eq!(
        numbers(&intraday.rows[5]),
        (
            at("2026-10-05T13:55:00Z"),
            [334.91, 334.98, 334.18, 334.27],
            205_140.0
        )
    );
    assert_eq!(
        numbers(&intraday.rows[6]),
        (at("2026-10-05T13:58:27Z"), [333.92; 4], 0.0)
    );
    assert_eq!(
        intraday.last_trade,
        (Some(at("2026-10-05T13:58:27Z")), Some(333.923))
    );
    assert_eq!(
        (intraday.previous_close, intraday.splits),
        (Some(333.69), vec![])
    );

    let oracle = recorded("ORCL-1d-2m-in-session-2020-09-10", "ORCL").unwrap();
    let oracle = oracle.unwrap().unwrap();
    assert_eq!(
        (oracle.step, oracle.rows.len()),
        (TimeDelta::minutes(2), 18)
    );
    assert_eq!(numbers(&oracle.rows[16]).1, [57.92, 57.92, 57.87, 57.88]);
    assert_eq!(oracle.rows[17].start, at("2020-09-10T14:03:36Z"));
    assert_eq!(oracle.previous_close, Some(56.95));
}

#[test]
fn several_days_and_a_finished_one_are_read() {
    let Some(answer) = recorded("AAPL-5d-1h-in-session-2026-10-05", "AAPL") else {
        return;
    };
    let days = answer.unwrap().unwrap();
    assert_eq!((days.step, days.rows.len()), (TimeDelta::hours(1), 8));
    assert_eq!(days.rows[0].start, at("2026-09-29T13:30:00Z"));
    assert_eq!(days.previous_close, Some(338.4));

    let nvidia = recorded("NVDA-1d-1h-after-close-2024-05-03", "NVDA").unwrap();
    let nvidia = nvidia.unwrap().unwrap();
    assert_eq!(nvidia.rows.len(), 8);
    assert_eq!(numbers(&nvidia.rows[6]).1, [888.78, 889.3, 885.97, 887.87]);
    assert_eq!(
        numbers(&nvidia.rows[7]),
        (at("2024-05-03T20:00:00Z"), [887.89; 4], 0.0)
    );
    let session = closecall_calendar::Calendar::default()
        .session("2024-05-03".parse().unwrap())
        .unwrap();
    let close = crate::quote::closing_price(&nvidia, &(&session).into()).unwrap();
    assert!((close - 887.87).abs() < 1e-3, "{close}");
}

#[test]
fn trading_before_the_opening_and_a_holiday_are_read_as_what_they_are() {
    let name = "AAPL-1d-1h-prepost-before-open-2025-07-30";
    let Some(answer) = recorded(name, "AAPL") else {
        return;
    };
    let early = answer.unwrap().unwrap();
    let starts: Vec<_> = early.rows.iter().map(|row| row.start).collect();
    assert_eq!(
        starts,
        [at("2025-07-30T08:00:00Z"), at("2025-07-30T08:35:20Z")]
    );
    assert_eq!(
        early.last_trade,
        (Some(at("2025-07-29T20:00:01Z")), Some(211.27))
    );
    let holiday = recorded("TSLA-1h-prepost-holiday-2025-01-01-no-bars", "TSLA").unwrap();
    let holiday = holiday.unwrap().unwrap();
    assert_eq!(
        (holiday.rows.len(), holiday.previous_close),
        (0, Some(403.84))
    );
    let weekend = recorded("AAPL-2025-02-01-weekend-no-timestamp", "AAPL").unwrap();
    assert_eq!(weekend.unwrap().unwrap().rows, []);
    let daily = recorded("AAPL-1mo-1d-in-session-2026-10-05", "AAPL").unwrap();
    assert_eq!(daily, Err(VendorFault::Granularity("1d".to_owned())));
}

#[test]
fn the_recorded_refusals_of_windows_and_intervals_are_bad_requests() {
    for (name, answer) in recorded::refusals("yahoo-chart/error-bodies-intraday.json") {
        let refused = read(&answer, &ticker("AAPL"));
        assert!(
            matches!(refused, Err(VendorFault::BadRequest(_))),
            "{name}: {refused:?}"
        );
    }
}

/// Two minutes of a session and nothing else.
fn two_minutes() -> serde_json::Value {
    let mut body = two_bars();
    body["chart"]["result"][0]["meta"]["dataGranularity"] = json!("1m");
    body["chart"]["result"][0]["timestamp"] = json!([1_688_131_800, 1_688_131_860]);
    body
}

fn changed(change: impl Fn(&mut serde_json::Value)) -> Result<Option<IntradayAnswer>, VendorFault> {
    let mut body = two_minutes();
    change(&mut body["chart"]["result"][0]);
    read(&json_answer(&body), &ticker("AAPL"))
}

#[test]
fn columns_of_unequal_length_are_refused_and_nulls_are_unknown() {
    for column in ["open", "high", "low", "close", "volume"] {
        let short = changed(|series| {
            series["indicators"]["quote"][0][column]
                .as_array_mut()
                .unwrap()
                .pop();
        });
        assert!(
            matches!(&short, Err(VendorFault::Malformed(why)) if why.contains(column)),
            "{short:?}"
        );
        let null = changed(|series| series["indicators"]["quote"][0][column][1] = json!(null));
        assert_eq!(null.unwrap().unwrap().rows.len(), 2);
    }
    let nowhere = changed(|series| series["timestamp"][1] = json!(null));
    assert!(matches!(nowhere, Err(VendorFault::Malformed(_))));
    let nothing = changed(|series| {
        series.as_object_mut().unwrap().remove("timestamp");
        series["indicators"] = json!({"quote": [{}]});
    });
    assert_eq!(nothing.unwrap().unwrap().rows, []);
    let other = changed(|series| series["meta"]["dataGranularity"] = json!("1wk"));
    assert!(matches!(other, Err(VendorFault::Granularity(_))));
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
        let mut body = two_minutes().to_string().into_bytes();
        let place = place.index(body.len());
        body[place] = byte;
        let read = read(&HttpAnswer::of(200, "application/json", body), &ticker("AAPL"));
        prop_assert!(read.map_or(true, |answer| answer.is_none_or(|answer| answer.rows.len() <= 3)));
    }

    #[test]
    fn no_chart_spoilt_makes_it_panic(seed in any::<u64>()) {
        let body = testing::spoilt(two_minutes().to_string().as_bytes(), seed);
        let size = body.len();
        let read = read(&HttpAnswer::of(200, "application/json", body), &ticker("AAPL"));
        prop_assert!(read.map_or(true, |answer| answer.is_none_or(|answer| answer.rows.len() < size)));
    }
}
