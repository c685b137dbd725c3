//! What a reader gets to see: one entry a pick, and the whole in figures.

use chrono::{DateTime, Utc};
use serde::Serialize;

use closecall_protocol::{PickId, Reason, SessionDate, Ticker};

use crate::row::{Event, Row};
use crate::score::Score;

/// What became of a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was forecast.
    Forecast,
    /// It was given up.
    DeadLetter,
}

/// A pick as `ledger list --json` prints it; field order is part of that format. Prices in the
/// quote's currency, on the basis of the as-of close.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Which pick.
    pub pick_id: PickId,
    /// What became of it.
    pub state: State,
    /// Its ticker; unknown for a message that could not be read.
    pub ticker: Option<Ticker>,
    /// The session forecast.
    pub session: Option<SessionDate>,
    /// The forecast close.
    pub prediction: Option<f64>,
    /// The last known close.
    pub close: Option<f64>,
    /// What persistence said; not known of a foreign prediction.
    pub baseline: Option<f64>,
    /// The moment at which its data were cut.
    pub as_of: Option<DateTime<Utc>>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Recorded when the session's close was known already; never scored.
    pub late: bool,
    /// A prediction of the original's trainer; never scored.
    pub foreign: bool,
    /// How it turned out, once known.
    pub score: Option<Score>,
    /// Why it was given up.
    pub reason: Option<Reason>,
}

impl Entry {
    /// The entry of a row; `None` for a score, which is part of another's entry.
    pub(crate) fn of(row: Row, score: Option<Score>) -> Option<Self> {
        let blank = Self {
            pick_id: row.pick_id,
            state: State::Forecast,
            ticker: row.ticker,
            session: row.session,
            prediction: None,
            close: None,
            baseline: None,
            as_of: None,
            recorded_at: row.recorded_at,
            late: false,
            foreign: false,
            score,
            reason: None,
        };
        Some(match row.event {
            Event::Forecast { late, forecast } => Self {
                prediction: Some(forecast.prediction),
                close: Some(forecast.last_close),
                baseline: Some(forecast.reference_price()),
                as_of: Some(forecast.as_of),
                late,
                ..blank
            },
            Event::Foreign { late, prediction } => {
                let foreign = prediction.prediction(row.pick_id);
                Self {
                    prediction: Some(foreign.prediction),
                    close: Some(foreign.last_close),
                    late,
                    foreign: true,
                    ..blank
                }
            }
            Event::DeadLetter { reason, .. } => Self {
                state: State::DeadLetter,
                reason: Some(reason),
                ..blank
            },
            Event::Score { .. } => return None,
        })
    }
}

/// The ledger in figures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Picks that were forecast.
    pub forecasts: u64,
    /// Picks that were given up and not forecast later.
    pub dead_letters: u64,
    /// Repeats that were counted instead of recorded.
    pub duplicates: u64,
    /// Forecasts that have a score.
    pub scored: u64,
    /// Forecasts recorded when their session's close was known already.
    pub late: u64,
    /// Predictions of the original's trainer, which belong to no pick and are in no other figure.
    pub foreign: u64,
    /// Mean error of the scored forecasts over that of persistence; below 1 is better. `None`
    /// before the first score, and while persistence has made no error.
    pub relative_mae: Option<f64>,
}
