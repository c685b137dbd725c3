//! Answers of the chart service, recorded and made by hand, as they are read.

mod daily;
mod intraday;
mod memory;
mod refusals;

use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::Ticker;
use serde_json::json;

use super::{Chart, daily as codec};
use crate::recorded;
use crate::vendor::VendorFault;
use crate::vendor::http::HttpAnswer;

pub(crate) fn ticker(symbol: &str) -> Ticker {
    Ticker::new(symbol).unwrap()
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Reads all of an answer, whenever it is from.
pub(crate) fn read(answer: &HttpAnswer, ticker: &Ticker) -> Result<Chart, VendorFault> {
    codec::read(answer, ticker, DateTime::<Utc>::MAX_UTC)
}

pub(crate) fn recorded(name: &str, symbol: &str) -> Option<Result<Chart, VendorFault>> {
    let answer = recorded::answer(&format!("yahoo-chart/{name}.json"))?;
    Some(read(&answer, &ticker(symbol)))
}

pub(crate) fn json_answer(body: &serde_json::Value) -> HttpAnswer {
    HttpAnswer::of(200, "application/json", body.to_string())
}

/// A chart of two bars, stamped at the openings of 2023-06-29 and 2023-06-30.
pub(crate) fn two_bars() -> serde_json::Value {
    json!({"chart": {"error": null, "result": [{
        "meta": {"symbol": "AAPL", "dataGranularity": "1d",
            "exchangeTimezoneName": "America/New_York", "currency": "USD", "instrumentType": "EQUITY",
            "gmtoffset": 36_000},
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

pub(crate) fn changed(change: impl Fn(&mut serde_json::Value)) -> Result<Chart, VendorFault> {
    let mut body = two_bars();
    change(&mut body["chart"]["result"][0]);
    read(&json_answer(&body), &ticker("AAPL"))
}

pub(crate) fn closes(chart: &Chart) -> Vec<(String, f64)> {
    let cents = |price: f64| (price * 100.0).round() / 100.0;
    chart
        .bars
        .iter()
        .map(|bar| (bar.session().to_string(), cents(bar.close())))
        .collect()
}
