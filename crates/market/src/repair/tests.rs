//! Clean series stay as they are; broken ones are refused, or equal the clean one again.

mod bands;
mod chart_body;
mod found;
mod nights;

use chrono::NaiveDate;
use closecall_protocol::{RepairField, RepairRule};
use proptest::prelude::*;

use super::outcome::MOST_REPAIRS;
use super::*;

use crate::recorded;

/// The real splits of the recorded tickers, whose files are on the newest basis.
const REAL_SPLITS: [(&str, &str, f64); 5] = [
    ("AAPL", "2020-08-31", 4.0),
    ("TSLA", "2020-08-31", 5.0),
    ("TSLA", "2022-08-25", 3.0),
    ("NVDA", "2021-07-20", 4.0),
    ("AMZN", "2022-06-06", 20.0),
];

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A bar of which all prices are known.
fn bar(session: NaiveDate, [open, high, low, close]: [f64; 4]) -> Bar {
    let session = closecall_protocol::SessionDate::new(session).unwrap();
    Bar::of_close(session, close)
        .unwrap()
        .with_open(Some(open))
        .with_range(Some(low), Some(high))
        .with_adj_close(Some(close))
        .with_volume(Some(1e6))
}

/// Every price of a bar times a factor.
fn times(bar_: &Bar, factor: f64) -> Bar {
    let range = bar_.range().unwrap();
    let prices = [bar_.open().unwrap(), range.high, range.low, bar_.close()];
    bar(bar_.session().date(), prices.map(|price| price * factor))
}

/// A walk whose daily moves are `steps` times `deviation`; half of each comes overnight.
fn walk(steps: &[f64], deviation: f64) -> Vec<Bar> {
    let calendar = Calendar::default();
    let mut sessions = calendar.sessions(date("2022-01-03"), date("2025-01-01"));
    let mut before: f64 = 150.0;
    steps
        .iter()
        .map(|step| {
            let open = before * (0.5 * step * deviation).exp();
            let close = before * (step * deviation).exp();
            before = close;
            let (high, low) = (open.max(close) * 1.004, open.min(close) * 0.996);
            bar(sessions.next().unwrap().date, [open, high, low, close])
        })
        .collect()
}

fn recorded_bars(ticker: &str) -> Option<Vec<Bar>> {
    let text = String::from_utf8(recorded::file(&format!("prices/{ticker}.csv"))?).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let mut fields = line.split(',');
        let session = date(fields.next().unwrap());
        let prices: Vec<f64> = fields.map(|field| field.parse().unwrap()).collect();
        bar(session, [prices[0], prices[1], prices[2], prices[3]])
    });
    Some(rows.collect())
}

/// A repaired series beside the clean one: every row it kept has the clean one's close.
fn assert_clean(repaired: &Repaired, clean: &[Bar], tolerance: f64) {
    let last = |bars: &[Bar]| bars.last().map(|bar| (bar.session(), bar.close()));
    let (got, right) = (last(&repaired.bars).unwrap(), last(clean).unwrap());
    assert_eq!(got.0, right.0);
    assert!((got.1 / right.1 - 1.0).abs() < 1e-9, "{got:?} {right:?}");
    for bar in &repaired.bars {
        let row = clean
            .binary_search_by_key(&bar.session(), Bar::session)
            .unwrap();
        let miss = (bar.close() / clean[row].close()).ln().abs();
        assert!(
            miss <= tolerance,
            "{}: {miss} {:?}",
            bar.session(),
            repaired.repairs
        );
    }
    let cut = repaired
        .repairs
        .iter()
        .any(|repair| repair.rule == RepairRule::Level);
    assert!(repaired.bars.len() + MOST_REPAIRS >= clean.len() || cut && repaired.bars.len() >= 60);
}

#[test]
fn the_recorded_series_take_no_repair_with_or_without_their_splits() {
    let calendar = Calendar::default();
    for ticker in ["AAPL", "AMZN", "MSFT", "NVDA", "PG", "TSLA", "TSM"] {
        let Some(bars) = recorded_bars(ticker) else {
            return;
        };
        let splits: Vec<Split> = REAL_SPLITS
            .iter()
            .filter(|(of, ..)| *of == ticker)
            .map(|(_, day, ratio)| Split {
                date: date(day),
                ratio: *ratio,
            })
            .collect();
        let windows = bars.windows(206).step_by(11).chain([&bars[..]]);
        for window in windows {
            for splits in [&[][..], &splits] {
                let repaired = repair(window, splits, &calendar).unwrap();
                assert_eq!(repaired.repairs, [], "{ticker} {:?}", window[0].session());
                assert_eq!(repaired.bars, window);
            }
        }
    }
}

