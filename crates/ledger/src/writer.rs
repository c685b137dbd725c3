//! Writes the ledger: one process at a time, one transaction a call.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::watch;

use closecall_calendar::Calendar;
use closecall_protocol::{
    CloseForecast, ForeignPrediction, PickId, Prediction, SessionDate, Ticker,
};

use crate::chain::Head;
use crate::derived::{self, Fold};
use crate::due::{self, DueForecast, WaitingForecasts};
use crate::error::Error;
use crate::figures::Figures;
use crate::head_file::HeadFile;
use crate::pick_rows::OF_PICK;
use crate::row::{DeadLetterRow, Row, ScoreSource};
use crate::{contents, schema, verify};

/// The database's file name.
pub(crate) const DATABASE: &str = "ledger.sqlite";
const LOCK: &str = "ledger.lock";

/// Something to record.
#[derive(Debug, Clone)]
pub enum LedgerInput {
    /// A prediction, at the time of recording. Boxed, for it is the largest.
    Prediction(Box<Prediction>, DateTime<Utc>),
    /// A message that was given up.
    DeadLetter(Box<DeadLetterRow>),
}

/// Result of recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It was new.
    New {
        /// It came when its session's close was known already: kept, never scored.
        late: bool,
        /// Number of earlier forecasts that its history scored.
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
    head_file: HeadFile,
    head: Head,
    figures: Figures,
    /// Rows of the log, for those that follow it.
    rows: watch::Sender<i64>,
    /// After the connection, so that the lock outlives it.
    _lock: File,
}

/// A transaction under way: where the log ends, and the figures up to there.
struct Work<'a> {
    transaction: &'a Transaction<'a>,
    calendar: &'a Calendar,
    head: Head,
    figures: Figures,
}

impl Ledger {
    /// Opens the ledger in `directory`, making both where they are missing and bringing one of an
    /// earlier format up to date. `calendar` says which forecasts come late.
    ///
    /// # Errors
    /// [`Error::InUse`] while another writer has it, [`Error::Unwritable`], [`Error::Newer`],
    /// [`Error::Lost`] when its database is gone, and [`Error::Damaged`] when its last rows are not
    /// those that were written: going on would cover that up.
    pub fn open(directory: &Path, calendar: Calendar) -> Result<Self, Error> {
        fs::create_dir_all(directory).map_err(|e| unwritable(directory, e))?;
        let lock = lock(directory)?;
        let database = directory.join(DATABASE);
        if !database.exists()
            && let lost @ Error::Lost { .. } = schema::absent(&database)
        {
            return Err(lost);
        }
        let connection = schema::open_writer(&database)?;
        let head_file = HeadFile::beside(&database);
        if let Some(damage) = verify::tail(&connection, &head_file)? {
            return Err(Error::Damaged(damage));
        }
        let head = verify::head(&connection)?;
        head_file
            .write(&head)
            .map_err(|e| unwritable(&database.with_extension("head"), e))?;
        Ok(Self {
            figures: derived::figures(&connection)?,
            connection,
            calendar,
            head_file,
            rows: watch::Sender::new(head.rows),
            head,
            _lock: lock,
        })
    }

    /// The same ledger without waiting for the disk: when the machine fails, rows that were answered
    /// for can be gone. For measurements and for what is thrown away.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn without_syncs(mut self) -> Result<Self, Error> {
        self.connection.pragma_update(None, "synchronous", "off")?;
        self.head_file = self.head_file.without_syncs();
        Ok(self)
    }

    /// Records one. A forecast scores the earlier ones of its ticker whose sessions its history
    /// has, and supersedes a dead letter of its pick; a prediction of the original's trainer is never
    /// scored; a dead letter is recorded once a pick, and not after its forecast.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub fn record(&mut self, input: &LedgerInput) -> Result<Recorded, Error> {
        self.write(|work| work.input(input))
    }

    /// Records several in their order, in one transaction with one wait for the disk: all or
    /// nothing.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub fn record_all(&mut self, inputs: &[LedgerInput]) -> Result<Vec<Recorded>, Error> {
        self.write(|work| inputs.iter().map(|input| work.input(input)).collect())
    }

    /// Scores the forecasts of `ticker` that wait and whose sessions are among `closes` (session and
    /// close, on one basis), and gives the number of them. The closes are kept, so that the scores
    /// can be verified.
    ///
    /// # Errors
    /// See [`Error::class`].
    pub fn score(
        &mut self,
        ticker: &Ticker,
        closes: &[(SessionDate, f64)],
        at: DateTime<Utc>,
    ) -> Result<usize, Error> {
        self.write(|work| work.score(ticker, closes, at))
    }

    /// Forecasts that wait for their close, by ticker and session.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn waiting(&self) -> Result<Vec<WaitingForecasts>, Error> {
        due::waiting(&self.connection)
    }

    /// The number of rows, which changes whenever something was recorded.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.rows.subscribe()
    }

    fn write<T>(
        &mut self,
        record: impl FnOnce(&mut Work<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut work = Work {
            transaction: &transaction,
            calendar: &self.calendar,
            head: self.head.clone(),
            figures: self.figures.clone(),
        };
        let recorded = record(&mut work)?;
        let Work { head, figures, .. } = work;
        if head != self.head {
            derived::write_figures(&transaction, &figures)?;
        }
        transaction.commit()?;
        self.figures = figures;
        if head != self.head {
            self.head = head;
            if let Err(error) = self.head_file.write(&self.head) {
                // The rows are safe; the file may be behind and catches up with the next one.
                tracing::warn!(%error, "ledger.head could not be written");
            }
            self.rows.send_replace(self.head.rows);
        }
        Ok(recorded)
    }
}

