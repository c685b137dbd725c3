//! Splits that the vendor names: applied to the rows before them, as is due, or not, or twice.

use chrono::NaiveDate;
use closecall_protocol::RepairRule;

use super::Unsound;
use super::series::RepairSeries;

/// Splits between two rows that are judged together; more of them are not believed.
const MOST_AT_ONCE: usize = 3;
/// The best explanation of a move has to miss it by less than this share of the next best's.
const CLEARLY: f64 = 0.5;
/// A move of so many deviations needs no explanation.
const ORDINARY: f64 = 3.0;
/// A split has to move prices by more than so many deviations to be told from an ordinary move.
const BEYOND_NOISE: f64 = 4.0;

/// What a move between two rows may hold beside the market's own move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hypothesis {
    /// The move in logarithms.
    pub(super) shift: f64,
    /// What brings the rows before it to the basis after it.
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
            series.rescale_before(row, hypothesis.factor, RepairRule::Split);
        }
    }
    Ok(())
}

/// How far the move into `row` lies from a shift: the mean of the move to its close and, where the
/// opening is known, the one to its opening, which holds less of the market's own.
pub(super) fn miss(series: &RepairSeries<'_>, row: usize, shift: f64) -> f64 {
    let by_close = (series.step(row) - shift).abs();
    let Some(open) = series.bars[row].open() else {
        return by_close;
    };
    let by_open = (open.ln() - series.level(row - 1) - shift).abs();
    f64::midpoint(by_close, by_open)
}
