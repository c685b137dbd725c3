//! Daily bars in the store, and the basis on which their prices are: closes are adjusted for splits
//! as of the moment of asking, so that a split moves every price that was stored before it.
//!
//! Beside the bars lie the splits that the vendor announced and the repairs that the bars took, so
//! that a forecast from the store names them too.

use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::{Bar, Repair, RepairField, RepairRule, SessionDate};
use rusqlite::{Connection, Row, Transaction, params};

use super::connection::{Store, unreadable, writing};
use super::series::Series;
use crate::error::Error;
use crate::split::Split;

/// Relative differences below this are roundings of the same price.
const ROUNDING: f64 = 1e-3;
/// The ratios of a change of basis agree this well, with each other and with the split's.
const AGREEMENT: f64 = 0.01;
/// The factor between cents and dollars.
const UNIT: f64 = 100.0;

/// An answer of the vendor's as it is kept.
#[derive(Debug, Default)]
pub(crate) struct FetchedBars {
    /// Ascending.
    pub(crate) bars: Vec<Bar>,
    pub(crate) splits: Vec<Split>,
    pub(crate) repairs: Vec<Repair>,
}

/// Bars of a window, ascending, with the time of the fetch that the newest of them is from.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct StoredBars {
    pub(crate) bars: Vec<Bar>,
    /// Ascending.
    pub(crate) splits: Vec<Split>,
    /// Of the window, ascending.
    pub(crate) repairs: Vec<Repair>,
    pub(crate) fetched_at: Option<DateTime<Utc>>,
}

/// Relation of fetched closes to those of the same sessions that were stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Basis {
    /// Equal, or nothing to compare.
    Same,
    /// All divided by the ratio of a split.
    Split { ratio: f64 },
    /// All times a factor of unit: nothing was kept of them.
    OtherUnit { factor: f64 },
    /// Differences that no split explains, on this number of the sessions.
    Revised { sessions: usize, of: usize },
}

impl Store {
    /// Keeps the bars, the newest fetch of a session winning, and returns how they relate to what
    /// was stored. After a split the older bars that were not fetched again are brought to its
    /// basis; bars that are all in another unit than the stored ones are not kept.
    pub(crate) async fn put_bars(
        &self,
        series: &Series,
        fetched: FetchedBars,
        fetched_at: DateTime<Utc>,
    ) -> Result<Basis, Error> {
        let series = series.clone();
        self.run("write", move |connection| {
            put(connection, &series, &fetched, fetched_at)
        })
        .await
    }

    /// The bars of the sessions from `first` to `last`, both included.
    pub(crate) async fn bars(
        &self,
        series: &Series,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<StoredBars, Error> {
        let series = series.clone();
        self.run("read", move |connection| {
            Ok(StoredBars {
                splits: splits(connection, &series)?,
                repairs: repairs(connection, &series, first, last)?,
                ..read(connection, &series, first, last)?
            })
        })
        .await
    }
}

fn put(
    connection: &mut Connection,
    series: &Series,
    fetched: &FetchedBars,
    fetched_at: DateTime<Utc>,
) -> rusqlite::Result<Basis> {
    let transaction = writing(connection)?;
    put_splits(&transaction, series, &fetched.splits, fetched_at)?;
    let (provider, ticker) = series.key();
    let bars = &fetched.bars;
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        transaction.commit()?;
        return Ok(Basis::Same);
    };
    let (first, last) = (first.session(), last.session());
    let stored = read(&transaction, series, first.date(), last.date())?;
    let basis = basis(&stored.bars, bars, &fetched.splits);
    match basis {
        Basis::OtherUnit { .. } => return Ok(basis),
        Basis::Split { ratio } => rescale(&transaction, series, first, ratio, fetched_at)?,
        Basis::Same | Basis::Revised { .. } => {}
    }
    insert(&transaction, series, bars, fetched_at)?;
    transaction.execute(
        "DELETE FROM repairs WHERE provider = ?1 AND ticker = ?2 AND session BETWEEN ?3 AND ?4",
        params![provider, ticker, first.to_string(), last.to_string()],
    )?;
    for repair in &fetched.repairs {
        transaction.execute(
            "INSERT OR REPLACE INTO repairs VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                provider,
                ticker,
                repair.session.to_string(),
                repair.field.to_string(),
                repair.rule.to_string(),
                repair.factor
            ],
        )?;
    }
    transaction.commit()?;
    Ok(basis)
}

fn insert(
    transaction: &Transaction<'_>,
    series: &Series,
    bars: &[Bar],
    fetched_at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let (provider, ticker) = series.key();
    let mut insert = transaction.prepare_cached(
        "INSERT INTO bars (provider, ticker, session, open, high, low, close, adj_close, volume,
             fetched_at, first_seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)
         ON CONFLICT DO UPDATE SET open = excluded.open, high = excluded.high,
             low = excluded.low, close = excluded.close, adj_close = excluded.adj_close,
             volume = excluded.volume, fetched_at = excluded.fetched_at,
             first_seen = CASE WHEN open IS excluded.open AND high IS excluded.high
                 AND low IS excluded.low AND close IS excluded.close
                 AND adj_close IS excluded.adj_close AND volume IS excluded.volume
                 THEN first_seen ELSE excluded.first_seen END",
    )?;
    for bar in bars {
        insert.execute(params![
            provider,
            ticker,
            bar.session().to_string(),
            bar.open(),
            bar.range().map(|range| range.high),
            bar.range().map(|range| range.low),
            bar.close(),
            bar.adj_close(),
            bar.volume(),
            fetched_at.timestamp()
        ])?;
    }
    Ok(())
}

