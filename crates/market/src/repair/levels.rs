//! Jumps by a factor of two or more that no split announces, and gaps of many sessions.
//!
//! A split moves every price before it by the same simple ratio, and the level stays: later rows
//! confirm it. A unit that changes and never changes back leaves open which unit is meant.

use closecall_protocol::RepairRule;

use super::announced::{NEAR_DAYS, miss};
use super::excursions::UNIT;
use super::outcome::Unsound;
use super::series::{BESIDE_A_SPLIT, CONFIRMED_BY, RepairSeries};
use crate::split::Split;

/// Rows after a jump that are enough to do without those before it.
const ENOUGH_WITHOUT: usize = 60;
/// Missing sessions after which a move is not one session's.
const MANY_SESSIONS: usize = 10;
/// Ratios of splits; each stands for its inverse too.
const RATIOS: [f64; 16] = [
    2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0,
];
/// Next ratio after the last. A jump must lie clear of it as of any other: what is beyond has no
/// known ratio.
const BEYOND: f64 = 60.0;
/// Share of the next ratio's distance within which the right one has to be.
const CLEARLY: f64 = 0.5;

/// A fall of this size in logarithms, of two fifths in one session, has not been real yet; one of
/// 35 % has.
const UNHEARD_OF: f64 = 0.5;

const UNCONFIRMED: &str = "which no split announces and too few later sessions confirm";
const UNSTEADY: &str = "which no split announces, beside another large move";
const ANOTHER: &str = "where a split of another ratio is announced";
const UNDONE: &str = "which a later jump undoes, as no split does";
const UNEXPLAINED: &str = "which no split and no unit explains";
const OTHER_UNIT: &str = "as between two units, and nothing shows which of them is meant";

pub(super) fn repair(series: &mut RepairSeries<'_>) -> Result<(), Unsound> {
    let rows = series.bars.len();
    // Set while the rows looked at are in another unit than the newest: where that began, by what
    // factor, and the refusal that it takes unless an older jump leads back.
    let mut other_unit: Option<(usize, f64, Unsound)> = None;
    let mut in_other_unit = 0;
    // Factors of the splits that nothing announces.
    let mut taken: Vec<f64> = Vec::new();
    let mut row = series.bars.len().saturating_sub(1);
    while row > 0 {
        let newer = series.bars.len() - row;
        if contradicts_itself(series, row) || newer < CONFIRMED_BY && is_unheard_of(series, row) {
            return Err(series.jump(row, UNCONFIRMED));
        }
        if series.step(row).abs() <= hidden_limit(series, row, newer) {
        } else if let Some(split) = split(series, row) {
            if !split.announced {
                if newer < CONFIRMED_BY {
                    return Err(series.jump(row, UNCONFIRMED));
                }
                if !is_between_levels(series, row) {
                    return Err(series.jump(row, UNSTEADY));
                }
                if series
                    .splits
                    .iter()
                    .any(|split| is_near(series, row, split))
                {
                    return Err(series.jump(row, ANOTHER));
                }
                if taken
                    .iter()
                    .any(|later| (later * split.factor - 1.0).abs() < 1e-9)
                {
                    return Err(series.jump(row, UNDONE));
                }
                taken.push(split.factor);
            }
            series.rescale_before(row, split.factor, RepairRule::Split);
        } else if series.step(row).abs() <= limit(series, row, newer) {
            // Less than a factor of two that nothing explains: it has been real.
        } else if let Some((factor, off)) = unit(series, row) {
            if off > series.ordinary(series.sessions(row)) {
                return Err(series.jump(row, OTHER_UNIT));
            }
            let refusal = series.jump(row, OTHER_UNIT);
            other_unit = match other_unit {
                Some((end, before, _)) if (before * factor - 1.0).abs() < 1e-9 => {
                    in_other_unit += end - row;
                    // Of two units the rarer one is the mistake.
                    if in_other_unit > rows / 2 {
                        return Err(refusal);
                    }
                    None
                }
                _ => Some((row, factor, refusal)),
            };
            series.rescale_before(row, factor, RepairRule::Unit);
        } else if newer >= ENOUGH_WITHOUT {
            series.cut_before(row);
            break;
        } else {
            return Err(series.jump(row, UNEXPLAINED));
        }
        row -= 1;
    }
    other_unit.map_or(Ok(()), |(.., refusal)| Err(refusal))
}

/// The largest move that the sessions since the row before can have made.
fn limit(series: &RepairSeries<'_>, row: usize, newer: usize) -> f64 {
    let sessions = series.sessions(row);
    if sessions < MANY_SESSIONS {
        return series.doubling();
    }
    // The rows before a gap are done without more readily than the whole series.
    let (deviations, least) = if newer >= ENOUGH_WITHOUT {
        (3.0, 0.3)
    } else {
        (4.0, series.impossible())
    };
    (deviations * series.deviation * (sessions as f64).sqrt()).max(least)
}

