//! A store in a folder that cannot be written: read as a file that is not being changed.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::migrations::MIGRATIONS;

/// Whether an error says that file or folder cannot be written.
pub(super) fn is_meant_by(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Opens the store to read it. Its write-ahead log is not looked at then, so there must be none, and
/// its schema cannot be brought up to date.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let refused = |why: String| Err(rusqlite::Error::ToSqlConversionFailure(why.into()));
    let log = path.with_extension("db-wal");
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        return refused(
            "its folder cannot be written, and its newest rows lie in the -wal file beside it: copy the \
             folder to a place that can be written and read it there"
                .to_owned(),
        );
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let path = path.to_string_lossy();
    let escaped = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let connection = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?;
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
        assert!(is_meant_by(&write), "{write}");

        let older = Connection::open(&path).unwrap();
        older.pragma_update(None, "user_version", 1).unwrap();
        drop(older);
        let refused = open(&path).unwrap_err().to_string();
        assert!(refused.contains("version 1"), "{refused}");
    }
}
