//! Network features: their cut in time, their scale, their gaps.

use closecall_protocol::SessionDate;

use super::*;
use crate::target::TargetKind;

/// 40 sessions with a wave of closes and news on every third; `change` may rewrite any of them.
fn features(change: impl Fn(usize, &mut f64, &mut Option<f64>)) -> (NetworkFeatures, PriceSeries) {
    let day = SessionDate::from_epoch_ms(1_700_006_400_000).unwrap();
    let mut series = PriceSeries::default();
    for k in 0..40_usize {
        let mut close = 100.0 + 10.0 * (k as f64 * 0.7).sin();
        let mut sentiment = k.is_multiple_of(3).then_some(0.4);
        change(k, &mut close, &mut sentiment);
        let news = SessionNews::new(day, sentiment, u32::from(sentiment.is_some()) * 5).unwrap();
        series.push(close, Some(close), Some((1.02_f64 / 0.99).ln()), news);
    }
    let whole = Targets::of(&series, TargetKind::WholeSession);
    let live = SessionNews::new(day, Some(-0.8), 15).unwrap();
    let features = NetworkFeatures::of(&series, &whole, &whole, live, 10, 5.0);
    (features, series)
}

fn plain() -> NetworkFeatures {
    features(|_, _, _| ()).0
}

#[test]
fn a_row_ends_with_what_was_known_at_its_own_opening() {
    let (features, series) = features(|_, _, _| ());
    // Sessions 11 to 39.
    assert_eq!(features.training_rows(), 29);
    let last = features.steps.last().unwrap();
    let whole = Targets::of(&series, TargetKind::WholeSession);
    assert_eq!(last.ret, series.log_return(39) / whole.volatility(39));
    assert_eq!(last.sentiment, Some(-0.8 * 15.0 / 20.0));

    // Sessions 27, 30, ... have news: their own row shows them, scaled, and no flag.
    let scaler = Scaler::fit(&features, 0..29);
    let rows = features.inputs(16..18, &scaler);
    assert_eq!(rows.dim(), (2, 10, FEATURES));
    assert_eq!(rows[(0, 9, 3)], 0.0);
    assert_eq!(rows[(1, 9, 3)], 1.0);
    assert_eq!(rows[(1, 9, 2)], 0.0);
    assert_eq!(rows[(0, 9, 0)], rows[(1, 8, 0)]);
}

#[test]
fn the_newest_rows_do_not_move_the_scaler() {
    let plain = plain();
    let (wild, _) = features(|k, close, sentiment| {
        if k >= 30 {
            *close *= 3.0 + k as f64;
            *sentiment = Some(-1.0);
        }
    });
    assert_eq!(Scaler::fit(&plain, 0..19), Scaler::fit(&wild, 0..19));
    assert_ne!(Scaler::fit(&plain, 0..20), Scaler::fit(&wild, 0..20));
    let scaler = Scaler::fit(&plain, 0..19);
    assert_eq!(plain.inputs(0..19, &scaler), wild.inputs(0..19, &scaler));
    assert_eq!(plain.targets(0..19, &scaler), wild.targets(0..19, &scaler));
}

#[test]
fn no_session_sees_its_own_close() {
    let plain = plain();
    let (other, _) = features(|k, close, _| {
        if k == 39 {
            *close = 1.0;
        }
    });
    let scaler = Scaler::fit(&plain, 0..19);
    assert_eq!(plain.inputs(28..29, &scaler), other.inputs(28..29, &scaler));
    assert_ne!(plain.inputs(29..30, &scaler), other.inputs(29..30, &scaler));
}

#[test]
fn scaled_values_are_centred_and_cut() {
    let (features, _) = features(|k, close, _| {
        if k == 20 {
            *close = 1e8;
        }
    });
    let within = |v: &f32| v.abs() <= CUT as f32;
    let scaler = Scaler::fit(&features, 0..29);
    assert!(features.inputs(0..30, &scaler).iter().all(within));
    let scaler = Scaler::fit(&features, 0..8);
    assert!(features.targets(0..29, &scaler).iter().all(within));
}

#[test]
fn sessions_without_an_opening_are_no_rows_of_the_move_from_it() {
    let mut series = PriceSeries::default();
    for k in 0..40_usize {
        let close = 100.0 + (k as f64 * 0.7).sin();
        let open = (k % 10 != 5).then_some(close + 0.3);
        series.push(close, open, Some(0.01), SessionNews::default());
    }
    let whole = Targets::of(&series, TargetKind::WholeSession);
    let inside = Targets::of(&series, TargetKind::FromOpening);
    let of =
        |learned| NetworkFeatures::of(&series, &whole, learned, SessionNews::default(), 10, 5.0);
    let (whole, inside) = (of(&whole), of(&inside));
    assert_eq!((whole.training_rows(), inside.training_rows()), (29, 26));
    // The rows that are left see the same steps.
    let scaler = Scaler::fit(&whole, 0..29);
    assert_eq!(whole.inputs(0..4, &scaler), inside.inputs(0..4, &scaler));
    assert_eq!(
        whole.inputs(29..30, &scaler),
        inside.inputs(26..27, &scaler)
    );
}