impl Work<'_> {
    fn input(&mut self, input: &LedgerInput) -> Result<Recorded, Error> {
        match input {
            LedgerInput::Prediction(prediction, at) => match &**prediction {
                Prediction::Ours(forecast) => self.forecast(forecast, *at),
                Prediction::Foreign(foreign) => self.foreign(foreign, *at),
            },
            LedgerInput::DeadLetter(letter) => self.dead_letter(letter),
        }
    }

    fn forecast(&mut self, forecast: &CloseForecast, at: DateTime<Utc>) -> Result<Recorded, Error> {
        if is_answered(self.transaction, forecast.pick_id)? {
            return count_duplicate(self.transaction);
        }
        let late = is_late(self.calendar, forecast.target, at.max(forecast.as_of));
        let due = due::by(self.transaction, &forecast.ticker, &forecast.history)?;
        let (bare, lists) = contents::detach(self.transaction, forecast)?;
        self.append(&Row::forecast(bare, Some(lists), at, late), None)?;
        let scored = due.len();
        self.scores(due, &ScoreSource::By(forecast.pick_id), at)?;
        Ok(Recorded::New { late, scored })
    }

    fn scores(
        &mut self,
        due: Vec<DueForecast>,
        source: &ScoreSource,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        for due in due {
            let row = due.row(source.clone(), at);
            self.append(&row, Some((due.seq, &due.forecast)))?;
        }
        Ok(())
    }

    fn score(
        &mut self,
        ticker: &Ticker,
        closes: &[(SessionDate, f64)],
        at: DateTime<Utc>,
    ) -> Result<usize, Error> {
        let due = due::by(self.transaction, ticker, closes)?;
        let scored = due.len();
        if scored > 0 {
            let closes = contents::store(self.transaction, &closes)?;
            self.scores(due, &ScoreSource::Closes(closes), at)?;
        }
        Ok(scored)
    }

    fn foreign(
        &mut self,
        foreign: &ForeignPrediction,
        at: DateTime<Utc>,
    ) -> Result<Recorded, Error> {
        if is_answered(self.transaction, foreign.pick_id)? {
            return count_duplicate(self.transaction);
        }
        let late = is_late(self.calendar, foreign.target, at);
        self.append(&Row::foreign(foreign, at, late), None)?;
        Ok(Recorded::New { late, scored: 0 })
    }

    fn dead_letter(&mut self, letter: &DeadLetterRow) -> Result<Recorded, Error> {
        if is_answered(self.transaction, letter.pick_id)?
            || has(self.transaction, letter.pick_id, &["dead_letter"])?
        {
            return count_duplicate(self.transaction);
        }
        self.append(&Row::dead_letter(letter), None)?;
        Ok(Recorded::New {
            late: false,
            scored: 0,
        })
    }

    /// Appends a row to the log and takes it into what follows from the log. `scored` is the
    /// forecast that a score is about, with the number of its row.
    fn append(&mut self, row: &Row, scored: Option<(i64, &CloseForecast)>) -> Result<(), Error> {
        let content = serde_json::to_string(row).map_err(Error::Json)?;
        let next = self.head.after(&content);
        self.transaction
            .prepare_cached(
                "INSERT INTO log (seq, content, previous, hash) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![next.rows, content, self.head.hash, next.hash])?;
        self.transaction
            .prepare_cached("UPDATE head SET rows = ?1, hash = ?2")?
            .execute(params![next.rows, next.hash])?;
        let mut fold = Fold {
            log: self.transaction,
            tables: self.transaction,
            figures: std::mem::take(&mut self.figures),
        };
        fold.row(next.rows, row, scored)?;
        self.figures = fold.figures;
        self.head = next;
        Ok(())
    }
}

/// From its close on a session holds no surprise. A foreign date need not be a session; its day's
/// end counts then.
fn is_late(calendar: &Calendar, target: SessionDate, at: DateTime<Utc>) -> bool {
    let day = target.date();
    let end = calendar
        .session(day)
        .map_or_else(|| Calendar::end_of_day(day), |session| session.close);
    at >= end
}

/// Holds until the file is closed, by whatever end of the process.
pub(crate) fn lock(directory: &Path) -> Result<File, Error> {
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

pub(crate) fn unwritable(path: &Path, source: std::io::Error) -> Error {
    Error::Unwritable {
        path: path.to_owned(),
        source,
    }
}

/// Whether the pick has its forecast (a foreign prediction is its own pick's).
fn is_answered(transaction: &Transaction<'_>, pick_id: PickId) -> Result<bool, Error> {
    has(transaction, pick_id, &["forecast", "foreign"])
}

fn has(transaction: &Transaction<'_>, pick_id: PickId, kinds: &[&str]) -> Result<bool, Error> {
    let mut statement =
        transaction.prepare_cached(&format!("SELECT kind FROM log WHERE {OF_PICK}"))?;
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

#[cfg(test)]
mod tests;
