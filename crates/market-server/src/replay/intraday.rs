//! `intraday/TICKER-{1,2,5,15,30,60}m.csv`: bars inside the sessions,
//! `start,open,high,low,close,volume` and, where a bar was cut off while it grew, `end`.
//!
//! A bar ends with its width, where the next one of its session starts, or with the session,
//! whichever comes first: so hourly files on either of the two grids that vendors use are read
//! right.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use closecall_calendar::{Calendar, Session};
use closecall_protocol::{Bar, Ohlcv, SessionDate};

use super::table::Table;
use crate::error::Error;
use crate::session_bar::SessionBar;
use crate::tape::{Print, Tape};

const PRICES: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// The widths that a file may have, in minutes: those of which an hour has a whole number.
const WIDTHS: [i64; 6] = [1, 2, 5, 15, 30, 60];

/// The bars of one file.
#[derive(Debug)]
pub(super) struct IntradayFile {
    /// The width of its bars in minutes.
    pub(super) minutes: i64,
    sessions: BTreeMap<NaiveDate, Vec<RecordedBar>>,
}

#[derive(Debug, Clone, Copy)]
struct RecordedBar {
    start: DateTime<Utc>,
    /// Where the file says it.
    end: Option<DateTime<Utc>>,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    volume: f64,
}

/// The ticker and the width that a file's stem names, such as `AAPL-15m`.
pub(super) fn parse_stem(stem: &str) -> Option<(&str, i64)> {
    let (ticker, width) = stem.rsplit_once('-')?;
    let minutes = width.strip_suffix('m')?.parse().ok()?;
    WIDTHS.contains(&minutes).then_some((ticker, minutes))
}

impl IntradayFile {
    pub(super) fn read(path: &Path, minutes: i64, calendar: &Calendar) -> Result<Self, Error> {
        let table = Table::open(path)?;
        let start = table.required("start")?;
        let end = table.column("end");
        let mut columns = [0; PRICES.len()];
        for (column, name) in columns.iter_mut().zip(PRICES) {
            *column = table.required(name)?;
        }
        let mut sessions: BTreeMap<NaiveDate, Vec<RecordedBar>> = BTreeMap::new();
        let mut newest: Option<DateTime<Utc>> = None;
        let mut outside = 0_usize;
        table.for_each(|row| {
            let text = row.get(start).unwrap_or_default().trim();
            let start = time("start", text)?;
            let end = end.and_then(|end| row.get(end)).map(str::trim);
            let end = end.filter(|end| !end.is_empty());
            let end = end.map(|end| time("end", end)).transpose()?;
            let mut numbers = [0.0; PRICES.len()];
            for ((number, column), name) in numbers.iter_mut().zip(columns).zip(PRICES) {
                let text = row.get(column).unwrap_or_default().trim();
                *number = text
                    .parse()
                    .map_err(|_| format!("{name} is {text:?}, not a number"))?;
            }
            let bar = recorded(start, end, numbers)?;
            if newest.is_some_and(|newest| newest >= start) {
                return Err(format!("{text} does not come after the start before it"));
            }
            newest = Some(start);
            let session = calendar.session(Calendar::date_at(start));
            match session.filter(|session| session.open <= start && start < session.close) {
                Some(session) => sessions.entry(session.date).or_default().push(bar),
                None => outside += 1,
            }
            Ok(())
        })?;
        if outside > 0 {
            tracing::warn!(path = %path.display(), bars = outside, "outside the sessions: left out");
        }
        Ok(Self { minutes, sessions })
    }

    /// The inside of a session, if the file has it.
    pub(super) fn tape(&self, day: &SessionBar) -> Option<Tape> {
        let bars = self.sessions.get(&day.session.date)?;
        let first = bars.first()?;
        let opening = if first.start == day.session.open {
            first.open
        } else {
            day.quote.open
        };
        let next = bars.iter().skip(1).map(|bar| Some(bar.start)).chain([None]);
        let prints = bars.iter().zip(next).map(|(bar, next)| {
            let end = self.end(bar, next, &day.session);
            Print {
                slot: (end - TimeDelta::minutes(1)).max(bar.start),
                known: end,
                open: bar.open,
                high: bar.high,
                low: bar.low,
                close: bar.close,
                volume: bar.volume,
            }
        });
        Some(Tape::new(day.session, opening, prints, day.quote.close))
    }

    fn end(
        &self,
        bar: &RecordedBar,
        next: Option<DateTime<Utc>>,
        session: &Session,
    ) -> DateTime<Utc> {
        let width = TimeDelta::minutes(self.minutes);
        let end = bar.end.unwrap_or(bar.start + width).min(session.close);
        next.map_or(end, |next| end.min(next))
    }
}

fn time(name: &str, text: &str) -> Result<DateTime<Utc>, String> {
    text.parse()
        .map_err(|_| format!("{name} is {text:?}, not a time as 2021-06-30T13:30:00Z"))
}

fn recorded(
    start: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
    numbers: [f64; PRICES.len()],
) -> Result<RecordedBar, String> {
    if end.is_some_and(|end| end <= start) {
        return Err("end does not come after start".to_owned());
    }
    let [open, high, low, close, volume] = numbers;
    // Held to the rules of a daily bar.
    let session = SessionDate::new(Calendar::date_at(start)).map_err(|error| error.to_string())?;
    let quote = Ohlcv {
        open,
        high,
        low,
        close,
        adj_close: close,
        volume,
    };
    Bar::new(session, quote).map_err(|error| error.to_string())?;
    Ok(RecordedBar {
        start,
        end,
        open,
        high,
        low,
        close,
        volume,
    })
}
