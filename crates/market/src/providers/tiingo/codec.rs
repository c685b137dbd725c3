//! Tiingo's answers, or the fault that says what came instead.
//!
//! Its closes are as they were quoted, with the splits beside them; its adjusted ones take dividends
//! off, too. A forecast is of quoted closes after all splits, so the quoted ones are brought there.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use closecall_protocol::{Bar, SessionDate};
use serde::Deserialize;

use crate::providers::{Chart, IntradayRow};
use crate::split::Split;
use crate::vendor::VendorFault;
use crate::vendor::bounded::AtMost;
use crate::vendor::fault::shown;
use crate::vendor::http::HttpAnswer;
use crate::vendor::number::{Cell, number};

/// Thirty years of sessions, or two thousand bars inside them.
type Rows<T> = AtMost<T, 20_000>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Daily {
    date: Cell,
    open: Option<Cell>,
    high: Option<Cell>,
    low: Option<Cell>,
    close: Option<Cell>,
    volume: Option<Cell>,
    adj_close: Option<Cell>,
    split_factor: Option<Cell>,
}

#[derive(Deserialize)]
struct Minute {
    date: Cell,
    open: Option<Cell>,
    high: Option<Cell>,
    low: Option<Cell>,
    close: Option<Cell>,
    volume: Option<Cell>,
}

#[derive(Deserialize)]
struct Refusal {
    detail: Option<String>,
}

/// Reads end-of-day prices.
pub(super) fn daily(answer: &HttpAnswer) -> Result<Chart, VendorFault> {
    refusal(answer)?;
    let rows: Rows<Daily> = answer.json()?;
    let mut chart = Chart::default();
    let mut by_date = BTreeMap::new();
    for (number, row) in rows.0.into_iter().enumerate() {
        match date(&row.date) {
            Some(date) => drop(by_date.insert(date, row)),
            None => chart.refuse(format!("row {number} has no date")),
        }
    }
    // From the newest back: each split divides what lies before it.
    let mut ratio = 1.0;
    for (date, row) in by_date.into_iter().rev() {
        match bar(date, &row, ratio) {
            Ok(Some(bar)) => chart.bars.push(bar),
            Ok(None) => chart.empty_rows += 1,
            Err(why) => chart.refuse(why),
        }
        let split = number(&row.split_factor).filter(|split| *split > 0.0 && *split != 1.0);
        if let Some(split) = split {
            chart.splits.push(Split { date, ratio: split });
            ratio *= split;
        }
    }
    chart.bars.reverse();
    chart.splits.reverse();
    Ok(chart)
}

fn bar(date: NaiveDate, row: &Daily, ratio: f64) -> Result<Option<Bar>, String> {
    if matches!(row.close, None | Some(Cell::Null)) {
        return Ok(None);
    }
    let price = |cell: &Option<Cell>| number(cell).map(|price| price / ratio);
    let close = price(&row.close).ok_or_else(|| format!("close of {date} is not a number"))?;
    let session = SessionDate::new(date).map_err(|error| error.to_string())?;
    let bar = Bar::of_close(session, close).map_err(|error| error.to_string())?;
    Ok(Some(
        bar.with_open(price(&row.open))
            .with_range(price(&row.low), price(&row.high))
            .with_adj_close(number(&row.adj_close))
            .with_volume(number(&row.volume).map(|volume| volume * ratio)),
    ))
}

/// Reads bars inside a session.
pub(super) fn minutes(answer: &HttpAnswer) -> Result<Vec<IntradayRow>, VendorFault> {
    refusal(answer)?;
    let rows: Rows<Minute> = answer.json()?;
    let row = |(place, row): (usize, &Minute)| {
        let Minute {
            date,
            open,
            high,
            low,
            close,
            volume,
        } = row;
        IntradayRow::of_cells(place, (date, [open, high, low, close, volume]))
    };
    rows.0.iter().enumerate().map(row).collect()
}

/// The fault that status and words stand for. Words can come with status 200.
fn refusal(answer: &HttpAnswer) -> Result<(), VendorFault> {
    if let Some(fault) = answer.refusal() {
        return Err(fault);
    }
    let status = answer.status;
    let Ok(Refusal { detail }) = answer.json() else {
        return match status {
            400.. => Err(answer.refused_without_words()),
            _ => Ok(()),
        };
    };
    let text = shown(&detail.unwrap_or_default());
    let lower = text.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    Err(if says(&["allocation", "rate limit"]) {
        VendorFault::Throttled { retry_after: None }
    } else if says(&["token"]) {
        VendorFault::Credential(text)
    } else if says(&["not found"]) {
        VendorFault::UnknownSymbol(text)
    } else {
        match status {
            401 | 403 => VendorFault::NotEntitled(text),
            404 => VendorFault::UnknownSymbol(text),
            400.. => VendorFault::BadRequest(text),
            _ => VendorFault::Malformed(text),
        }
    })
}

