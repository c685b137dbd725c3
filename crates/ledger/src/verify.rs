//! Walks the log and names what is wrong with it. What follows from the rows is `replay`'s.
//!
//! Each row carries the hash before it and its own, so it can be judged even where its neighbour
//! is gone: one changed row is one damage, not a cascade.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use crate::chain::{self, GENESIS, Head};
use crate::damage::Damage;
use crate::head_file::HeadFile;
use crate::{replay, schema};

/// Content of a sound ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Rows of the log: forecasts, dead letters and scores.
    pub rows: i64,
}

/// Names of the head's two records.
const HEAD: &str = "the head";
const FILE: &str = "`ledger.head`";

/// Everything, in one snapshot of the database.
pub(crate) fn verify(connection: &Connection, witness: &HeadFile) -> Result<Verified, Vec<Damage>> {
    // Read before the snapshot is taken, so that a writer at work can only be ahead of it.
    let witnessed = witness.read();
    let unreadable = |error: rusqlite::Error| vec![storage(&error)];
    let snapshot = connection.unchecked_transaction().map_err(unreadable)?;
    let mut walk = Walk::new(witnessed.as_ref().ok().and_then(Option::as_ref));
    walk.rows(&snapshot);
    if !walk.broken() {
        walk.head(head(&snapshot));
        walk.file(witnessed);
    }
    let mut damages = walk.damages;
    damages.extend(objects(&snapshot));
    if damages.is_empty() {
        damages.extend(integrity(&snapshot));
    }
    if damages.is_empty() {
        damages.extend(replay::check(&snapshot));
    }
    if damages.is_empty() {
        return Ok(Verified {
            rows: walk.next - 1,
        });
    }
    Err(damages)
}

/// The end of the log only, which is what a writer must know before it appends.
pub(crate) fn tail(
    connection: &Connection,
    witness: &HeadFile,
) -> rusqlite::Result<Option<Damage>> {
    let witnessed = witness.read();
    let known = witnessed.as_ref().ok().and_then(Option::as_ref);
    let mut walk = Walk::new(known);
    let last: i64 = connection.query_row("SELECT coalesce(max(seq), 0) FROM log", [], |row| {
        row.get(0)
    })?;
    // From the witnessed row on, which at most a killed process leaves behind the last.
    let from = known.map_or(last, |head| head.rows.min(last)).max(1);
    walk.next = from;
    walk.before = None;
    let sql = "SELECT seq, content, previous, hash FROM log WHERE seq >= ?1 ORDER BY seq";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([from])?;
    while let Some(row) = rows.next()? {
        walk.row(row);
    }
    walk.head(head(connection));
    walk.file(witnessed);
    Ok(walk.damages.into_iter().next())
}

/// The head that the database keeps.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Head> {
    connection.query_row("SELECT rows, hash FROM head", [], |row| {
        Ok(Head {
            rows: row.get(0)?,
            hash: row.get(1)?,
        })
    })
}

struct Walk {
    damages: Vec<Damage>,
    /// The number the next row must have.
    next: i64,
    /// The hash it must name; `None` where the row before it is in doubt.
    before: Option<String>,
    /// The hash of the last row seen.
    last: String,
    /// The row that the witness names, and the hash that was found there.
    named: i64,
    found: Option<String>,
}

impl Walk {
    fn new(witnessed: Option<&Head>) -> Self {
        Self {
            damages: Vec::new(),
            next: 1,
            before: Some(GENESIS.to_owned()),
            last: GENESIS.to_owned(),
            named: witnessed.map_or(0, |head| head.rows),
            found: None,
        }
    }

    fn broken(&self) -> bool {
        self.damages
            .iter()
            .any(|damage| matches!(damage, Damage::Unreadable { .. }))
    }

    fn rows(&mut self, connection: &Connection) {
        if let Err(error) = self.try_rows(connection) {
            self.damages.push(Damage::Unreadable {
                row: self.next,
                message: error.to_string(),
            });
        }
    }

