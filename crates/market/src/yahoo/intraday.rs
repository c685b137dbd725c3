//! Bars inside a session of an answer of the chart service, as they came.
//!
//! The choice of those that had ended at a moment, and the price then, is `crate::quote`'s: an
//! answer also holds bars that still grow, and a live row that is none.

use chrono::TimeDelta;
use closecall_protocol::Ticker;

use super::envelope::{column, moment, result, splits};
use super::wire::{ChartResult, Column, Meta};
use crate::providers::{IntradayAnswer, IntradayRow};
use crate::vendor::VendorFault;
use crate::vendor::http::HttpAnswer;
use crate::vendor::number::Cell;

/// Granularities and their lengths in minutes; the vendor has two names for an hour.
const GRANULARITIES: [(&str, i64); 8] = [
    ("1m", 1),
    ("2m", 2),
    ("5m", 5),
    ("15m", 15),
    ("30m", 30),
    ("60m", 60),
    ("1h", 60),
    ("90m", 90),
];

/// Reads an answer about `ticker`; `None` when the vendor says that there is nothing in the window.
pub(crate) fn read(
    answer: &HttpAnswer,
    ticker: &Ticker,
) -> Result<Option<IntradayAnswer>, VendorFault> {
    let names = GRANULARITIES.map(|(name, _)| name);
    match result(answer, ticker, &names)? {
        None => Ok(None),
        Some(result) => intraday(result).map(Some),
    }
}

fn intraday(result: ChartResult) -> Result<IntradayAnswer, VendorFault> {
    let step = step(&result.meta)?;
    let timestamps = result.timestamp.unwrap_or_default().0;
    let quote = result.indicators.unwrap_or_default().quote;
    let quote = quote.and_then(|list| list.0).unwrap_or_default();
    let matched = |name: &str, cells: Option<Column>| {
        let length = cells.as_ref().map_or(0, |cells| cells.0.len());
        column(cells, timestamps.len())
            .or_else(|| timestamps.is_empty().then(Vec::new))
            .ok_or_else(|| {
                let rows = timestamps.len();
                VendorFault::Malformed(format!("{name} has {length} entries for {rows} times"))
            })
    };
    // Never shifted and never cut: of columns of unequal length it is not known where they differ.
    let (open, high) = (matched("open", quote.open)?, matched("high", quote.high)?);
    let (low, close) = (matched("low", quote.low)?, matched("close", quote.close)?);
    let volume = matched("volume", quote.volume)?;
    let mut rows = Vec::with_capacity(timestamps.len());
    for (row, timestamp) in timestamps.iter().enumerate() {
        let Some(start) = moment(timestamp) else {
            return Err(VendorFault::Malformed(format!("row {row} has no time")));
        };
        let price = |cells: &[Cell]| cells[row].number().filter(|price| *price > 0.0);
        rows.push(IntradayRow {
            start,
            open: price(&open),
            high: price(&high),
            low: price(&low),
            close: price(&close),
            volume: volume[row].number(),
        });
    }
    let price = |cell: &Option<Cell>| cell.as_ref()?.lenient().filter(|price| *price > 0.0);
    Ok(IntradayAnswer {
        step,
        rows,
        last_trade: (
            result.meta.regular_market_time.as_ref().and_then(moment),
            price(&result.meta.regular_market_price),
        ),
        previous_close: price(&result.meta.chart_previous_close),
        splits: splits(result.events),
    })
}

fn step(meta: &Meta) -> Result<TimeDelta, VendorFault> {
    let name = meta.data_granularity.as_deref().unwrap_or("1m");
    GRANULARITIES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, minutes)| TimeDelta::minutes(*minutes))
        .ok_or_else(|| VendorFault::Granularity(name.to_owned()))
}
