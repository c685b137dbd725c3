//! Looks at a ledger without changing it, also while another process writes.

use std::path::Path;

use rusqlite::Connection;

use crate::entry::{Entry, Summary};
use crate::error::Error;
use crate::fault::Fault;
use crate::row::{Event, Row};
use crate::schema;
use crate::score::Score;
use crate::verify::{self, Verified};
use crate::witness::Witness;
use crate::writer::DATABASE;

/// A pick's last word is its forecast; a dead letter is it only where there is none.
const ENTRIES: &str = "
SELECT f.seq, f.content, s.seq, s.content
FROM log f LEFT JOIN log s
    ON f.kind = 'forecast' AND s.pick_id = f.pick_id AND s.kind = 'score'
WHERE f.kind IN ('forecast', 'foreign') OR (f.kind = 'dead_letter' AND NOT EXISTS (
    SELECT 1 FROM log a WHERE a.pick_id = f.pick_id AND a.kind IN ('forecast', 'foreign')))
ORDER BY f.seq";

const SUMMARY: &str = "
SELECT
    count(*) FILTER (WHERE kind = 'forecast'),
    count(*) FILTER (WHERE kind = 'dead_letter' AND NOT EXISTS (
        SELECT 1 FROM log a WHERE a.pick_id = log.pick_id AND a.kind IN ('forecast', 'foreign'))),
    (SELECT count FROM tally WHERE name = 'duplicates'),
    count(*) FILTER (WHERE kind = 'score'),
    count(*) FILTER (WHERE kind = 'forecast' AND late),
    count(*) FILTER (WHERE kind = 'foreign'),
    coalesce(sum(content ->> '$.event.score.error') FILTER (WHERE kind = 'score'), 0.0),
    coalesce(sum(content ->> '$.event.score.baseline_error') FILTER (WHERE kind = 'score'), 0.0)
FROM log";

/// A ledger that is looked at.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    witness: Witness,
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
            witness: Witness::beside(&database),
        })
    }

    /// One entry a pick, in the order of recording; a dead letter that a forecast superseded is
    /// not among them.
    ///
    /// # Errors
    /// When the database or a row cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>, Error> {
        let mut statement = self.connection.prepare_cached(ENTRIES)?;
        let mut rows = statement.query([])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let score = match row.get::<_, Option<i64>>(2)? {
                Some(seq) => score(parse(seq, &row.get::<_, String>(3)?)?),
                None => None,
            };
            let said = parse(row.get(0)?, &row.get::<_, String>(1)?)?;
            entries.extend(Entry::of(said, score));
        }
        Ok(entries)
    }

    /// The ledger in figures.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn summary(&self) -> Result<Summary, Error> {
        let summary = self.connection.query_row(SUMMARY, [], |row| {
            let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            let (error, baseline): (f64, f64) = (row.get(6)?, row.get(7)?);
            Ok(Summary {
                forecasts: count(0)?,
                dead_letters: count(1)?,
                duplicates: count(2)?,
                scored: count(3)?,
                late: count(4)?,
                foreign: count(5)?,
                relative_mae: (baseline > 0.0).then(|| error / baseline),
            })
        });
        Ok(summary?)
    }

    /// Checks every row, that none is missing, and the database itself. Linear in the ledger.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the rows.
    pub fn verify(&self) -> Result<Verified, Vec<Fault>> {
        verify::verify(&self.connection, &self.witness)
    }
}

fn parse(seq: i64, content: &str) -> Result<Row, Error> {
    serde_json::from_str(content).map_err(|source| Error::Unreadable { seq, source })
}

fn score(row: Row) -> Option<Score> {
    match row.event {
        Event::Score { score, .. } => Some(score),
        _ => None,
    }
}
