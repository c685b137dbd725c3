//! Rows: a date and its numbers.

use chrono::NaiveDate;
use csv::StringRecord;

use crate::form::Columns;

/// A session's numbers; only the close has to be known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DailyRow {
    /// The session's date.
    pub date: NaiveDate,
    /// The first price.
    pub open: Option<f64>,
    /// The highest price.
    pub high: Option<f64>,
    /// The lowest price.
    pub low: Option<f64>,
    /// The last price.
    pub close: f64,
    /// The close less the dividends after it, where the file has it.
    pub adj_close: Option<f64>,
    /// Shares traded.
    pub volume: Option<f64>,
}

/// A line of a file: a row, unless it has no close, and the split of its date.
pub(crate) struct Parsed {
    pub(crate) date: NaiveDate,
    pub(crate) row: Option<DailyRow>,
    pub(crate) split: Option<f64>,
}

pub(crate) fn parse(record: &StringRecord, columns: &Columns) -> Result<Parsed, String> {
    if record.len() != columns.width {
        let (found, width) = (record.len(), columns.width);
        return Err(format!("{found} columns instead of {width}"));
    }
    let date = date(record.get(columns.date).unwrap_or_default())?;
    let number = |column: usize, name: &str| number(record.get(column).unwrap_or_default(), name);
    let optional = |column: Option<usize>, name| match column {
        Some(column) => number(column, name),
        None => Ok(None),
    };
    let close = number(columns.close, "close")?;
    let row = DailyRow {
        date,
        open: number(columns.open, "open")?,
        high: number(columns.high, "high")?,
        low: number(columns.low, "low")?,
        close: close.unwrap_or_default(),
        adj_close: optional(columns.adj_close, "adjusted close")?,
        volume: number(columns.volume, "volume")?,
    };
    let split = optional(columns.split, "split")?;
    Ok(Parsed {
        date,
        row: close.map(|_| row),
        split: split.filter(|ratio| *ratio > 0.0 && *ratio != 1.0),
    })
}

/// `2023-06-30`, also with a time of day behind it, as frames with a zone are written.
fn date(text: &str) -> Result<NaiveDate, String> {
    let text = text.trim();
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    day.parse()
        .map_err(|_| format!("{text:?} is not a date as YYYY-MM-DD"))
}

/// A finite number; the words that stand for none are none.
fn number(text: &str, name: &str) -> Result<Option<f64>, String> {
    let text = text.trim();
    if text.is_empty() || ["null", "nan", "n/d"].contains(&text.to_ascii_lowercase().as_str()) {
        return Ok(None);
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number
        .map(Some)
        .ok_or_else(|| format!("{name} is {text:?}, not a number"))
}

/// Brings prices that were written as they were quoted behind the splits.
pub(crate) fn behind_splits(rows: &mut [DailyRow], splits: &[(NaiveDate, f64)]) {
    for row in rows {
        let later = splits.iter().filter(|(date, _)| *date > row.date);
        let ratio: f64 = later.map(|(_, ratio)| ratio).product();
        if ratio == 1.0 {
            continue;
        }
        for price in [&mut row.open, &mut row.high, &mut row.low]
            .into_iter()
            .flatten()
        {
            *price /= ratio;
        }
        row.close /= ratio;
        row.volume = row.volume.map(|volume| volume * ratio);
    }
}
