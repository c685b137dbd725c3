//! Effects of the price of the running session on a forecast, and their limits.

use std::ops::ControlFlow;

use chrono::TimeDelta;
use closecall_forecast::{
    FitCache, ForecastSettings, INSUFFICIENT_DATA, ModelKind, forecast, forecast_with_cache,
};
use closecall_protocol::{
    Bar, CloseForecast, DatasetBuilt, DatasetRow, ModelTarget, Phase, PriceRange, Quote,
    QuoteAbsent, ReferenceKind, SessionNews, SessionTimes, day_profile,
};

use crate::markets;
use markets::{Market, dataset, day, now};

fn settings(model: ModelKind) -> ForecastSettings {
    ForecastSettings {
        model,
        ..ForecastSettings::default()
    }
}

fn run(dataset: &DatasetBuilt, model: ModelKind) -> CloseForecast {
    let mut on = |_| ControlFlow::Continue(());
    forecast(dataset, &settings(model), now(), &mut on).unwrap()
}

fn quote_of(dataset: &mut DatasetBuilt) -> &mut Quote {
    dataset.quote.as_mut().unwrap()
}

fn width(said: &CloseForecast) -> f64 {
    said.intervals[0].upper - said.intervals[0].lower
}

#[test]
fn the_forecast_starts_from_it_and_says_so() {
    let market = Market::new(2, 207, 0.0);
    let before = run(&market.at(206), ModelKind::Closecall);
    assert_eq!(before.reference_kind(), ReferenceKind::LastClose);
    assert_eq!(before.phase, Some(Phase::Before));
    assert_eq!(before.quote_absent, Some(QuoteAbsent::NotYetOpen));
    assert_eq!(before.model.target, Some(ModelTarget::LastClose));
    for (quarter, kind, phase) in [
        (0, ReferenceKind::Opening, Phase::Open),
        (2, ReferenceKind::Quote, Phase::Morning),
        (12, ReferenceKind::Quote, Phase::Afternoon),
        (22, ReferenceKind::Quote, Phase::LastHour),
    ] {
        let dataset = market.during(206, quarter);
        let price = dataset.quote.unwrap().price;
        let said = run(&dataset, ModelKind::Closecall);
        assert_eq!(said.reference_kind(), kind);
        assert!((said.reference_price() - price).abs() < 0.005);
        assert_eq!(said.reference.unwrap().at, Some(dataset.pick.slot));
        assert_eq!(said.phase, Some(phase));
        assert_eq!(said.quote_absent, None);
        assert_eq!(said.model.target, Some(ModelTarget::Opening));
        assert!((said.prediction / price).ln().abs() <= 0.5 * said.scale.unwrap() + 1e-4);
        assert!(width(&said) < width(&before), "{quarter}");
    }
}

#[test]
fn the_scale_over_that_at_the_opening_is_what_is_left_of_the_day() {
    let market = Market::new(2, 207, 0.0);
    let opening = run(&market.during(206, 0), ModelKind::Closecall);
    for quarter in [1, 4, 10, 18, 25] {
        let dataset = market.during(206, quarter);
        let said = run(&dataset, ModelKind::Closecall);
        let (elapsed, range) = (
            f64::from(quarter) / 26.0,
            dataset.quote.unwrap().range.unwrap(),
        );
        // The usual range of that quarter over the expected volatility, from the table.
        let usual = [0.66, 0.95, 1.16, 1.28, 1.39][[1, 4, 10, 18, 25]
            .iter()
            .position(|&q| q == quarter)
            .unwrap()];
        let volatility = opening.scale.unwrap();
        let surprise = (range.high / range.low).ln() / (volatility * usual);
        let f = surprise.powf(0.2).clamp(0.6, 1.8);
        let expected = day_profile::remaining_deviation(elapsed) * f;
        let ratio = said.scale.unwrap() / volatility;
        assert!(
            (ratio - expected).abs() < 1e-6,
            "{quarter}: {ratio}, {expected}"
        );
        // The published bounds agree with it to a cent.
        let half = said.intervals[0].upper.ln() - said.prediction.ln();
        let at_opening = opening.intervals[0].upper.ln() - opening.prediction.ln();
        let cents = (half - at_opening * ratio).abs() * said.prediction;
        assert!(cents < 0.025, "{quarter}: {cents}");
    }
}

#[test]
fn a_price_far_above_the_last_close_is_called_a_rise() {
    let mut dataset = Market::new(2, 207, 0.0).during(206, 24);
    let last = dataset.rows[dataset.rows.len() - 1].close();
    let quote = quote_of(&mut dataset);
    (quote.price, quote.open) = (1.05 * last, 1.04 * last);
    let said = run(&dataset, ModelKind::Closecall);
    assert!(said.probability_up > 0.99, "{}", said.probability_up);
    let from_here = said.probability_up_from_here.unwrap();
    assert!((0.3..0.7).contains(&from_here), "{from_here}");
    assert_eq!(said.direction(), closecall_protocol::Direction::Rise);
}

