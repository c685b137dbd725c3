//! Writes the ledger: one process at a time, one transaction a call.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use closecall_calendar::Calendar;
use closecall_protocol::{CloseForecast, ForeignPrediction, PickId, SessionDate};

use crate::chain::Head;
use crate::error::Error;
use crate::row::{DeadLetterRow, Event, Row};
use crate::schema;
use crate::score;
use crate::verify;
use crate::witness::Witness;

/// The database's file name.
pub(crate) const DATABASE: &str = "ledger.sqlite";
const LOCK: &str = "ledger.lock";

/// Unscored forecasts of a ticker for sessions that a history spans. Late ones are never scored.
/// The inner query sifts them by the indexes before the few that are due are read: a history spans
/// 60 sessions, in which thousands of forecasts may have been scored already.
const DUE: &str = "
SELECT seq, content FROM log WHERE seq IN (
    SELECT seq FROM log AS f
    WHERE ticker = ?1 AND kind = 'forecast' AND session BETWEEN ?2 AND ?3 AND late = 0
        AND pick_id <> ?4
        AND NOT EXISTS (SELECT 1 FROM log AS s WHERE s.pick_id = f.pick_id AND s.kind = 'score'))
ORDER BY seq";

/// What recording did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It was new.
    New {
        /// It came when its session's close was known already: kept, never scored.
        late: bool,
        /// How many earlier forecasts its history scored.
        scored: usize,
    },
    /// The ledger had it already; the repeat was counted.
    Duplicate,
}

/// A ledger that is written. Dropping it lets the next writer in, and so does the process's end,
/// however it comes.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    calendar: Calendar,
    witness: Witness,
    /// After the connection, so that the lock outlives it.
    _lock: File,
}

impl Ledger {
    /// Opens the ledger in `directory`, making both where they are missing. `calendar` tells which
    /// forecasts come late.
    ///
    /// # Errors
    /// [`Error::InUse`] while another writer has it, [`Error::Unwritable`], and [`Error::Damaged`]
    /// when its last rows are not those that were written: going on would cover that up.
    pub fn open(directory: &Path, calendar: Calendar) -> Result<Self, Error> {
        fs::create_dir_all(directory).map_err(|e| unwritable(directory, e))?;
        let lock = lock(directory)?;
        let database = directory.join(DATABASE);
        let connection = schema::open_writer(&database)?;
        let witness = Witness::beside(&database);
        if let Some(fault) = verify::tail(&connection, &witness)? {
            return Err(Error::Damaged(fault));
        }
        let head = verify::head(&connection)?;
        witness
            .write(&head)
            .map_err(|e| unwritable(&database.with_extension("head"), e))?;
        Ok(Self {
            connection,
            calendar,
            witness,
            _lock: lock,
        })
    }

    /// Records a forecast, and scores the earlier ones of its ticker whose
    /// sessions its history tells, all or nothing. A dead letter of the same pick is superseded.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub fn record_forecast(
        &mut self,
        forecast: &CloseForecast,
        at: DateTime<Utc>,
    ) -> Result<Recorded, Error> {
        let late = self.is_late(forecast.target, at.max(forecast.as_of));
        self.write(|transaction, head| {
            if is_answered(transaction, forecast.pick_id)? {
                return count_duplicate(transaction);
            }
            let scores = scores_by(transaction, forecast, at)?;
            append(
                transaction,
                head,
                &Row::forecast(forecast.clone(), at, late),
            )?;
            for score in &scores {
                append(transaction, head, score)?;
            }
            Ok(Recorded::New {
                late,
                scored: scores.len(),
            })
        })
    }

    /// Records a prediction of the original's trainer, which is never scored.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub fn record_foreign(
        &mut self,
        foreign: &ForeignPrediction,
        at: DateTime<Utc>,
    ) -> Result<Recorded, Error> {
        let late = self.is_late(foreign.target, at);
        self.write(|transaction, head| {
            if is_answered(transaction, foreign.pick_id)? {
                return count_duplicate(transaction);
            }
            append(transaction, head, &Row::foreign(foreign, at, late))?;
            Ok(Recorded::New { late, scored: 0 })
        })
    }

    /// Records that a message was given up: once a pick, and not after its forecast.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub fn record_dead_letter(&mut self, letter: &DeadLetterRow) -> Result<Recorded, Error> {
        self.write(|transaction, head| {
            if is_answered(transaction, letter.pick_id)?
                || has(transaction, letter.pick_id, &["dead_letter"])?
            {
                return count_duplicate(transaction);
            }
            append(transaction, head, &Row::dead_letter(letter))?;
            Ok(Recorded::New {
                late: false,
                scored: 0,
            })
        })
    }

    /// From its close on a session holds no surprise. A foreign date need not be a session; its
    /// day's end counts then.
    fn is_late(&self, target: SessionDate, at: DateTime<Utc>) -> bool {
        let day = target.date();
        let end = self
            .calendar
            .session(day)
            .map_or_else(|| Calendar::end_of_day(day), |s| s.close);
        at >= end
    }

    fn write(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut Head) -> Result<Recorded, Error>,
    ) -> Result<Recorded, Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut head = verify::head(&transaction)?;
        let recorded = work(&transaction, &mut head)?;
        transaction.commit()?;
        if recorded != Recorded::Duplicate
            && let Err(error) = self.witness.write(&head)
        {
            // The rows are safe; the file may be behind and catches up with the next one.
            tracing::warn!(%error, "ledger.head could not be written");
        }
        Ok(recorded)
    }
}

