//! Faults of each kind, from the vendor's body to the band: the chart is refused, or the 90 % band is
//! at most one and a half times that of the clean chart, around the same last close.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use chrono::TimeDelta;
use closecall_forecast::{ForecastSettings, ModelKind, forecast};
use closecall_protocol::{
    Annotations, DatasetBuilt, DatasetRow, Pick, PickId, PickReason, Provider, QuoteAbsent, Repair,
    SessionDate, SessionNews, SessionTimes, Ticker,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::chart_body::{PRICES, announce, body, quote_columns, scale};
use super::*;
use crate::vendor::http::HttpAnswer;
use crate::yahoo::daily;

const WIDEST: f64 = 1.5;

/// A forecast's account of the data that it rests on.
#[derive(Debug, PartialEq)]
struct Published {
    last: (SessionDate, f64),
    /// Of the 90 % band, over the last close.
    width: f64,
    repairs: Vec<Repair>,
}

/// Reads, repairs and forecasts the session after the clean series; `None` where the data are
/// refused.
fn published(body: &Value, target: NaiveDate, model: ModelKind) -> Option<Published> {
    let (calendar, ticker) = (Calendar::default(), Ticker::new("AAPL").unwrap());
    let session = calendar.session(target).unwrap();
    let slot = session.open - TimeDelta::minutes(30);
    let answer = HttpAnswer::of(200, "application/json", body.to_string());
    let chart = daily::read(&answer, &ticker, slot).ok()?;
    let settled = chart.finished(&calendar, slot);
    let repaired = repair(&settled, &chart.splits, &calendar).ok()?;
    let newest = repaired.bars.last()?;
    let last = (newest.session(), newest.close());
    let ahead = calendar.sessions_between(last.0.date(), target) - 1;
    let row = |bar: &Bar| DatasetRow::new(*bar, SessionNews::default());
    let dataset = DatasetBuilt {
        pick: Pick {
            pick_id: PickId::of_slot(7, slot, &ticker),
            ticker,
            slot,
            expires_at: None,
            reason: PickReason::Request,
        },
        target: SessionDate::new(target).unwrap(),
        session: SessionTimes::from(&session),
        sessions_ahead: u32::try_from(ahead).unwrap(),
        quote: Err(QuoteAbsent::NotYetOpen),
        provider: Some(Provider::Yahoo),
        provider_switched: None,
        provisional: false,
        rows: repaired.bars.iter().map(row).collect(),
        repairs: repaired.repairs.clone().into(),
        live: SessionNews::default(),
        fetched_at: Some(slot),
        annotations: Annotations::default(),
    };
    let settings = ForecastSettings {
        model,
        ..ForecastSettings::default()
    };
    let mut on = |_| ControlFlow::Continue(());
    let said = forecast(&dataset, &settings, slot, &mut on).unwrap();
    let band = &said.intervals[1];
    assert_eq!(band.level, 0.9);
    let width = (band.upper - band.lower) / said.last_close;
    Some(Published {
        last,
        width,
        repairs: repaired.repairs,
    })
}

fn target(bars: &[Bar]) -> NaiveDate {
    let newest = bars[bars.len() - 1].session().date();
    Calendar::default().next(newest).date
}

/// Whether the chart is refused, or published as the clean one is.
pub(super) fn judge(clean: &[Bar], broken: &Value, model: ModelKind) -> Result<(), TestCaseError> {
    let right = published(&body(clean), target(clean), model).unwrap();
    if let Some(got) = published(broken, target(clean), model) {
        prop_assert_eq!(got.last.0, right.last.0);
        let same = (got.last.1 / right.last.1 - 1.0).abs() < 1e-9;
        prop_assert!(
            same && got.width <= WIDEST * right.width,
            "{got:?} {right:?}"
        );
    }
    Ok(())
}

fn persistence(clean: &[Bar], broken: &Value) -> Result<(), TestCaseError> {
    judge(clean, broken, ModelKind::Persistence)
}

/// The chart gives what the clean one gives, to the bit.
fn equal(clean: &[Bar], other: &Value) -> Result<(), TestCaseError> {
    let [right, got] =
        [&body(clean), other].map(|body| published(body, target(clean), ModelKind::Persistence));
    prop_assert!(right.is_some());
    prop_assert_eq!(got, right);
    Ok(())
}

/// A random walk over a number of sessions, as the seed says.
pub(super) fn random_walk(seed: u64, sessions: usize, deviation: f64) -> Vec<Bar> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    // Four uniform draws are as good as normal ones here.
    let mut step = || {
        (0..4)
            .map(|_| dice.random_range(-0.87..0.87_f64))
            .sum::<f64>()
    };
    let steps: Vec<f64> = (0..sessions).map(|_| step()).collect();
    walk(&steps, deviation)
}

/// A random walk. It is made of a seed, so that no failure is made smaller into a market of equal
/// moves, of which each row left out makes a double one.
fn clean() -> impl Strategy<Value = Vec<Bar>> {
    (any::<u64>(), 70_usize..230, 0.004..0.03_f64)
        .prop_map(|(seed, sessions, deviation)| random_walk(seed, sessions, deviation))
}

