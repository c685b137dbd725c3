//! What the price vendor was asked and when, so that a question is put again only when its answer
//! can have changed; a restart forgets none of it.

use chrono::{DateTime, NaiveDate, Utc};
use closecall_protocol::Ticker;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::{Store, writing};
use super::span::{Span, known, mark};
use crate::error::Error;

/// Spans of daily bars that the vendor has answered for.
const CHARTS: &str = "chart_windows";

/// What is known of the daily bars of a ticker, and how often they were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ChartState {
    /// The vendor has answered for the whole span.
    pub(crate) covered: bool,
    /// The newest session that there is a bar of.
    pub(crate) newest: Option<NaiveDate>,
    /// Questions since the session closed, and the time of the last of them.
    pub(crate) asked: u32,
    pub(crate) asked_at: Option<DateTime<Utc>>,
    /// When the vendor last said that it does not know the ticker.
    pub(crate) unknown_at: Option<DateTime<Utc>>,
}

impl Store {
    /// What is known of the daily bars of `span` and asked since `session` closed.
    pub(crate) async fn chart_state(
        &self,
        ticker: &Ticker,
        session: NaiveDate,
        span: Span,
    ) -> Result<ChartState, Error> {
        let ticker = ticker.clone();
        self.run("read", move |connection| {
            state(connection, &ticker, session, span)
        })
        .await
    }

    /// Counts a question about daily bars.
    pub(crate) async fn note_asked(
        &self,
        ticker: &Ticker,
        session: NaiveDate,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let ticker = ticker.clone();
        let statement = "INSERT INTO chart_questions VALUES (?1, ?2, 1, ?3)
            ON CONFLICT DO UPDATE SET asked = asked + 1, asked_at = excluded.asked_at";
        self.run("write", move |connection| {
            let values = params![ticker.as_str(), session.to_string(), at.timestamp()];
            connection.execute(statement, values)
        })
        .await?;
        Ok(())
    }

    /// Marks the daily bars of a span as answered for; the ticker is known again.
    pub(crate) async fn note_answered(&self, ticker: &Ticker, span: Span) -> Result<(), Error> {
        let ticker = ticker.clone();
        self.run("write", move |connection| {
            let transaction = writing(connection)?;
            mark(&transaction, CHARTS, &ticker, span)?;
            let statement = "DELETE FROM unknown_tickers WHERE ticker = ?1";
            transaction.execute(statement, [ticker.as_str()])?;
            transaction.commit()
        })
        .await
    }

    /// Remembers that the vendor does not know the ticker.
    pub(crate) async fn note_unknown(
        &self,
        ticker: &Ticker,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let ticker = ticker.clone();
        self.run("write", move |connection| {
            let statement = "INSERT OR REPLACE INTO unknown_tickers VALUES (?1, ?2)";
            connection.execute(statement, params![ticker.as_str(), at.timestamp()])
        })
        .await?;
        Ok(())
    }
}

fn state(
    connection: &Connection,
    ticker: &Ticker,
    session: NaiveDate,
    span: Span,
) -> rusqlite::Result<ChartState> {
    let newest: Option<String> = connection.query_row(
        "SELECT max(session) FROM bars WHERE ticker = ?1 AND session <= ?2",
        params![ticker.as_str(), session.to_string()],
        |row| row.get(0),
    )?;
    let moment = |seconds: i64| DateTime::from_timestamp(seconds, 0);
    let asked = |row: &Row<'_>| Ok((row.get::<_, u32>(0)?, moment(row.get(1)?)));
    let asked: Option<(u32, Option<DateTime<Utc>>)> = connection
        .query_row(
            "SELECT asked, asked_at FROM chart_questions WHERE ticker = ?1 AND session = ?2",
            params![ticker.as_str(), session.to_string()],
            asked,
        )
        .optional()?;
    let unknown_at: Option<i64> = connection
        .query_row(
            "SELECT at FROM unknown_tickers WHERE ticker = ?1",
            [ticker.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    let (asked, asked_at) = asked.unwrap_or_default();
    let answered = known(connection, CHARTS, ticker)?;
    Ok(ChartState {
        covered: answered
            .iter()
            .any(|known| known.start <= span.start && span.end <= known.end),
        newest: newest.and_then(|date| date.parse().ok()),
        asked,
        asked_at,
        unknown_at: unknown_at.and_then(moment),
    })
}
