//! Truth of a simulated session, known to no one who trades in it.

use chrono::NaiveDate;

/// The truth of one session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// The session.
    pub session: NaiveDate,
    /// The log return from the close before to this opening.
    pub overnight: f64,
    /// The log return from the opening to the close.
    pub intraday: f64,
    /// The log return from the close before to this close: the sum of the two.
    pub log_return: f64,
    /// Its expectation, given everything up to the close before.
    pub expected: f64,
    /// The standard deviation of `log_return` around it.
    pub volatility: f64,
    /// The mood of this session's news, in [-1, 1].
    pub mood: f64,
}
