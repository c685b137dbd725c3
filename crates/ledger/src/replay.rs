//! The derived tables made again from the log: to bring a ledger of the first format up to date,
//! to sum up one that may not be written, and to verify that the tables, the scores and the lists
//! are what the rows say.

use rusqlite::types::Value;
use rusqlite::{Connection, params};

use closecall_protocol::{CloseForecast, PickId, SessionDate};

use crate::contents;
use crate::damage::Damage;
use crate::derived::{self, Fold};
use crate::error::Error;
use crate::figures::Figures;
use crate::pick_rows::OF_PICK;
use crate::row::{Event, Row, ScoreSource};
use crate::{format_version, score};

/// Fills empty derived tables from the log.
pub(crate) fn fill(log: &Connection, tables: &Connection) -> Result<Figures, Error> {
    let mut replay = Replay::new(log, tables);
    replay.rows(&mut |_, _, _| Ok(()))?;
    let figures = replay.fold.figures;
    derived::write_figures(tables, &figures)?;
    Ok(figures)
}

/// The figures of a ledger that has no tables for them.
pub(crate) fn figures(log: &Connection) -> Result<Figures, Error> {
    fill(log, &scratch()?)
}

/// A database of its own for derived tables; SQLite keeps it in memory or in a temporary file.
fn scratch() -> Result<Connection, Error> {
    let connection = Connection::open("")?;
    connection.execute_batch(derived::TABLES)?;
    Ok(connection)
}

/// Everything in the ledger that does not follow from its rows.
pub(crate) fn check(log: &Connection) -> Vec<Damage> {
    let damages = || -> Result<Vec<Damage>, Error> {
        if !format_version::has_derived(log)? {
            return Ok(Vec::new());
        }
        let mut damages = contents::check(log)?;
        let again = scratch()?;
        again.execute_batch("BEGIN")?;
        let mut replay = Replay::new(log, &again);
        let mut last: Option<(ScoreSource, Vec<(SessionDate, f64)>)> = None;
        replay.rows(&mut |seq, row, scored| {
            if let (Event::Score { source, score }, Some((_, forecast))) = (&row.event, scored) {
                // One forecast scores all that waited, in rows that follow each other.
                let known = last.take().filter(|(known, _)| known == source);
                let (_, closes) = match known {
                    Some(known) => last.insert(known),
                    None => last.insert((source.clone(), closes_of(log, source)?)),
                };
                if score::score(forecast, closes) != Some(*score) {
                    damages.push(Damage::Score { row: seq });
                }
            }
            Ok(())
        })?;
        derived::write_figures(&again, &replay.fold.figures)?;
        for table in ["waiting", "outcomes", "figures"] {
            if let Some(message) = difference(log, &again, table)? {
                damages.push(Damage::Derived { table, message });
            }
        }
        Ok(damages)
    };
    damages().unwrap_or_else(|error| {
        vec![match error {
            Error::Damaged(damage) => damage,
            other => Damage::Storage {
                message: other.to_string(),
            },
        }]
    })
}

/// The closes that a score rests on.
fn closes_of(log: &Connection, source: &ScoreSource) -> Result<Vec<(SessionDate, f64)>, Error> {
    Ok(match source {
        ScoreSource::Closes(hash) => contents::closes(log, hash)?,
        ScoreSource::By(pick_id) => forecast_of(log, *pick_id)?
            .map(|(_, forecast)| forecast.history.clone())
            .unwrap_or_default(),
    })
}

struct Replay<'a> {
    fold: Fold<'a>,
}

/// The visit of each row, with the forecast that it scores.
type Visit<'v> = dyn FnMut(i64, &Row, Option<(i64, &CloseForecast)>) -> Result<(), Error> + 'v;

impl<'a> Replay<'a> {
    fn new(log: &'a Connection, tables: &'a Connection) -> Self {
        Self {
            fold: Fold {
                log,
                tables,
                figures: Figures::default(),
            },
        }
    }

    fn rows(&mut self, visit: &mut Visit<'_>) -> Result<(), Error> {
        let log = self.fold.log;
        let mut statement = log.prepare("SELECT seq, content FROM log ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(0)?;
            let said = Row::parse(seq, row.get_ref(1)?.as_str().unwrap_or_default())?;
            let scored = match said.event {
                Event::Score { .. } => scored_forecast(log, said.pick_id)?,
                _ => None,
            };
            let scored = scored.as_ref().map(|(seq, forecast)| (*seq, forecast));
            self.fold.row(seq, &said, scored)?;
            visit(seq, &said, scored)?;
        }
        Ok(())
    }
}

/// The forecast of a pick and the number of its row, without its lists.
fn scored_forecast(
    log: &Connection,
    pick_id: PickId,
) -> Result<Option<(i64, CloseForecast)>, Error> {
    let Some((seq, row)) = forecast_row(log, pick_id)? else {
        return Ok(None);
    };
    Ok(match row.event {
        Event::Forecast { forecast, .. } => Some((seq, *forecast)),
        _ => None,
    })
}

/// The forecast of a pick with its lists.
pub(crate) fn forecast_of(
    log: &Connection,
    pick_id: PickId,
) -> Result<Option<(i64, CloseForecast)>, Error> {
    let Some((seq, row)) = forecast_row(log, pick_id)? else {
        return Ok(None);
    };
    match row.event {
        Event::Forecast {
            history,
            news,
            forecast,
            ..
        } => {
            let forecast = contents::attach(log, *forecast, history.as_ref(), news.as_ref())?;
            Ok(Some((seq, forecast)))
        }
        _ => Ok(None),
    }
}

fn forecast_row(log: &Connection, pick_id: PickId) -> Result<Option<(i64, Row)>, Error> {
    let mut statement = log.prepare_cached(&format!(
        "SELECT seq, content FROM log WHERE {OF_PICK} AND kind = 'forecast'"
    ))?;
    let mut rows = statement.query(params![pick_id.to_string()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let seq = row.get(0)?;
    let said = Row::parse(seq, row.get_ref(1)?.as_str().unwrap_or_default())?;
    Ok(Some((seq, said)))
}

/// A row of a table as a person reads it: its values, with commas.
fn shown(row: Option<&[Value]>) -> String {
    let value = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    };
    row.map_or_else(
        || "no row".to_owned(),
        |row| format!("({})", row.iter().map(value).collect::<Vec<_>>().join(", ")),
    )
}

/// The first row in which a table differs between two databases.
fn difference(
    found: &Connection,
    expected: &Connection,
    table: &str,
) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT * FROM {table} ORDER BY 1, 2, 3");
    let sql = if table == "figures" {
        "SELECT * FROM figures".to_owned()
    } else {
        sql
    };
    let (mut found, mut expected) = (found.prepare(&sql)?, expected.prepare(&sql)?);
    let columns = found.column_count();
    let (mut found, mut expected) = (found.query([])?, expected.query([])?);
    let values = |row: Option<&rusqlite::Row<'_>>| {
        row.map(|row| {
            (0..columns)
                .map(|column| row.get::<_, Value>(column))
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .transpose()
    };
    loop {
        let (here, there) = (values(found.next()?)?, values(expected.next()?)?);
        if here != there {
            return Ok(Some(format!(
                "it holds {} where {} follows",
                shown(here.as_deref()),
                shown(there.as_deref())
            )));
        }
        if here.is_none() {
            return Ok(None);
        }
    }
}
