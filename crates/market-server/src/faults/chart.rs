//! Charts that are wrong in what they say: rows, closes, splits, units, times.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use closecall_calendar::Calendar;

/// The fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ChartFault {
    /// The newest rows have a volume and no prices.
    NullRows(usize),
    /// A session's rows are not there.
    Missing(Missing),
    /// The newest session's rows come only this long after its close.
    LateClose(TimeDelta),
    /// The newest session's close is another until this long after the close.
    CorrectedClose { factor: f64, until: TimeDelta },
    /// A split on a date, which rows before it have or have not been adjusted for.
    Split {
        numerator: f64,
        denominator: f64,
        date: NaiveDate,
        applied: bool,
        announced: bool,
    },
    /// Prices in another unit, of all rows or of the newest.
    Unit { factor: f64, rows: Option<usize> },
    /// The newest bar is there twice.
    DoubledBar,
    /// Nothing of the last while is there.
    Stale(TimeDelta),
}

/// The session that is missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Missing {
    Newest,
    On(NaiveDate),
}

const PRICES: [&str; 5] = ["open", "high", "low", "close", "adjclose"];

/// Makes a chart's result wrong.
pub(super) fn spoil(fault: &ChartFault, result: &mut Value, now: DateTime<Utc>) {
    let stamps = stamps(result);
    let Some(newest) = stamps.last().copied() else {
        return;
    };
    let rows = stamps.len();
    let session = Calendar::default().session(Calendar::date_at(newest));
    let since_close = session.map(|session| now - session.close);
    let is_of = |date: NaiveDate| move |stamp: &DateTime<Utc>| Calendar::date_at(*stamp) == date;
    match *fault {
        ChartFault::NullRows(count) => each_column(result, |name, cells| {
            if PRICES.contains(&name) {
                let first = rows.saturating_sub(count);
                cells
                    .iter_mut()
                    .skip(first)
                    .for_each(|cell| *cell = Value::Null);
            }
        }),
        ChartFault::Missing(missing) => {
            let date = match missing {
                Missing::Newest => Calendar::date_at(newest),
                Missing::On(date) => date,
            };
            leave_out(result, &stamps, is_of(date));
        }
        ChartFault::LateClose(late) => {
            let is_late =
                since_close.is_some_and(|since| since >= TimeDelta::zero() && since < late);
            if is_late {
                leave_out(result, &stamps, is_of(Calendar::date_at(newest)));
            }
        }
        ChartFault::CorrectedClose { factor, until } => {
            if since_close.is_some_and(|since| since >= TimeDelta::zero() && since < until) {
                each_column(result, |name, cells| {
                    if matches!(name, "close" | "adjclose") {
                        scale(cells.iter_mut().skip(rows - 1), factor);
                    }
                });
                scale(result.pointer_mut("/meta/regularMarketPrice"), factor);
            }
        }
        ChartFault::Split {
            numerator,
            denominator,
            date,
            applied,
            announced,
        } => {
            if date > Calendar::date_at(now) {
                return; // has not happened yet
            }
            let split = (numerator, denominator);
            let is_new = |stamp: &DateTime<Utc>| Calendar::date_at(*stamp) >= date;
            rebase(result, &stamps, split, |stamp| applied || is_new(stamp));
            if announced && stamps.iter().any(is_new) {
                announce(result, split, date);
            }
        }
        ChartFault::Unit { factor, rows: some } => {
            let first = some.map_or(0, |some| rows.saturating_sub(some));
            each_column(result, |name, cells| {
                if PRICES.contains(&name) {
                    scale(cells.iter_mut().skip(first), factor);
                }
            });
        }
        ChartFault::DoubledBar => {
            each_column(result, |_, cells| cells.extend(cells.last().cloned()))
        }
        ChartFault::Stale(age) => end_at(result, &stamps, now - age),
    }
}

