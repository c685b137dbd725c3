//! Questions put to a provider of prices, with their times, so that one is put again only when its
//! answer can have changed; a restart forgets none of it.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::{Store, writing};
use super::series::Series;
use super::span::{Covered, Span, known, mark};
use crate::error::Error;

/// The coverage of a series by daily bars.
fn covered(series: &Series) -> Covered<'_> {
    Covered {
        provider: series.provider.into(),
        kind: "bars",
        ticker: &series.ticker,
    }
}

/// Knowledge of the daily bars of a ticker, and the number of times they were asked for.
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
    /// Knowledge of the daily bars of `span`, asked for since `session` closed.
    pub(crate) async fn chart_state(
        &self,
        series: &Series,
        session: NaiveDate,
        span: Span,
    ) -> Result<ChartState, Error> {
        let series = series.clone();
        self.run("read", move |connection| {
            state(connection, &series, session, span)
        })
        .await
    }

    /// Counts a question about daily bars.
    pub(crate) async fn note_asked(
        &self,
        series: &Series,
        session: NaiveDate,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let series = series.clone();
        let statement = "INSERT INTO bar_questions VALUES (?1, ?2, ?3, 1, ?4)
            ON CONFLICT DO UPDATE SET asked = asked + 1, asked_at = excluded.asked_at";
        self.run("write", move |connection| {
            let (provider, ticker) = series.key();
            let values = params![provider, ticker, session.to_string(), at.timestamp()];
            connection.execute(statement, values)
        })
        .await?;
        Ok(())
    }

    /// Marks the daily bars of a span as answered for; the ticker is known again.
    pub(crate) async fn note_answered(&self, series: &Series, span: Span) -> Result<(), Error> {
        let series = series.clone();
        self.run("write", move |connection| {
            let transaction = writing(connection)?;
            mark(&transaction, covered(&series), span)?;
            let statement = "DELETE FROM unknown_tickers WHERE provider = ?1 AND ticker = ?2";
            transaction.execute(statement, series.key())?;
            transaction.commit()
        })
        .await
    }

    /// Remembers that the vendor does not know the ticker.
    pub(crate) async fn note_unknown(
        &self,
        series: &Series,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let series = series.clone();
        self.run("write", move |connection| {
            let statement = "INSERT OR REPLACE INTO unknown_tickers VALUES (?1, ?2, ?3)";
            let (provider, ticker) = series.key();
            connection.execute(statement, params![provider, ticker, at.timestamp()])
        })
        .await?;
        Ok(())
    }
}

fn state(
    connection: &Connection,
    series: &Series,
    session: NaiveDate,
    span: Span,
) -> rusqlite::Result<ChartState> {
    let (provider, ticker) = series.key();
    let newest: Option<String> = connection.query_row(
        "SELECT max(session) FROM bars WHERE provider = ?1 AND ticker = ?2 AND session <= ?3",
        params![provider, ticker, session.to_string()],
        |row| row.get(0),
    )?;
    let moment = |seconds: i64| DateTime::from_timestamp(seconds, 0);
    let asked = |row: &Row<'_>| Ok((row.get::<_, u32>(0)?, moment(row.get(1)?)));
    let asked: Option<(u32, Option<DateTime<Utc>>)> = connection
        .query_row(
            "SELECT asked, asked_at FROM bar_questions
             WHERE provider = ?1 AND ticker = ?2 AND session = ?3",
            params![provider, ticker, session.to_string()],
            asked,
        )
        .optional()?;
    let unknown_at: Option<i64> = connection
        .query_row(
            "SELECT at FROM unknown_tickers WHERE provider = ?1 AND ticker = ?2",
            [provider, ticker],
            |row| row.get(0),
        )
        .optional()?;
    let (asked, asked_at) = asked.unwrap_or_default();
    let answered = known(connection, covered(series))?;
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
