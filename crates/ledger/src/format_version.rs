//! Format of a ledger file, kept as the database's `user_version`.

use rusqlite::Connection;

/// The format written here.
pub(crate) const VERSION: i64 = 3;

/// The format of the first version: rows hold their lists, and nothing is derived.
pub(crate) const FIRST: i64 = 1;

/// The format of an opened ledger; 0 of one without tables.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Whether it has tables that follow from the log.
pub(crate) fn has_derived(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? > FIRST)
}
