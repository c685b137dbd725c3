//! Forecasts whose close has come: those of a ticker that wait for a score, and the scores that
//! closes give them.

use chrono::{DateTime, Utc};
use closecall_protocol::{CloseForecast, SessionDate, Ticker};
use rusqlite::{Connection, params};

use crate::error::Error;
use crate::row::{Event, Row, ScoreSource};
use crate::score::{self, Score};

/// Forecasts of a ticker that wait for a score, of the sessions that a history spans.
const DUE: &str = "
SELECT log.seq, log.content FROM waiting JOIN log ON log.seq = waiting.seq
WHERE waiting.ticker = ?1 AND waiting.session BETWEEN ?2 AND ?3 ORDER BY log.seq";

/// A forecast that is scored.
pub(crate) struct DueForecast {
    /// Number of its row.
    pub(crate) seq: i64,
    pub(crate) forecast: CloseForecast,
    pub(crate) score: Score,
}

impl DueForecast {
    /// The row of its score.
    pub(crate) fn row(&self, source: ScoreSource, at: DateTime<Utc>) -> Row {
        Row::score(&self.forecast, source, at, self.score)
    }
}

/// The forecasts of a ticker that `history` scores.
pub(crate) fn by(
    connection: &Connection,
    ticker: &Ticker,
    history: &[(SessionDate, f64)],
) -> Result<Vec<DueForecast>, Error> {
    let sessions = || history.iter().map(|(session, _)| *session);
    let (Some(first), Some(last)) = (sessions().min(), sessions().max()) else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(DUE)?;
    let bounds = params![ticker.as_str(), first.to_string(), last.to_string()];
    let mut rows = statement.query(bounds)?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, content): (i64, String) = (row.get(0)?, row.get(1)?);
        if let Event::Forecast { forecast, .. } = Row::parse(seq, &content)?.event
            && let Some(score) = score::score(&forecast, history)
        {
            let forecast = *forecast;
            due.push(DueForecast {
                seq,
                forecast,
                score,
            });
        }
    }
    Ok(due)
}

/// Forecasts of a ticker that wait for their close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingForecasts {
    /// The ticker.
    pub ticker: Ticker,
    /// The session whose close they wait for.
    pub session: SessionDate,
    /// Number of them.
    pub forecasts: u64,
}

/// Everything that waits, by ticker and session.
pub(crate) fn waiting(connection: &Connection) -> Result<Vec<WaitingForecasts>, Error> {
    let sql = "SELECT ticker, session, count(*) FROM waiting GROUP BY 1, 2 ORDER BY 1, 2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, i64>(2)?,
        ))
    })?;
    let mut waiting = Vec::new();
    for row in rows {
        let (ticker, session, forecasts) = row?;
        // Both were written from what they are parsed to.
        if let (Ok(ticker), Ok(session)) = (Ticker::new(&ticker), session.parse()) {
            let forecasts = forecasts.unsigned_abs();
            waiting.push(WaitingForecasts {
                ticker,
                session,
                forecasts,
            });
        }
    }
    Ok(waiting)
}
