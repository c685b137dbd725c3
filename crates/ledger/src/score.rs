//! Score of a forecast, on the price basis on which it was made.
//!
//! Closes are restated after every split, so a close read later cannot be compared with a forecast
//! made before. Returns survive: the actual close is the as-of close carried forward by the return
//! between the two sessions, as a later forecast's history gives both on one basis.
//!
//! The rule belongs to the forecast: one recorded before there were references is scored against
//! the last close (rule 1), any other against its reference (rule 2), and figures of the two are
//! never summed.

use closecall_protocol::{CloseForecast, Direction, ScoringRule, SessionDate};
use closecall_scoring::hit;
use serde::{Deserialize, Serialize};

/// The score of a forecast. Errors are shares of the as-of close.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "ScoreFields", into = "ScoreFields")]
pub struct Score {
    /// By which rule.
    pub rule: ScoringRule,
    /// The close as it came, on the basis of the as-of close, rounded as the forecast is.
    pub actual: f64,
    /// |prediction − actual|.
    pub error: f64,
    /// |reference − actual|; by rule 1 the reference is the last close.
    pub baseline_error: f64,
    /// |last close − actual|.
    pub last_close_error: f64,
    /// Whether the direction was right. By rule 2 `None` where nothing was called or the close did
    /// not move; by rule 1 "same" is a call, which is right when the close did not move.
    pub hit: Option<bool>,
    /// The same for the side of the last close on which the reference stood.
    pub baseline_hit: Option<bool>,
}

/// A score as rows and lists write it; those of rule 1 stay as the first version wrote them.
#[derive(Serialize, Deserialize)]
struct ScoreFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<u8>,
    actual: f64,
    error: f64,
    baseline_error: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_close_error: Option<f64>,
    hit: Option<bool>,
    /// The outer `None` is an absent field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "an absent field is not a null one")]
    baseline_hit: Option<Option<bool>>,
}

impl From<Score> for ScoreFields {
    fn from(score: Score) -> Self {
        let by_reference = score.rule == ScoringRule::Reference;
        Self {
            rule: by_reference.then_some(2),
            actual: score.actual,
            error: score.error,
            baseline_error: score.baseline_error,
            last_close_error: by_reference.then_some(score.last_close_error),
            hit: score.hit,
            baseline_hit: by_reference.then_some(score.baseline_hit),
        }
    }
}

impl From<ScoreFields> for Score {
    fn from(fields: ScoreFields) -> Self {
        let rule = match fields.rule {
            Some(2) => ScoringRule::Reference,
            _ => ScoringRule::LastClose,
        };
        Self {
            rule,
            actual: fields.actual,
            error: fields.error,
            baseline_error: fields.baseline_error,
            last_close_error: fields.last_close_error.unwrap_or(fields.baseline_error),
            hit: fields.hit,
            baseline_hit: fields.baseline_hit.flatten(),
        }
    }
}

/// Scores `forecast` by a later `history` (session and close, in any order). `None` when that does
/// not hold both the forecast's target and the session of its as-of close.
pub(crate) fn score(forecast: &CloseForecast, history: &[(SessionDate, f64)]) -> Option<Score> {
    let close_of = |wanted| {
        let found = history.iter().rev().find(|(session, _)| *session == wanted);
        found.map(|(_, close)| *close)
    };
    let gain = close_of(forecast.target)? / close_of(forecast.last_session)?;
    let close = forecast.last_close;
    let actual = forecast.rounding().nearest(close * gain);
    // A history with a zero in it, from a sender that rounds pennies away, gives no return.
    if !(actual.is_finite() && actual > 0.0 && close > 0.0) {
        return None;
    }
    let error = |called: f64| (called - actual).abs() / close;
    let rule = forecast.scoring_rule();
    let (hit, baseline_hit) = match rule {
        ScoringRule::Reference => (
            hit(forecast.prediction, close, actual),
            hit(forecast.reference_price(), close, actual),
        ),
        ScoringRule::LastClose => {
            let came = Direction::between(close, actual);
            (Some(came == forecast.direction()), None)
        }
    };
    Some(Score {
        rule,
        actual,
        error: error(forecast.prediction),
        baseline_error: error(forecast.reference_price()),
        last_close_error: error(close),
        hit,
        baseline_hit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_of_the_first_version_reads_back_to_the_byte() {
        let text = r#"{"actual":404.0,"error":0.005,"baseline_error":0.01,"hit":true}"#;
        let score: Score = serde_json::from_str(text).unwrap();
        assert_eq!(score.rule, ScoringRule::LastClose);
        assert_eq!(serde_json::to_string(&score).unwrap(), text);
    }

    #[test]
    fn a_call_that_was_none_is_written_as_null() {
        let text = r#"{"rule":2,"actual":404.0,"error":0.005,"baseline_error":0.01,"last_close_error":0.02,"hit":null,"baseline_hit":null}"#;
        let score: Score = serde_json::from_str(text).unwrap();
        assert_eq!((score.hit, score.baseline_hit), (None, None));
        assert_eq!(serde_json::to_string(&score).unwrap(), text);
    }
}
