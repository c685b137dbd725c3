//! A few rows that leave the level of prices and return to it.

use chrono::TimeDelta;
use closecall_protocol::{Bar, RepairField, RepairRule};

use super::announced::{Hypothesis, NEAR_DAYS, hypotheses};
use super::outcome::Unsound;
use super::series::{LEFT_OUT, RepairSeries};

/// Rows of one excursion, at most; longer ones are levels.
const LONGEST: usize = 3;
/// Least ratio of the way there and back to what is left between the levels.
const CLEARLY: f64 = 2.0;
/// Deviations from the way between two levels within which a row lies on it.
const OFF_THE_WAY: f64 = 4.0;
/// Cents in a dollar, pence in a pound.
pub(super) const UNIT: f64 = 100.0;

const UNCONFIRMED: &str = "from which the newest row alone returns";

/// Mends or leaves out every excursion.
///
/// # Errors
/// [`Unsound`] where only the newest row returns.
pub(super) fn repair(series: &mut RepairSeries<'_>) -> Result<(), Unsound> {
    let mut row = 1;
    while row < series.bars.len() && !series.too_many() {
        row = match excursion_at(series, row) {
            // Without it the rows before show what it hid.
            Some(excursion) => {
                settle(series, &excursion)?;
                1
            }
            None => row + 1,
        };
    }
    Ok(())
}

/// The excursion that begins at `row`, unless the rows after it belong to it rather than to the row
/// that returned: then that one leaves the level, and will be met further on.
fn excursion_at(series: &RepairSeries<'_>, row: usize) -> Option<Excursion> {
    let excursion = returns_at(series, row)?;
    let next = excursion.end + 1;
    let leaves_again = next < series.bars.len() && {
        let away = |from: usize| (series.level(next) - series.level(from)).abs();
        away(row) <= series.agreement(next - row) && away(row) < away(excursion.end)
    };
    let is_unit = |place| unit(series, &excursion, place).is_some();
    (!leaves_again || (row..excursion.end).all(is_unit)).then_some(excursion)
}

/// Rows that left the level.
struct Excursion {
    /// The first of them.
    row: usize,
    /// The first row that is back.
    end: usize,
    /// The move of a split among them, in logarithms: the level before it is not the one after it.
    shift: f64,
}

/// The excursion that begins at `row`: some rows later the level is again that of the row before
/// it, a split being allowed for, which may be dated some days before or after them.
fn returns_at(series: &RepairSeries<'_>, row: usize) -> Option<Excursion> {
    if is_one_night_there_and_back(series, row) {
        let (end, shift) = (row + 1, 0.0);
        return Some(Excursion { row, end, shift });
    }
    if series.step(row).abs() <= series.spike() {
        return None;
    }
    let last = (row + LONGEST).min(series.bars.len() - 1);
    let near = TimeDelta::days(NEAR_DAYS);
    let splits = hypotheses(
        series,
        series.date(row - 1) - near,
        series.date(last) + near,
    );
    let on_level = |end: usize| {
        let agreement = series.agreement(end - row + 1);
        let gone = series.level(end) - series.level(row - 1);
        let explains = |split: &&Hypothesis| (gone - split.shift).abs() <= agreement;
        let shift = splits.iter().find(explains)?.shift;
        Some(Excursion { row, end, shift })
    };
    let excursion = (row..=last).find_map(on_level)?;
    // A row that a split explains is no excursion where there is one.
    let is_the_split = excursion.shift != 0.0
        && splits.iter().any(|split| {
            split.shift != 0.0 && (series.step(row) - split.shift).abs() <= series.agreement(1)
        });
    (excursion.end > row && !is_the_split).then_some(excursion)
}

