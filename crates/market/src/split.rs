//! Share splits, as vendors announce them.

use chrono::NaiveDate;

/// Usual ratios, for a split that nothing announces: small ones too.
pub(crate) const RATIOS: [f64; 13] = [
    4.0 / 3.0,
    1.4,
    1.5,
    5.0 / 3.0,
    2.0,
    2.5,
    3.0,
    4.0,
    5.0,
    7.0,
    8.0,
    10.0,
    20.0,
];

/// A split: `ratio` shares for one from its date on, so that prices before it are divided by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub(crate) date: NaiveDate,
    pub(crate) ratio: f64,
}
