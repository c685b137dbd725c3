//! Intraday bars in the store: what was known inside a session, for a pick whose vendor is silent
//! and for a close that the daily bars do not hold yet.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::SessionTimes;
use rusqlite::{Connection, Row, params};

use super::connection::{Store, writing};
use super::series::Series;
use crate::error::Error;
use crate::providers::{IntradayAnswer, IntradayRow};

/// Bars that began longer before those that are put in are removed.
const KEPT: TimeDelta = TimeDelta::days(30);

impl Store {
    /// Keeps the rows of an answer that had ended by `known`, the newest fetch of each winning.
    pub(crate) async fn put_intraday(
        &self,
        series: &Series,
        intraday: IntradayAnswer,
        known: DateTime<Utc>,
        fetched_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let series = series.clone();
        self.run("write", move |connection| {
            put(connection, &series, &intraday, known, fetched_at)
        })
        .await
    }

    /// The rows of a session from its opening to its closing time, of the granularity that was
    /// stored last. Without rows there is nothing in it.
    pub(crate) async fn intraday(
        &self,
        series: &Series,
        session: SessionTimes,
    ) -> Result<IntradayAnswer, Error> {
        let series = series.clone();
        self.run("read", move |connection| {
            read(connection, &series, &session)
        })
        .await
    }
}

fn put(
    connection: &mut Connection,
    series: &Series,
    intraday: &IntradayAnswer,
    known: DateTime<Utc>,
    fetched_at: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let transaction = writing(connection)?;
    let (provider, ticker) = series.key();
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO intraday_bars VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let ended = |row: &&IntradayRow| {
        row.start + intraday.step <= known && row.close.is_some() && !intraday.is_live(row)
    };
    for row in intraday.rows.iter().filter(ended) {
        insert.execute(params![
            provider,
            ticker,
            row.start.timestamp(),
            intraday.step.num_minutes(),
            row.open,
            row.high,
            row.low,
            row.close,
            row.volume,
            fetched_at.timestamp()
        ])?;
    }
    drop(insert);
    let Some(first) = intraday.rows.iter().map(|row| row.start).min() else {
        return transaction.commit();
    };
    transaction.execute(
        // A range of the primary key: the rest of the table is not looked at.
        "DELETE FROM intraday_bars WHERE provider = ?1 AND ticker = ?2 AND start < ?3",
        params![provider, ticker, (first - KEPT).timestamp()],
    )?;
    transaction.commit()
}

fn read(
    connection: &Connection,
    series: &Series,
    session: &SessionTimes,
) -> rusqlite::Result<IntradayAnswer> {
    let mut query = connection.prepare_cached(
        "SELECT start, minutes, open, high, low, close, volume, fetched_at FROM intraday_bars
         WHERE provider = ?1 AND ticker = ?2 AND start BETWEEN ?3 AND ?4 ORDER BY start",
    )?;
    let stored = |row: &Row<'_>| {
        let start = DateTime::from_timestamp(row.get(0)?, 0).unwrap_or_default();
        let (minutes, fetched_at): (i64, i64) = (row.get(1)?, row.get(7)?);
        let bar = IntradayRow {
            start,
            open: row.get(2)?,
            high: row.get(3)?,
            low: row.get(4)?,
            close: row.get(5)?,
            volume: row.get(6)?,
        };
        Ok((fetched_at, minutes, bar))
    };
    let (provider, ticker) = series.key();
    let (open, close) = (session.open().timestamp(), session.close().timestamp());
    let rows: Vec<_> = query
        .query_map(params![provider, ticker, open, close], stored)?
        .collect::<rusqlite::Result<_>>()?;
    let newest = rows.iter().max_by_key(|(fetched_at, ..)| *fetched_at);
    let minutes = newest.map_or(1, |(_, minutes, _)| *minutes);
    Ok(IntradayAnswer {
        step: TimeDelta::minutes(minutes.max(1)),
        rows: rows
            .into_iter()
            .filter(|(_, of, _)| *of == minutes)
            .map(|(.., row)| row)
            .collect(),
        last_trade: (None, None),
        previous_close: None,
        splits: Vec::new(),
    })
}
