//! The arithmetic of a forecast against a second implementation of it, `scripts/nowcast-reference`,
//! whose answers are beside the dataset in `tests/fixtures/nowcast`.

use closecall_protocol::{SessionDate, SessionNews};
use serde::Deserialize;

use super::*;
use crate::fit::Sessions;
use crate::nowcast::Nowcast;
use crate::point_forecast::PointForecast;
use crate::price_series::PriceSeries;
use crate::range_so_far;
use crate::scale::{self, Scale};
use crate::settings::IntervalSettings;

#[derive(Deserialize)]
struct Dataset {
    rows: Vec<Row>,
    live: News,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Row {
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    #[serde(flatten)]
    news: News,
}

#[derive(Clone, Copy, Deserialize)]
struct News {
    sentiment: Option<f64>,
    articles: u32,
}

#[derive(Deserialize)]
struct Case {
    quote: Option<QuoteSoFar>,
    sessions_ahead: u32,
    half_day: bool,
    network: NetworkWalk,
}

#[derive(Deserialize)]
struct QuoteSoFar {
    price: f64,
    open: f64,
    high: f64,
    low: f64,
    elapsed: f64,
}

/// Moves and shares of the rows that the regression has; the last are the target session's.
#[derive(Deserialize)]
struct NetworkWalk {
    moves: Vec<f64>,
    shares: Vec<f64>,
}

#[derive(Deserialize)]
struct Expected {
    f: f64,
    w: Vec<f64>,
    m_b: f64,
    v: Vec<f64>,
    s: f64,
    z: Vec<f64>,
    prediction: f64,
    bands: Vec<[f64; 2]>,
    probability_up: f64,
    probability_up_from_here: f64,
}

fn news(news: News) -> SessionNews {
    let day = SessionDate::from_epoch_ms(1_700_006_400_000).unwrap();
    SessionNews::new(day, news.sentiment, news.articles).unwrap()
}

#[track_caller]
fn close(what: &str, ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() < 1e-9, "{what}: {ours} and {theirs}");
}

#[track_caller]
fn all_close(what: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (k, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        close(&format!("{what} {k}"), *ours, *theirs);
    }
}

fn sessions(dataset: &Dataset, case: &Case) -> Sessions {
    let mut series = PriceSeries::default();
    for row in &dataset.rows {
        let range = (row.high / row.low).ln();
        series.push(row.close, Some(row.open), Some(range), news(row.news));
    }
    let kind = match case.quote {
        Some(_) => TargetKind::FromOpening,
        None => TargetKind::WholeSession,
    };
    Sessions::new(series, kind)
}

/// Walks the case, and holds its parts against those expected.
fn check(dataset: &Dataset, case: &Case, expected: &Expected) {
    let sessions = sessions(dataset, case);
    let (series, targets) = (sessions.series(), sessions.learned());
    let volatility: Vec<f64> = (1..=series.len()).map(|k| targets.volatility(k)).collect();
    all_close("v", &volatility, &expected.v);

    let features = RegressionFeatures {
        series,
        targets,
        news_shrinkage: 5.0,
    };
    let (network, past) = case.network.moves.split_last().unwrap();
    // Rows before the walked part have no network's move.
    let first = past.iter().position(|&q| q != 0.0).unwrap_or(past.len());
    let blend = MoveBlend::walk(&features, &past[first..], Weights::CLOSECALL, None).unwrap();
    let share = blend.network_share();
    close("share", share, *case.network.shares.last().unwrap());
    all_close("w", &blend.regression.weights(), &expected.w);
    all_close("z", blend.errors(), &expected.z);

    let last_close = series.last_close();
    let horizon = scale::horizon(case.sessions_ahead);
    let gap = |quote: &QuoteSoFar| (quote.open / last_close).ln();
    let live = Live {
        news: news(dataset.live),
        gap: case.quote.as_ref().map_or(0.0, gap) / (targets.live_volatility() * horizon),
    };
    let foretold = blend
        .regression
        .predict(&features.live(live), blend.noise.value());
    close("m_b", foretold.unwrap().mean, expected.m_b);
    let standardised = blend.forecast(&features, live, *network).unwrap();
    let point = PointForecast::FromReference {
        standardised,
        asked: Some(*network),
    };
    check_nowcast(
        case,
        targets.live_volatility(),
        last_close,
        point,
        blend.errors(),
        expected,
    );
}

fn check_nowcast(
    case: &Case,
    volatility: f64,
    last_close: f64,
    point: PointForecast,
    errors: &[f64],
    expected: &Expected,
) {
    let scale = match &case.quote {
        Some(quote) => {
            let range = (quote.high / quote.low).ln();
            let half = if case.half_day { 0.73 } else { 1.0 };
            let f = range_so_far::factor(Some(range), half * volatility, quote.elapsed);
            close("f", f, expected.f);
            Scale::from_quote(volatility, quote.elapsed, Some(range), case.half_day)
        }
        None => Scale::from_last_close(volatility, case.sessions_ahead, case.half_day),
    };
    close("s", scale.deviation, expected.s);
    let reference = case.quote.as_ref().map_or(last_close, |quote| quote.price);
    let since = (reference / last_close).ln();
    let nowcast = Nowcast::of(point, scale, since, errors, &IntervalSettings::default());
    let price = |log_return: f64| reference * log_return.exp();
    close("prediction", price(nowcast.log_return), expected.prediction);
    for ((_, width), band) in nowcast.half_widths.iter().zip(&expected.bands) {
        close("lower", price(nowcast.log_return - width), band[0]);
        close("upper", price(nowcast.log_return + width), band[1]);
    }
    close("up", nowcast.probability_up, expected.probability_up);
    let from_here = expected.probability_up_from_here;
    close("up from here", nowcast.probability_up_from_here, from_here);
}

#[test]
fn every_number_is_that_of_the_second_implementation() {
    let dataset = include_str!("../../tests/fixtures/nowcast/dataset.json");
    let expected = include_str!("../../tests/fixtures/nowcast/expected.json");
    let dataset: Dataset = serde_json::from_str(dataset).unwrap();
    let expected: Vec<Expected> = serde_json::from_str(expected).unwrap();
    assert_eq!(dataset.cases.len(), expected.len());
    assert!(expected.len() >= 4 && expected.iter().all(|case| case.z.len() > 100));
    for (case, expected) in dataset.cases.iter().zip(&expected) {
        check(&dataset, case, expected);
    }
}

#[test]
fn a_move_has_an_end() {
    let mut blend = MoveBlend::before_the_first(
        &Targets::of(&PriceSeries::default(), TargetKind::WholeSession),
        Weights::ALONE,
        None,
    );
    for _ in 0..200 {
        blend.learn(&[0.0; 7], Some(2.0), 2.0).unwrap();
    }
    assert!(blend.network_share() > 0.9);
    assert_eq!(blend.blended(0.0, 2.0), FURTHEST);
    assert_eq!(blend.blended(0.0, -2.0), -FURTHEST);
}