/// Holds until the file is closed, by whatever end of the process.
fn lock(directory: &Path) -> Result<File, Error> {
    let path: PathBuf = directory.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| unwritable(&path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(unwritable(&path, error)),
    }
}

fn unwritable(path: &Path, source: std::io::Error) -> Error {
    Error::Unwritable {
        path: path.to_owned(),
        source,
    }
}

fn append(transaction: &Transaction<'_>, head: &mut Head, row: &Row) -> Result<(), Error> {
    let content = serde_json::to_string(row).map_err(Error::Json)?;
    let next = head.after(&content);
    transaction
        .prepare_cached("INSERT INTO log (seq, content, previous, hash) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![next.rows, content, head.hash, next.hash])?;
    transaction
        .prepare_cached("UPDATE head SET rows = ?1, hash = ?2")?
        .execute(params![next.rows, next.hash])?;
    *head = next;
    Ok(())
}

/// Whether the pick has its forecast (a foreign prediction is its own pick's).
fn is_answered(transaction: &Transaction<'_>, pick_id: PickId) -> Result<bool, Error> {
    has(transaction, pick_id, &["forecast", "foreign"])
}

fn has(transaction: &Transaction<'_>, pick_id: PickId, kinds: &[&str]) -> Result<bool, Error> {
    let mut statement = transaction.prepare_cached("SELECT kind FROM log WHERE pick_id = ?1")?;
    let mut rows = statement.query([pick_id.to_string()])?;
    while let Some(row) = rows.next()? {
        if kinds.contains(&row.get::<_, String>(0)?.as_str()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn count_duplicate(transaction: &Transaction<'_>) -> Result<Recorded, Error> {
    transaction.execute(
        "UPDATE tally SET count = count + 1 WHERE name = 'duplicates'",
        [],
    )?;
    Ok(Recorded::Duplicate)
}

/// The scores that a forecast's history gives to earlier ones, as rows.
fn scores_by(
    transaction: &Transaction<'_>,
    forecast: &CloseForecast,
    at: DateTime<Utc>,
) -> Result<Vec<Row>, Error> {
    let sessions = || forecast.history.iter().map(|(session, _)| *session);
    let (Some(first), Some(last)) = (sessions().min(), sessions().max()) else {
        return Ok(Vec::new());
    };
    let mut statement = transaction.prepare_cached(DUE)?;
    let mut rows = statement.query(params![
        forecast.ticker.as_str(),
        first.to_string(),
        last.to_string(),
        forecast.pick_id.to_string(),
    ])?;
    let mut scores = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, content): (i64, String) = (row.get(0)?, row.get(1)?);
        let earlier: Row =
            serde_json::from_str(&content).map_err(|source| Error::Unreadable { seq, source })?;
        if let Event::Forecast {
            forecast: earlier, ..
        } = earlier.event
            && let Some(score) = score::score(&earlier, &forecast.history)
        {
            scores.push(Row::score(&earlier, forecast.pick_id, at, score));
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests;
