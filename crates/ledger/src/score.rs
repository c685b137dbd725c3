//! How well a forecast did, on the price basis on which it was made.
//!
//! Closes are restated after every split, so a close read later cannot be compared with a forecast
//! made before. Returns survive: the actual close is the as-of close carried forward by the return
//! between the two sessions, as a later forecast's history tells both on one basis.

use serde::{Deserialize, Serialize};

use closecall_protocol::{CloseForecast, Direction, SessionDate};

/// The score of a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The close as it came, on the basis of the as-of close, in whole cents.
    pub actual: f64,
    /// |prediction − actual| / as-of close.
    pub error: f64,
    /// The same for persistence.
    pub baseline_error: f64,
    /// Whether the direction was right; `same` is right only when the close did not move a cent.
    pub hit: bool,
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
    let error = |called: f64| (called - actual).abs() / close;
    // A history with a zero in it, from a sender that rounds pennies away, tells no return.
    (actual.is_finite() && actual > 0.0 && close > 0.0).then(|| Score {
        actual,
        error: error(forecast.prediction),
        baseline_error: error(forecast.reference_price()),
        hit: Direction::between(close, actual) == forecast.direction(),
    })
}