/// Whether a single row lies elsewhere, and the market never moved there: the way to it was made
/// overnight, or its close lies outside its own row, and the way back was made in the next night.
/// Both nights are what makes moves impossible that would be believed of a day.
fn is_one_night_there_and_back(series: &RepairSeries<'_>, row: usize) -> bool {
    let Some(opening_after) = series.bars.get(row + 1).and_then(Bar::open) else {
        return false;
    };
    let (bar, before, close) = (series.bars[row], series.level(row - 1), series.level(row));
    let Some(opening) = bar.open().map(f64::ln) else {
        return false;
    };
    let within = if bar.range().is_none() {
        close - opening
    } else {
        0.0
    };
    let there = [opening - before, within]
        .into_iter()
        .max_by(|a, b| a.abs().total_cmp(&b.abs()))
        .unwrap_or_default();
    let back = opening_after.ln() - close;
    let least = there.abs().min(back.abs());
    let left = (opening_after.ln() - before).abs();
    let agreement = series
        .agreement(2)
        .min((least / CLEARLY).max(series.ordinary(2)));
    there * back < 0.0 && least > series.overnight() && left <= agreement
}

/// Repairs the rows of an excursion. That the newest row alone returns is no proof: the rows before
/// it may have the level of a split, and the newest be the wrong one. A factor of unit is no
/// split's.
fn settle(series: &mut RepairSeries<'_>, excursion: &Excursion) -> Result<(), Unsound> {
    let Excursion { row, end, .. } = *excursion;
    let factors: Vec<_> = (row..end)
        .map(|place| unit(series, excursion, place))
        .collect();
    let rows = series.bars[row..end].to_vec();
    let mut kept = Vec::new();
    for (bar, factor) in rows.into_iter().zip(factors) {
        let mended = factor.and_then(|factor| Some((in_unit(&bar, factor)?, factor)));
        if let Some((mended, factor)) = mended {
            series.note(bar, RepairField::Close, RepairRule::Unit, factor);
            kept.push(mended);
        } else if end + 1 == series.bars.len() && series.step(row).abs() > series.impossible() {
            return Err(series.jump(row, UNCONFIRMED));
        } else {
            series.note(bar, RepairField::Row, RepairRule::Spike, LEFT_OUT);
        }
    }
    series.bars.splice(row..end, kept);
    Ok(())
}

/// The factor of unit that brings a row of an excursion between the levels on both its sides. What
/// would lie off the way from one to the other by more than the market's own moves is not in
/// another unit: it is wrong otherwise, and left out.
fn unit(series: &RepairSeries<'_>, excursion: &Excursion, place: usize) -> Option<f64> {
    let Excursion { row, end, shift } = *excursion;
    let sessions = |from: usize, to: usize| -> f64 {
        let each = (from + 1..=to).map(|later| series.sessions(later));
        each.sum::<usize>() as f64
    };
    let (gone, to_go) = (sessions(row - 1, place), sessions(place, end));
    let way = gone / (gone + to_go);
    // The deviation of a walk between two points that are known.
    let between = series.deviation * (gone * to_go / (gone + to_go)).sqrt();
    let (before, after) = (series.level(row - 1), series.level(end) - shift);
    [0.0, shift].into_iter().find_map(|basis| {
        let away = series.level(place) - (before + way * (after - before) + basis);
        let is_unit = (away.abs() - UNIT.ln()).abs() <= OFF_THE_WAY * between;
        is_unit.then_some(if away > 0.0 { 1.0 / UNIT } else { UNIT })
    })
}

/// The bar with its close times `factor`, and each other price times it where that brings it nearer
/// to the close: a row may be off as a whole or in its close alone.
fn in_unit(bar: &Bar, factor: f64) -> Option<Bar> {
    let close = bar.close() * factor;
    let away = |price: f64| (price / close).ln().abs();
    let nearer = |price: Option<f64>| {
        price.map(|price| {
            if away(price * factor) < away(price) {
                price * factor
            } else {
                price
            }
        })
    };
    let mended = Bar::of_close(bar.session(), close).ok()?;
    Some(
        mended
            .with_open(nearer(bar.open()))
            .with_range(
                nearer(bar.range().map(|range| range.low)),
                nearer(bar.range().map(|range| range.high)),
            )
            .with_adj_close(nearer(bar.adj_close()))
            .with_volume(bar.volume()),
    )
}
