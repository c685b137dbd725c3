//! The database: its tables, and how connections to it are set up.
//!
//! A row is its number, its content and two hashes; what rows are found by is computed from the
//! content, so there is nothing that could disagree with it. `log` has no hidden row id, so every
//! stored byte of a row is a byte that is verified. The triggers refuse what an append-only log
//! does not know; they keep honest hands from mistakes, the chain finds the others.
//!
//! Beside the log stand the lists that its rows name by hash, and tables that follow from it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::chain::GENESIS;
use crate::error::Error;
use crate::format_version::{FIRST, VERSION, version};
use crate::head_file::HeadFile;
use crate::{derived, replay};

/// Longest wait for another program that holds the database.
const BUSY: Duration = Duration::from_secs(2);

const LOG: &str = "
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

/// Lists that rows name by hash, each once; they stay like the rows do.
const CONTENTS: &str = "
CREATE TABLE contents (
    hash    TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER contents_keep BEFORE DELETE ON contents
    BEGIN SELECT RAISE(ABORT, 'lists are never removed'); END;
CREATE TRIGGER contents_stay BEFORE UPDATE ON contents
    BEGIN SELECT RAISE(ABORT, 'lists are never changed'); END;
";

/// A connection that writes; makes what is missing and brings an earlier format up to date, all of
/// it or nothing.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match version(&transaction)? {
        0 => create(&transaction)?,
        FIRST => upgrade(&transaction)?,
        VERSION => {}
        found => return Err(newer(found)),
    }
    transaction.commit()?;
    Ok(connection)
}

/// A connection that only reads; [`Error::Absent`] when there is nothing to read.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, Error> {
    if !path.exists() {
        return Err(absent(path));
    }
    let connection = match readable(path) {
        Err(error) if needs_a_writable_folder(&error) => unchanging(path)?,
        other => other?,
    };
    match version(&connection)? {
        // Its writer was killed before it had made the tables.
        0 => Err(absent(path)),
        FIRST | VERSION => Ok(connection),
        found => Err(newer(found)),
    }
}

fn readable(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // The first look at the database is what needs its shared memory.
    version(&connection)?;
    Ok(connection)
}

/// Readers of a database with a write-ahead log share memory in a file beside it.
fn needs_a_writable_folder(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Opens a database in a folder that cannot be written, as one that is not being changed. Its write-ahead
/// log is not looked at then, so there must be none.
fn unchanging(path: &Path) -> Result<Connection, Error> {
    let log = path.with_extension("sqlite-wal");
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        return Err(Error::ReadOnlyFolder(path.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let path = path.to_string_lossy();
    let escaped = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let uri = format!("file:{escaped}?immutable=1");
    Ok(Connection::open_with_flags(uri, flags)?)
}

/// The reason that there is nothing to read: no ledger yet, or one that is gone while its head file
/// is left.
pub(crate) fn absent(path: &Path) -> Error {
    let folder = path.parent().unwrap_or(path).to_owned();
    match HeadFile::beside(path).read() {
        Ok(Some(head)) if head.rows > 0 => Error::Lost {
            folder,
            rows: head.rows,
        },
        _ => Error::Absent(folder),
    }
}

fn newer(found: i64) -> Error {
    Error::Newer {
        found,
        known: VERSION,
    }
}

/// Every object of the schema with its definition, by name.
pub(crate) fn objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Result of [`objects`] for an untouched ledger of the format that `connection` has.
pub(crate) fn expected_objects(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let untouched = Connection::open_in_memory()?;
    create_log(&untouched)?;
    if version(connection)? != FIRST {
        untouched.execute_batch(CONTENTS)?;
        untouched.execute_batch(derived::TABLES)?;
    }
    objects(&untouched)
}

fn create(connection: &Connection) -> Result<(), Error> {
    create_log(connection)?;
    upgrade(connection)
}

/// From the first format: the rows stay as they are, what follows from them is made.
fn upgrade(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(CONTENTS)?;
    connection.execute_batch(derived::TABLES)?;
    replay::fill(connection, connection)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// The tables of the first format.
fn create_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(LOG)?;
    connection.execute("INSERT INTO head VALUES (1, 0, ?1)", [GENESIS])?;
    connection.execute("INSERT INTO tally VALUES ('duplicates', 0)", [])?;
    connection.pragma_update(None, "user_version", FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let connection = open_writer(&path).unwrap();
        drop(connection);
        folder
    }

    #[test]
    fn a_ledger_that_nobody_changes_is_read_without_shared_memory() {
        let folder = ledger();
        let path = folder.path().join("ledger.sqlite");
        let connection = unchanging(&path).unwrap();
        assert_eq!(version(&connection).unwrap(), VERSION);
        assert!(!path.with_extension("sqlite-shm").exists());
    }

    /// Rows that only the write-ahead log has cannot be had so.
    #[test]
    fn unfinished_business_in_a_folder_that_cannot_be_written_says_what_to_do() {
        let folder = ledger();
        let path = folder.path().join("ledger.sqlite");
        std::fs::write(path.with_extension("sqlite-wal"), "rows").unwrap();
        let refused = unchanging(&path).unwrap_err();
        assert!(matches!(refused, Error::ReadOnlyFolder(_)), "{refused}");
        assert!(refused.to_string().contains("copy the folder"), "{refused}");
    }
}
