//! Splits that the vendor names: applied to the rows before them, as is due, or not, or twice; or
//! up to another row than that of their day.

use chrono::NaiveDate;
use closecall_protocol::RepairRule;

use super::outcome::Unsound;
use super::series::RepairSeries;
use crate::split::Split;

/// Splits between two rows that are judged together; more of them are not believed.
const MOST_AT_ONCE: usize = 3;
/// The best explanation of a move has to miss it by less than this share of the next best's.
const CLEARLY: f64 = 0.5;
/// A move of this number of deviations needs no explanation.
const ORDINARY: f64 = 3.0;
/// A split has to move prices by more than this number of deviations to be told from an ordinary move.
const BEYOND_NOISE: f64 = 4.0;

/// The same of a split that is looked for on other days than its own, and the least of it: more
/// moves are compared with it.
const OFF_ITS_DAY: f64 = 6.0;
const LEAST_OFF_ITS_DAY: f64 = 0.15;

/// Calendar days around a split's day within which it explains a jump without later rows.
pub(super) const NEAR_DAYS: i64 = 7;

/// An explanation of a move between two rows, beside the market's own move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hypothesis {
    /// The move in logarithms.
    pub(super) shift: f64,
    /// The factor that brings the rows before it to the basis after it.
    factor: f64,
}

/// All combinations of the splits after `from` up to `to`, each applied, not applied, or applied
/// twice. The first of them is that all were applied.
pub(super) fn hypotheses(
    series: &RepairSeries<'_>,
    from: NaiveDate,
    to: NaiveDate,
) -> Vec<Hypothesis> {
    let mut all = vec![Hypothesis {
        shift: 0.0,
        factor: 1.0,
    }];
    let between = series.splits.iter().filter(|split| {
        let told_apart = split.ratio.ln().abs() > BEYOND_NOISE * series.deviation;
        from < split.date && split.date <= to && told_apart
    });
    for split in between.take(MOST_AT_ONCE) {
        for known in all.clone() {
            for ratio in [split.ratio, 1.0 / split.ratio] {
                all.push(Hypothesis {
                    shift: known.shift - ratio.ln(),
                    factor: known.factor / ratio,
                });
            }
        }
    }
    all
}

pub(super) fn repair(series: &mut RepairSeries<'_>) -> Result<(), Unsound> {
    for row in (1..series.bars.len()).rev() {
        let all = hypotheses(series, series.date(row - 1), series.date(row));
        if all.len() == 1 {
            continue;
        }
        let misses = |hypothesis: &Hypothesis| miss(series, row, hypothesis.shift);
        let mut by_miss: Vec<_> = all.iter().map(|h| (misses(h), h)).collect();
        by_miss.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ((best, hypothesis), (next, _)) = (by_miss[0], by_miss[1]);
        // What no hypothesis explains is left to the rules for jumps that nothing announces.
        if best > series.impossible() * (series.sessions(row) as f64).sqrt() {
            continue;
        }
        let ordinary = hypothesis.shift == 0.0 && best <= ORDINARY * series.deviation;
        if best > CLEARLY * next && !ordinary {
            return Err(series.jump(row, "which leaves open whether its split was applied"));
        }
        if hypothesis.shift != 0.0 {
            let (from, to) = (series.date(row - 1), series.date(row));
            let days = series.splits.iter().map(|split| split.date);
            let between = days.filter(|day| from < *day && *day <= to);
            series.spent.extend(between);
            series.rescale_before(row, hypothesis.factor, RepairRule::Split);
        }
    }
    for split in series.splits {
        if let Some((row, factor)) = off_its_day(series, split) {
            series.spent.push(split.date);
            series.rescale_before(row, factor, RepairRule::Split);
        }
    }
    Ok(())
}

/// A row near the day of a split that jumps by its ratio, and what brings the rows before it to the
/// basis after it: the vendor dates the split otherwise than it applies it.
fn off_its_day(series: &RepairSeries<'_>, split: &Split) -> Option<(usize, f64)> {
    let size = split.ratio.ln().abs();
    let told_apart = (OFF_ITS_DAY * series.deviation).max(LEAST_OFF_ITS_DAY);
    if size <= told_apart || series.spent.contains(&split.date) {
        return None;
    }
    let near = |row: &usize| (series.date(*row) - split.date).num_days().abs() <= NEAR_DAYS;
    (1..series.bars.len()).filter(near).find_map(|row| {
        let shift = size.copysign(series.step(row));
        let is_it = miss(series, row, shift) <= series.beside_a_split(row).min(CLEARLY * size);
        is_it.then(|| (row, shift.exp()))
    })
}

/// Distance of the move into `row` from a shift: the mean of the move to its close and, where the
/// opening is known, the one to its opening, which holds less of the market's own.
pub(super) fn miss(series: &RepairSeries<'_>, row: usize, shift: f64) -> f64 {
    let by_close = (series.step(row) - shift).abs();
    let Some(open) = series.bars[row].open() else {
        return by_close;
    };
    let by_open = (open.ln() - series.level(row - 1) - shift).abs();
    f64::midpoint(by_close, by_open)
}
