//! Faults that the properties found after thousands of cases, and the ones that they stand for.

use closecall_forecast::ModelKind;

use super::bands::{judge, random_walk, unapplied};
use super::chart_body::{PRICES, body, scale};
use super::*;

/// A market, a split that it does not apply, from which row on and by how many sessions it is dated off
/// that, a spike and a row in cents.
struct Found {
    walk: (u64, usize, f64),
    split: (usize, f64, Option<isize>),
    spike: (usize, f64, &'static [&'static str]),
    cents: usize,
}

impl Found {
    fn is_judged_rightly(&self) {
        let (seed, sessions, deviation) = self.walk;
        let (at, ratio, dated) = self.split;
        let (row, size, columns) = self.spike;
        let clean = random_walk(seed, sessions, deviation);
        let mut broken = body(&clean);
        unapplied(&clean, &mut broken, at, ratio, dated);
        scale(&mut broken, columns, [row], size.exp());
        scale(&mut broken, &PRICES, [self.cents], 100.0);
        let judged = judge(&clean, &broken, ModelKind::Persistence);
        assert!(judged.is_ok(), "{judged:?}");
    }
}

#[test]
fn no_usual_ratio_is_taken_for_an_odd_one_near_it() {
    for found in [
        Found {
            walk: (10_118_238_787_366_061_296, 80, 0.018_029_585_376_037_22),
            split: (76, 0.264, None),
            spike: (77, -5.489, &["close"]),
            cents: 71,
        },
        Found {
            walk: (15_307_863_675_287_536_429, 96, 0.013_069_157_734_864_606),
            split: (90, 32.175, None),
            spike: (55, -2.235, &PRICES),
            cents: 26,
        },
    ] {
        found.is_judged_rightly();
    }
}

#[test]
fn a_newest_row_in_cents_does_not_make_the_split_before_it_an_excursion() {
    let found = Found {
        walk: (7_206_009_655_802_230_534, 72, 0.021_859_137_255_371_763),
        split: (70, 10.0, Some(2)),
        spike: (32, -6.339, &["close"]),
        cents: 71,
    };
    found.is_judged_rightly();
}

#[test]
fn a_spike_on_the_row_of_a_split_is_left_out_and_the_split_stays_at_its_row() {
    for dated in [-2, -1, 0, 1, 2] {
        for columns in [&PRICES[..], &["close"]] {
            for factor in [0.21, 0.25, 0.3, 2.2, 4.0, 5.0, 30.0] {
                let clean = random_walk(7, 120, 0.015);
                let (mut broken, row) = (clean.clone(), 114);
                for bar in &mut broken[..row] {
                    *bar = times(bar, 4.0);
                }
                broken[row] = if columns.len() == 1 {
                    let close = clean[row].close() * factor;
                    let alone = Bar::of_close(clean[row].session(), close).unwrap();
                    alone.with_open(clean[row].open())
                } else {
                    times(&clean[row], factor)
                };
                let day = clean[row.saturating_add_signed(dated)].session().date();
                let split = Split {
                    date: day,
                    ratio: 4.0,
                };
                let Ok(repaired) = repair(&broken, &[split], &Calendar::default()) else {
                    // Four times too much is as good as no split for a day.
                    assert!(
                        factor == 4.0 || factor == 5.0,
                        "{dated} {columns:?} {factor}"
                    );
                    continue;
                };
                assert_clean(&repaired, &clean, 1e-9);
                // A row four times too high is one on the basis before the split, and stays.
                let kept = repaired.bars.len();
                assert!(kept == 119 || factor == 4.0, "{dated} {columns:?} {factor}");
            }
        }
    }
}

