//! A store in a folder that cannot be written: read as a file that is not being changed.

use std::path::Path;

use closecall_immutable_sqlite as immutable_sqlite;
use rusqlite::Connection;

use super::migrations::MIGRATIONS;

/// Opens the store to read it. Its write-ahead log is not looked at then, so there must be none, and
/// its schema cannot be brought up to date.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let refused = |why: String| Err(rusqlite::Error::ToSqlConversionFailure(why.into()));
    let Some(connection) = immutable_sqlite::open(path)? else {
        return refused(
            "its folder cannot be written, and its newest rows lie in the -wal file beside it: copy the \
             folder to a place that can be written and read it there"
                .to_owned(),
        );
    };
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if version == known {
        return Ok(connection);
    }
    refused(format!(
        "its folder cannot be written, and it is of version {version} where this build knows {known}: \
         copy the folder to a place that can be written and read it there"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::DataSource;
    use crate::store::Store;

    #[test]
    fn a_store_at_rest_is_read_and_one_in_use_or_of_another_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("market.db");
        let in_use = Store::open(dir.path(), &DataSource::Live).unwrap();
        let refused = open(&path).unwrap_err().to_string();
        assert!(refused.contains("-wal"), "{refused}");
        drop(in_use);

        let connection = open(&path).unwrap();
        let name = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        let source = connection.query_row("SELECT name FROM source", [], name);
        assert_eq!(source.unwrap(), DataSource::Live.to_string());
        let write = connection.execute("DELETE FROM source", []).unwrap_err();
        assert!(immutable_sqlite::needs_a_writable_folder(&write), "{write}");

        let older = Connection::open(&path).unwrap();
        older.pragma_update(None, "user_version", 1).unwrap();
        drop(older);
        let refused = open(&path).unwrap_err().to_string();
        assert!(refused.contains("version 1"), "{refused}");
    }
}
