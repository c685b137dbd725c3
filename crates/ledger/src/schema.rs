//! The database: its tables, and how connections to it are set up.
//!
//! A row is its number, its content and two hashes; what rows are found by is computed from the
//! content, so there is nothing that could disagree with it. `log` has no hidden row id, so every
//! stored byte of a row is a byte that is verified. The triggers refuse what an append-only log
//! does not know; they keep honest hands from mistakes, the chain finds the others.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::chain::GENESIS;
use crate::error::Error;

/// The format written here.
pub(crate) const VERSION: i64 = 1;

/// How long to wait for another program that holds the database.
const BUSY: Duration = Duration::from_secs(2);

const TABLES: &str = "
CREATE TABLE log (
    seq      INTEGER NOT NULL PRIMARY KEY,
    content  TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL,
    kind     TEXT GENERATED ALWAYS AS (content ->> '$.event.kind') VIRTUAL,
    pick_id  TEXT GENERATED ALWAYS AS (content ->> '$.pick_id') VIRTUAL,
    ticker   TEXT GENERATED ALWAYS AS (content ->> '$.ticker') VIRTUAL,
    session  TEXT GENERATED ALWAYS AS (content ->> '$.session') VIRTUAL,
    late     INTEGER GENERATED ALWAYS AS (content ->> '$.event.late') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE INDEX log_by_pick ON log (pick_id, kind);
CREATE INDEX log_by_session ON log (ticker, kind, session, late, pick_id);

CREATE TABLE head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    rows INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE TABLE tally (
    name  TEXT NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER log_appends BEFORE INSERT ON log
    WHEN NEW.seq <> (SELECT rows + 1 FROM head)
    BEGIN SELECT RAISE(ABORT, 'rows are only appended'); END;
CREATE TRIGGER log_keeps BEFORE DELETE ON log
    BEGIN SELECT RAISE(ABORT, 'rows are never removed'); END;
CREATE TRIGGER log_stays BEFORE UPDATE ON log
    BEGIN SELECT RAISE(ABORT, 'rows are never changed'); END;
CREATE TRIGGER head_advances BEFORE UPDATE ON head
    WHEN NEW.rows <> OLD.rows + 1
    BEGIN SELECT RAISE(ABORT, 'the head advances row by row'); END;
CREATE TRIGGER head_keeps BEFORE DELETE ON head
    BEGIN SELECT RAISE(ABORT, 'the head is never removed'); END;
";

/// A connection that writes; makes what is missing, all of it or nothing.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match version(&transaction)? {
        0 => create(&transaction)?,
        VERSION => {}
        found => {
            return Err(Error::Newer {
                found,
                known: VERSION,
            });
        }
    }
    transaction.commit()?;
    Ok(connection)
}

/// A connection that only reads; [`Error::Absent`] when there is nothing to read.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let absent = || Error::Absent(path.parent().unwrap_or(path).to_owned());
    if !path.exists() {
        return Err(absent());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    match version(&connection)? {
        // Its writer was killed before it had made the tables.
        0 => Err(absent()),
        VERSION => Ok(connection),
        found => Err(Error::Newer {
            found,
            known: VERSION,
        }),
    }
}

/// Every object of the schema with its definition, by name.
pub(crate) fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// What [`objects`] gives for an untouched ledger.
pub(crate) fn expected_objects() -> rusqlite::Result<Vec<(String, String)>> {
    let connection = Connection::open_in_memory()?;
    create(&connection)?;
    objects(&connection)
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    connection.execute("INSERT INTO head VALUES (1, 0, ?1)", [GENESIS])?;
    connection.execute("INSERT INTO tally VALUES ('duplicates', 0)", [])?;
    connection.pragma_update(None, "user_version", VERSION)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
