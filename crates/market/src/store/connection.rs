//! The store's SQLite file: opened, brought up to date, and used in turn.
//!
//! One file a data directory, in WAL mode, so that several processes may read and write it; within a
//! process one connection, used in turn from the blocking pool. A store belongs to one
//! [`DataSource`] and refuses another's data.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::seen;
use crate::error::Error;
use crate::source::DataSource;

/// Longest wait of a process for another one's write.
const BUSY: Duration = Duration::from_secs(10);

/// Each step brings a store of the version before to the next; `user_version` counts them.
pub(super) const MIGRATIONS: [&str; 7] = [
    "
    CREATE TABLE source (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL) STRICT;
    CREATE TABLE bars (
        ticker TEXT NOT NULL, session TEXT NOT NULL,
        open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL,
        adj_close REAL NOT NULL, volume REAL NOT NULL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (ticker, session)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE articles (
        ticker TEXT NOT NULL, published INTEGER NOT NULL, identity TEXT NOT NULL,
        title TEXT NOT NULL, summary TEXT, url TEXT, publisher TEXT,
        relevance REAL, vendor_score REAL,
        first_seen INTEGER NOT NULL,
        PRIMARY KEY (ticker, published, identity)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE news_windows (
        ticker TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
        PRIMARY KEY (ticker, start)
    ) STRICT, WITHOUT ROWID;
",
    // Only the close of a bar has to be known. What was asked before this version is asked again.
    "
    CREATE TABLE known_bars (
        ticker TEXT NOT NULL, session TEXT NOT NULL,
        open REAL, high REAL, low REAL, close REAL NOT NULL, adj_close REAL, volume REAL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (ticker, session)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO known_bars SELECT * FROM bars;
    DROP TABLE bars;
    ALTER TABLE known_bars RENAME TO bars;
    CREATE TABLE splits (
        ticker TEXT NOT NULL, date TEXT NOT NULL, ratio REAL NOT NULL,
        PRIMARY KEY (ticker, date)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE repairs (
        ticker TEXT NOT NULL, session TEXT NOT NULL, field TEXT NOT NULL, rule TEXT NOT NULL,
        factor REAL NOT NULL,
        PRIMARY KEY (ticker, session, field, rule)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE intraday_bars (
        ticker TEXT NOT NULL, start INTEGER NOT NULL, minutes INTEGER NOT NULL,
        open REAL, high REAL, low REAL, close REAL, volume REAL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (ticker, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chart_windows (
        ticker TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
        PRIMARY KEY (ticker, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chart_questions (
        ticker TEXT NOT NULL, session TEXT NOT NULL, asked INTEGER NOT NULL,
        asked_at INTEGER NOT NULL,
        PRIMARY KEY (ticker, session)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE unknown_tickers (ticker TEXT PRIMARY KEY, at INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE breakers (
        vendor TEXT NOT NULL, host TEXT NOT NULL, faults INTEGER NOT NULL,
        openings INTEGER NOT NULL, open_until INTEGER,
        PRIMARY KEY (vendor, host)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quotas (
        vendor TEXT NOT NULL, day TEXT NOT NULL, used INTEGER NOT NULL, spent INTEGER NOT NULL,
        PRIMARY KEY (vendor, day)
    ) STRICT, WITHOUT ROWID;
",
    // A headline is scored once; sums stand for articles until one of these changes.
    "
    ALTER TABLE articles ADD COLUMN score INTEGER;
    ALTER TABLE articles ADD COLUMN scorer TEXT;
    CREATE INDEX articles_by_identity ON articles (ticker, identity);
    CREATE TABLE news_sums (
        ticker TEXT NOT NULL, until INTEGER NOT NULL, after INTEGER NOT NULL,
        scorer TEXT NOT NULL, articles INTEGER NOT NULL, titles INTEGER NOT NULL,
        score INTEGER NOT NULL,
        PRIMARY KEY (ticker, until, after)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE news_revisions (ticker TEXT PRIMARY KEY, revision INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    CREATE TRIGGER articles_added AFTER INSERT ON articles BEGIN
        DELETE FROM news_sums WHERE ticker = NEW.ticker AND (until, after) IN (
            SELECT sums.until, sums.after FROM articles copy JOIN news_sums sums
            ON sums.ticker = copy.ticker
                AND sums.until >= copy.published AND sums.after < copy.published
            WHERE copy.ticker = NEW.ticker AND copy.identity = NEW.identity);
        INSERT OR IGNORE INTO news_revisions VALUES (NEW.ticker, 0);
        UPDATE news_revisions SET revision = revision + 1 WHERE ticker = NEW.ticker;
    END;
",
    // Prices belong to a provider, breakers to a family of endpoints. Until this version there was
    // one of each.
    "
    CREATE TABLE provider_bars (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, session TEXT NOT NULL,
        open REAL, high REAL, low REAL, close REAL NOT NULL, adj_close REAL, volume REAL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (provider, ticker, session)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_bars SELECT 'yahoo', * FROM bars;
    DROP TABLE bars;
    ALTER TABLE provider_bars RENAME TO bars;
    CREATE TABLE provider_splits (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, date TEXT NOT NULL, ratio REAL NOT NULL,
        PRIMARY KEY (provider, ticker, date)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_splits SELECT 'yahoo', * FROM splits;
    DROP TABLE splits;
    ALTER TABLE provider_splits RENAME TO splits;
    CREATE TABLE provider_repairs (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, session TEXT NOT NULL, field TEXT NOT NULL,
        rule TEXT NOT NULL, factor REAL NOT NULL,
        PRIMARY KEY (provider, ticker, session, field, rule)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_repairs SELECT 'yahoo', * FROM repairs;
    DROP TABLE repairs;
    ALTER TABLE provider_repairs RENAME TO repairs;
    CREATE TABLE provider_intraday_bars (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, start INTEGER NOT NULL,
        minutes INTEGER NOT NULL,
        open REAL, high REAL, low REAL, close REAL, volume REAL,
        fetched_at INTEGER NOT NULL,
        PRIMARY KEY (provider, ticker, start)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_intraday_bars SELECT 'yahoo', * FROM intraday_bars;
    DROP TABLE intraday_bars;
    ALTER TABLE provider_intraday_bars RENAME TO intraday_bars;
    CREATE TABLE coverage (
        provider TEXT NOT NULL, kind TEXT NOT NULL, ticker TEXT NOT NULL,
        start INTEGER NOT NULL, end INTEGER NOT NULL,
        PRIMARY KEY (provider, kind, ticker, start)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO coverage SELECT 'yahoo', 'bars', * FROM chart_windows;
    INSERT INTO coverage SELECT 'alphavantage', 'news', * FROM news_windows;
    DROP TABLE chart_windows;
    DROP TABLE news_windows;
    CREATE TABLE bar_questions (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, session TEXT NOT NULL,
        asked INTEGER NOT NULL, asked_at INTEGER NOT NULL,
        PRIMARY KEY (provider, ticker, session)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO bar_questions SELECT 'yahoo', * FROM chart_questions;
    DROP TABLE chart_questions;
    CREATE TABLE provider_unknown_tickers (
        provider TEXT NOT NULL, ticker TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (provider, ticker)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO provider_unknown_tickers SELECT 'yahoo', * FROM unknown_tickers;
    DROP TABLE unknown_tickers;
    ALTER TABLE provider_unknown_tickers RENAME TO unknown_tickers;
    CREATE TABLE family_breakers (
        vendor TEXT NOT NULL, family TEXT NOT NULL, host TEXT NOT NULL, faults INTEGER NOT NULL,
        openings INTEGER NOT NULL, open_until INTEGER,
        PRIMARY KEY (vendor, family, host)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO family_breakers
        SELECT vendor, CASE vendor WHEN 'yahoo' THEN 'chart' ELSE 'news' END,
            host, faults, openings, open_until
        FROM breakers;
    DROP TABLE breakers;
    ALTER TABLE family_breakers RENAME TO breakers;
",
    // Whose prices a ticker's newest forecast rested on, and when its news were last asked for.
    "
    CREATE TABLE served (ticker TEXT PRIMARY KEY, provider TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE news_questions (ticker TEXT PRIMARY KEY, answered_at INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
",
    seen::TABLES,
];

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
        let path = data_dir.join("market.db");
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

    /// Opens the store of a data directory, whatever its source; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be opened.
    pub(crate) fn open_existing(data_dir: &Path) -> Result<Option<Self>, Error> {
        let path = data_dir.join("market.db");
        if !path.exists() {
            return Ok(None);
        }
        let connection =
            Connection::open(&path).map_err(|error| failed(&path, "open", error.to_string()))?;
        let store = Self {
            path: path.into(),
            connection: Arc::new(Mutex::new(connection)),
        };
        // One that was never used has no source, and stays the live vendors'.
        store.now("open", |connection| prepare(connection, &DataSource::Live))?;
        Ok(Some(store))
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
