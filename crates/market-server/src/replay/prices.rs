//! `prices/TICKER.csv`: daily bars. A date on which the calendar has no session is left out with a
//! warning: there is no close at which it could appear.

use std::path::Path;

use chrono::NaiveDate;

use closecall_calendar::Calendar;
use closecall_price_files::DailyRow;
use closecall_protocol::{Bar, Ohlcv, SessionDate, Ticker};

use super::table::Table;
use crate::error::Error;
use crate::session_bar::SessionBar;

const NUMBERS: [&str; 6] = ["Open", "High", "Low", "Close", "Adj Close", "Volume"];

/// The bars of a file, ascending.
pub(super) fn read(
    path: &Path,
    ticker: &Ticker,
    calendar: &Calendar,
) -> Result<Vec<SessionBar>, Error> {
    let table = Table::open(path)?;
    if table.column("Adj Close").is_none() || table.column("Date").is_none() {
        return read_other_form(path, ticker, calendar);
    }
    let date = table.required("Date")?;
    let mut columns = [0; NUMBERS.len()];
    for (column, name) in columns.iter_mut().zip(NUMBERS) {
        *column = table.required(name)?;
    }
    let mut days: Vec<SessionBar> = Vec::new();
    table.for_each(|row| {
        let text = row.get(date).unwrap_or_default();
        let date: NaiveDate = text
            .parse()
            .map_err(|_| format!("{text:?} is not a date as YYYY-MM-DD"))?;
        let mut numbers = [0.0; NUMBERS.len()];
        for ((number, column), name) in numbers.iter_mut().zip(columns).zip(NUMBERS) {
            let text = row.get(column).unwrap_or_default().trim();
            *number = text
                .parse()
                .map_err(|_| format!("{name} is {text:?}, not a number"))?;
        }
        let [open, high, low, close, adj_close, volume] = numbers;
        let quote = Ohlcv {
            open,
            high,
            low,
            close,
            adj_close,
            volume,
        };
        let session = SessionDate::new(date).map_err(|error| error.to_string())?;
        Bar::new(session, quote).map_err(|error| error.to_string())?;
        if days.last().is_some_and(|last| last.session.date >= date) {
            return Err(format!("{date} does not come after the date before it"));
        }
        match calendar.session(date) {
            Some(session) => days.push(SessionBar { session, quote }),
            None => tracing::warn!(path = %path.display(), %date, "no session: bar left out"),
        }
        Ok(())
    })?;
    Ok(days)
}

/// The bars of a file in another of the forms that prices are kept in. A row of which a price is
/// missing is left out; without a close less dividends the close stands for it.
fn read_other_form(
    path: &Path,
    ticker: &Ticker,
    calendar: &Calendar,
) -> Result<Vec<SessionBar>, Error> {
    let file = closecall_price_files::read(path, ticker.as_str())?;
    let bar = |row: &DailyRow| {
        let quote = Ohlcv {
            open: row.open?,
            high: row.high?,
            low: row.low?,
            close: row.close,
            adj_close: row.adj_close.unwrap_or(row.close),
            volume: row.volume?,
        };
        Bar::new(SessionDate::new(row.date).ok()?, quote).ok()?;
        let session = calendar.session(row.date)?;
        Some(SessionBar { session, quote })
    };
    let days: Vec<SessionBar> = file.rows.iter().filter_map(bar).collect();
    let left_out = file.rows.len() - days.len() + file.empty_rows;
    if left_out > 0 {
        tracing::warn!(path = %path.display(), left_out, "rows without a session or a price");
    }
    Ok(days)
}