#[test]
fn a_wrong_row_before_the_day_of_a_split_is_not_the_split() {
    let clean = walk(&[0.68, -0.68].repeat(45), 0.03);
    let newest = clean.len() - 1;
    let mut broken = clean.clone();
    for bar in &mut broken[..newest] {
        *bar = times(bar, 0.25);
    }
    let split = Split {
        date: clean[newest].session().date(),
        ratio: 0.25,
    };
    let repaired = repair(&broken, &[split], &Calendar::default()).unwrap();
    assert_clean(&repaired, &clean, 1e-9);
    broken[newest - 1] = times(&clean[newest - 1], 0.25 * 3.66);
    assert!(repair(&broken, &[split], &Calendar::default()).is_err());
}

#[test]
fn a_row_at_the_level_of_before_a_split_does_not_make_an_excursion_of_its_first_row() {
    let clean = random_walk(11, 120, 0.012);
    for factor in [8.4, 7.6] {
        let mut broken = clean.clone();
        for bar in &mut broken[..115] {
            *bar = times(bar, 8.0);
        }
        broken[116] = times(&clean[116], factor);
        let repaired = repair(&broken, &[], &Calendar::default()).unwrap();
        assert_clean(&repaired, &clean, 1e-9);
        assert_eq!(repaired.bars.len(), 119);
    }
    // Two equal spikes with a row between them.
    let mut broken = clean.clone();
    for row in [60, 62] {
        broken[row] = times(&clean[row], 8.0);
    }
    let repaired = repair(&broken, &[], &Calendar::default()).unwrap();
    assert_clean(&repaired, &clean, 0.0);
    assert_eq!(repaired.bars.len(), 118);
}

#[test]
fn what_is_off_a_unit_by_more_than_the_markets_move_is_not_mended_by_one() {
    let mut steps = [0.68, -0.68].repeat(40);
    steps.extend([1.7, 0.4, -0.5]);
    let clean = walk(&steps, 0.029);
    let newest = clean.len() - 1;
    let broken_by = |factor: f64| {
        let mut broken = clean.clone();
        for bar in &mut broken[newest - 2..newest] {
            *bar = times(bar, factor);
        }
        repair(&broken, &[], &Calendar::default())
    };
    assert_clean(&broken_by(0.01).unwrap(), &clean, 1e-9);
    let refused = broken_by(0.008_23).unwrap_err().to_string();
    assert!(
        refused.contains("the newest row alone returns"),
        "{refused}"
    );
}

#[test]
fn a_row_that_two_nights_give_away_is_left_out_on_days_of_large_moves() {
    let mut steps = [0.68, -0.68].repeat(40);
    (steps[70], steps[71]) = (2.5, 2.8);
    let clean = walk(&steps, 0.03);
    let mut broken = clean.clone();
    broken[70] = times(&clean[70], (-0.27_f64).exp());
    let repaired = repair(&broken, &[], &Calendar::default()).unwrap();
    assert_eq!(repaired.bars.len(), clean.len() - 1);
    assert_clean(&repaired, &clean, 0.0);
}

#[test]
fn a_half_is_a_split_as_far_as_an_ordinary_move_stands_beside_it() {
    for (deviation, factor, split) in [
        (0.01, 0.5, true),
        (0.01, 2.0, true),
        (0.01, 0.527, false),
        (0.015, 0.527, false),
        (0.025, 0.527, true),
        (0.025, 0.55, false),
        (0.04, 0.55, true),
        // Falls of two fifths and of 35 % stay, however wild the market.
        (0.06, 0.6, false),
        (0.06, 0.65, false),
        (0.06, 1.0 / 0.65, false),
    ] {
        let clean = walk(&[0.68, -0.68].repeat(40), deviation);
        let mut moved = clean.clone();
        for bar in &mut moved[..60] {
            *bar = times(bar, 1.0 / factor);
        }
        let repaired = repair(&moved, &[], &Calendar::default());
        let repaired = repaired.unwrap_or_else(|why| panic!("{deviation} {factor}: {why}"));
        let said: Vec<f64> = repaired
            .repairs
            .iter()
            .map(|repair| repair.factor)
            .collect();
        let right = if factor < 1.0 { 0.5 } else { 2.0 };
        let expected = if split { vec![right] } else { vec![] };
        assert_eq!(said, expected, "{deviation} {factor}");
    }
}
