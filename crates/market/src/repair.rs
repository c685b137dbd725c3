//! One basis, one unit: what is done to a series of daily prices before it is stored and before
//! anything is learned from it.
//!
//! The newest prices are the truth that older ones are brought to. In this order:
//!
//! 1. `excursions`: a few rows that leave the level and return to it. A factor of 100 is a unit
//!    (cents and dollars) and is undone; anything else is no price and is left out, once two rows
//!    have returned.
//! 2. `announced`: splits that the vendor names and did not apply, or applied twice.
//! 3. `levels`: jumps by a factor of two or more that nothing announces, and gaps of many sessions
//!    with another level on their other side. Excursions beside a split show only now: once more 1.
//! 4. `fields`: an opening or a range that cannot belong to its close becomes unknown.
//!
//! A move that no rule explains with certainty refuses the series. Moves below a factor of two that
//! nothing announces are left alone: they have been real.

mod announced;
mod excursions;
mod fields;
mod levels;
mod outcome;
mod series;

use closecall_calendar::Calendar;
use closecall_protocol::Bar;

use crate::split::Split;
use series::RepairSeries;

pub(crate) use outcome::{Repaired, Unsound};
pub(crate) use series::{rescaled, split_repair};

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
    // What is dated after the session that follows the newest row has changed no price yet.
    let next = bars
        .last()
        .map(|bar| calendar.next(bar.session().date()).date);
    let due = splits
        .iter()
        .filter(|split| next.is_some_and(|day| split.date <= day));
    let due: Vec<Split> = due.copied().collect();
    let mut series = RepairSeries::new(bars, &due, calendar);
    excursions::repair(&mut series)?;
    announced::repair(&mut series)?;
    levels::repair(&mut series)?;
    // On one basis a row shows that was off by the ratio of a split, and something more.
    series.splits = &[];
    excursions::repair(&mut series)?;
    fields::repair(&mut series);
    series.finish()
}

#[cfg(test)]
mod tests;