/// The same, where a split may hide behind a large move against it.
fn hidden_limit(series: &RepairSeries<'_>, row: usize, newer: usize) -> f64 {
    if series.sessions(row) < MANY_SESSIONS {
        series.hidden_doubling()
    } else {
        limit(series, row, newer)
    }
}

/// A newest close far from all other prices of its own row, which no later row can confirm.
fn contradicts_itself(series: &RepairSeries<'_>, row: usize) -> bool {
    let bar = series.bars[row];
    if row + 1 < series.bars.len() || bar.range().is_some() {
        return false;
    }
    let limit = match bar.open() {
        Some(open) if (bar.close() / open).ln().abs() > series.within_a_row() => {
            series.within_a_row()
        }
        _ => unheard_of(series),
    };
    series.step(row).abs() > limit
}

/// A move of one session that needs later rows to be believed, be it less than a factor of two: the
/// newest row may hold several faults at once.
fn unheard_of(series: &RepairSeries<'_>) -> f64 {
    series.impossible().max(UNHEARD_OF)
}

/// Whether the move into a row is such a one, and no split explains it.
fn is_unheard_of(series: &RepairSeries<'_>, row: usize) -> bool {
    let sessions = series.sessions(row);
    let limit = unheard_of(series) * (sessions as f64).sqrt();
    series.step(row).abs() > limit && !split(series, row).is_some_and(|split| split.announced)
}

/// A split that explains a jump.
struct Explained {
    /// The factor that brings the rows before it to the basis after it.
    factor: f64,
    announced: bool,
}

/// The split that explains a jump: one that the vendor dates to some day near it, or else a usual
/// ratio that leaves no more than an ordinary move and that no other comes near.
fn split(series: &RepairSeries<'_>, row: usize) -> Option<Explained> {
    let up = series.step(row) > 0.0;
    let toward = |ratio: f64| if up { ratio } else { 1.0 / ratio };
    let miss_of = |ratio: f64| miss(series, row, toward(ratio).ln());
    let agreement = match series.bars.len() - row {
        CONFIRMED_BY.. => series.agreement(series.sessions(row)),
        _ => series.beside_a_split(row),
    };
    let named = series
        .splits
        .iter()
        .filter(|split| is_near(series, row, split))
        .map(|split| split.ratio.max(1.0 / split.ratio))
        .filter(|ratio| miss_of(*ratio) <= agreement)
        .min_by(|a, b| miss_of(*a).total_cmp(&miss_of(*b)));
    if let Some(ratio) = named {
        return Some(Explained {
            factor: toward(ratio),
            announced: true,
        });
    }
    if series.sessions(row) >= MANY_SESSIONS {
        return None;
    }
    let mut misses = RATIOS.map(|ratio| (miss_of(ratio), ratio));
    misses.sort_by(|a, b| a.0.total_cmp(&b.0));
    let [(best, ratio), (next, _), ..] = misses;
    let beside = series.ordinary(series.sessions(row)).min(BESIDE_A_SPLIT);
    let certain = best <= beside && best <= CLEARLY * next.min(miss_of(BEYOND));
    certain.then(|| Explained {
        factor: toward(ratio),
        announced: false,
    })
}

/// Whether a split that has explained nothing yet is dated near a row.
fn is_near(series: &RepairSeries<'_>, row: usize, split: &Split) -> bool {
    let days = (split.date - series.date(row)).num_days().abs();
    days <= NEAR_DAYS && !series.spent.contains(&split.date)
}

/// Whether the rows on both sides of a jump stay near its levels: a split is not the only large move
/// of a few days.
fn is_between_levels(series: &RepairSeries<'_>, row: usize) -> bool {
    let around = row.saturating_sub(CONFIRMED_BY - 1).max(1)..row + CONFIRMED_BY;
    let mut others = around.filter(|other| *other != row && *other < series.bars.len());
    others.all(|other| {
        let sessions = series.sessions(other) as f64;
        series.step(other).abs() <= series.spike() * sessions.sqrt()
    })
}

/// The factor that brings the rows before a jump to the unit after it, where it is one of unit, and
/// how far the jump is off it.
fn unit(series: &RepairSeries<'_>, row: usize) -> Option<(f64, f64)> {
    let factor = if series.step(row) > 0.0 {
        UNIT
    } else {
        1.0 / UNIT
    };
    let off = miss(series, row, factor.ln());
    // Nothing else is near it: the market's own move may be large.
    (off <= series.agreement(series.sessions(row)).max(0.25)).then_some((factor, off))
}