/// A row, by its share of the series; the newest ones often.
fn place() -> impl Strategy<Value = f64> {
    prop_oneof![3 => 0.0..1.0_f64, 1 => 0.94..1.0_f64]
}

fn row(bars: &[Bar], place: f64) -> usize {
    ((place * bars.len() as f64) as usize).min(bars.len() - 1)
}

/// Columns of a row that are in error.
fn columns() -> impl Strategy<Value = &'static [&'static str]> {
    prop::sample::select(vec![
        &PRICES[..],
        &["close"],
        &["high"],
        &["low"],
        &["open"],
    ])
}

/// The sessions by which a split is dated off its row; `None` where it is not announced.
fn dated() -> impl Strategy<Value = Option<isize>> {
    prop::sample::select(vec![None, Some(0), Some(0), Some(-1), Some(1), Some(2)])
}

/// A spike that no market makes in one session, and no unit.
fn spike() -> impl Strategy<Value = f64> {
    let size = (prop_oneof![0.72..4.4_f64, 4.8..7.0_f64], any::<bool>());
    size.prop_map(|(size, up)| if up { size.exp() } else { (-size).exp() })
}

/// Cells as careless answers hold them.
fn odd_cells() -> impl Strategy<Value = Vec<Value>> {
    let fixed = ["null", "0", "\"x\"", "[]", "{\"a\": 1}", "true", "1e300"];
    let fixed = fixed.map(|text| serde_json::from_str::<Value>(text).unwrap());
    let one = prop_oneof![
        prop::sample::select(fixed.to_vec()),
        (-1e12..0.0_f64).prop_map(|number| json!(number)),
    ];
    prop::collection::vec(one, 3..9)
}

/// The rows before `row` on the basis before a split.
pub(super) fn unapplied(
    clean: &[Bar],
    broken: &mut Value,
    row: usize,
    ratio: f64,
    dated: Option<isize>,
) {
    scale(broken, &PRICES, 0..row, ratio);
    if let Some(off) = dated {
        let day = row.saturating_add_signed(off).min(clean.len() - 1);
        announce(broken, clean[day].session(), ratio);
    }
}

/// Whether a split and the other faults of the newest row together look like the split applied as is
/// due, not at all or twice: no later row gives away that there is more.
fn hide(clean: &[Bar], (split, ratio): (usize, f64), others: &[(usize, f64)]) -> bool {
    let newest = clean.len() - 1;
    let on_newest = others.iter().filter(|(row, _)| *row == newest);
    let factor: f64 = on_newest.map(|(_, factor)| factor.ln()).sum();
    let ratio = ratio.ln();
    let alike = |looks: f64| factor != 0.0 && (factor - looks).abs() < 0.5;
    split == newest && [0.0, ratio, 2.0 * ratio].into_iter().any(alike)
}

/// Whether a ratio that nothing announces has been a real move, which is left alone: then the clean
/// chart has it, too.
fn is_move(ratio: f64, dated: Option<isize>) -> bool {
    dated.is_none() && ratio.ln().abs() < 0.41
}

