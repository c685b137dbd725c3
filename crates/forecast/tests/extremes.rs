//! Forecasts of any valid dataset are finite, in order, and can be sent.

use std::ops::ControlFlow;

use closecall_forecast::{EnsembleSettings, ForecastSettings, ModelKind, forecast};
use closecall_protocol::codec::{Arrival, forecast as codec};
use closecall_protocol::{DatasetRow, Prediction, PriceRange, SessionNews};
use proptest::prelude::*;

use crate::markets;
use markets::{Market, dataset, day, now};

/// Closes of up to 130 sessions: quiet, wild, jumping between a cent and 10⁸, or standing still.
fn closes() -> impl Strategy<Value = Vec<f64>> {
    let price = prop_oneof![
        Just(0.01),
        Just(1e8),
        Just(1e9),
        Just(42.0),
        0.01..1.0,
        99.0..101.0,
        1.0..1e6,
    ];
    let jumping = proptest::collection::vec(price, 1..130);
    let quiet = (
        0.01..1e8,
        proptest::collection::vec(-0.05..0.05_f64, 1..130),
    )
        .prop_map(|(start, returns)| {
            let walk = returns.iter().scan(start, |close: &mut f64, r| {
                *close = (*close * r.exp()).clamp(0.01, 1e9);
                Some(*close)
            });
            walk.collect()
        });
    prop_oneof![jumping, quiet]
}

fn scores() -> impl Strategy<Value = Vec<Option<f64>>> {
    let score = prop_oneof![Just(None), Just(Some(0.0)), (-1.0..=1.0).prop_map(Some)];
    prop_oneof![
        Just(vec![Some(0.0); 130]),
        proptest::collection::vec(score, 130)
    ]
}

fn small(model: ModelKind) -> ForecastSettings {
    let network = EnsembleSettings {
        window: 4,
        units: vec![4],
        dense: 4,
        epochs: 3,
        members: 1,
        ..EnsembleSettings::default()
    };
    ForecastSettings {
        model,
        network,
        ..ForecastSettings::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_number_is_finite(
        closes in closes(),
        scores in scores(),
        model in proptest::sample::select(vec![
            ModelKind::Closecall,
            ModelKind::Ridge,
            ModelKind::Persistence,
        ]),
        ahead in prop_oneof![Just(0), 0..5_u32, Just(u32::MAX)],
    ) {
        let news = |k: usize| SessionNews::new(day(k), scores[k % 130], 3).unwrap();
        let row = |(k, &close)| DatasetRow::with_close(day(k), close, news(k)).unwrap();
        let rows: Vec<DatasetRow> = closes.iter().enumerate().map(row).collect();
        let mut dataset = dataset(&rows, day(rows.len()), news(rows.len()));
        dataset.sessions_ahead = ahead;
        let said =
            forecast(&dataset, &small(model), now(), &mut |_| ControlFlow::Continue(())).unwrap();
        for (_, number) in said.numbers() {
            prop_assert!(number.is_finite(), "{said:?}");
        }
        prop_assert!(said.probability_up > 0.0 && said.probability_up < 1.0);
        for interval in &said.intervals {
            prop_assert!(interval.lower <= said.prediction && said.prediction <= interval.upper);
        }
        let said = Prediction::Ours(Box::new(said));
        let record = codec::encode(&said).unwrap();
        let arrival = Arrival {
            topic: "stock-prediction-output".into(),
            partition: 0,
            offset: 0,
            timestamp: now(),
            expires_after: None,
        };
        prop_assert!(codec::decode(&record, &arrival).is_ok(), "{said:?}");
    }

    #[test]
    fn every_number_is_finite_with_a_price_of_the_moment(
        seed in 0..1000_u64,
        model in proptest::sample::select(vec![
            ModelKind::Closecall,
            ModelKind::Ridge,
            ModelKind::Persistence,
        ]),
        quarter in 0..26_u32,
        factor in prop_oneof![Just(1.0), 0.5..2.0_f64, 1e-9..1e9_f64],
        range in prop_oneof![Just(None), Just(Some((1e-9, 1e9))), Just(Some((50.0, 50.0)))],
    ) {
        let mut dataset = Market::new(seed, 101, 0.0).during(100, quarter);
        if let Ok(quote) = &mut dataset.quote {
            quote.price *= factor;
            quote.range = range.and_then(|(low, high)| PriceRange::new(low, high));
        }
        let mut on = |_| ControlFlow::Continue(());
        let said = forecast(&dataset, &small(model), now(), &mut on).unwrap();
        prop_assert!(said.probability_up > 0.0 && said.probability_up < 1.0);
        prop_assert!(said.scale.unwrap() > 0.0);
        let furthest = (said.prediction / said.last_close).ln().abs();
        prop_assert!(furthest < 0.4 + 0.5, "{said:?}");
        for interval in &said.intervals {
            prop_assert!(interval.lower <= said.prediction && said.prediction <= interval.upper);
        }
    }
}
