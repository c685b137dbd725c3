//! A few rows that leave the level of prices and return to it.

use closecall_protocol::{Bar, RepairField, RepairRule};

use super::announced::{Hypothesis, hypotheses};
use super::outcome::Unsound;
use super::series::{LEFT_OUT, RepairSeries};

/// Rows of one excursion, at most; longer ones are levels.
const LONGEST: usize = 3;
/// Least ratio of the way there and back to what is left between the levels.
const CLEARLY: f64 = 2.0;
/// Cents in a dollar, pence in a pound.
pub(super) const UNIT: f64 = 100.0;

const UNCONFIRMED: &str = "from which the newest row alone returns";

/// Mends or leaves out every excursion.
///
/// # Errors
/// [`Unsound`] where only the newest row returns.
pub(super) fn repair(series: &mut RepairSeries<'_>) -> Result<(), Unsound> {
    let mut row = 1;
    while row < series.bars.len() {
        row = match returns_at(series, row) {
            // What is left out moves the rest up: the row that returned may leave again.
            Some(end) => settle(series, row, end)?,
            None => row + 1,
        };
    }
    Ok(())
}

/// The first row after an excursion that began at `row`, when the level is again that of the row
/// before it, a split between them being allowed for; `None` where no excursion begins.
fn returns_at(series: &RepairSeries<'_>, row: usize) -> Option<usize> {
    if is_one_night_there_and_back(series, row) {
        return Some(row + 1);
    }
    if series.step(row).abs() <= series.spike() {
        return None;
    }
    let on_level = |later: usize| {
        let agreement = series.agreement(later - row + 1);
        let gone = series.level(later) - series.level(row - 1);
        hypotheses(series, series.date(row - 1), series.date(later))
            .into_iter()
            .find(|Hypothesis { shift, .. }| (gone - shift).abs() <= agreement)
            .map(|explained| (later, explained.shift))
    };
    let last = (row + LONGEST).min(series.bars.len() - 1);
    let (end, shift) = (row..=last).find_map(on_level)?;
    // A row that a split explains is no excursion, also when its split is dated some days later.
    let is_the_split = shift != 0.0 && (series.step(row) - shift).abs() <= series.agreement(1);
    (end > row && !is_the_split).then_some(end)
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
    let agreement = series.agreement(2).min(least / CLEARLY);
    there * back < 0.0 && least > series.overnight() && left <= agreement
}

/// Repairs the rows from `row` to just before `end`, and says where `end` is afterwards. That the
/// newest row alone returns is no proof: the rows before it may have the level of a split, and the
/// newest be the wrong one. A factor of unit is no split's.
fn settle(series: &mut RepairSeries<'_>, row: usize, end: usize) -> Result<usize, Unsound> {
    let sides = [series.level(row - 1), series.level(end)];
    // What is off by more than the market's own move is not mended by a factor: it is left out.
    let agreement = series.ordinary(end - row + 1);
    let mut kept = Vec::new();
    let rows = series.bars[row..end].to_vec();
    for bar in rows {
        let factor = sides.iter().find_map(|side| {
            let away = bar.close().ln() - side;
            let is_unit = (away.abs() - UNIT.ln()).abs() <= agreement;
            is_unit.then_some(if away > 0.0 { 1.0 / UNIT } else { UNIT })
        });
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
    let end_after = row + kept.len();
    series.bars.splice(row..end, kept);
    Ok(end_after)
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
