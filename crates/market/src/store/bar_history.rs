//! Every value that a bar has had, and the parts of each gather, so that a forecast can be made again
//! from what its pick had seen.
//!
//! `bars` holds the newest values, with the times at which they were seen first and last; a trigger
//! moves values that are replaced to `bar_vintages`.

use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::{Bar, PickId, Provider, Quote, QuoteAbsent, Repair};
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use super::connection::{Store, unreadable};
use super::prices::{bar, split};
use super::series::Series;
use crate::error::Error;
use crate::split::Split;

/// Parts of a gather, beside the bars and articles that had been seen by its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gathered {
    /// When it ended: nothing that was seen later is part of it.
    pub(crate) seen_by: DateTime<Utc>,
    /// Nothing dated later existed for it.
    pub(crate) cut: DateTime<Utc>,
    pub(crate) provider: Provider,
    /// Whether that is another than the one asked first.
    pub(crate) provider_switched: bool,
    /// When the newest of its prices were fetched.
    pub(crate) fetched_at: DateTime<Utc>,
    /// The last close, where that was an intraday bar's.
    pub(crate) provisional: Option<f64>,
    /// Factor that brought all prices to the quote's basis.
    pub(crate) factor: f64,
    pub(crate) quote: Result<Quote, QuoteAbsent>,
    pub(crate) repairs: Vec<Repair>,
}

impl Store {
    /// Notes what a pick's gather was made of; a gather that is repeated replaces the first.
    pub(crate) async fn put_gathered(
        &self,
        pick_id: PickId,
        gathered: Gathered,
    ) -> Result<(), Error> {
        self.run("write", move |connection| {
            let content = serde_json::to_string(&gathered).map_err(unreadable)?;
            connection
                .prepare_cached("INSERT OR REPLACE INTO gathers VALUES (?1, ?2)")?
                .execute(params![pick_id.to_string(), content])?;
            Ok(())
        })
        .await
    }

    /// Parts of a pick's gather; `None` of one that was made elsewhere.
    pub(crate) async fn gathered(&self, pick_id: PickId) -> Result<Option<Gathered>, Error> {
        self.run("read", move |connection| {
            let content: Option<String> = connection
                .prepare_cached("SELECT content FROM gathers WHERE pick_id = ?1")?
                .query_row([pick_id.to_string()], |row| row.get(0))
                .optional()?;
            content
                .map(|content| serde_json::from_str(&content).map_err(unreadable))
                .transpose()
        })
        .await
    }

    /// The bars of the sessions from `first` to `last`, both included, with the values that they
    /// had by a moment, and the splits that were known then.
    pub(crate) async fn bars_seen_by(
        &self,
        series: &Series,
        (first, last): (NaiveDate, NaiveDate),
        by: DateTime<Utc>,
    ) -> Result<(Vec<Bar>, Vec<Split>), Error> {
        let series = series.clone();
        self.run("read", move |connection| {
            let (provider, ticker) = series.key();
            let mut query = connection.prepare_cached(
                "SELECT session, open, high, low, close, adj_close, volume, fetched_at FROM bars
                 WHERE provider = ?1 AND ticker = ?2 AND session BETWEEN ?3 AND ?4
                     AND first_seen <= ?5
                 UNION ALL
                 SELECT session, open, high, low, close, adj_close, volume, last_seen
                 FROM bar_vintages
                 WHERE provider = ?1 AND ticker = ?2 AND session BETWEEN ?3 AND ?4
                     AND first_seen <= ?5 AND replaced_at > ?5
                 ORDER BY session",
            )?;
            let bounds = [first.to_string(), last.to_string()];
            let seen = params![provider, ticker, bounds[0], bounds[1], by.timestamp()];
            let bars = query
                .query_map(seen, |row| Ok(bar(row)?.0))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            let mut query = connection.prepare_cached(
                "SELECT date, ratio FROM splits
                 WHERE provider = ?1 AND ticker = ?2 AND first_seen <= ?3 ORDER BY date",
            )?;
            let splits = query
                .query_map(params![provider, ticker, by.timestamp()], split)?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            Ok((bars, splits))
        })
        .await
    }
}
