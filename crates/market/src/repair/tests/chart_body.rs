//! The vendor's body of daily prices, and what goes wrong in it.

use closecall_protocol::SessionDate;
use serde_json::{Value, json};

use super::*;

/// The columns of prices.
pub(super) const PRICES: [&str; 4] = ["open", "high", "low", "close"];

/// The vendor's body that holds these bars.
pub(super) fn body(bars: &[Bar]) -> Value {
    let calendar = Calendar::default();
    let opening = |bar: &Bar| calendar.session(bar.session().date()).unwrap().open;
    let column = |of: fn(&Bar) -> Option<f64>| bars.iter().map(of).collect::<Vec<_>>();
    let stamps: Vec<i64> = bars.iter().map(|bar| opening(bar).timestamp()).collect();
    json!({"chart": {"error": null, "result": [{
        "meta": {"symbol": "AAPL", "dataGranularity": "1d", "currency": "USD",
            "exchangeTimezoneName": "America/New_York", "instrumentType": "EQUITY"},
        "timestamp": stamps,
        "indicators": {
            "quote": [{
                "open": column(Bar::open), "close": column(|bar| Some(bar.close())),
                "high": column(|bar| Some(bar.range()?.high)),
                "low": column(|bar| Some(bar.range()?.low)), "volume": column(Bar::volume),
            }],
            "adjclose": [{"adjclose": column(Bar::adj_close)}],
        },
    }]}})
}

/// The columns of prices and volumes.
pub(super) fn quote_columns(body: &mut Value) -> &mut Value {
    &mut body["chart"]["result"][0]["indicators"]["quote"][0]
}

/// Multiplies the cells of some columns and rows.
pub(super) fn scale(
    body: &mut Value,
    columns: &[&str],
    rows: impl IntoIterator<Item = usize>,
    factor: f64,
) {
    for row in rows {
        for column in columns {
            let cell = &mut quote_columns(body)[column][row];
            *cell = json!(cell.as_f64().unwrap() * factor);
        }
    }
}

/// Adds the announcement of a split.
pub(super) fn announce(body: &mut Value, day: SessionDate, ratio: f64) {
    let noon = day.date().and_hms_opt(16, 0, 0).unwrap().and_utc();
    let split = json!({"date": noon.timestamp(), "numerator": ratio, "denominator": 1});
    body["chart"]["result"][0]["events"] = json!({"splits": {"1": split}});
}
