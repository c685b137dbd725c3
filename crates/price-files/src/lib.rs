//! Daily prices in files of comma-separated values, in the column forms that people have them in:
//!
//! | form | columns | prices |
//! |---|---|---|
//! | Yahoo | `Date,Open,High,Low,Close,Adj Close,Volume` | after all splits |
//! | yfinance | three rows: `Price,...`, `Ticker,...`, `Date,,...`; of the columns those of the ticker | after all splits |
//! | yfinance, one ticker's history | `Date,Open,High,Low,Close,Volume,Dividends,Stock Splits` | after all splits |
//! | AlphaVantage | `timestamp,open,high,low,close,volume` | as they were quoted |
//! | AlphaVantage, adjusted | the same with `adjusted_close`, `dividend_amount`, `split_coefficient` | quoted; brought behind the splits here |
//! | Stooq | `Date,Open,High,Low,Close,Volume` | after all splits |
//!
//! Rows may ascend or descend; of one date the last row counts. A row without a close is left out and
//! counted. Whatever else is no form, no date or no number is refused with its file and line.

mod error;
mod form;
mod row;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;

pub use error::FileError;
pub use form::Form;
pub use row::DailyRow;

/// Largest file that is read.
const LARGEST: u64 = 64 << 20;

/// Contents of a file about one ticker.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyFile {
    /// The form that its header has.
    pub form: Form,
    /// One a date, ascending, all on the basis after the splits.
    pub rows: Vec<DailyRow>,
    /// Splits that the file names, ascending: new shares for an old one.
    pub splits: Vec<(NaiveDate, f64)>,
    /// Rows without a close.
    pub empty_rows: usize,
}

/// Reads a file about the ticker `symbol`.
///
/// # Errors
/// [`FileError`] for a file that cannot be read or is none of the forms.
pub fn read(path: &Path, symbol: &str) -> Result<DailyFile, FileError> {
    let size = std::fs::metadata(path).map_err(|error| FileError::unreadable(path, &error))?;
    if size.len() > LARGEST {
        return Err(FileError::at(path, 1, "the file is larger than 64 MiB"));
    }
    let text = std::fs::read(path).map_err(|error| FileError::unreadable(path, &error))?;
    parse(&text, symbol).map_err(|(line, problem)| FileError::at(path, line, problem))
}

/// A line, counted from 1, and what is wrong with it.
type Refusal = (u64, String);

fn parse(text: &[u8], symbol: &str) -> Result<DailyFile, Refusal> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut records = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text)
        .into_records();
    let mut next = move || records.next().map(|record| record.map_err(refused));
    let header = next().ok_or((1, "the file is empty".to_owned()))??;
    let columns = form::columns(&header, symbol, &mut next)?;
    let mut by_date = BTreeMap::new();
    let mut splits = BTreeMap::new();
    let mut empty_rows = 0;
    while let Some(record) = next() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let parsed = row::parse(&record, &columns).map_err(|problem| (line, problem))?;
        if let Some(ratio) = parsed.split {
            splits.insert(parsed.date, ratio);
        }
        match parsed.row {
            Some(row) => drop(by_date.insert(row.date, row)),
            None => empty_rows += 1,
        }
    }
    let mut rows: Vec<DailyRow> = by_date.into_values().collect();
    let splits: Vec<(NaiveDate, f64)> = splits.into_iter().collect();
    if columns.form == Form::AlphavantageAdjusted {
        row::behind_splits(&mut rows, &splits);
    }
    Ok(DailyFile {
        form: columns.form,
        rows,
        splits,
        empty_rows,
    })
}

fn refused(error: csv::Error) -> Refusal {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => (line, "the text is not UTF-8".to_owned()),
        _ => (line, error.to_string()),
    }
}
