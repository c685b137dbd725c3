//! Jumps by a factor of two or more that no split announces, and gaps of many sessions.
//!
//! A split moves every price before it by the same simple ratio, and the level stays: later rows
//! confirm it. A unit that changes and never changes back leaves open which unit is meant.

use closecall_protocol::RepairRule;

use super::Unsound;
use super::announced::miss;
use super::excursions::UNIT;
use super::series::Series;

/// Rows from a jump on that confirm the level after it.
const CONFIRMED_BY: usize = 3;
/// Rows after a jump that are enough to do without those before it.
const ENOUGH_WITHOUT: usize = 60;
/// Missing sessions after which a move is not one session's.
const MANY_SESSIONS: usize = 10;
/// Ratios of splits; each stands for its inverse too.
const RATIOS: [f64; 18] = [
    2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0,
    75.0,
];
/// Calendar days around a split's day within which it explains a jump without later rows.
const NEAR_DAYS: i64 = 7;
/// How much nearer than the next ratio the right one has to be.
const CLEARLY: f64 = 0.5;

const UNCONFIRMED: &str = "which no split announces and too few later sessions confirm";
const UNEXPLAINED: &str = "which no split and no unit explains";
const OTHER_UNIT: &str = "as between two units, and nothing shows which of them is meant";

pub(super) fn repair(series: &mut Series<'_>) -> Result<(), Unsound> {
    let rows = series.bars.len();
    // Set while the rows looked at are in another unit than the newest: where that began, by what
    // factor, and the refusal that it takes unless an older jump leads back.
    let mut other_unit: Option<(usize, f64, Unsound)> = None;
    let mut in_other_unit = 0;
    let mut row = series.bars.len().saturating_sub(1);
    while row > 0 {
        let newer = series.bars.len() - row;
        if !is_jump(series, row) {
        } else if let Some(split) = split(series, row) {
            if !split.announced && newer < CONFIRMED_BY {
                return Err(series.jump(row, UNCONFIRMED));
            }
            series.rescale_before(row, split.factor, RepairRule::Split);
        } else if let Some(factor) = unit(series, row) {
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

/// Whether the move into a row is beyond what the sessions since the row before it can have done.
fn is_jump(series: &Series<'_>, row: usize) -> bool {
    let sessions = series.sessions(row);
    let limit = if sessions < MANY_SESSIONS {
        series.doubling()
    } else {
        (4.0 * series.deviation * (sessions as f64).sqrt()).max(series.impossible())
    };
    series.step(row).abs() > limit
}

/// A split that explains a jump.
struct Explained {
    /// What brings the rows before it to the basis after it.
    factor: f64,
    announced: bool,
}

fn split(series: &Series<'_>, row: usize) -> Option<Explained> {
    let up = series.step(row) > 0.0;
    let toward = |ratio: f64| if up { ratio } else { 1.0 / ratio };
    // A split of the series may have been applied up to another row than that of its day.
    let tolerance = series.agreement(series.sessions(row));
    let named = series
        .splits
        .iter()
        .map(|split| (split.date, split.ratio.max(1.0 / split.ratio)))
        .filter(|(_, ratio)| miss(series, row, toward(*ratio).ln()) <= tolerance)
        .min_by_key(|(date, _)| (*date - series.date(row)).num_days().abs());
    if let Some((date, ratio)) = named {
        return Some(Explained {
            factor: toward(ratio),
            announced: (date - series.date(row)).num_days().abs() <= NEAR_DAYS,
        });
    }
    if series.sessions(row) >= MANY_SESSIONS {
        return None;
    }
    let mut misses = RATIOS.map(|ratio| (miss(series, row, toward(ratio).ln()), ratio));
    misses.sort_by(|a, b| a.0.total_cmp(&b.0));
    let [(best, ratio), (next, _), ..] = misses;
    let certain = best <= tolerance && best <= CLEARLY * next;
    certain.then(|| Explained {
        factor: toward(ratio),
        announced: false,
    })
}

/// The factor that brings the rows before a jump to the unit after it, where it is one of unit.
fn unit(series: &Series<'_>, row: usize) -> Option<f64> {
    let factor = if series.step(row) > 0.0 {
        UNIT
    } else {
        1.0 / UNIT
    };
    let is_unit = miss(series, row, factor.ln()) <= series.agreement(series.sessions(row));
    is_unit.then_some(factor)
}
