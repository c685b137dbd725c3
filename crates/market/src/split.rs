//! Share splits, as vendors announce them.

use chrono::NaiveDate;

/// A split: `ratio` shares for one from its date on, so that prices before it are divided by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub(crate) date: NaiveDate,
    pub(crate) ratio: f64,
}
