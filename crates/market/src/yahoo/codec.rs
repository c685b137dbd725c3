//! The chart service's answers: bars, dividends and splits, or a fault that says what it is.
//!
//! It knows no calendar and no clock but the zone that an answer names: which bars are finished is
//! asked of a [`Chart`] afterwards.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::{America, Tz};
use closecall_calendar::Calendar;
use closecall_protocol::{Bar, Ohlcv, SessionDate, Ticker};

use super::wire::{Body, Dividend as WireDividend, Envelope, Events, Indicators, Meta, Series};
use super::wire::{Refusal, Split as WireSplit};
use crate::vendor::VendorFault;
use crate::vendor::fault::shown;
use crate::vendor::http::HttpAnswer;
use crate::vendor::number::Cell;

/// Daily bars as they came, the last of each date, ascending.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Chart {
    pub(crate) bars: Vec<Bar>,
    pub(crate) dividends: Vec<Dividend>,
    pub(crate) splits: Vec<Split>,
    /// Rows without a close: the vendor has not filled them yet.
    pub(crate) empty_rows: usize,
    /// Rows that break a rule, and what the first of them breaks.
    pub(crate) refused: usize,
    pub(crate) first_refusal: Option<String>,
}

/// Cash paid for each share on its ex-date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dividend {
    pub(crate) date: NaiveDate,
    pub(crate) amount: f64,
}

/// So many shares for one from its date on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub(crate) date: NaiveDate,
    pub(crate) ratio: f64,
}

impl Chart {
    /// The bars of sessions that have closed by `t`. A bar of a session in progress is partial; one
    /// on a day without a session does not belong to this exchange.
    pub(crate) fn finished(&self, calendar: &Calendar, t: DateTime<Utc>) -> Vec<Bar> {
        let closed = |bar: &&Bar| {
            calendar
                .session(bar.session().date())
                .is_some_and(|session| session.close <= t)
        };
        self.bars.iter().filter(closed).copied().collect()
    }

    fn refuse(&mut self, why: String) {
        self.refused += 1;
        self.first_refusal.get_or_insert(why);
    }
}

/// Reads an answer about `ticker`.
pub(crate) fn read(answer: &HttpAnswer, ticker: &Ticker) -> Result<Chart, VendorFault> {
    if let Some(fault) = answer.refusal() {
        return Err(fault);
    }
    let status = answer.status;
    let envelope: Envelope = match answer.json() {
        // A page or a text under such a status says no more than the status.
        Err(_) if status == 401 || status == 403 => {
            return Err(VendorFault::Credential(format!("HTTP status {status}")));
        }
        Err(_) if status >= 400 => return Err(VendorFault::Status(status)),
        other => other?,
    };
    let Some(Body { result, error }) = envelope.chart.or(envelope.finance) else {
        return Err(VendorFault::Malformed("there is no chart in it".to_owned()));
    };
    if let Some(refusal) = error {
        return refused(status, refusal);
    }
    if status >= 400 {
        return Err(VendorFault::Status(status));
    }
    match result {
        None => Err(VendorFault::Malformed(
            "it has neither a result nor an error".to_owned(),
        )),
        Some(mut series) if !series.is_empty() => chart(series.swap_remove(0), ticker),
        Some(_) => Ok(Chart::default()),
    }
}

/// What the vendor's own error means; one of them means that there is nothing in the window.
fn refused(status: u16, refusal: Refusal) -> Result<Chart, VendorFault> {
    let code = refusal.code.unwrap_or_default();
    let text = shown(refusal.description.as_deref().unwrap_or(&code));
    if text.starts_with("Data doesn't exist for startDate") {
        return Ok(Chart::default());
    }
    Err(match (status, code.as_str()) {
        (_, "Unauthorized") | (401 | 403, _) => VendorFault::Credential(text),
        (_, "Not Found") => VendorFault::UnknownSymbol(text),
        (_, "Too Many Requests") => VendorFault::Throttled { retry_after: None },
        _ => VendorFault::BadRequest(text),
    })
}

