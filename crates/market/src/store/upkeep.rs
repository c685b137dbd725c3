//! Contents of a store, and the removal of what is old.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rusqlite::{Connection, Row};
use serde::Serialize;

use super::connection::{Store, writing};
use crate::error::Error;

/// Contents of a store, as `closecall store info` shows them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreInfo {
    /// The source that it belongs to.
    pub source: String,
    /// Size of its file in bytes.
    pub bytes: u64,
    /// Daily bars, a row a provider and ticker.
    pub bars: Vec<BarsInfo>,
    /// Earlier values of daily bars that were changed later.
    pub bar_vintages: u64,
    /// Picks of which it is known what was gathered for them.
    pub gathers: u64,
    /// Bars inside sessions.
    pub intraday_bars: u64,
    /// Articles, a row a ticker.
    pub news: Vec<NewsInfo>,
    /// Requests of the newest day that each vendor was asked on.
    pub quotas: Vec<QuotaInfo>,
    /// Breakers that are not closed.
    pub breakers: Vec<BreakerInfo>,
}

/// Daily bars of a ticker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BarsInfo {
    /// The provider that they are from.
    pub provider: String,
    /// Its ticker.
    pub ticker: String,
    /// Number of sessions.
    pub sessions: u64,
    /// The oldest.
    pub first: String,
    /// The newest.
    pub last: String,
    /// Time of the newest fetch.
    pub fetched_at: DateTime<Utc>,
}

/// Articles about a ticker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewsInfo {
    /// The ticker.
    pub ticker: String,
    /// Number of articles.
    pub articles: u64,
    /// Publication of the oldest.
    pub first: DateTime<Utc>,
    /// Publication of the newest.
    pub last: DateTime<Utc>,
    /// Number of spans of which everything is known; one is a history without gaps.
    pub spans: u64,
    /// Days that they cover.
    pub days: f64,
    /// Newest answer to a question about its latest news.
    pub answered_at: Option<DateTime<Utc>>,
}

/// Requests of a UTC day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuotaInfo {
    /// The vendor.
    pub vendor: String,
    /// The day.
    pub day: String,
    /// Requests made.
    pub used: u32,
    /// The vendor has said that the day is spent.
    pub spent: bool,
}

/// A breaker that is not closed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BreakerInfo {
    /// The vendor.
    pub vendor: String,
    /// Its family of endpoints.
    pub family: String,
    /// The host.
    pub host: String,
    /// Faults since its last answer.
    pub faults: u32,
    /// The host is left alone until then.
    pub open_until: Option<DateTime<Utc>>,
}

/// Numbers of rows that were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Daily bars.
    pub bars: usize,
    /// Earlier values of daily bars.
    pub bar_vintages: usize,
    /// Notes of what was gathered for picks.
    pub gathers: usize,
    /// Bars inside sessions.
    pub intraday_bars: usize,
    /// Articles.
    pub articles: usize,
}

/// The market store of a data directory, for upkeep.
#[derive(Debug)]
pub struct MarketStore(Store);

impl MarketStore {
    /// Opens the store of a data directory; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be opened.
    pub fn open(data_dir: &std::path::Path) -> Result<Option<Self>, Error> {
        Store::open_existing(data_dir).map(|store| store.map(Self))
    }

    /// Removes the store of a data directory, where there is one. Nothing may have it open.
    ///
    /// # Errors
    /// [`Error::Store`] when that cannot be done.
    pub fn remove(data_dir: &std::path::Path) -> Result<(), Error> {
        Store::remove(data_dir)
    }

    /// Contents of the store.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be read.
    pub fn info(&self) -> Result<StoreInfo, Error> {
        self.0.now("read", |connection| info(connection))
    }