/// Leaves out what is later than `end`, in the rows and in the newest price.
fn end_at(result: &mut Value, stamps: &[DateTime<Utc>], end: DateTime<Utc>) {
    leave_out(result, stamps, move |stamp| *stamp > end);
    let kept = self::stamps(result).last().copied();
    let price = result.pointer("/indicators/quote/0/close");
    let price = price.and_then(|closes| closes.as_array()?.last().cloned());
    if let (Some(kept), Some(price)) = (kept, price) {
        result["meta"]["regularMarketTime"] = kept.timestamp().into();
        result["meta"]["regularMarketPrice"] = price;
    }
}

fn stamps(result: &Value) -> Vec<DateTime<Utc>> {
    let stamps = result["timestamp"].as_array().into_iter().flatten();
    stamps
        .filter_map(|stamp| DateTime::from_timestamp(stamp.as_i64()?, 0))
        .collect()
}

/// Calls `edit` with the name and the cells of each column, the stamps' included.
fn each_column(result: &mut Value, mut edit: impl FnMut(&str, &mut Vec<Value>)) {
    if let Some(Value::Array(stamps)) = result.get_mut("timestamp") {
        edit("timestamp", stamps);
    }
    for place in ["/indicators/quote/0", "/indicators/adjclose/0"] {
        let columns = result.pointer_mut(place).and_then(Value::as_object_mut);
        for (name, column) in columns.into_iter().flatten() {
            if let Value::Array(cells) = column {
                edit(name, cells);
            }
        }
    }
}

/// Leaves the rows out whose stamp is meant; without any row the vendor has no columns.
fn leave_out(result: &mut Value, stamps: &[DateTime<Utc>], meant: impl Fn(&DateTime<Utc>) -> bool) {
    let kept: Vec<bool> = stamps.iter().map(|stamp| !meant(stamp)).collect();
    each_column(result, |_, cells| {
        let mut row = kept.iter();
        cells.retain(|_| row.next().copied().unwrap_or(true));
    });
    if !kept.contains(&true)
        && let Some(fields) = result.as_object_mut()
    {
        fields.remove("timestamp");
        fields.insert("indicators".to_owned(), json!({ "quote": [{}] }));
    }
}

fn scale<'a>(cells: impl IntoIterator<Item = &'a mut Value>, factor: f64) {
    for cell in cells {
        if let Some(number) = cell.as_f64() {
            *cell = (number * factor).into();
        }
    }
}

/// Puts the rows that are meant on the basis after a split; the close before them, where the first
/// row is meant, too.
fn rebase(
    result: &mut Value,
    stamps: &[DateTime<Utc>],
    (numerator, denominator): (f64, f64),
    meant: impl Fn(&DateTime<Utc>) -> bool,
) {
    let factor = denominator / numerator;
    each_column(result, |name, cells| {
        let meant = cells
            .iter_mut()
            .zip(stamps)
            .filter(|(_, stamp)| meant(stamp));
        let meant = meant.map(|(cell, _)| cell);
        match name {
            "timestamp" => {}
            "volume" => meant.for_each(|cell| {
                let shares = cell.as_f64().unwrap_or_default() / factor;
                *cell = (shares.round() as i64).into();
            }),
            _ => scale(meant, factor),
        }
    });
    let Some(meta) = result.get_mut("meta") else {
        return;
    };
    if stamps.last().is_some_and(&meant) {
        for name in [
            "regularMarketPrice",
            "regularMarketDayHigh",
            "regularMarketDayLow",
        ] {
            scale(meta.get_mut(name), factor);
        }
    }
    // The day before the first row's is no row of this answer: it is meant as rows before it are.
    let before = stamps.first().map(|first| *first - TimeDelta::days(1));
    if before.as_ref().is_some_and(meant) {
        scale(meta.get_mut("chartPreviousClose"), factor);
        scale(meta.get_mut("previousClose"), factor);
    }
}

fn announce(result: &mut Value, (numerator, denominator): (f64, f64), date: NaiveDate) {
    let Some(session) = Calendar::default().session(date) else {
        return;
    };
    let stamp = session.open.timestamp();
    result["events"]["splits"][stamp.to_string()] = json!({
        "date": stamp,
        "numerator": numerator,
        "denominator": denominator,
        "splitRatio": format!("{numerator}:{denominator}"),
    });
}
