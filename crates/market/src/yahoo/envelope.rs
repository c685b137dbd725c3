//! The envelope of every answer of the chart service: the result that was asked for, or a fault
//! that says what came instead.
//!
//! Only sessions of New York in dollars are forecast. An answer that says it is about anything else
//! is refused by name; one that says nothing is taken for what was asked.

use chrono::{DateTime, NaiveDate, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::Ticker;

use super::wire::{ChartBody, ChartEvents, ChartRefusal, ChartResult, Column, Envelope, Meta};
use crate::split::Split;
use crate::vendor::VendorFault;
use crate::vendor::bounded::First;
use crate::vendor::fault::shown;
use crate::vendor::http::HttpAnswer;
use crate::vendor::number::Cell;
use crate::vendor::symbol::vendor_symbol;

const ZONE: &str = "America/New_York";
/// Seconds from Greenwich in winter and in summer.
const OFFSETS: [f64; 2] = [-18_000.0, -14_400.0];
const CURRENCY: &str = "USD";
/// Instruments that trade in sessions of the exchange: shares, and funds that trade like them.
const INSTRUMENTS: [&str; 2] = ["EQUITY", "ETF"];

/// The result of an answer about `ticker` in one of the `granularities`; `None` when the vendor
/// says that there is nothing in the window.
pub(super) fn result(
    answer: &HttpAnswer,
    ticker: &Ticker,
    granularities: &[&str],
) -> Result<Option<ChartResult>, VendorFault> {
    if let Some(fault) = answer.refusal() {
        return Err(fault);
    }
    let status = answer.status;
    let envelope: Envelope = match answer.json() {
        // A page or a text under such a status says no more than the status, and is no word about
        // the symbol.
        Err(_) if status >= 400 => return Err(answer.refused_without_words()),
        other => other?,
    };
    let Some(ChartBody { result, error }) = envelope.chart.or(envelope.finance) else {
        return Err(VendorFault::Malformed("there is no chart in it".to_owned()));
    };
    if let Some(refusal) = error {
        return refused(status, refusal);
    }
    if status >= 400 {
        return Err(VendorFault::Status(status));
    }
    let First(result) = result
        .ok_or_else(|| VendorFault::Malformed("it has neither a result nor an error".to_owned()))?;
    let Some(result) = result else {
        return Ok(None);
    };
    check(&result.meta, ticker, granularities)?;
    Ok(Some(result))
}

/// Meaning of the vendor's own error; one of them means that there is nothing in the window.
fn refused(status: u16, refusal: ChartRefusal) -> Result<Option<ChartResult>, VendorFault> {
    let code = refusal.code.unwrap_or_default();
    let text = shown(refusal.description.as_deref().unwrap_or(&code));
    if text.starts_with("Data doesn't exist for startDate") {
        return Ok(None);
    }
    Err(match (status, code.as_str()) {
        (_, "Unauthorized") | (401 | 403, _) => VendorFault::Credential(text),
        (_, "Not Found") => VendorFault::UnknownSymbol(text),
        (_, "Too Many Requests") => VendorFault::Throttled { retry_after: None },
        _ => VendorFault::BadRequest(text),
    })
}

/// Checks that the answer is the one asked for, and about a session of New York in dollars.
fn check(meta: &Meta, ticker: &Ticker, granularities: &[&str]) -> Result<(), VendorFault> {
    let asked = vendor_symbol(ticker);
    let symbol =
        Ticker::new(&meta.symbol).map_err(|e| VendorFault::InvalidSymbol(e.to_string()))?;
    if symbol.as_str() != asked {
        let (asked, answered) = (asked.into_owned(), symbol.to_string());
        return Err(VendorFault::WrongSymbol { asked, answered });
    }
    if let Some(other) = &meta.data_granularity
        && !granularities.contains(&other.as_str())
    {
        return Err(VendorFault::Granularity(shown(other)));
    }
    let differs = |said: &Option<String>, right: &[&str]| {
        said.as_deref().is_some_and(|said| !right.contains(&said))
    };
    // Where the zone has no name, its distance from Greenwich still says that it is another.
    let offset = meta.gmtoffset.as_ref().and_then(Cell::lenient);
    let far = meta.exchange_timezone_name.is_none()
        && offset.is_some_and(|seconds| !OFFSETS.contains(&seconds));
    if far
        || differs(&meta.exchange_timezone_name, &[ZONE])
        || differs(&meta.currency, &[CURRENCY])
        || differs(&meta.instrument_type, &INSTRUMENTS)
    {
        return Err(VendorFault::OtherMarket(market(meta)));
    }
    Ok(())
}

/// The market that an answer says it is of.
fn market(meta: &Meta) -> String {
    let kind = meta.instrument_type.as_deref().unwrap_or("EQUITY");
    let kind = match kind {
        "EQUITY" => "shares".to_owned(),
        "ETF" => "an exchange-traded fund".to_owned(),
        "MUTUALFUND" => "a fund".to_owned(),
        "FUTURE" => "a future".to_owned(),
        "CRYPTOCURRENCY" => "a crypto currency".to_owned(),
        "CURRENCY" => "a currency".to_owned(),
        "INDEX" => "an index".to_owned(),
        "OPTION" => "an option".to_owned(),
        other => format!("an instrument of the type {}", shown(other)),
    };
    let zone = match (&meta.exchange_timezone_name, &meta.gmtoffset) {
        (Some(zone), _) => shown(zone),
        (None, Some(offset)) => {
            let hours = offset.lenient().unwrap_or_default() / 3600.0;
            format!("another zone, {hours:+} h from Greenwich")
        }
        (None, None) => ZONE.to_owned(),
    };
    let currency = shown(meta.currency.as_deref().unwrap_or(CURRENCY));
    format!("{kind} in {currency} in sessions of {zone}")
}

/// A time in seconds since the epoch.
pub(super) fn moment(cell: &Cell) -> Option<DateTime<Utc>> {
    // Saturates; what saturated is outside the range of dates.
    DateTime::from_timestamp(cell.lenient()? as i64, 0)
}

/// The splits of an answer, one a date, ascending. Odd ones are left out.
pub(super) fn splits(events: Option<ChartEvents>) -> Vec<Split> {
    let by_date: std::collections::BTreeMap<NaiveDate, f64> = events
        .and_then(|events| events.splits)
        .unwrap_or_default()
        .0
        .into_iter()
        .filter_map(|split| {
            // The zone's date: the offset that an answer names is that of the day of asking.
            let date = Calendar::date_at(moment(&split.date)?);
            let ratio = split.numerator.lenient()? / split.denominator.lenient()?;
            (ratio.is_finite() && ratio > 0.0).then_some((date, ratio))
        })
        .collect();
    by_date
        .into_iter()
        .map(|(date, ratio)| Split { date, ratio })
        .collect()
}

/// A column that is as long as there are rows; another one cannot be matched to them.
pub(super) fn column(cells: Option<Column>, rows: usize) -> Option<Vec<Cell>> {
    cells
        .map(|cells| cells.0)
        .filter(|cells| cells.len() == rows)
}