    /// Removes the bars of sessions before `before`, the articles published before that day and the
    /// notes of what was gathered before it, with the bars' earlier values that no later gather had
    /// seen, and gives the space back. What was removed counts as not known: it is fetched again
    /// where it is needed, but a forecast from before that day cannot be recomputed.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be written.
    pub fn prune(&self, before: NaiveDate) -> Result<Pruned, Error> {
        self.0.now("prune", |connection| prune(connection, before))
    }
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn rows<T>(
    connection: &Connection,
    query: &str,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(query)?.query_map([], read)?.collect()
}

fn info(connection: &Connection) -> rusqlite::Result<StoreInfo> {
    let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0));
    let pages = number("PRAGMA page_count")? * number("PRAGMA page_size")?;
    let source = connection.query_row("SELECT name FROM source WHERE id = 1", [], |r| r.get(0))?;
    let bars = rows(
        connection,
        "SELECT provider, ticker, count(*), min(session), max(session), max(fetched_at)
         FROM bars GROUP BY provider, ticker ORDER BY ticker, provider",
        |row| {
            Ok(BarsInfo {
                provider: row.get(0)?,
                ticker: row.get(1)?,
                sessions: row.get::<_, i64>(2)?.unsigned_abs(),
                first: row.get(3)?,
                last: row.get(4)?,
                fetched_at: moment(row.get(5)?),
            })
        },
    )?;
    let news = rows(
        connection,
        "SELECT a.ticker, count(*), min(published), max(published),
             (SELECT count(*) FROM coverage c WHERE c.kind = 'news' AND c.ticker = a.ticker),
             (SELECT coalesce(sum(end - start), 0) FROM coverage c
              WHERE c.kind = 'news' AND c.ticker = a.ticker),
             (SELECT answered_at FROM news_questions q WHERE q.ticker = a.ticker)
         FROM articles a GROUP BY a.ticker ORDER BY a.ticker",
        |row| {
            Ok(NewsInfo {
                ticker: row.get(0)?,
                articles: row.get::<_, i64>(1)?.unsigned_abs(),
                first: moment(row.get(2)?),
                last: moment(row.get(3)?),
                spans: row.get::<_, i64>(4)?.unsigned_abs(),
                days: row.get::<_, i64>(5)? as f64 / 86_400.0,
                answered_at: row.get::<_, Option<i64>>(6)?.map(moment),
            })
        },
    )?;
    let quotas = rows(
        connection,
        "SELECT vendor, day, used, spent FROM quotas
         WHERE (vendor, day) IN (SELECT vendor, max(day) FROM quotas GROUP BY vendor)",
        |row| {
            Ok(QuotaInfo {
                vendor: row.get(0)?,
                day: row.get(1)?,
                used: row.get(2)?,
                spent: row.get(3)?,
            })
        },
    )?;
    let breakers = rows(
        connection,
        "SELECT vendor, family, host, faults, open_until FROM breakers WHERE faults > 0",
        |row| {
            Ok(BreakerInfo {
                vendor: row.get(0)?,
                family: row.get(1)?,
                host: row.get(2)?,
                faults: row.get(3)?,
                open_until: row.get::<_, Option<i64>>(4)?.map(moment),
            })
        },
    )?;
    Ok(StoreInfo {
        source,
        bytes: pages.unsigned_abs(),
        bars,
        bar_vintages: number("SELECT count(*) FROM bar_vintages")?.unsigned_abs(),
        gathers: number("SELECT count(*) FROM gathers")?.unsigned_abs(),
        intraday_bars: number("SELECT count(*) FROM intraday_bars")?.unsigned_abs(),
        news,
        quotas,
        breakers,
    })
}

fn prune(connection: &mut Connection, before: NaiveDate) -> rusqlite::Result<Pruned> {
    let transaction = writing(connection)?;
    let date = before.to_string();
    let start = before.and_time(NaiveTime::MIN).and_utc().timestamp();
    let of_date = |statement: &str| transaction.execute(statement, [&date]);
    let of_moment = |statement: &str| transaction.execute(statement, [start]);
    let bars = of_date("DELETE FROM bars WHERE session < ?1")?;
    let gathers = of_date("DELETE FROM gathers WHERE content ->> '$.seen_by' < ?1")?;
    let bar_vintages = of_date("DELETE FROM bar_vintages WHERE session < ?1")?
        + of_moment("DELETE FROM bar_vintages WHERE replaced_at <= ?1")?;
    of_date("DELETE FROM repairs WHERE session < ?1")?;
    of_date("DELETE FROM bar_questions WHERE session < ?1")?;
    of_date("DELETE FROM quotas WHERE day < ?1")?;
    let intraday_bars = of_moment("DELETE FROM intraday_bars WHERE start < ?1")?;
    let articles = of_moment("DELETE FROM articles WHERE published < ?1")?;
    of_moment("DELETE FROM news_sums WHERE after < ?1")?;
    of_moment("DELETE FROM coverage WHERE end <= ?1")?;
    of_moment("UPDATE coverage SET start = ?1 WHERE start < ?1")?;
    transaction.commit()?;
    connection.execute_batch("VACUUM")?;
    Ok(Pruned {
        bars,
        bar_vintages,
        gathers,
        intraday_bars,
        articles,
    })
}