#[test]
fn a_quote_that_cannot_be_is_refused_with_its_reason() {
    let market = Market::new(2, 207, 0.0);
    type Spoil = fn(&mut DatasetBuilt);
    let spoilt: [(&str, Spoil); 4] = [
        ("after the as-of time", |d| {
            d.pick.slot -= TimeDelta::seconds(1);
        }),
        ("before the opening", |d| {
            quote_of(d).at = d.session.open() - TimeDelta::seconds(1);
        }),
        ("of another basis", |d| quote_of(d).price *= 1.6),
        ("of another basis, downwards", |d| quote_of(d).price *= 0.6),
    ];
    for (why, spoil) in spoilt {
        let mut dataset = market.during(206, 8);
        spoil(&mut dataset);
        let said = run(&dataset, ModelKind::Ridge);
        assert_eq!(said.quote_absent, Some(QuoteAbsent::Implausible), "{why}");
        assert_eq!(said.reference_kind(), ReferenceKind::LastClose, "{why}");
        assert_eq!(said.quote, None, "{why}");
    }
    // Far for one session, not for nine.
    let mut missed = market.during(206, 8);
    missed.sessions_ahead = 8;
    let last = missed.rows[missed.rows.len() - 1].close();
    quote_of(&mut missed).price = 1.6 * last;
    let said = run(&missed, ModelKind::Ridge);
    assert_eq!(said.reference_kind(), ReferenceKind::Quote);
}

#[test]
fn without_openings_to_learn_from_the_quote_is_not_used() {
    let market = Market::new(2, 207, 0.0);
    let mut dataset = market.during(206, 8);
    let without = |row: &DatasetRow| {
        let bar = Bar::of_close(row.session(), row.close()).unwrap();
        DatasetRow::new(bar, row.news())
    };
    let keep = |openings: usize| {
        let rows = market.rows[1..206].iter().enumerate();
        rows.map(|(k, row)| {
            if k < 205 - openings {
                without(row)
            } else {
                *row
            }
        })
        .collect()
    };
    dataset.rows = keep(40);
    let enough = run(&dataset, ModelKind::Persistence);
    assert_eq!(enough.reference_kind(), ReferenceKind::Quote);
    dataset.rows = keep(39);
    let few = run(&dataset, ModelKind::Persistence);
    assert_eq!(few.reference_kind(), ReferenceKind::LastClose);
    assert_eq!(few.quote_absent, Some(QuoteAbsent::NoQuote));
}

#[test]
fn with_too_little_to_learn_from_the_newest_price_is_said_again() {
    let market = Market::new(2, 60, 0.0);
    let said = run(&market.during(48, 8), ModelKind::Closecall);
    assert_eq!(said.model.reason.as_deref(), Some(INSUFFICIENT_DATA));
    assert_eq!(said.reference_kind(), ReferenceKind::Quote);
    assert_eq!(said.prediction, said.reference_price());
}

#[test]
fn the_original_says_its_own_close_whatever_the_price() {
    let market = Market::new(2, 207, 0.0);
    let before = run(&market.at(206), ModelKind::Original);
    let during = run(&market.during(206, 18), ModelKind::Original);
    assert_eq!(during.reference_kind(), ReferenceKind::Quote);
    assert_eq!(during.model.target, Some(ModelTarget::Original));
    assert!((before.prediction - during.prediction).abs() < 0.011);
    assert!((width(&before) - width(&during)).abs() < 0.03);
    assert_eq!(before.scale, during.scale);
}

#[test]
fn a_half_day_is_narrower_and_a_longer_way_is_wider() {
    let market = Market::new(2, 207, 0.0);
    let whole = market.at(206);
    let scale = |dataset: &DatasetBuilt| run(dataset, ModelKind::Persistence).scale.unwrap();
    let half_day = |mut dataset: DatasetBuilt| {
        let open = dataset.session.open();
        dataset.session = SessionTimes::new(open, open + TimeDelta::minutes(210)).unwrap();
        dataset
    };
    assert!((scale(&half_day(whole.clone())) / scale(&whole) - 0.85).abs() < 1e-12);
    let opening = market.during(206, 0);
    assert!((scale(&half_day(opening.clone())) / scale(&opening) - 0.73).abs() < 1e-12);
    let mut behind = whole.clone();
    behind.sessions_ahead = 3;
    assert!((scale(&behind) / scale(&whole) - 2.0).abs() < 1e-12);
    // A price of the session itself is no further away for the sessions that were missed.
    let mut behind = opening.clone();
    behind.sessions_ahead = 3;
    assert_eq!(scale(&behind), scale(&opening));
}