fn chart(series: Series, ticker: &Ticker) -> Result<Chart, VendorFault> {
    let Series {
        meta,
        timestamp,
        events,
        indicators,
    } = series;
    let zone = zone(&meta, ticker)?;
    let mut chart = Chart::default();
    if let Some(Events { dividends, splits }) = events {
        chart.dividends = dated(dividends, zone, dividend);
        chart.splits = dated(splits, zone, split);
    }
    let timestamps = timestamp.unwrap_or_default();
    let columns = Columns::new(indicators.unwrap_or_default(), timestamps.len())?;
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
        // The last of each date: a running session's bar may stand beside an earlier one of it.
        let date = at.with_timezone(&zone).date_naive();
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

/// Checks that the answer is the one asked for, and finds its zone. The offset that an answer also
/// names is that of the day of asking, so it is never used.
fn zone(meta: &Meta, ticker: &Ticker) -> Result<Tz, VendorFault> {
    let symbol =
        Ticker::new(&meta.symbol).map_err(|e| VendorFault::InvalidSymbol(e.to_string()))?;
    if symbol != *ticker {
        let (asked, answered) = (ticker.to_string(), symbol.to_string());
        return Err(VendorFault::WrongSymbol { asked, answered });
    }
    if let Some(other) = meta
        .data_granularity
        .as_deref()
        .filter(|name| *name != "1d")
    {
        return Err(VendorFault::Granularity(shown(other)));
    }
    match &meta.exchange_timezone_name {
        None => Ok(America::New_York),
        Some(name) => name
            .parse()
            .map_err(|_| VendorFault::Malformed(format!("unknown zone {}", shown(name)))),
    }
}

/// The columns of prices, all as long as there are rows.
struct Columns {
    open: Vec<Cell>,
    high: Vec<Cell>,
    low: Vec<Cell>,
    close: Vec<Cell>,
    volume: Vec<Cell>,
    /// Absent on some answers; the close stands in for it.
    adjusted: Option<Vec<Cell>>,
}

impl Columns {
    fn new(indicators: Indicators, rows: usize) -> Result<Self, VendorFault> {
        let first = |mut list: Vec<_>| {
            if list.is_empty() {
                None
            } else {
                Some(list.swap_remove(0))
            }
        };
        let quote = indicators.quote.and_then(first).unwrap_or_default();
        let adjusted = indicators
            .adjclose
            .and_then(|mut list| list.pop()?.adjclose);
        let column = |name, cells: Option<Vec<Cell>>| {
            let cells = cells.unwrap_or_default();
            if cells.len() == rows {
                return Ok(cells);
            }
            let lengths = format!("{name} has {} entries for {rows} times", cells.len());
            Err(VendorFault::Malformed(lengths))
        };
        Ok(Self {
            open: column("open", quote.open)?,
            high: column("high", quote.high)?,
            low: column("low", quote.low)?,
            close: column("close", quote.close)?,
            volume: column("volume", quote.volume)?,
            adjusted: adjusted
                .map(|cells| column("adjclose", Some(cells)))
                .transpose()?,
        })
    }

    fn bar(&self, date: NaiveDate, row: usize) -> Result<Bar, String> {
        let cell = |name, cells: &[Cell]| {
            cells[row]
                .number()
                .ok_or_else(|| format!("{name} of {date} is not a number"))
        };
        let close = cell("close", &self.close)?;
        let quote = Ohlcv {
            open: cell("open", &self.open)?,
            high: cell("high", &self.high)?,
            low: cell("low", &self.low)?,
            close,
            adj_close: self
                .adjusted
                .as_ref()
                .map_or(Ok(close), |cells| cell("adjclose", cells))?,
            volume: cell("volume", &self.volume)?,
        };
        let session = SessionDate::new(date).map_err(|error| error.to_string())?;
        Bar::new(session, quote).map_err(|error| error.to_string())
    }
}

/// A time in seconds since the epoch.
fn moment(cell: &Cell) -> Option<DateTime<Utc>> {
    // Saturates; what saturated is outside the range of dates.
    DateTime::from_timestamp(cell.lenient()? as i64, 0)
}

fn dated<W, E>(
    events: Option<BTreeMap<String, W>>,
    zone: Tz,
    read: impl Fn(W, Tz) -> Option<(NaiveDate, E)>,
) -> Vec<E> {
    let by_date: BTreeMap<_, _> = events
        .unwrap_or_default()
        .into_values()
        .filter_map(|event| read(event, zone))
        .collect();
    by_date.into_values().collect()
}

fn dividend(event: WireDividend, zone: Tz) -> Option<(NaiveDate, Dividend)> {
    let date = moment(&event.date)?.with_timezone(&zone).date_naive();
    let amount = event.amount.lenient().filter(|amount| *amount > 0.0)?;
    Some((date, Dividend { date, amount }))
}

fn split(event: WireSplit, zone: Tz) -> Option<(NaiveDate, Split)> {
    let date = moment(&event.date)?.with_timezone(&zone).date_naive();
    let ratio = event.numerator.lenient()? / event.denominator.lenient()?;
    (ratio.is_finite() && ratio > 0.0).then_some((date, Split { date, ratio }))
}

#[cfg(test)]
mod tests;
