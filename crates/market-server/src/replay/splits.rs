//! `splits/TICKER.csv`: the splits of a ticker, `date,numerator,denominator`.

use std::path::Path;

use chrono::NaiveDate;

use super::table::Table;
use crate::error::Error;

/// A split: `numerator` shares for `denominator` from the opening of `date` on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RecordedSplit {
    pub(crate) date: NaiveDate,
    pub(crate) numerator: f64,
    pub(crate) denominator: f64,
}

impl RecordedSplit {
    /// The factor from a price after it to one before it.
    pub(crate) fn ratio(&self) -> f64 {
        self.numerator / self.denominator
    }
}

/// The splits of a file, ascending.
pub(super) fn read(path: &Path) -> Result<Vec<RecordedSplit>, Error> {
    let table = Table::open(path)?;
    let date = table.required("date")?;
    let [numerator, denominator] = [table.required("numerator")?, table.required("denominator")?];
    let mut splits: Vec<RecordedSplit> = Vec::new();
    table.for_each(|row| {
        let text = row.get(date).unwrap_or_default().trim();
        let date: NaiveDate = text
            .parse()
            .map_err(|_| format!("{text:?} is not a date as YYYY-MM-DD"))?;
        let shares = |column: usize| {
            let text = row.get(column).unwrap_or_default().trim();
            let number = text.parse::<f64>().ok();
            number
                .filter(|number| (1e-6..=1e6).contains(number))
                .ok_or_else(|| format!("{text:?} is not a number of shares"))
        };
        let split = RecordedSplit {
            date,
            numerator: shares(numerator)?,
            denominator: shares(denominator)?,
        };
        if splits.last().is_some_and(|last| last.date >= date) {
            return Err(format!("{date} does not come after the date before it"));
        }
        splits.push(split);
        Ok(())
    })?;
    Ok(splits)
}
