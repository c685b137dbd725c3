//! Looks at a ledger without changing it, also while another process writes.

use std::path::Path;

use closecall_protocol::{CloseForecast, PickId, Ticker};
use rusqlite::{Connection, OptionalExtension, Params, params};

use crate::damage::Damage;
use crate::entry::Entry;
use crate::error::Error;
use crate::event::LedgerEvent;
use crate::head_file::HeadFile;
use crate::pick_rows::OF_PICK;
use crate::row::{DeadLetterRow, Event, Row};
use crate::score::Score;
use crate::summary::LedgerSummary;
use crate::verify::{self, Verified};
use crate::writer::DATABASE;
use crate::{derived, format_version, replay, schema};

/// A pick's last word is its forecast; a dead letter is it only where there is none.
const ENTRIES: &str = "
SELECT f.seq, f.content, s.seq, s.content
FROM log f LEFT JOIN log s
    ON f.kind = 'forecast' AND substr(s.pick_id, 1, 8) = substr(f.pick_id, 1, 8)
    AND s.pick_id = f.pick_id AND s.kind = 'score'
WHERE f.kind <> 'score' AND (f.kind <> 'dead_letter' OR NOT EXISTS (
    SELECT 1 FROM log a WHERE substr(a.pick_id, 1, 8) = substr(f.pick_id, 1, 8)
    AND a.pick_id = f.pick_id AND a.kind IN ('forecast', 'foreign')))";

/// Conditions of the entries: a ticker's newest, its next, and a pick's.
const OF_TICKER: &str = "AND f.ticker = ?1 AND f.seq < ?2 ORDER BY f.seq DESC LIMIT ?3";
const NEXT_OF_TICKER: &str = "AND f.ticker = ?1 AND f.seq > ?2 ORDER BY f.seq LIMIT 1";
const OF_ONE_PICK: &str = "
    AND substr(f.pick_id, 1, 8) = substr(?1, 1, 8) AND f.pick_id = ?1 ORDER BY f.seq";

/// A ledger that is looked at.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    head_file: HeadFile,
}

impl Reader {
    /// Opens the ledger in `directory`.
    ///
    /// # Errors
    /// [`Error::Absent`] when there is none, [`Error::Corrupt`] when it is no database any more.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let database = directory.join(DATABASE);
        Ok(Self {
            connection: schema::open_reader(&database)?,
            head_file: HeadFile::beside(&database),
        })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Hands over one entry a pick, in the order of recording, without holding them all; a dead
    /// letter that a forecast superseded is not among them.
    ///
    /// # Errors
    /// When the database or a row cannot be read.
    pub fn for_each_entry(&self, mut take: impl FnMut(Entry)) -> Result<(), Error> {
        let sql = format!("{ENTRIES} ORDER BY f.seq");
        self.query(&sql, [], &mut take)
    }

