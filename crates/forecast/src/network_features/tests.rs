use closecall_protocol::{
    Bar, DatasetRow, Ohlcv, Pick, PickId, PickReason, QuoteAbsent, SessionDate, SessionTimes,
    Ticker,
};

use super::*;

/// 40 sessions with a wave of closes and news on every third; `change` may rewrite any of them.
fn dataset(change: impl Fn(usize, &mut f64, &mut Option<f64>)) -> DatasetBuilt {
    let day = |k: usize| SessionDate::from_epoch_ms(1_700_006_400_000 + 86_400_000 * k as i64);
    let row = |k: usize| {
        let mut close = 100.0 + 10.0 * (k as f64 * 0.7).sin();
        let mut sentiment = k.is_multiple_of(3).then_some(0.4);
        change(k, &mut close, &mut sentiment);
        let session = day(k).unwrap();
        let quote = Ohlcv {
            open: close,
            high: close * 1.02,
            low: close * 0.99,
            close,
            adj_close: close,
            volume: 1e6,
        };
        let news = SessionNews::new(session, sentiment, u32::from(sentiment.is_some()) * 5);
        DatasetRow::new(Bar::new(session, quote).unwrap(), news.unwrap())
    };
    let ticker = Ticker::new("AAPL").unwrap();
    let slot: chrono::DateTime<chrono::Utc> = "2023-12-30T14:00:00Z".parse().unwrap();
    DatasetBuilt {
        pick: Pick {
            pick_id: PickId::of_slot(7, slot, &ticker),
            ticker,
            slot,
            expires_at: None,
            reason: PickReason::Request,
        },
        target: day(40).unwrap(),
        session: SessionTimes::new(slot, slot + chrono::TimeDelta::minutes(390)).unwrap(),
        sessions_ahead: 0,
        quote: Err(QuoteAbsent::NoQuote),
        provider: None,
        provisional: false,
        repairs: [].into(),
        rows: (0..40).map(row).collect(),
        live: SessionNews::new(day(40).unwrap(), Some(-0.8), 15).unwrap(),
        fetched_at: None,
    }
}

fn features(dataset: &DatasetBuilt) -> (NetworkFeatures, PriceSeries) {
    let series = PriceSeries::of(dataset, 0.94);
    (NetworkFeatures::of(dataset, &series, 10, 5.0), series)
}

#[test]
fn a_row_ends_with_what_was_known_at_its_own_opening() {
    let dataset = dataset(|_, _, _| ());
    let (features, series) = features(&dataset);
    assert_eq!(features.training_rows(), 11..40);
    let last = features.steps.last().unwrap();
    assert_eq!(last.ret, series.standardised(39));
    assert_eq!(last.sentiment, Some(-0.8 * 15.0 / 20.0));

    // Sessions 27, 30, ... have news: their own row shows them, scaled, and no flag.
    let scaler = Scaler::fit(&features, 11..40);
    let rows = features.inputs(27..29, &scaler);
    assert_eq!(rows.dim(), (2, 10, FEATURES));
    assert_eq!(rows[(0, 9, 3)], 0.0);
    assert_eq!(rows[(1, 9, 3)], 1.0);
    assert_eq!(rows[(1, 9, 2)], 0.0);
    assert_eq!(rows[(0, 9, 0)], rows[(1, 8, 0)]);
}

#[test]
fn the_newest_rows_do_not_move_the_scaler() {
    let (plain, _) = features(&dataset(|_, _, _| ()));
    let (wild, _) = features(&dataset(|k, close, sentiment| {
        if k >= 30 {
            *close *= 3.0 + k as f64;
            *sentiment = Some(-1.0);
        }
    }));
    assert_eq!(Scaler::fit(&plain, 11..30), Scaler::fit(&wild, 11..30));
    assert_ne!(Scaler::fit(&plain, 11..31), Scaler::fit(&wild, 11..31));
    let scaler = Scaler::fit(&plain, 11..30);
    assert_eq!(plain.inputs(11..30, &scaler), wild.inputs(11..30, &scaler));
    assert_eq!(
        plain.targets(11..30, &scaler),
        wild.targets(11..30, &scaler)
    );
}

#[test]
fn no_session_sees_its_own_close() {
    let (plain, _) = features(&dataset(|_, _, _| ()));
    let (other, _) = features(&dataset(|k, close, _| {
        if k == 39 {
            *close = 1.0;
        }
    }));
    let scaler = Scaler::fit(&plain, 11..30);
    assert_eq!(plain.inputs(39..40, &scaler), other.inputs(39..40, &scaler));
    assert_ne!(plain.inputs(40..41, &scaler), other.inputs(40..41, &scaler));
}

#[test]
fn scaled_values_are_centred_and_cut() {
    let (features, _) = features(&dataset(|k, close, _| {
        if k == 20 {
            *close = 1e8;
        }
    }));
    let scaler = Scaler::fit(&features, 11..40);
    let x = features.inputs(11..41, &scaler);
    assert!(x.iter().all(|v| v.abs() <= CUT as f32));
    let scaler = Scaler::fit(&features, 11..19);

    assert!(
        features
            .targets(11..40, &scaler)
            .iter()
            .all(|v| v.abs() <= CUT as f32)
    );
}