#[test]
fn remembered_fits_change_no_bit() {
    let market = Market::new(3, 207, 0.3);
    for &model in ModelKind::ALL {
        let (settings, cache) = (settings(model), FitCache::default());
        let remembering = |dataset: &DatasetBuilt| {
            let mut on = |_| ControlFlow::Continue(());
            forecast_with_cache(dataset, &settings, &cache, now(), &mut on).unwrap()
        };
        let mut news = market.during(206, 9);
        news.live = SessionNews::new(day(206), Some(-0.9), 7).unwrap();
        let mut wide = market.during(206, 12);
        quote_of(&mut wide).range = PriceRange::new(50.0, 300.0);
        let datasets = [
            (market.at(206), false),
            (market.during(206, 3), model == ModelKind::Original),
            (market.at(206), true),
            (market.during(206, 18), true),
            (news, true),
            (wide, true),
            (market.at(205), false),
        ];
        for (k, (dataset, remembered)) in datasets.iter().enumerate() {
            let fresh = run(dataset, model);
            let said = remembering(dataset);
            assert_eq!(said.model.remembered, Some(*remembered), "{model} {k}");
            assert_eq!(fresh.model.remembered, Some(false));
            let mut values = said.into_values();
            values.model.remembered = Some(false);
            assert_eq!(
                CloseForecast::publish(values).unwrap(),
                fresh,
                "{model} {k}"
            );
        }
    }
}

/// Prices of a million, so that whole cents are finer than the difference.
#[test]
fn another_instruction_set_says_the_same() {
    let mut dataset = Market::new(3, 207, 0.3).during(206, 9);
    let million = 1e4;
    let enlarged = |row: &DatasetRow| {
        let bar = row.bar();
        let range = bar.range().unwrap();
        let bar = Bar::of_close(row.session(), million * row.close())
            .unwrap()
            .with_open(bar.open().map(|open| million * open))
            .with_range(Some(million * range.low), Some(million * range.high));
        DatasetRow::new(bar, row.news())
    };
    dataset.rows = dataset.rows.iter().map(enlarged).collect();
    let quote = quote_of(&mut dataset);
    (quote.price, quote.open) = (million * quote.price, million * quote.open);
    quote.range = None;
    let on = |path: &str| {
        let settings = ForecastSettings {
            path: Some(path.parse().unwrap()),
            ..ForecastSettings::default()
        };
        let mut on = |_| ControlFlow::Continue(());
        forecast(&dataset, &settings, now(), &mut on)
    };
    let plain = on("plain").unwrap();
    assert!(plain.model.gate > 0.02, "the network speaks");
    // A processor without one of them has less to compare.
    for said in ["avx2", "avx512"]
        .into_iter()
        .filter_map(|path| on(path).ok())
    {
        let apart = (said.prediction / plain.prediction).ln().abs();
        assert!(apart < 1e-6, "{}: {apart}", said.model.path);
        let bounds = said.intervals[1].upper / plain.intervals[1].upper;
        assert!(bounds.ln().abs() < 1e-6, "{}: {bounds}", said.model.path);
        assert_eq!(said.scale, plain.scale);
    }
}

#[test]
fn a_full_cache_forgets_what_was_longest_unused() {
    let market = Market::new(3, 210, 0.0);
    let (settings, cache) = (settings(ModelKind::Ridge), FitCache::with_capacity(2));
    let remembered = |(ticker, target): (&str, usize)| {
        let mut on = |_| ControlFlow::Continue(());
        let mut dataset = market.at(target);
        dataset.pick.ticker = ticker.parse().unwrap();
        let said = forecast_with_cache(&dataset, &settings, &cache, now(), &mut on);
        said.unwrap().model.remembered.unwrap()
    };
    let tickers = ["A", "B", "A", "C", "A", "B"].map(|ticker| remembered((ticker, 206)));
    assert_eq!(tickers, [false, false, true, false, true, false]);
    // A new session takes the place of the one before, not of another ticker.
    let sessions = [("B", 207), ("A", 206), ("B", 207), ("B", 206)].map(remembered);
    assert_eq!(sessions, [false, true, true, false]);
}

#[test]
fn closes_alone_are_forecast_from_the_last_close() {
    let rows: Vec<DatasetRow> = Market::new(2, 206, 0.0)
        .rows
        .iter()
        .map(|row| {
            DatasetRow::new(
                Bar::of_close(row.session(), row.close()).unwrap(),
                row.news(),
            )
        })
        .collect();
    let dataset = dataset(&rows, day(206), SessionNews::default());
    let said = run(&dataset, ModelKind::Closecall);
    assert_eq!(said.model.reason, None);
    assert!(said.scale.unwrap() > 0.0);
}
