//! Entries of the ledger, one a pick, as readers see them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use closecall_protocol::{
    Interval, Phase, PickId, Provider, Reason, ReferenceKind, SessionDate, Ticker,
};

use crate::row::{Event, Row};
use crate::score::Score;

/// State of a pick.
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
    /// The pick.
    pub pick_id: PickId,
    /// The state that it is in.
    pub state: State,
    /// Its ticker; unknown for a message that could not be read.
    pub ticker: Option<Ticker>,
    /// The session forecast.
    pub session: Option<SessionDate>,
    /// The forecast close.
    pub prediction: Option<f64>,
    /// The last known close.
    pub close: Option<f64>,
    /// The price that it is measured against: its reference; not known of a foreign prediction.
    pub baseline: Option<f64>,
    /// The moment at which its data were cut.
    pub as_of: Option<DateTime<Utc>>,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Recorded when the session's close was known already; never scored.
    pub late: bool,
    /// A prediction of the original's trainer; never scored.
    pub foreign: bool,
    /// The outcome, once known.
    pub score: Option<Score>,
    /// The reason by which it was given up.
    pub reason: Option<Reason>,
    /// The price it starts from.
    pub reference: Option<f64>,
    /// Kind of that price.
    pub reference_kind: Option<ReferenceKind>,
    /// When it was true.
    pub reference_at: Option<DateTime<Utc>>,
    /// The part of the day.
    pub phase: Option<Phase>,
    /// Sessions between the last known close and the target.
    pub sessions_ahead: Option<u32>,
    /// Probability of a close above the last one.
    pub probability_up: Option<f64>,
    /// Expected size of the move that is left, as a log return.
    pub scale: Option<f64>,
    /// Provider of the prices that it was made from.
    pub provider: Option<Provider>,
    /// Its bands, by rising level.
    pub intervals: Vec<Interval>,
    /// Number of its row.
    pub seq: i64,
}

impl Entry {
    /// The entry of a row.
    ///
    /// # Errors
    /// The score, where the row is one: it is part of another's entry.
    pub(crate) fn of(seq: i64, row: Row, score: Option<Score>) -> Result<Self, Score> {
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
            reference: None,
            reference_kind: None,
            reference_at: None,
            phase: None,
            sessions_ahead: None,
            probability_up: None,
            scale: None,
            provider: None,
            intervals: Vec::new(),
            seq,
        };
        Ok(match row.event {
            Event::Forecast { late, forecast, .. } => Self {
                prediction: Some(forecast.prediction),
                close: Some(forecast.last_close),
                baseline: Some(forecast.reference_price()),
                as_of: Some(forecast.as_of),
                late,
                reference: Some(forecast.reference_price()),
                reference_kind: Some(forecast.reference_kind()),
                reference_at: forecast.reference.and_then(|reference| reference.at),
                phase: forecast.phase,
                sessions_ahead: forecast.sessions_ahead,
                probability_up: Some(forecast.probability_up),
                scale: forecast.scale,
                provider: forecast.provider,
                intervals: forecast.intervals.clone(),
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
            Event::Score { score, .. } => return Err(score),
        })
    }
}