    /// All entries, in the order of recording.
    ///
    /// # Errors
    /// When the database or a row cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        self.for_each_entry(|entry| entries.push(entry))?;
        Ok(entries)
    }

    /// The newest entries before the row `before` (or of all), the newest first.
    ///
    /// # Errors
    /// When the database or a row cannot be read.
    pub fn newest(&self, before: Option<i64>, limit: u32) -> Result<Vec<Entry>, Error> {
        let sql = format!("{ENTRIES} AND f.seq < ?1 ORDER BY f.seq DESC LIMIT ?2");
        let mut entries = Vec::new();
        let bounds = params![before.unwrap_or(i64::MAX), limit];
        self.query(&sql, bounds, &mut |entry| entries.push(entry))?;
        Ok(entries)
    }

    /// The newest entries of a ticker before the row `before` (or of all), the newest first.
    ///
    /// # Errors
    /// When the database or a row cannot be read.
    pub fn newest_of(
        &self,
        ticker: &Ticker,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Entry>, Error> {
        let sql = format!("{ENTRIES} {OF_TICKER}");
        let mut entries = Vec::new();
        let bounds = params![ticker.as_str(), before.unwrap_or(i64::MAX), limit];
        self.query(&sql, bounds, &mut |entry| entries.push(entry))?;
        Ok(entries)
    }

    /// The entry of a ticker that was recorded next after the row `after`.
    ///
    /// # Errors
    /// When the database or a row cannot be read.
    pub fn next_of(&self, ticker: &Ticker, after: i64) -> Result<Option<Entry>, Error> {
        let sql = format!("{ENTRIES} {NEXT_OF_TICKER}");
        let mut entry = None;
        self.query(&sql, params![ticker.as_str(), after], &mut |found| {
            entry = Some(found);
        })?;
        Ok(entry)
    }

    /// The entry of a pick.
    ///
    /// # Errors
    /// When the database or the row cannot be read.
    pub fn entry(&self, pick_id: PickId) -> Result<Option<Entry>, Error> {
        let sql = format!("{ENTRIES} {OF_ONE_PICK}");
        let mut entry = None;
        self.query(&sql, params![pick_id.to_string()], &mut |found| {
            entry = Some(found);
        })?;
        Ok(entry)
    }

    /// The forecast of a pick, whole.
    ///
    /// # Errors
    /// When the database or the row cannot be read.
    pub fn forecast(&self, pick_id: PickId) -> Result<Option<CloseForecast>, Error> {
        replay::forecast_of(&self.connection, pick_id)
            .map(|found| found.map(|(_, forecast)| forecast))
    }

    /// The dead letter of a pick, whole; also one that a forecast superseded.
    ///
    /// # Errors
    /// When the database or the row cannot be read.
    pub fn dead_letter(&self, pick_id: PickId) -> Result<Option<DeadLetterRow>, Error> {
        let sql = format!("SELECT seq, content FROM log WHERE {OF_PICK} AND kind = 'dead_letter'");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([pick_id.to_string()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        Ok(Row::parse(row.get(0)?, &row.get::<_, String>(1)?)?.into_dead_letter())
    }

    /// Rows that were recorded after the row `after`, in order.
    ///
    /// # Errors
    /// When the database or a row cannot be read.
    pub fn events(&self, after: i64, limit: u32) -> Result<Vec<LedgerEvent>, Error> {
        let sql = "SELECT seq, content FROM log WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![after, limit])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let seq = row.get(0)?;
            events.push(LedgerEvent::of(
                seq,
                Row::parse(seq, &row.get::<_, String>(1)?)?,
            ));
        }
        Ok(events)
    }

    /// The hash of a row, which covers all before it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn hash(&self, seq: i64) -> Result<Option<String>, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT hash FROM log WHERE seq = ?1")?;
        Ok(statement.query_row([seq], |row| row.get(0)).optional()?)
    }

    /// Number of rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn rows(&self) -> Result<i64, Error> {
        Ok(verify::head(&self.connection)?.rows)
    }

    fn query(
        &self,
        sql: &str,
        bounds: impl Params,
        take: &mut dyn FnMut(Entry),
    ) -> Result<(), Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(bounds)?;
        while let Some(row) = rows.next()? {
            let score = match row.get::<_, Option<i64>>(2)? {
                Some(seq) => score(Row::parse(seq, &row.get::<_, String>(3)?)?),
                None => None,
            };
            let seq = row.get(0)?;
            let said = Row::parse(seq, &row.get::<_, String>(1)?)?;
            if let Ok(entry) = Entry::of(seq, said, score) {
                take(entry);
            }
        }
        Ok(())
    }

    /// The ledger in figures. Costs the same however long it is, but for one that still has the
    /// first format.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn summary(&self) -> Result<LedgerSummary, Error> {
        let snapshot = self.connection.unchecked_transaction()?;
        let figures = if format_version::has_derived(&snapshot)? {
            derived::figures(&snapshot)?
        } else {
            replay::figures(&snapshot)?
        };
        Ok(LedgerSummary::of(&figures, duplicates(&snapshot)?))
    }

    /// Repeats that were counted instead of recorded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn duplicates(&self) -> Result<u64, Error> {
        Ok(duplicates(&self.connection)?)
    }

    /// Checks every row, that none is missing, and the database itself. Linear in the ledger.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the rows.
    pub fn verify(&self) -> Result<Verified, Vec<Damage>> {
        verify::verify(&self.connection, &self.head_file)
    }
}

fn duplicates(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT count FROM tally WHERE name = 'duplicates'";
    let mut statement = connection.prepare_cached(sql)?;
    let count: i64 = statement.query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

fn score(row: Row) -> Option<Score> {
    match row.event {
        Event::Score { score, .. } => Some(score),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing is read but what is shown, however long the ledger is.
    #[test]
    fn entries_of_a_ticker_and_of_a_pick_are_found_by_their_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&folder.path().join(DATABASE)).unwrap();
        for (which, first) in [
            (
                OF_TICKER,
                "SEARCH f USING INDEX log_by_ticker (ticker=? AND rowid<?)",
            ),
            (OF_ONE_PICK, "SEARCH f USING INDEX log_by_pick (<expr>=?)"),
        ] {
            let sql = format!("EXPLAIN QUERY PLAN {ENTRIES} {which}");
            let mut statement = connection.prepare(&sql).unwrap();
            let mut rows = statement.raw_query();
            let mut steps: Vec<String> = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                steps.push(row.get(3).unwrap());
            }
            assert_eq!(steps[0], first);
            let sorted_or_scanned =
                |step: &String| step.contains("SCAN") || step.contains("B-TREE");
            assert!(!steps.iter().any(sorted_or_scanned), "{steps:?}");
            let by_pick = |step: &&String| step.contains("log_by_pick");
            assert!(steps.iter().filter(by_pick).count() >= 2, "{steps:?}");
        }
    }
}
