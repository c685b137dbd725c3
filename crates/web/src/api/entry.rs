//! A pick in a list: what the ledger says of it.

use chrono::{DateTime, Utc};
use closecall_ledger::{Entry, LedgerEvent, Score, State};
use closecall_protocol::{
    Direction, Interval, Phase, PickId, Reason, ReferenceKind, ScoringRule, SessionDate, Ticker,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A pick as `ledger list --json` prints it. Prices in the quote's currency, on the basis of the
/// as-of close.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ForecastEntry {
    /// The pick: 32 hexadecimal digits.
    #[schema(value_type = String, pattern = "^[0-9a-f]{32}$")]
    pub(crate) pick_id: PickId,
    /// `forecast` or `dead_letter`.
    #[schema(value_type = String)]
    pub(crate) state: EntryState,
    /// Its ticker; unknown for a message that could not be read.
    #[schema(value_type = Option<String>)]
    pub(crate) ticker: Option<Ticker>,
    /// The session forecast.
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) session: Option<SessionDate>,
    /// The forecast close.
    pub(crate) prediction: Option<f64>,
    /// The last known close.
    pub(crate) close: Option<f64>,
    /// The price that it is measured against: its reference.
    pub(crate) baseline: Option<f64>,
    /// The moment at which its data were cut.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) recorded_at: DateTime<Utc>,
    /// Recorded when the session's close was known already; never scored.
    pub(crate) late: bool,
    /// A prediction of the original's trainer; never scored.
    pub(crate) foreign: bool,
    /// The outcome, once known.
    pub(crate) score: Option<ScoreEntry>,
    /// The reason by which it was given up.
    #[schema(value_type = Option<String>)]
    pub(crate) reason: Option<Reason>,
    /// The price it starts from.
    pub(crate) reference: Option<f64>,
    /// `last-close`, `opening` or `quote`.
    #[schema(value_type = Option<String>)]
    pub(crate) reference_kind: Option<ReferenceKind>,
    /// When that price was true.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) reference_at: Option<DateTime<Utc>>,
    /// The part of the day: `before`, `open`, `morning`, `afternoon` or `last-hour`.
    #[schema(value_type = Option<String>)]
    pub(crate) phase: Option<Phase>,
    /// Sessions between the last known close and the target.
    pub(crate) sessions_ahead: Option<u32>,
    /// Probability of a close above the last one.
    pub(crate) probability_up: Option<f64>,
    /// Its bands, by rising level.
    pub(crate) intervals: Vec<IntervalEntry>,
    /// Number of its row.
    pub(crate) seq: i64,
}

/// State of a pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryState {
    Forecast,
    DeadLetter,
}

/// A prediction interval for the close.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct IntervalEntry {
    /// Promised coverage, such as 0.8.
    pub(crate) level: f64,
    /// Lower end.
    pub(crate) lower: f64,
    /// Upper end.
    pub(crate) upper: f64,
}

/// Outcome of a forecast. Errors are shares of the as-of close.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ScoreEntry {
    /// 1: against the last close (forecasts recorded before references were); 2: against the
    /// reference.
    pub(crate) rule: u8,
    /// The close as it came, on the basis of the as-of close.
    pub(crate) actual: f64,
    /// |prediction − actual|.
    pub(crate) error: f64,
    /// |reference − actual|.
    pub(crate) baseline_error: f64,
    /// |last close − actual|.
    pub(crate) last_close_error: f64,
    /// Whether the direction was right; null where nothing was called or the close did not move.
    pub(crate) hit: Option<bool>,
    /// The same for the side on which the reference stood.
    pub(crate) baseline_hit: Option<bool>,
}

/// A score as an event of the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EventEntry {
    #[schema(value_type = String)]
    pick_id: PickId,
    #[schema(value_type = Option<String>)]
    ticker: Option<Ticker>,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: DateTime<Utc>,
    score: ScoreEntry,
    seq: i64,
}

impl EventEntry {
    pub(crate) fn of(row: &LedgerEvent, score: &Score) -> Self {
        Self {
            pick_id: row.pick_id,
            ticker: row.ticker.clone(),
            recorded_at: row.recorded_at,
            score: (*score).into(),
            seq: row.seq,
        }
    }
}

impl From<Score> for ScoreEntry {
    fn from(score: Score) -> Self {
        Self {
            rule: match score.rule {
                ScoringRule::LastClose => 1,
                ScoringRule::Reference => 2,
            },
            actual: score.actual,
            error: score.error,
            baseline_error: score.baseline_error,
            last_close_error: score.last_close_error,
            hit: score.hit,
            baseline_hit: score.baseline_hit,
        }
    }
}

impl From<&Interval> for IntervalEntry {
    fn from(interval: &Interval) -> Self {
        Self {
            level: interval.level,
            lower: interval.lower,
            upper: interval.upper,
        }
    }
}

/// Where a close came in the bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fell {
    Inside80,
    Inside90,
    Outside,
}

impl Fell {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Inside80 => "inside 80 %",
            Self::Inside90 => "inside 90 %",
            Self::Outside => "outside",
        }
    }
}

impl ForecastEntry {
    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            pick_id: entry.pick_id,
            state: match entry.state {
                State::Forecast => EntryState::Forecast,
                State::DeadLetter => EntryState::DeadLetter,
            },
            ticker: entry.ticker.clone(),
            session: entry.session,
            prediction: entry.prediction,
            close: entry.close,
            baseline: entry.baseline,
            as_of: entry.as_of,
            recorded_at: entry.recorded_at,
            late: entry.late,
            foreign: entry.foreign,
            score: entry.score.map(Into::into),
            reason: entry.reason,
            reference: entry.reference,
            reference_kind: entry.reference_kind,
            reference_at: entry.reference_at,
            phase: entry.phase,
            sessions_ahead: entry.sessions_ahead,
            probability_up: entry.probability_up,
            intervals: entry.intervals.iter().map(Into::into).collect(),
            seq: entry.seq,
        }
    }

    pub(crate) fn is(&self, pick_id: PickId) -> bool {
        self.pick_id == pick_id
    }

    /// The band of a level, such as 0.8.
    pub(crate) fn band(&self, level: f64) -> Option<(f64, f64)> {
        let found = self
            .intervals
            .iter()
            .find(|interval| (interval.level - level).abs() < 1e-9);
        found.map(|interval| (interval.lower, interval.upper))
    }

    /// Rise, fall or same, against the last close.
    pub(crate) fn direction(&self) -> Option<Direction> {
        Some(Direction::between(self.close?, self.prediction?))
    }

    /// Where the close came, once it did.
    pub(crate) fn fell(&self) -> Option<Fell> {
        let actual = self.score?.actual;
        let inside = |(lower, upper): (f64, f64)| lower <= actual && actual <= upper;
        Some(
            match (self.band(0.8).map(inside), self.band(0.9).map(inside)) {
                (Some(true), _) => Fell::Inside80,
                (_, Some(true)) => Fell::Inside90,
                _ => Fell::Outside,
            },
        )
    }
}
