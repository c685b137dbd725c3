//! Daily bars and splits of an answer of the chart service.
//!
//! A row is judged by what is read of it: the close and its time have to be there; every other
//! number costs itself alone.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::{Bar, SessionDate, Ticker};

use super::envelope::{column, moment, result, splits};
use super::wire::{ChartResult, Indicators};
use crate::providers::Chart;
use crate::vendor::VendorFault;
use crate::vendor::http::HttpAnswer;
use crate::vendor::number::Cell;

/// Reads an answer about `ticker`, as far as its rows were there at `cut`: one that is stamped later
/// takes no earlier one's place.
pub(crate) fn read(
    answer: &HttpAnswer,
    ticker: &Ticker,
    cut: DateTime<Utc>,
) -> Result<Chart, VendorFault> {
    match result(answer, ticker, &["1d"])? {
        None => Ok(Chart::default()),
        Some(result) => chart(result, cut),
    }
}

fn chart(result: ChartResult, cut: DateTime<Utc>) -> Result<Chart, VendorFault> {
    let mut chart = Chart {
        splits: splits(result.events),
        ..Chart::default()
    };
    let timestamps = result.timestamp.unwrap_or_default().0;
    let columns = Columns::new(result.indicators.unwrap_or_default(), timestamps.len())?;
    let mut by_date = BTreeMap::new();
    for (row, timestamp) in timestamps.iter().enumerate() {
        if columns.close[row] == Cell::Null {
            chart.empty_rows += 1;
            continue;
        }
        let Some(at) = moment(timestamp) else {
            chart.refuse(format!("row {row} has no time"));
            continue;
        };
        if at > cut {
            continue;
        }
        // The last of each date: a running session's bar may stand beside an earlier one of it.
        let date = Calendar::date_at(at);
        let newest = by_date.entry(date).or_insert((at, row));
        if at >= newest.0 {
            *newest = (at, row);
        }
    }
    for (date, (_, row)) in by_date {
        match columns.bar(date, row) {
            Ok(bar) => chart.bars.push(bar),
            Err(why) => chart.refuse(why),
        }
    }
    Ok(chart)
}

/// The columns of prices. The closes are as many as the times; a column of another length cannot be
/// matched to them and is unknown.
struct Columns {
    close: Vec<Cell>,
    open: Option<Vec<Cell>>,
    high: Option<Vec<Cell>>,
    low: Option<Vec<Cell>>,
    volume: Option<Vec<Cell>>,
    adjusted: Option<Vec<Cell>>,
}

impl Columns {
    fn new(indicators: Indicators, rows: usize) -> Result<Self, VendorFault> {
        let quote = indicators.quote.and_then(|list| list.0);
        let quote = quote.unwrap_or_default();
        let adjusted = indicators.adjclose.and_then(|list| list.0?.adjclose);
        let close = quote.close.unwrap_or_default().0;
        if close.len() != rows {
            let lengths = format!("close has {} entries for {rows} times", close.len());
            return Err(VendorFault::Malformed(lengths));
        }
        Ok(Self {
            close,
            open: column(quote.open, rows),
            high: column(quote.high, rows),
            low: column(quote.low, rows),
            volume: column(quote.volume, rows),
            adjusted: column(adjusted, rows),
        })
    }

    fn bar(&self, date: NaiveDate, row: usize) -> Result<Bar, String> {
        let number =
            |cells: &Option<Vec<Cell>>| cells.as_ref().and_then(|cells| cells[row].number());
        let close = self.close[row]
            .number()
            .ok_or_else(|| format!("close of {date} is not a number"))?;
        let session = SessionDate::new(date).map_err(|error| error.to_string())?;
        let bar = Bar::of_close(session, close).map_err(|error| error.to_string())?;
        Ok(bar
            .with_open(number(&self.open))
            .with_range(number(&self.low), number(&self.high))
            .with_adj_close(number(&self.adjusted))
            .with_volume(number(&self.volume)))
    }
}