fn date(cell: &Cell) -> Option<NaiveDate> {
    cell.text()?.get(..10)?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may fail loudly")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recorded;

    const TWO_DAYS: &str = r#"[
        {"date":"2020-08-28T00:00:00.000Z","close":499.23,"high":505.77,"low":498.31,"open":504.05,"volume":40000000,"adjClose":121.5,"divCash":0.0,"splitFactor":1.0},
        {"date":"2020-08-31T00:00:00.000Z","close":129.04,"high":131.0,"low":126.0,"open":127.58,"volume":200000000,"adjClose":125.6,"divCash":0.0,"splitFactor":4.0}
    ]"#;

    fn json(status: u16, body: &str) -> HttpAnswer {
        HttpAnswer::of(status, "application/json", body)
    }

    #[test]
    fn quoted_prices_are_brought_behind_their_splits_and_not_their_dividends() {
        let body = r#"[
            {"date":"2020-08-28T00:00:00.000Z","close":499.23,"high":505.77,"low":498.31,"open":504.05,"volume":40000000,"adjClose":121.5,"divCash":0.0,"splitFactor":1.0},
            {"date":"2020-08-31T00:00:00.000Z","close":129.04,"high":131.0,"low":126.0,"open":127.58,"volume":200000000,"adjClose":125.6,"divCash":0.0,"splitFactor":4.0},
            {"date":"2020-09-01T00:00:00.000Z","close":null,"splitFactor":1.0}
        ]"#;
        let chart = daily(&json(200, body)).unwrap();
        assert_eq!(chart.bars[0].close(), 499.23 / 4.0);
        assert_eq!(chart.bars[0].volume(), Some(160_000_000.0));
        assert_eq!((chart.bars[1].close(), chart.empty_rows), (129.04, 1));
        let date = "2020-08-31".parse().unwrap();
        assert_eq!(chart.splits, [Split { date, ratio: 4.0 }]);
    }

    #[test]
    fn minutes_and_the_empty_page() {
        let body = r#"[{"date":"2019-01-02T14:30:00.000Z","close":154.74,"high":155.52,"low":154.58,"open":154.74,"volume":16102}]"#;
        let rows = minutes(&json(200, body)).unwrap();
        assert_eq!(rows[0].start.to_rfc3339(), "2019-01-02T14:30:00+00:00");
        assert_eq!(minutes(&json(200, "[]")).unwrap(), []);
        assert_eq!(daily(&json(200, "[]")).unwrap(), Chart::default());
    }

    #[test]
    fn refusals_are_what_their_words_say() {
        let fault = |status, body| daily(&json(status, body)).unwrap_err();
        let token = r#"{"detail":"Please supply a token"}"#;
        assert!(matches!(fault(403, token), VendorFault::Credential(_)));
        let hourly = r#"{"detail":"Error: You have run over your hourly request allocation."}"#;
        assert!(matches!(fault(200, hourly), VendorFault::Throttled { .. }));
        let unknown = r#"{"detail":"Error: Ticker 'XXXX' not found"}"#;
        assert!(matches!(fault(404, unknown), VendorFault::UnknownSymbol(_)));
        assert!(matches!(fault(403, "<html>"), VendorFault::Blocked(_)));
        assert!(matches!(fault(200, "<html>"), VendorFault::NotJson(_)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(recorded::mutations()))]

        #[test]
        fn no_bytes_make_it_panic(status in 100_u16..600, seed in any::<u64>()) {
            let answer = HttpAnswer::of(status, "application/json", testing::noise(seed));
            prop_assert!(daily(&answer).is_err() && minutes(&answer).is_err());
        }

        #[test]
        fn no_list_spoilt_makes_it_panic(seed in any::<u64>()) {
            let body = testing::spoilt(TWO_DAYS.as_bytes(), seed);
            let answer = HttpAnswer::of(200, "application/json", body);
            if let Ok(chart) = daily(&answer) {
                prop_assert!(chart.bars.iter().all(|bar| bar.close().is_finite()));
                prop_assert!(chart.bars.is_sorted_by_key(Bar::session));
            }
            prop_assert!(minutes(&answer).map_or(true, |rows| rows.len() < TWO_DAYS.len()));
        }
    }
}
