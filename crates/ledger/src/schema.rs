//! The database: its tables, and how connections to it are set up.
//!
//! A row is its number, its content and two hashes; what rows are found by is computed from the
//! content, so there is nothing that could disagree with it. The number is the key of the table, so
//! every stored byte of a row that is read is a byte that is verified. The triggers refuse what an
//! append-only log does not know; they keep honest hands from mistakes, the chain finds the others.
//!
//! Beside the log stand the lists that its rows name by hash, and tables that follow from it.
//!
//! Tables have row ids, since a tree without them keeps whole rows in its inner pages: of rows of a
//! thousand bytes four fit on one, and a log of a million is ten pages deep instead of three.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use closecall_immutable_sqlite as immutable_sqlite;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::chain::GENESIS;
use crate::error::Error;
use crate::format_version::{FIRST, VERSION, version};
use crate::head_file::HeadFile;
use crate::{derived, replay};

/// Pages that a reader keeps, in KiB. A process has several readers, each of which looks at the
/// newest rows most of the time; the system keeps the file's pages for all of them.
const READERS_CACHE_KIB: i64 = 512;

/// Longest wait for another program that holds the database.
const BUSY: Duration = Duration::from_secs(2);

const HEAD: &str = include_str!("schema/head.sql");
const LOG: &str = include_str!("schema/log.sql");
const LOG_TRIGGERS: &str = include_str!("schema/log_triggers.sql");
const CONTENTS: &str = include_str!("schema/contents.sql");
const CONTENTS_TRIGGERS: &str = include_str!("schema/contents_triggers.sql");

/// The tables of earlier formats.
const EARLIER_LOG: &str = include_str!("schema/earlier_log.sql");
const EARLIER_CONTENTS: &str = include_str!("schema/earlier_contents.sql");

/// Moves the log of an earlier format aside.
const LOG_ASIDE: &str = "
DROP TRIGGER log_appends;
DROP TRIGGER log_keeps;
DROP TRIGGER log_stays;
DROP INDEX log_by_pick;
DROP INDEX log_by_session;
ALTER TABLE log RENAME TO earlier_log;";

/// Moves its rows to the log of this one.
const LOG_OVER: &str = "
INSERT INTO log (seq, content, previous, hash)
    SELECT seq, content, previous, hash FROM earlier_log ORDER BY seq;
DROP TABLE earlier_log;";

/// The same for lists; what follows from the rows is dropped, to be made from them again.
const CONTENTS_ASIDE: &str = "
DROP TRIGGER contents_keep;
DROP TRIGGER contents_stay;
ALTER TABLE contents RENAME TO earlier_contents;
DROP TABLE waiting;
DROP TABLE outcomes;
DROP TABLE figures;";
const CONTENTS_OVER: &str = "
INSERT INTO contents (hash, content) SELECT hash, content FROM earlier_contents;
DROP TABLE earlier_contents;";

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
        earlier @ FIRST..VERSION => upgrade(&transaction, earlier)?,
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
        Err(error) if immutable_sqlite::needs_a_writable_folder(&error) => unchanging(path)?,
        other => other?,
    };
    match version(&connection)? {
        // Its writer was killed before it had made the tables.
        0 => Err(absent(path)),
        FIRST..=VERSION => Ok(connection),
        found => Err(newer(found)),
    }
}

fn readable(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -READERS_CACHE_KIB)?;
    // The first look at the database is what needs its shared memory.
    version(&connection)?;
    Ok(connection)
}

/// Opens a database in a folder that cannot be written.
fn unchanging(path: &Path) -> Result<Connection, Error> {
    let opened = immutable_sqlite::open(path).map_err(|error| {
        // SQLite does not say why it cannot open a file.
        File::open(path)
            .err()
            .map_or(error.into(), |source| Error::Forbidden {
                path: path.to_owned(),
                source,
            })
    })?;
    opened.ok_or_else(|| Error::ReadOnlyFolder(path.to_owned()))
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
    let found = version(connection)?;
    let is_earlier = found < VERSION;
    let (log, contents) = if is_earlier {
        (EARLIER_LOG, EARLIER_CONTENTS)
    } else {
        (LOG, CONTENTS)
    };
    untouched.execute_batch(HEAD)?;
    untouched.execute_batch(log)?;
    untouched.execute_batch(LOG_TRIGGERS)?;
    if found > FIRST {
        untouched.execute_batch(contents)?;
        untouched.execute_batch(CONTENTS_TRIGGERS)?;
        untouched.execute_batch(derived::TABLES)?;
    }
    objects(&untouched)
}

fn create(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(HEAD)?;
    connection.execute("INSERT INTO head VALUES (1, 0, ?1)", [GENESIS])?;
    connection.execute("INSERT INTO tally VALUES ('duplicates', 0)", [])?;
    for part in [LOG, LOG_TRIGGERS, CONTENTS, CONTENTS_TRIGGERS] {
        connection.execute_batch(part)?;
    }
    derive(connection)
}

/// From an earlier format: the rows stay as they are, in tables of another form.
fn upgrade(connection: &Connection, from: i64) -> Result<(), Error> {
    for part in [LOG_ASIDE, LOG, LOG_OVER, LOG_TRIGGERS] {
        connection.execute_batch(part)?;
    }
    if from > FIRST {
        for part in [CONTENTS_ASIDE, CONTENTS, CONTENTS_OVER] {
            connection.execute_batch(part)?;
        }
    } else {
        connection.execute_batch(CONTENTS)?;
    }
    connection.execute_batch(CONTENTS_TRIGGERS)?;
    derive(connection)
}

/// Makes what follows from the rows.
fn derive(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(derived::TABLES)?;
    replay::fill(connection, connection)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(())
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