    fn try_rows(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "SELECT seq, content, previous, hash FROM log ORDER BY seq";
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            self.row(row);
        }
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>) {
        let seq = row.get_ref(0).ok().and_then(|value| value.as_i64().ok());
        // As text only: the same bytes as a blob are a changed row too.
        let text = |column| {
            row.get_ref(column)
                .ok()
                .and_then(|value| value.as_str().ok())
        };
        let whole = match (text(1), text(2), text(3)) {
            (Some(content), Some(previous), Some(hash)) => Some((content, previous, hash)),
            _ => None,
        };
        let sound_as = |seq| {
            whole.is_some_and(|(content, previous, hash)| {
                chain::hash(previous, seq, content) == hash
            })
        };

        let seq = seq.filter(|seq| *seq >= self.next).unwrap_or(self.next);
        if let Some((_, previous, hash)) = whole.filter(|_| sound_as(seq)) {
            if seq > self.next {
                self.removed(self.next, seq - 1);
            } else if self
                .before
                .as_deref()
                .is_some_and(|before| before != previous)
            {
                self.replaced(seq - 1, format!("row {seq}"));
            }
            self.before = Some(hash.to_owned());
            self.passed(seq, hash);
        } else if sound_as(self.next) {
            // Only its number was changed.
            self.damages.push(Damage::Altered { row: self.next });
            self.before = whole.map(|(_, _, hash)| hash.to_owned());
            self.passed(self.next, whole.map_or("", |(_, _, hash)| hash));
        } else {
            if seq > self.next {
                self.removed(self.next, seq - 1);
            }
            self.damages.push(Damage::Altered { row: seq });
            self.before = None;
            self.passed(seq, "");
        }
    }

    fn passed(&mut self, seq: i64, hash: &str) {
        if seq == self.named {
            self.found = Some(hash.to_owned());
        }
        hash.clone_into(&mut self.last);
        self.next = seq + 1;
    }

    /// Judges the end of the log by the database's own head.
    fn head(&mut self, head: rusqlite::Result<Head>) {
        let end = self.next - 1;
        match head {
            Err(error) => self.damages.push(Damage::Head {
                witness: HEAD,
                message: error.to_string(),
            }),
            Ok(head) if head.rows > end => self.removed(end + 1, head.rows),
            Ok(head) if head.rows < end => self.damages.push(Damage::Unrecorded {
                first: head.rows + 1,
                last: end,
            }),
            Ok(head) if head.hash != self.last => self.replaced(end, HEAD.to_owned()),
            Ok(_) => {}
        }
    }

    /// Judges it by the file beside the database, which may be behind but never ahead.
    fn file(&mut self, witnessed: std::io::Result<Option<Head>>) {
        let end = self.next - 1;
        let message = match witnessed {
            Ok(Some(head)) if head.rows > end => return self.removed(end + 1, head.rows),
            Ok(Some(head)) if head.rows == 0 && head == Head::empty() => return,
            Ok(Some(head)) if self.found.as_ref() == Some(&head.hash) => return,
            Ok(Some(head)) => return self.replaced(head.rows, FILE.to_owned()),
            // Its first writer was killed before it came to that.
            Ok(None) if end == 0 => return,
            Ok(None) => "it is missing".to_owned(),
            Err(error) => error.to_string(),
        };
        self.damages.push(Damage::Head {
            witness: FILE,
            message,
        });
    }

    fn removed(&mut self, first: i64, last: i64) {
        let damage = Damage::Removed { first, last };
        if !self.damages.contains(&damage) {
            self.damages.push(damage);
        }
    }

    /// A row that was changed is not reported as replaced on top of it.
    fn replaced(&mut self, row: i64, witness: String) {
        if !self.damages.iter().any(|damage| damage.row() == Some(row)) {
            self.damages.push(Damage::Replaced { row, witness });
        }
    }
}

/// Tables, indexes and triggers that are not as they were made.
fn objects(connection: &Connection) -> Vec<Damage> {
    let both = schema::expected_objects(connection)
        .and_then(|expected| Ok((expected, schema::objects(connection)?)));
    let (expected, found) = match both {
        Ok(both) => both,
        Err(error) => return vec![storage(&error)],
    };
    let expected: BTreeMap<_, _> = expected.into_iter().collect();
    let found: BTreeMap<_, _> = found.into_iter().collect();
    let damage = |object: &String, what| Damage::Schema {
        object: object.clone(),
        what,
    };
    let lost = expected
        .iter()
        .filter_map(|(name, sql)| match found.get(name) {
            None => Some(damage(name, "is missing")),
            Some(other) if other != sql => Some(damage(name, "was changed")),
            Some(_) => None,
        });
    let added = found.keys().filter(|name| !expected.contains_key(*name));
    lost.chain(added.map(|name| damage(name, "is not the ledger's")))
        .collect()
}

/// SQLite's own check: indexes that disagree with the log, pages in disorder.
fn integrity(connection: &Connection) -> Vec<Damage> {
    let check = || {
        let mut statement = connection.prepare("PRAGMA integrity_check(10)")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    match check() {
        Ok(lines) if lines == ["ok"] => Vec::new(),
        Ok(lines) => lines
            .into_iter()
            .map(|message| Damage::Storage { message })
            .collect(),
        Err(error) => vec![storage(&error)],
    }
}

fn storage(error: &rusqlite::Error) -> Damage {
    Damage::Storage {
        message: error.to_string(),
    }
}
