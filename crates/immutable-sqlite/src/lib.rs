//! SQLite databases in folders that cannot be written: read as files that are not being changed.
//!
//! Readers of a database with a write-ahead log share memory in a file beside it, which such a folder
//! does not let them make.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

/// Whether an error says that file or folder cannot be written.
#[must_use]
pub fn needs_a_writable_folder(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// Opens a database to read it, without shared memory. Its write-ahead log is not looked at then, so
/// there must be none: `None` where rows lie in it.
///
/// # Errors
/// When the file cannot be opened.
pub fn open(path: &Path) -> rusqlite::Result<Option<Connection>> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).metadata().is_ok_and(|log| log.len() > 0) {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let path = path.to_string_lossy();
    let escaped = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_at_rest_is_read_under_any_name_and_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("50 % of #1?.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (7)")
            .unwrap();
        drop(made);
        let read = open(&path).unwrap().unwrap();
        let n: i64 = read
            .query_row("SELECT n FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(n, 7);
        let write = read.execute("DELETE FROM t", []).unwrap_err();
        assert!(needs_a_writable_folder(&write), "{write}");
    }

    #[test]
    fn rows_in_the_write_ahead_log_cannot_be_had() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        drop(Connection::open(&path).unwrap());
        std::fs::write(folder.path().join("a.db-wal"), "rows").unwrap();
        assert!(open(&path).unwrap().is_none());
    }
}