/// Brings the bars before `first`, which were not fetched again, to the basis after a split.
fn rescale(
    transaction: &Transaction<'_>,
    series: &Series,
    first: SessionDate,
    ratio: f64,
    at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let statement = "UPDATE bars SET open = open / ?4, high = high / ?4, low = low / ?4,
        close = close / ?4, adj_close = adj_close / ?4, volume = volume * ?4, first_seen = ?5
        WHERE provider = ?1 AND ticker = ?2 AND session < ?3";
    let (provider, ticker) = series.key();
    let values = params![provider, ticker, first.to_string(), ratio, at.timestamp()];
    transaction.execute(statement, values)?;
    Ok(())
}

fn read(
    connection: &Connection,
    series: &Series,
    first: NaiveDate,
    last: NaiveDate,
) -> rusqlite::Result<StoredBars> {
    let mut query = connection.prepare_cached(
        "SELECT session, open, high, low, close, adj_close, volume, fetched_at FROM bars
         WHERE provider = ?1 AND ticker = ?2 AND session BETWEEN ?3 AND ?4 ORDER BY session",
    )?;
    let (provider, ticker) = series.key();
    let (first, last) = (first.to_string(), last.to_string());
    let rows = query.query_map(params![provider, ticker, first, last], bar)?;
    let mut stored = StoredBars::default();
    for row in rows {
        let (bar, fetched_at) = row?;
        stored.bars.push(bar);
        stored.fetched_at = Some(fetched_at);
    }
    Ok(stored)
}

/// A bar of columns in the order of [`read`], with the last of them.
pub(super) fn bar(row: &Row<'_>) -> rusqlite::Result<(Bar, DateTime<Utc>)> {
    let session: String = row.get(0)?;
    let session: SessionDate = session.parse().map_err(unreadable)?;
    let bar = Bar::of_close(session, row.get(4)?)
        .map_err(unreadable)?
        .with_open(row.get(1)?)
        .with_range(row.get(3)?, row.get(2)?)
        .with_adj_close(row.get(5)?)
        .with_volume(row.get(6)?);
    Ok((
        bar,
        DateTime::from_timestamp(row.get(7)?, 0).unwrap_or_default(),
    ))
}

fn put_splits(
    transaction: &Transaction<'_>,
    series: &Series,
    splits: &[Split],
    seen_at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let (provider, ticker) = series.key();
    for split in splits {
        transaction.execute(
            "INSERT INTO splits (provider, ticker, date, ratio, first_seen)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET ratio = excluded.ratio",
            params![
                provider,
                ticker,
                split.date.to_string(),
                split.ratio,
                seen_at.timestamp()
            ],
        )?;
    }
    Ok(())
}

fn splits(connection: &Connection, series: &Series) -> rusqlite::Result<Vec<Split>> {
    let mut query = connection.prepare_cached(
        "SELECT date, ratio FROM splits WHERE provider = ?1 AND ticker = ?2 ORDER BY date",
    )?;
    query.query_map(series.key(), split)?.collect()
}

/// A split of the columns date and ratio.
pub(super) fn split(row: &Row<'_>) -> rusqlite::Result<Split> {
    let date: String = row.get(0)?;
    Ok(Split {
        date: date.parse().map_err(unreadable)?,
        ratio: row.get(1)?,
    })
}

fn repairs(
    connection: &Connection,
    series: &Series,
    first: NaiveDate,
    last: NaiveDate,
) -> rusqlite::Result<Vec<Repair>> {
    let mut query = connection.prepare_cached(
        "SELECT session, field, rule, factor FROM repairs
         WHERE provider = ?1 AND ticker = ?2 AND session BETWEEN ?3 AND ?4 ORDER BY session",
    )?;
    let repair = |row: &Row<'_>| {
        let text = |column| row.get::<_, String>(column);
        Ok(Repair {
            session: text(0)?.parse().map_err(unreadable)?,
            field: text(1)?.parse().unwrap_or(RepairField::Other),
            rule: text(2)?.parse().unwrap_or(RepairRule::Other),
            factor: row.get(3)?,
        })
    };
    let (provider, ticker) = series.key();
    let (first, last) = (first.to_string(), last.to_string());
    query
        .query_map(params![provider, ticker, first, last], repair)?
        .collect()
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
    let all_are = |factor: f64| {
        [low, high]
            .iter()
            .all(|ratio| (ratio / factor - 1.0).abs() < AGREEMENT)
    };
    // The splits since the last fetch are the newest of those in the window.
    let mut product = 1.0;
    for split in splits.iter().rev() {
        product *= split.ratio;
        if all_are(product) {
            return Basis::Split { ratio: product };
        }
    }
    if let Some(factor) = [UNIT, 1.0 / UNIT]
        .into_iter()
        .find(|factor| all_are(*factor))
    {
        return Basis::OtherUnit {
            factor: 1.0 / factor,
        };
    }
    Basis::Revised {
        sessions: revised,
        of: ratios.len(),
    }
}
