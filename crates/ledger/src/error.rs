//! Errors of a ledger, and whether trying again can help.

use std::io;
use std::path::PathBuf;

use closecall_protocol::ErrorClass;
use rusqlite::ErrorCode;

use crate::damage::Damage;

/// A ledger that could not be opened, read or written. After an error the ledger is as it was
/// before the call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process writes it.
    #[error(
        "{} is being written by another process: stop that one, or choose another data directory",
        .0.display()
    )]
    InUse(PathBuf),
    /// There is none.
    #[error("there is no ledger in {} yet: `closecall run` and `closecall demo` write one", .0.display())]
    Absent(PathBuf),
    /// Its directory or files cannot be made or written.
    #[error("{} cannot be written: check the directory and its permissions", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Its database may not be read.
    #[error("{} cannot be read: check the file and its permissions", path.display())]
    Forbidden {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A later version made it.
    #[error("the ledger has format {found} and this version knows {known}: use a newer closecall")]
    Newer {
        /// Its format.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// Rows are missing or changed.
    #[error("the ledger is damaged, {0}: keep it aside and start with another data directory")]
    Damaged(Damage),
    /// The database is gone while its head file is left.
    #[error(
        "ledger.sqlite is missing in {}, and ledger.head beside it knows of {rows} rows: put the \
         ledger back from a copy, or start with another data directory",
        .folder.display()
    )]
    Lost {
        /// Where it should lie.
        folder: PathBuf,
        /// Rows that it had at least.
        rows: i64,
    },
    /// A ledger with unfinished business in a folder that cannot be written.
    #[error(
        "{} cannot be read in a folder that cannot be written, for its newest rows lie in the \
         -wal file beside it: copy the folder to a place that can be written and read it there",
        .0.display()
    )]
    ReadOnlyFolder(PathBuf),
    /// The database cannot be read as one.
    #[error("the ledger is damaged: keep it aside and start with another data directory")]
    Corrupt(#[source] rusqlite::Error),
    /// A row that is not what this version writes.
    #[error("row {seq} of the ledger cannot be read: `closecall ledger verify` says more")]
    Unreadable {
        /// Its number.
        seq: i64,
        /// The reason.
        source: serde_json::Error,
    },
    /// The disk is full.
    #[error("the disk that holds the ledger is full: free some space, nothing was recorded")]
    Full(#[source] rusqlite::Error),
    /// Another program holds the database.
    #[error("the ledger is locked by another program, nothing was recorded")]
    Busy(#[source] rusqlite::Error),
    /// The disk fails.
    #[error("the disk that holds the ledger fails, nothing was recorded")]
    Io(#[source] rusqlite::Error),
    /// Anything else that SQLite says.
    #[error("the ledger's database refuses")]
    Sqlite(#[source] rusqlite::Error),
    /// Another thread ended while it recorded this together with its own.
    #[error("recording was cut short: it is not known whether the row was written, try again")]
    Interrupted,
    /// A row that does not serialise.
    #[error("a row cannot be written as JSON")]
    Json(#[source] serde_json::Error),
}

impl Error {
    /// Kind of the error, by which recording is tried again and a command's exit code chosen.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Full(_) | Self::Busy(_) | Self::Io(_) | Self::Interrupted => {
                ErrorClass::Unavailable
            }
            Self::Absent(_) | Self::Json(_) => ErrorClass::BadData,
            Self::InUse(_)
            | Self::Unwritable { .. }
            | Self::Forbidden { .. }
            | Self::Newer { .. } => ErrorClass::CannotCreate,
            Self::Damaged(_)
            | Self::Lost { .. }
            | Self::ReadOnlyFolder(_)
            | Self::Corrupt(_)
            | Self::Unreadable { .. }
            | Self::Sqlite(_) => ErrorClass::Damaged,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error),
            Some(ErrorCode::SystemIoFailure) => Self::Io(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error),
            _ => Self::Sqlite(error),
        }
    }
}
