//! Single rows, for those that show one pick whole: where a row lies in the chain, what a dead
//! letter says, and which forecast scored which.

use chrono::{DateTime, Utc};
use closecall_protocol::PickId;
use rusqlite::{OptionalExtension, params};

use crate::error::Error;
use crate::pick_rows::OF_PICK;
use crate::reader::Reader;
use crate::row::{DeadLetterRow, Event, Row, ScoreSource};
use crate::score::Score;
use crate::verify;

/// Head of the ledger: its number of rows and the hash of the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerHead {
    /// Rows.
    pub rows: i64,
    /// Hash of the last row, in 64 hexadecimal digits; zeros of an empty ledger.
    pub hash: String,
}

/// Place of a row in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPlace {
    /// Its number.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
    /// The hash of the row before.
    pub previous: String,
}

/// The row that scored a forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    /// Its number.
    pub seq: i64,
    /// The forecast whose history gave the close; `None` where it was fetched for this.
    pub by: Option<PickId>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The score.
    pub score: Score,
}

impl Reader {
    /// Head of the ledger.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn head(&self) -> Result<LedgerHead, Error> {
        let head = verify::head(self.connection())?;
        Ok(LedgerHead {
            rows: head.rows,
            hash: head.hash,
        })
    }

    /// Place of a row in the chain; `None` where there is no such row.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn place(&self, seq: i64) -> Result<Option<RowPlace>, Error> {
        let sql = "SELECT hash, previous FROM log WHERE seq = ?1";
        let mut statement = self.connection().prepare_cached(sql)?;
        let place = |row: &rusqlite::Row<'_>| {
            Ok(RowPlace {
                seq,
                hash: row.get(0)?,
                previous: row.get(1)?,
            })
        };
        Ok(statement.query_row([seq], place).optional()?)
    }

    /// The dead letter at a row; `None` where the row is none.
    ///
    /// # Errors
    /// When the database or the row cannot be read.
    pub fn dead_letter_at(&self, seq: i64) -> Result<Option<DeadLetterRow>, Error> {
        let sql = "SELECT content FROM log WHERE seq = ?1";
        let mut statement = self.connection().prepare_cached(sql)?;
        let content: Option<String> = statement.query_row([seq], |row| row.get(0)).optional()?;
        let row = content
            .map(|content| Row::parse(seq, &content))
            .transpose()?;
        Ok(row.and_then(Row::into_dead_letter))
    }

    /// Score of a pick's forecast; `None` before it had one.
    ///
    /// # Errors
    /// When the database or the row cannot be read.
    pub fn score_row(&self, pick_id: PickId) -> Result<Option<ScoreRow>, Error> {
        let sql = format!("SELECT seq, content FROM log WHERE {OF_PICK} AND kind = 'score'");
        let mut statement = self.connection().prepare_cached(&sql)?;
        let found: Option<(i64, String)> = statement
            .query_row([pick_id.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((seq, content)) = found else {
            return Ok(None);
        };
        let row = Row::parse(seq, &content)?;
        let Event::Score { source, score } = row.event else {
            return Ok(None);
        };
        Ok(Some(ScoreRow {
            seq,
            by: match source {
                ScoreSource::By(pick_id) => Some(pick_id),
                ScoreSource::Closes(_) => None,
            },
            recorded_at: row.recorded_at,
            score,
        }))
    }

    /// Picks whose identity begins with these hexadecimal digits, at most `limit`, ascending.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn picks_beginning(&self, digits: &str, limit: u32) -> Result<Vec<PickId>, Error> {
        let sql = "SELECT DISTINCT pick_id FROM log \
                   WHERE substr(pick_id, 1, 8) BETWEEN substr(?1, 1, 8) AND substr(?2, 1, 8) \
                   AND pick_id >= ?1 AND pick_id < ?2 ORDER BY pick_id LIMIT ?3";
        let mut statement = self.connection().prepare_cached(sql)?;
        let end = format!("{digits}g");
        let rows =
            statement.query_map(params![digits, end, limit], |row| row.get::<_, String>(0))?;
        let mut picks = Vec::new();
        for text in rows {
            // Every stored identity is one; another could not have been written.
            picks.extend(text?.parse::<PickId>().ok());
        }
        Ok(picks)
    }
}
