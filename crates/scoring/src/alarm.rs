//! Results too good to be believed.
//!
//! A gain of 2 % in absolute error would be an R² of about 4 %, ten times the best in the
//! literature; a leak of the future into a forecast looks just like that. The alarm asks for a
//! look-ahead check before anything else is made of such a result.

use serde::{Deserialize, Serialize};

use crate::calls::wilson;
use crate::summary::Summary;

/// Outcomes below which luck alone may do it, so that no alarm is given.
pub const ALARM_OUTCOMES: usize = 1_000;

/// By how much hits may exceed what the price alone calls.
const HITS: f64 = 0.03;

/// Error against the reference below which it is not believed.
const ERROR: f64 = 0.98;

/// Signs that a result is too good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// Calls are right more than 3 points more often than the price alone.
    Hits,
    /// The error is more than 2 % below the reference's.
    Error,
}

/// Whether a record is too good to be believed, and in what.
///
/// Hits are compared with the reference's own; where the reference is the last close for most of
/// the record and so calls nothing, with the commoner of rises and falls.
#[must_use]
pub fn alarm(summary: &Summary) -> Option<Alarm> {
    if summary.outcomes < ALARM_OUTCOMES {
        return None;
    }
    if summary.relative_mae.is_some_and(|e| e.value < ERROR) {
        return Some(Alarm::Error);
    }
    let calls = &summary.calls;
    let alone = if 2 * calls.baseline_calls >= calls.calls {
        calls.baseline_hit_rate()
    } else {
        wilson(calls.rises.max(calls.falls), calls.rises + calls.falls)
    };
    let excess = calls.hit_rate()?.value - alone?.value;
    (excess > HITS).then_some(Alarm::Hits)
}
