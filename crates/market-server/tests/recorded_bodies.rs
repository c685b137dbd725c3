//! Answers that the vendor gave, reproduced by a server that holds their bars.

use crate::support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use closecall_calendar::{Calendar, Clock};
use closecall_market_server::Visibility;
use serde_json::Value;
use support::*;

/// A recorded body, and the answer of a server that was primed with it and asked the same at `now`.
struct Pair {
    recorded: Value,
    answered: Value,
}

impl Pair {
    /// Primes a server with the rows of a recorded body but its last, which is no bar.
    fn of(file: &str, minutes: u32, query: &str, now: Option<&str>) -> Option<Self> {
        let path = testing::recorded_data()?.join("yahoo-chart").join(file);
        let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let meta = &result(&recorded)["meta"];
        let symbol = meta["symbol"].as_str().unwrap();
        let stamps = stamps(&recorded);
        let last = *stamps.last().unwrap();
        let [open, high, low, close, volume] =
            ["open", "high", "low", "close", "volume"].map(|name| column(&recorded, name));
        let bars = stamps.len() - 1;
        let mut csv = "start,end,open,high,low,close,volume\n".to_owned();
        for row in 0..bars {
            // The newest one was still growing.
            let end = if row + 1 == bars {
                last.to_rfc3339()
            } else {
                String::new()
            };
            writeln!(
                csv,
                "{},{end},{},{},{},{},{}",
                stamps[row].to_rfc3339(),
                open[row],
                high[row],
                low[row],
                close[row],
                volume[row]
            )
            .unwrap();
        }
        let directory = tempfile::tempdir().unwrap();
        write_file(
            directory.path(),
            &format!("intraday/{symbol}-{minutes}m.csv"),
            &csv,
        );

        let today = Calendar::date_at(last);
        let before = Calendar::default().previous(today).date;
        let previous = meta["chartPreviousClose"].as_f64().unwrap();
        let (top, bottom) = (
            high.iter().copied().fold(f64::MIN, f64::max),
            low.iter().copied().fold(f64::MAX, f64::min),
        );
        let price = close[bars];
        let prices = format!(
            "Date,Open,High,Low,Close,Adj Close,Volume\n\
             {before},{previous},{previous},{previous},{previous},{previous},1\n\
             {today},{},{top},{bottom},{price},{price},1\n",
            open[0]
        );
        write_file(directory.path(), &format!("prices/{symbol}.csv"), &prices);

        let clock = Clock::fixed(now.map_or(last, at));
        let server = start(replay(directory.path(), Visibility::Until(clock)));
        let path = format!("/v8/finance/chart/{symbol}?{query}");
        let (status, answered) = get(server.address(), &path);
        assert_eq!(status, 200);
        Some(Self { recorded, answered })
    }

    /// Stamps and nesting, and the numbers of every bar.
    fn agree(&self) {
        let of = |body: &Value| -> Vec<DateTime<Utc>> { stamps(body) };
        assert_eq!(of(&self.answered), of(&self.recorded));
        let bars = stamps(&self.recorded).len() - 1;
        for name in ["open", "high", "low", "close", "volume"] {
            let (answered, recorded) = (column(&self.answered, name), column(&self.recorded, name));
            assert_eq!(answered[..bars], recorded[..bars], "{name}");
        }
        let last = |body: &Value| {
            let number = |name| *column(body, name).last().unwrap();
            (
                number("volume"),
                number("open") == number("close"),
                number("high") == number("low"),
            )
        };
        assert_eq!(last(&self.answered), (0.0, true, true));
        assert_eq!(last(&self.recorded), (0.0, true, true));
        let nesting = |body: &Value| {
            let periods = &result(body)["meta"]["tradingPeriods"];
            (
                periods.clone(),
                result(body)["meta"]["currentTradingPeriod"].clone(),
            )
        };
        assert_eq!(nesting(&self.answered), nesting(&self.recorded));
        for key in [
            "dataGranularity",
            "range",
            "gmtoffset",
            "timezone",
            "chartPreviousClose",
        ] {
            let meta = |body: &Value| result(body)["meta"][key].clone();
            assert_eq!(meta(&self.answered), meta(&self.recorded), "{key}");
        }
    }
}

/// Every path of keys in a body.
fn keys(body: &Value, path: &str, found: &mut BTreeSet<String>) {
    match body {
        Value::Object(map) => {
            for (key, value) in map {
                let path = format!("{path}.{key}");
                keys(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => {
            for item in items {
                keys(item, &format!("{path}[]"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn five_minutes_inside_the_session_agree_in_every_key() {
    let file = "AAPL-1d-5m-in-session-2026-10-05.json";
    let Some(pair) = Pair::of(file, 5, "interval=5m&range=1d", None) else {
        return;
    };
    pair.agree();
    assert_eq!(stamps(&pair.answered).len(), 7);
    let [answered, recorded] = [&pair.answered, &pair.recorded].map(|body| {
        let mut found = BTreeSet::new();
        keys(body, "", &mut found);
        found
    });
    assert_eq!(answered, recorded);
    let time = |body: &Value| result(body)["meta"]["regularMarketTime"].clone();
    assert_eq!(time(&pair.answered), time(&pair.recorded));
}

#[test]
fn two_minutes_inside_the_session_agree() {
    let file = "ORCL-1d-2m-in-session-2020-09-10.json";
    if let Some(pair) = Pair::of(file, 2, "interval=2m&range=1d", None) {
        pair.agree();
        assert_eq!(stamps(&pair.answered).len(), 18);
    }
}

#[test]
fn hours_after_the_close_agree_down_to_the_official_close() {
    let file = "NVDA-1d-1h-after-close-2024-05-03.json";
    let evening = Some("2024-05-03T20:30:00Z");
    if let Some(pair) = Pair::of(file, 60, "interval=1h&range=1d", evening) {
        pair.agree();
        assert_eq!(stamps(&pair.answered).len(), 8);
        assert_eq!(
            column(&pair.answered, "close"),
            column(&pair.recorded, "close")
        );
    }
}
