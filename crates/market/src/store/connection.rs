//! The store's SQLite file: opened, brought up to date, and used in turn.
//!
//! One file a data directory, in WAL mode, so that several processes may read and write it; within a
//! process one connection, used in turn from the blocking pool. A store belongs to one
//! [`DataSource`] and refuses another's data.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::migrations::MIGRATIONS;
use super::read_only;
use crate::error::Error;
use crate::source::DataSource;

/// Longest wait of a process for another one's write.
const BUSY: Duration = Duration::from_secs(10);

/// Name of the store in a data directory.
const FILE: &str = "market.db";

/// The store. Cheap to clone; clones share its connection.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    path: Arc<Path>,
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the store of a data directory, and makes it where there is none.
    ///
    /// # Errors
    /// [`Error::Store`] when that cannot be done, [`Error::OtherSource`] when it holds the data of
    /// another source.
    pub(crate) fn open(data_dir: &Path, source: &DataSource) -> Result<Self, Error> {
        let path = data_dir.join(FILE);
        let cannot = |problem: String| failed(&path, "open", problem);
        std::fs::create_dir_all(data_dir).map_err(|error| cannot(error.to_string()))?;
        let connection = Connection::open(&path).map_err(|error| cannot(error.to_string()))?;
        let store = Self {
            path: path.into(),
            connection: Arc::new(Mutex::new(connection)),
        };
        let holds = store.now("open", |connection| prepare(connection, source))?;
        if holds == source.to_string() {
            return Ok(store);
        }
        let (path, wanted) = (store.path.to_path_buf(), source.to_string());
        Err(Error::OtherSource {
            path,
            holds,
            wanted,
        })
    }

    /// Opens the store of a data directory, whatever its source; `None` where there is none. In a
    /// folder that cannot be written it is opened to be read.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be opened.
    pub(crate) fn open_existing(data_dir: &Path) -> Result<Option<Self>, Error> {
        let path = data_dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let opened = match writable(&path) {
            Err(error) if closecall_immutable_sqlite::needs_a_writable_folder(&error) => {
                read_only::open(&path)
            }
            other => other,
        };
        let connection = opened.map_err(|error| failed(&path, "open", error.to_string()))?;
        Ok(Some(Self {
            path: path.into(),
            connection: Arc::new(Mutex::new(connection)),
        }))
    }

    /// Removes the store of a data directory, where there is one, and nothing else there.
    ///
    /// # Errors
    /// [`Error::Store`] when that cannot be done.
    pub(crate) fn remove(data_dir: &Path) -> Result<(), Error> {
        // What SQLite keeps beside a database goes before it, or the next one would take it for its own.
        for name in [format!("{FILE}-wal"), format!("{FILE}-shm"), FILE.into()] {
            let path = data_dir.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(failed(&path, "remove", error.to_string()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Does `work` on the blocking pool.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.clone();
        match tokio::task::spawn_blocking(move || store.now(action, work)).await {
            Ok(result) => result,
            Err(error) => Err(failed(&self.path, action, error.to_string())),
        }
    }

    /// Does `work` here.
    pub(super) fn now<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        // A panic under the lock rolled its transaction back: the connection is fit for use.
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&mut connection).map_err(|error| failed(&self.path, action, error.to_string()))
    }
}

/// An existing store. One that was never used has no source, and stays the live vendors'.
fn writable(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    prepare(&mut connection, &DataSource::Live)?;
    Ok(connection)
}

/// Brings the schema up to date and says whose store it is; a new one is `source`'s.
fn prepare(connection: &mut Connection, source: &DataSource) -> rusqlite::Result<String> {
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A lost transaction is fetched again; a broken file is not.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let transaction = writing(connection)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if !(0..=known).contains(&version) {
        let newer = format!("it is of version {version}, this build knows {known}");
        return Err(rusqlite::Error::ToSqlConversionFailure(newer.into()));
    }
    for step in MIGRATIONS.iter().skip(version as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    let query = "SELECT name FROM source WHERE id = 1";
    let holds: Option<String> = transaction
        .query_row(query, [], |row| row.get(0))
        .optional()?;
    let holds = match holds {
        Some(name) => name,
        None => {
            let name = source.to_string();
            transaction.execute("INSERT INTO source VALUES (1, ?1)", params![name])?;
            name
        }
    };
    transaction.commit()?;
    Ok(holds)
}

/// A transaction that holds the right to write from its start, so that two writers wait for each
/// other instead of failing half way.
pub(super) fn writing(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// A stored value that is not what it was when it was written.
pub(super) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

fn failed(path: &Path, action: &'static str, problem: String) -> Error {
    Error::Store {
        path: PathBuf::from(path),
        action,
        problem,
    }
}