#[test]
fn a_recorded_series_with_its_splits_undone_is_repaired_to_itself() {
    let calendar = Calendar::default();
    for (ticker, day, ratio) in REAL_SPLITS {
        let Some(bars) = recorded_bars(ticker) else {
            return;
        };
        let at = bars.partition_point(|bar| bar.session().date() < date(day));
        let window = &bars[at - 150..at + 50];
        let split = Split {
            date: date(day),
            ratio,
        };
        for factor in [ratio, 1.0 / ratio] {
            let mut broken = window.to_vec();
            for bar in &mut broken[..150] {
                *bar = times(bar, factor);
            }
            for splits in [&[][..], &[split]] {
                let repaired = match repair(&broken, splits, &calendar) {
                    Ok(repaired) => repaired,
                    // Fivefold on a day of 13 % is as near to six: not certain without a word.
                    Err(_) if splits.is_empty() && (ticker, ratio) == ("TSLA", 5.0) => continue,
                    Err(unsound) => panic!("{ticker}: {unsound}"),
                };
                assert_clean(&repaired, window, 1e-9);
                let [repair] = repaired.repairs[..] else {
                    panic!("{:?}", repaired.repairs);
                };
                assert_eq!(repair.rule, RepairRule::Split);
                assert!((repair.factor * factor - 1.0).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn a_jump_that_nothing_confirms_or_explains_is_refused_by_a_sentence() {
    let calendar = Calendar::default();
    let clean = walk(&[0.5; 50], 0.01);
    for (place, factor, why) in [
        (49, 4.0, "too few later sessions confirm"),
        (48, 0.25, "too few later sessions confirm"),
        (47, 2.77, "no split and no unit explains"),
        (40, 100.0, "two units"),
        (3, 0.01, "two units"),
    ] {
        let mut broken = clean.clone();
        for bar in &mut broken[..place] {
            *bar = times(bar, factor);
        }
        let refused = repair(&broken, &[], &calendar).unwrap_err().to_string();
        assert!(refused.contains(why), "{place} {factor}: {refused}");
        assert!(refused.contains(&clean[place].session().to_string()));
    }
}

#[test]
fn a_newest_close_outside_its_own_row_is_refused_where_a_real_fall_is_not() {
    let calendar = Calendar::default();
    let mut bars = walk(&[0.5; 60], 0.01);
    let newest = bars[59];
    let alone = Bar::of_close(newest.session(), newest.close() * 1.7).unwrap();
    bars[59] = alone.with_open(newest.open());
    let refused = repair(&bars, &[], &calendar).unwrap_err().to_string();
    assert!(
        refused.contains("too few later sessions confirm"),
        "{refused}"
    );
    bars[59] = times(&newest, 0.65);
    assert_eq!(repair(&bars, &[], &calendar).unwrap().bars, bars);
}

#[test]
fn a_small_split_on_a_day_that_fits_both_is_refused() {
    let calendar = Calendar::default();
    let mut steps = [0.3, -0.3].repeat(40);
    steps[70] = -8.0;
    let bars = walk(&steps, 0.0125);
    let split = Split {
        date: bars[70].session().date(),
        ratio: 1.25,
    };
    // The open lies at half of the day's fall, so that neither explanation is twice as near.
    let refused = repair(&bars, &[split], &calendar).unwrap_err().to_string();
    assert!(
        refused.contains("whether its split was applied"),
        "{refused}"
    );
    assert_eq!(repair(&bars, &[], &calendar).unwrap().bars, bars);
}

#[test]
fn a_row_half_as_high_again_that_reverts_is_left_out() {
    let calendar = Calendar::default();
    for factor in [1.5, 0.62] {
        let clean = walk(&[0.1; 80], 0.01);
        let mut broken = clean.clone();
        broken[40] = times(&clean[40], factor);
        let repaired = repair(&broken, &[], &calendar).unwrap();
        assert_eq!(repaired.bars.len(), 79);
        assert_clean(&repaired, &clean, 0.0);
    }
}

#[test]
fn rows_on_the_other_side_of_a_gap_with_another_level_are_left_out() {
    let calendar = Calendar::default();
    let clean = walk(&[0.1; 200], 0.01);
    let mut broken = clean.clone();
    for bar in &mut broken[..100] {
        *bar = times(bar, 1.7);
    }
    broken.drain(60..100);
    let repaired = repair(&broken, &[], &calendar).unwrap();
    assert_eq!(repaired.bars, clean[100..]);
    assert_eq!(repaired.repairs[0].rule, RepairRule::Level);
    // The same gap in a sound series is only a gap.
    let mut gap = clean.clone();
    gap.drain(60..100);
    assert_eq!(repair(&gap, &[], &calendar).unwrap().bars, gap);
}

#[test]
fn real_falls_and_rises_stay() {
    let calendar = Calendar::default();
    for change in [0.65, 0.74, 1.24, 1.4] {
        let mut steps = [0.3, -0.3].repeat(40);
        steps[70] = f64::ln(change) / 0.02;
        let real = walk(&steps, 0.02);
        let split = Split {
            date: real[70].session().date(),
            ratio: 4.0,
        };
        for splits in [&[][..], &[split]] {
            let repaired = repair(&real, splits, &calendar).unwrap();
            assert_eq!((repaired.bars, repaired.repairs), (real.clone(), vec![]));
        }
    }
}

#[test]
fn a_field_of_another_size_is_unknown_and_costs_no_close() {
    let calendar = Calendar::default();
    let clean = walk(&[0.2; 80], 0.01);
    let mut broken = clean.clone();
    let close = clean[40].close();
    let session = clean[40].session().date();
    broken[40] = bar(session, [close, close * 100.0, close * 0.99, close]);
    broken[41] = Bar::of_close(clean[41].session(), clean[41].close())
        .unwrap()
        .with_open(Some(clean[41].close() / 100.0));
    let repaired = repair(&broken, &[], &calendar).unwrap();
    assert_clean(&repaired, &clean, 0.0);
    assert_eq!(repaired.bars.len(), 80);
    assert_eq!(
        (repaired.bars[40].range(), repaired.bars[41].open()),
        (None, None)
    );
    let fields: Vec<_> = repaired.repairs.iter().map(|repair| repair.field).collect();
    assert_eq!(fields, [RepairField::Range, RepairField::Open]);
}

/// Moves in deviations, for a window of prices.
fn steps() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-2.0..2.0_f64, 70..230)
}

fn ratio() -> impl Strategy<Value = f64> {
    let usual = prop::sample::select(vec![2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0, 50.0, 1.5, 1.25]);
    let size = prop_oneof![usual, 1.05..60.0_f64];
    (size, any::<bool>()).prop_map(|(size, up)| if up { size } else { 1.0 / size })
}

#[test]
fn a_jump_beyond_every_known_ratio_is_refused() {
    let clean = walk(&[0.0; 150], 0.025);
    let mut broken = clean.clone();
    for bar in &mut broken[..140] {
        *bar = times(bar, 1.0 / 57.2);
    }
    assert!(repair(&broken, &[], &Calendar::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_split_of_any_ratio_at_any_place_is_repaired_or_refused(
        steps in steps(), deviation in 0.004..0.03_f64, place in 0.0..1.0_f64, ratio in ratio(),
        announced in any::<bool>(), twice in any::<bool>(),
    ) {
        let clean = walk(&steps, deviation);
        let place = 1 + (place * (clean.len() - 1) as f64) as usize;
        let mut broken = clean.clone();
        for bar in &mut broken[..place] {
            *bar = times(bar, if twice { 1.0 / ratio } else { ratio });
        }
        let date = clean[place].session().date();
        let splits = if announced { vec![Split { date, ratio }] } else { vec![] };
        if let Ok(repaired) = repair(&broken, &splits, &Calendar::default()) {
            // Small ratios that nothing announces may be real; of the others a jump of at most the
            // ratios' spacing stays.
            let size = ratio.ln().abs();
            let left = if announced { 7.0 * deviation } else if size < 0.72 { size } else { 0.13 };
            assert_clean(&repaired, &clean, left.max(0.03) + 1e-9);
        }
    }

    #[test]
    fn rows_in_another_unit_are_repaired_or_refused(
        steps in steps(), deviation in 0.004..0.03_f64, rows in prop::collection::vec(0.0..1.0_f64, 1..7),
        cents in any::<bool>(), close_alone in any::<bool>(),
    ) {
        let clean = walk(&steps, deviation);
        let mut broken = clean.clone();
        let factor = if cents { 100.0 } else { 0.01 };
        for place in rows {
            let row = (place * clean.len() as f64) as usize;
            broken[row] = if close_alone {
                Bar::of_close(clean[row].session(), clean[row].close() * factor).unwrap()
                    .with_open(clean[row].open())
            } else {
                times(&clean[row], factor)
            };
        }
        if let Ok(repaired) = repair(&broken, &[], &Calendar::default()) {
            assert_clean(&repaired, &clean, 1e-9);
        }
    }

    #[test]
    fn spikes_are_left_out_or_refused(
        steps in steps(), deviation in 0.004..0.03_f64,
        spikes in prop::collection::vec((0.0..1.0_f64, 0.7..6.0_f64, any::<bool>()), 1..5),
    ) {
        let clean = walk(&steps, deviation);
        let mut broken = clean.clone();
        for (place, size, up) in spikes {
            let row = (place * clean.len() as f64) as usize;
            broken[row] = times(&clean[row], if up { size.exp() } else { (-size).exp() });
        }
        if let Ok(repaired) = repair(&broken, &[], &Calendar::default()) {
            assert_clean(&repaired, &clean, 0.3);
        }
    }
}
