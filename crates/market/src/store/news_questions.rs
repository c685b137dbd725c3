//! When each ticker's news were last brought up to date.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use closecall_protocol::Ticker;
use rusqlite::{Row, params};

use super::connection::Store;
use crate::error::Error;

impl Store {
    /// The newest answer to a question about each ticker's latest news.
    pub(crate) async fn news_answered(&self) -> Result<HashMap<Ticker, DateTime<Utc>>, Error> {
        self.run("read", |connection| {
            let mut query =
                connection.prepare_cached("SELECT ticker, answered_at FROM news_questions")?;
            let read = |row: &Row<'_>| {
                let (ticker, at): (String, i64) = (row.get(0)?, row.get(1)?);
                Ok(Ticker::new(&ticker)
                    .ok()
                    .zip(DateTime::from_timestamp(at, 0)))
            };
            let rows = query.query_map([], read)?;
            rows.filter_map(Result::transpose).collect()
        })
        .await
    }

    /// Remembers an answer.
    pub(crate) async fn note_news_answered(
        &self,
        ticker: &Ticker,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let ticker = ticker.clone();
        self.run("write", move |connection| {
            let statement = "INSERT OR REPLACE INTO news_questions VALUES (?1, ?2)";
            connection.execute(statement, params![ticker.as_str(), at.timestamp()])
        })
        .await?;
        Ok(())
    }
}
