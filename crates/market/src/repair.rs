//! One basis, one unit: what is done to a series of daily prices before it is stored and before
//! anything is learned from it.
//!
//! The newest prices are the truth that older ones are brought to. In this order:
//!
//! 1. `excursions`: a few rows that leave the level and return to it. A factor of 100 is a unit
//!    (cents and dollars) and is undone; anything else is no price and is left out.
//! 2. `announced`: splits that the vendor names and did not apply, or applied twice.
//! 3. `levels`: jumps by a factor of two or more that nothing announces, and gaps of many sessions
//!    with another level on their other side.
//! 4. `fields`: an opening or a range that cannot belong to its close becomes unknown.
//!
//! What no rule explains with certainty refuses the series. Moves below a factor of two that nothing
//! announces are left alone: they have been real.

mod announced;
mod excursions;
mod fields;
mod levels;
mod series;

use std::fmt;

use chrono::NaiveDate;
use closecall_calendar::Calendar;
use closecall_protocol::{Bar, Repair};

use crate::split::Split;
use series::RepairSeries;

pub(crate) use series::{rescaled, split_repair};

/// Repairs of one series; one that takes more is not worth learning from, and the list travels in a
/// header of bounded size.
const MOST_REPAIRS: usize = 16;

/// A series on one basis and in one unit, and what it took.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Repaired {
    pub(crate) bars: Vec<Bar>,
    /// Ascending by session.
    pub(crate) repairs: Vec<Repair>,
}

/// Why a series of prices can be neither trusted nor repaired.
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
            Self::TooMany { repairs } => write!(f, "{repairs} of their rows would need a repair"),
        }
    }
}

/// Brings bars, ascending by session, to the basis and unit of the newest of them. `splits` are the
/// vendor's, in any order.
///
/// # Errors
/// [`Unsound`] for a series that no rule repairs with certainty.
pub(crate) fn repair(
    bars: &[Bar],
    splits: &[Split],
    calendar: &Calendar,
) -> Result<Repaired, Unsound> {
    let mut series = RepairSeries::new(bars, splits, calendar);
    excursions::repair(&mut series);
    announced::repair(&mut series)?;
    levels::repair(&mut series)?;
    fields::repair(&mut series);
    series.finish()
}

#[cfg(test)]
mod tests;