/// The bars with those before a place times a ratio.
fn moved(bars: &[Bar], place: f64, ratio: f64) -> Vec<Bar> {
    let row = row(bars, place).max(1);
    let before = bars[..row].iter().map(|bar| times(bar, ratio));
    before.chain(bars[row..].iter().copied()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(recorded::mutations() / 200))]

    #[test]
    fn splits(
        clean in clean(), place in place(), ratio in ratio(), dated in dated(), twice in any::<bool>(),
    ) {
        prop_assume!(!is_move(ratio, dated));
        let mut broken = body(&clean);
        let split = row(&clean, place).max(1);
        unapplied(&clean, &mut broken, split, ratio, dated);
        if twice && dated.is_some() {
            // The rows hold the inverse of what the event says.
            announce(&mut broken, clean[split].session(), 1.0 / ratio);
        }
        persistence(&clean, &broken)?;
    }

    #[test]
    fn units(
        clean in clean(), places in prop::collection::vec(place(), 1..6), cents in any::<bool>(),
        columns in columns(), side in prop::option::of(any::<bool>()),
    ) {
        let (mut broken, factor) = (body(&clean), if cents { 100.0 } else { 0.01 });
        let first = row(&clean, places[0]);
        let rows: BTreeSet<usize> = match side {
            Some(true) => (0..first).collect(),
            Some(false) => (first.max(1)..clean.len()).collect(),
            None => places.iter().map(|place| row(&clean, *place)).collect(),
        };
        scale(&mut broken, columns, rows, factor);
        persistence(&clean, &broken)?;
    }

    #[test]
    fn spikes(
        clean in clean(), spikes in prop::collection::vec((place(), spike(), columns()), 1..5),
    ) {
        let mut broken = body(&clean);
        // One a row: two together may be a day's ordinary move.
        let by_row = spikes.into_iter().map(|(place, by, columns)| (row(&clean, place), (by, columns)));
        for (row, (factor, columns)) in by_row.collect::<BTreeMap<_, _>>() {
            scale(&mut broken, columns, [row], factor);
        }
        persistence(&clean, &broken)?;
    }

    #[test]
    fn rows_in_a_run_at_another_level(
        clean in clean(), place in place(), length in 2_usize..40, factor in spike(),
    ) {
        let mut broken = body(&clean);
        let first = row(&clean, place).max(1);
        scale(&mut broken, &PRICES, first..(first + length).min(clean.len() - 1), factor);
        persistence(&clean, &broken)?;
    }

    #[test]
    fn spikes_of_one_night(
        clean in clean(), place in 0.02..0.98_f64, size in 9.0..14.0_f64, up in any::<bool>(),
        columns in columns(),
    ) {
        let row = row(&clean, place).clamp(1, clean.len() - 2);
        let calendar = Calendar::default();
        let own = series::RepairSeries::new(&clean, &[], &calendar).deviation;
        let size = (size * own).max(0.12);
        let mut broken = body(&clean);
        scale(&mut broken, columns, [row], if up { size.exp() } else { (-size).exp() });
        persistence(&clean, &broken)?;
    }

    #[test]
    fn fields_that_no_forecast_reads(
        clean in clean(), odd in odd_cells(), short in any::<bool>(),
    ) {
        let mut broken = body(&clean);
        let length = if short { clean.len() / 2 } else { clean.len() };
        let column = |shift: usize| -> Value {
            (0..length).map(|row| odd[(row + shift) % odd.len()].clone()).collect()
        };
        quote_columns(&mut broken)["volume"] = column(0);
        broken["chart"]["result"][0]["indicators"]["adjclose"][0]["adjclose"] = column(1);
        equal(&clean, &broken)?;
    }

    #[test]
    fn fields_that_are_no_prices(
        clean in clean(), odd in odd_cells(),
        cells in prop::collection::vec((place(), 0_usize..3), 1..60),
    ) {
        let mut broken = body(&clean);
        for (number, (place, column)) in cells.into_iter().enumerate() {
            quote_columns(&mut broken)[PRICES[column]][row(&clean, place)] =
                odd[number % odd.len()].clone();
        }
        persistence(&clean, &broken)?;
    }

    #[test]
    fn any_order_and_doubled_rows(
        clean in clean(), doubled in prop::collection::vec(place(), 0..40), keys in any::<u64>(),
    ) {
        let twice = doubled.iter().map(|place| row(&clean, *place));
        let mut rows: Vec<usize> = (0..clean.len()).chain(twice).collect();
        rows.sort_by_key(|row| (*row as u64 + 1).wrapping_mul(keys | 1).rotate_left(31));
        let mixed: Vec<Bar> = rows.iter().map(|row| clean[*row]).collect();
        equal(&clean, &body(&mixed))?;
    }

    #[test]
    fn a_gap_with_another_level_behind_it(
        clean in clean(), place in 0.1..0.9_f64, gap in 10_usize..60, factor in spike(),
    ) {
        let first = row(&clean, place);
        let end = (first + gap).min(clean.len() - 1);
        let mut broken = body(&clean);
        scale(&mut broken, &PRICES, 0..first, factor);
        for column in PRICES {
            for row in first..end {
                quote_columns(&mut broken)[column][row] = Value::Null;
            }
        }
        // What is left behind the gap is the yardstick: a shorter series has a wider band.
        let left = &clean[end..];
        if left.len() >= 60 {
            persistence(left, &broken)?;
        }
    }

    #[test]
    fn two_faults_and_more(
        clean in clean(), split in (place(), ratio(), dated()), other in (place(), spike(), columns()),
        cents in place(),
    ) {
        // One a row: two together may be a day's ordinary move.
        prop_assume!(row(&clean, other.0) != row(&clean, cents));
        let (at, ratio, dated) = split;
        let mut broken = body(&clean);
        let clean = if is_move(ratio, dated) {
            let moved = moved(&clean, at, ratio);
            broken = body(&moved);
            prop_assume!(published(&broken, target(&moved), ModelKind::Persistence).is_some());
            moved
        } else {
            let split = row(&clean, at).max(1);
            let others = [(row(&clean, other.0), other.1), (row(&clean, cents), 100.0)];
            prop_assume!(!hide(&clean, (split, ratio), &others));
            unapplied(&clean, &mut broken, split, ratio, dated);
            clean
        };
        scale(&mut broken, other.2, [row(&clean, other.0)], other.1);
        scale(&mut broken, &PRICES, [row(&clean, cents)], 100.0);
        persistence(&clean, &broken)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(recorded::mutations() / 1_000))]

    #[test]
    fn any_fault_under_the_products_own_model(
        clean in clean(), split in (place(), ratio(), dated()), other in (place(), spike(), columns()),
        which in 0_usize..3,
    ) {
        let mut broken = body(&clean);
        match which {
            0 => unapplied(&clean, &mut broken, row(&clean, split.0).max(1), split.1, split.2),
            1 => scale(&mut broken, other.2, [row(&clean, other.0)], other.1),
            _ => scale(&mut broken, &PRICES, [row(&clean, other.0)], 100.0),
        }
        judge(&clean, &broken, ModelKind::Closecall)?;
    }
}
