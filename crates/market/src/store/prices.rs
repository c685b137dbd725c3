//! Bars in the store, and the basis on which their prices are: closes are adjusted for splits as of
//! the moment of asking, so that a split moves every price that was stored before it.

use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::{Bar, Ohlcv, SessionDate, Ticker};
use rusqlite::{Connection, Row, Transaction, params};

use super::connection::{Store, writing};
use crate::error::Error;
use crate::yahoo::Split;

/// Relative differences below this are roundings of the same price.
const ROUNDING: f64 = 1e-3;
/// The ratios of a change of basis agree this well, with each other and with the split's.
const AGREEMENT: f64 = 0.01;

/// Bars of a window, ascending, with the time of the fetch that the newest of them is from.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct StoredBars {
    pub(crate) bars: Vec<Bar>,
    pub(crate) fetched_at: Option<DateTime<Utc>>,
}

/// How fetched closes relate to those of the same sessions that were stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Basis {
    /// Equal, or nothing to compare.
    Same,
    /// All divided by the ratio of a split.
    Split { ratio: f64 },
    /// Differences that no split explains, on so many of the sessions.
    Revised { sessions: usize, of: usize },
}

impl Store {
    /// Keeps the bars, the newest fetch of a session winning, and tells how they relate to what was
    /// stored. After a split the older bars that were not fetched again are brought to its basis.
    pub(crate) async fn put_bars(
        &self,
        ticker: &Ticker,
        bars: Vec<Bar>,
        splits: Vec<Split>,
        fetched_at: DateTime<Utc>,
    ) -> Result<Basis, Error> {
        let ticker = ticker.clone();
        self.run("write", move |connection| {
            put(connection, &ticker, &bars, &splits, fetched_at)
        })
        .await
    }

    /// The bars of the sessions from `first` to `last`, both included.
    pub(crate) async fn bars(
        &self,
        ticker: &Ticker,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<StoredBars, Error> {
        let ticker = ticker.clone();
        self.run("read", move |connection| {
            read(connection, &ticker, first, last)
        })
        .await
    }
}

fn put(
    connection: &mut Connection,
    ticker: &Ticker,
    bars: &[Bar],
    splits: &[Split],
    fetched_at: DateTime<Utc>,
) -> rusqlite::Result<Basis> {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        return Ok(Basis::Same);
    };
    let transaction = writing(connection)?;
    let stored = read(
        &transaction,
        ticker,
        first.session().date(),
        last.session().date(),
    )?;
    let basis = basis(&stored.bars, bars, splits);
    if let Basis::Split { ratio } = basis {
        rescale(&transaction, ticker, first.session(), ratio)?;
    }
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO bars VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for bar in bars {
        let range = bar.range();
        let (session, at) = (bar.session().to_string(), fetched_at.timestamp());
        insert.execute(params![
            ticker.as_str(),
            session,
            bar.open(),
            range.map(|range| range.high),
            range.map(|range| range.low),
            bar.close(),
            bar.adj_close(),
            bar.volume(),
            at
        ])?;
    }
    drop(insert);
    transaction.commit()?;
    Ok(basis)
}

/// Brings the bars before `first`, which were not fetched again, to the basis after a split.
fn rescale(
    transaction: &Transaction<'_>,
    ticker: &Ticker,
    first: SessionDate,
    ratio: f64,
) -> rusqlite::Result<()> {
    let statement = "UPDATE bars SET open = open / ?3, high = high / ?3, low = low / ?3,
        close = close / ?3, adj_close = adj_close / ?3, volume = volume * ?3
        WHERE ticker = ?1 AND session < ?2";
    transaction.execute(
        statement,
        params![ticker.as_str(), first.to_string(), ratio],
    )?;
    Ok(())
}

fn read(
    connection: &Connection,
    ticker: &Ticker,
    first: NaiveDate,
    last: NaiveDate,
) -> rusqlite::Result<StoredBars> {
    let mut query = connection.prepare_cached(
        "SELECT session, open, high, low, close, adj_close, volume, fetched_at FROM bars
         WHERE ticker = ?1 AND session BETWEEN ?2 AND ?3 ORDER BY session",
    )?;
    let (first, last) = (first.to_string(), last.to_string());
    let rows = query.query_map(params![ticker.as_str(), first, last], bar)?;
    let mut stored = StoredBars::default();
    for row in rows {
        let (bar, fetched_at) = row?;
        stored.bars.push(bar);
        stored.fetched_at = Some(fetched_at);
    }
    Ok(stored)
}

fn bar(row: &Row<'_>) -> rusqlite::Result<(Bar, DateTime<Utc>)> {
    let session: String = row.get(0)?;
    let quote = Ohlcv {
        open: row.get(1)?,
        high: row.get(2)?,
        low: row.get(3)?,
        close: row.get(4)?,
        adj_close: row.get(5)?,
        volume: row.get(6)?,
    };
    let bar = session.parse().and_then(|session| Bar::new(session, quote));
    let bar = bar.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    Ok((
        bar,
        DateTime::from_timestamp(row.get(7)?, 0).unwrap_or_default(),
    ))
}

/// Compares the closes of the sessions that both have; both ascend.
fn basis(stored: &[Bar], fetched: &[Bar], splits: &[Split]) -> Basis {
    let ratios: Vec<f64> = stored
        .iter()
        .filter_map(|old| {
            let at = fetched
                .binary_search_by_key(&old.session(), Bar::session)
                .ok()?;
            Some(old.close() / fetched[at].close())
        })
        .collect();
    let revised = ratios
        .iter()
        .filter(|ratio| (*ratio - 1.0).abs() > ROUNDING)
        .count();
    if revised == 0 {
        return Basis::Same;
    }
    let (low, high) = ratios
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(low, high), ratio| {
            (low.min(*ratio), high.max(*ratio))
        });
    // The splits since the last fetch are the newest of those in the window.
    let mut product = 1.0;
    for split in splits.iter().rev() {
        product *= split.ratio;
        if [low, high]
            .iter()
            .all(|ratio| (ratio / product - 1.0).abs() < AGREEMENT)
        {
            return Basis::Split { ratio: product };
        }
    }
    Basis::Revised {
        sessions: revised,
        of: ratios.len(),
    }
}
