//! Outcome of a repair: a sound series with what it took, or the reason that there is none.

use std::fmt;

use chrono::NaiveDate;
use closecall_protocol::{Bar, Repair};

/// Repairs of one series; one that takes more is not worth learning from, and the list travels in a
/// header of bounded size.
pub(super) const MOST_REPAIRS: usize = 16;

/// A series on one basis and in one unit, and what it took.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Repaired {
    pub(crate) bars: Vec<Bar>,
    /// Ascending by session.
    pub(crate) repairs: Vec<Repair>,
}

/// Reasons that a series of prices can be neither trusted nor repaired.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Unsound {
    /// A jump that no split announces, that fits none, or that too few later sessions confirm.
    Jump {
        from: NaiveDate,
        to: NaiveDate,
        factor: f64,
        why: &'static str,
    },
    /// More rows than can be put right one by one.
    TooMany { repairs: usize },
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jump {
                from,
                to,
                factor,
                why,
            } => write!(
                f,
                "from {from} to {to} they change by a factor of {factor:.3}, {why}"
            ),
            Self::TooMany { repairs } => {
                write!(f, "at least {repairs} of their rows would need a repair")
            }
        }
    }
}
