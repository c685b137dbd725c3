//! Rows that two nights or their own prices give away, and splits dated otherwise than applied.

use super::*;

fn clean() -> Vec<Bar> {
    walk(&[0.4, -0.3, 0.6, -0.5].repeat(20), 0.01)
}

#[test]
fn a_row_that_one_night_led_to_and_the_next_led_back_from_is_left_out() {
    let clean = clean();
    for factor in [1.15, 1.25, 1.35, 0.88, 0.8, 0.75] {
        for row in [1, 20, 77, 78] {
            let whole = times(&clean[row], factor);
            // A close alone that is off lies outside its own row.
            let session = clean[row].session();
            let close = Bar::of_close(session, clean[row].close() * factor).unwrap();
            for odd in [whole, close.with_open(clean[row].open())] {
                let mut broken = clean.clone();
                broken[row] = odd;
                let repaired = repair(&broken, &[], &Calendar::default()).unwrap();
                assert_eq!(repaired.bars.len(), 79, "{factor} {row}");
                assert_clean(&repaired, &clean, 0.0);
            }
        }
    }
}

#[test]
fn a_fall_of_a_day_that_the_next_day_takes_back_is_real() {
    let mut steps = [0.3, -0.3].repeat(40);
    // Half of each is made in the session.
    (steps[70], steps[71]) = (-15.0, 14.0);
    let real = walk(&steps, 0.01);
    let repaired = repair(&real, &[], &Calendar::default()).unwrap();
    assert_eq!((repaired.bars, repaired.repairs), (real, vec![]));
}

#[test]
fn a_newest_close_that_its_own_row_contradicts_is_refused() {
    let clean = clean();
    for factor in [1.25, 1.5, 0.7] {
        let mut broken = clean.clone();
        let newest = clean[79];
        let close = Bar::of_close(newest.session(), newest.close() * factor).unwrap();
        broken[79] = close.with_open(newest.open());
        let refused = repair(&broken, &[], &Calendar::default()).unwrap_err();
        assert!(refused.to_string().contains("too few later sessions"));
    }
}

#[test]
fn a_range_far_from_its_close_is_unknown() {
    let clean = clean();
    for factor in [1.25, 1.5] {
        let mut broken = clean.clone();
        let close = clean[40].close();
        let session = clean[40].session().date();
        broken[40] = bar(session, [close, close * factor, close * 0.99, close]);
        let close = clean[41].close();
        let session = clean[41].session().date();
        broken[41] = bar(session, [close, close * 1.01, close / factor, close]);
        let repaired = repair(&broken, &[], &Calendar::default()).unwrap();
        assert_clean(&repaired, &clean, 0.0);
        let ranges = (repaired.bars[40].range(), repaired.bars[41].range());
        assert_eq!((repaired.bars.len(), ranges), (80, (None, None)));
    }
}

#[test]
fn a_split_dated_some_days_off_costs_no_row() {
    let clean = clean();
    let calendar = Calendar::default();
    for ratio in [1.5, 4.0, 20.0, 0.1] {
        for off in -3_i64..=3 {
            for factor in [ratio, 1.0 / ratio] {
                let mut broken = clean.clone();
                for bar in &mut broken[..60] {
                    *bar = times(bar, factor);
                }
                let date = clean[usize::try_from(60 + off).unwrap()].session().date();
                let repaired = repair(&broken, &[Split { date, ratio }], &calendar).unwrap();
                let repairs = &repaired.repairs;
                assert_eq!(repaired.bars.len(), 80, "{ratio} {off} {repairs:?}");
                assert_clean(&repaired, &clean, 1e-9);
            }
        }
        // Applied as is due.
        let date = clean[60].session().date();
        let sound = repair(&clean, &[Split { date, ratio }], &calendar).unwrap();
        assert_eq!((sound.bars, sound.repairs), (clean.clone(), vec![]));
    }
}

#[test]
fn one_split_explains_no_second_jump() {
    let clean = clean();
    let mut broken = clean.clone();
    for bar in &mut broken[..76] {
        *bar = times(bar, 4.0);
    }
    let date = clean[76].session().date();
    let split = [Split { date, ratio: 4.0 }];
    assert!(repair(&broken, &split, &Calendar::default()).is_ok());
    broken[79] = times(&clean[79], 0.25);
    let refused = repair(&broken, &split, &Calendar::default()).unwrap_err();
    assert!(
        refused.to_string().contains("too few later sessions"),
        "{refused}"
    );
}

#[test]
fn a_split_that_is_still_to_come_explains_no_jump() {
    let clean = clean();
    let mut broken = clean.clone();
    broken[79] = times(&clean[79], 0.25);
    let calendar = Calendar::default();
    let tomorrow = calendar.next(clean[79].session().date()).date;
    let on = |date| repair(&broken, &[Split { date, ratio: 4.0 }], &calendar);
    // Prices stand on the new basis before the split's first session.
    assert_eq!(on(tomorrow).unwrap().repairs.len(), 1);
    let refused = on(calendar.next(tomorrow).date).unwrap_err().to_string();
    assert!(refused.contains("too few later sessions"), "{refused}");
}
