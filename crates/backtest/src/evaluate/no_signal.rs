//! Markets in which nothing can be known but the price: no harm is done, bands hold, calls are those
//! of the price.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use closecall_forecast::ModelKind;
use closecall_scoring::{Alarm, Bootstrap, Outcome, Summary, alarm, winkler};

use super::{Asked, BEFORE, Evaluation, EvaluationRow, OnProgress, Plant, times};
use crate::asked::AskedTime;
use crate::error::Error;
use crate::group::{Group, ModelReport};
use crate::line::Line;
use crate::report::{Report, Run};
use crate::simulated::{PlantedTruth, SimulatedMarket, SimulatedMarkets};
use crate::variant::Variant;

/// Times asked: before the opening, and one at least in each part of the day.
const TIMES: [&str; 6] = ["before", "09:31", "10:00", "12:00", "14:00", "15:30"];

/// Greatest error against the last close, by time.
const KNOWN: [f64; 6] = [1.002, 0.90, 0.80, 0.58, 0.45, 0.32];

/// Every one of this many sessions, `original` is asked.
const ORIGINAL_EVERY: usize = 25;

const ORIGINAL: Variant = Variant {
    model: ModelKind::Original,
    news: true,
};

/// Deviations of a two-sided 90 % interval of a normal distribution.
const NORMAL_90: f64 = 1.645;

pub(super) fn rows(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<EvaluationRow>>, Error> {
    let truth = if evaluation.planted(Plant::UnfairOpening) {
        PlantedTruth::UnfairOpening
    } else {
        PlantedTruth::None
    };
    let extent = evaluation.extent;
    let markets = SimulatedMarket::several(
        extent.markets,
        evaluation.seed_of(1),
        BEFORE + extent.sessions,
        truth,
        evaluation.calendar,
    )?;
    let times = times(&TIMES);
    let variants = [Variant::default(), ORIGINAL, Variant::REFERENCE];
    let asked = Asked {
        retrain: NonZeroUsize::new(ORIGINAL_EVERY).unwrap_or(NonZeroUsize::MIN),
        ..Asked::of(extent.sessions, &times, &variants)
    };
    let Some(lines) = evaluation.walk("no signal", &markets, &asked, progress)? else {
        return Ok(None);
    };
    let report = Report::of(Run::default(), &lines, &variants, Bootstrap::default());
    let Some(model) = report.models.get(&Variant::default().to_string()) else {
        return Ok(Some(Vec::new()));
    };
    let mut rows = vec![fair(&markets, extent.sessions)];
    rows.extend(same(model));
    rows.extend(known(model, &times));
    rows.extend(harm(model));
    rows.extend(against_original(&lines));
    rows.extend(coverage(model));
    rows.extend(calls(model));
    rows.extend(sharpness(&lines, &markets));
    rows.push(alarmed(evaluation, &lines));
    Ok(Some(rows))
}

/// The slope of the session on its gap, in standard errors.
fn fair(markets: &SimulatedMarkets, sessions: usize) -> EvaluationRow {
    let (mut products, mut squares, mut noise, mut count) = (0.0, 0.0, 0.0, 0_usize);
    for market in &markets.0 {
        let first = market.sessions.len().saturating_sub(sessions);
        for made in &market.sessions[first..] {
            let close = made.prices[made.prices.len() - 1];
            let gap = made.night / made.deviation;
            let inside = (close / made.prices[0]).ln() / made.deviation;
            products += gap * inside;
            squares += gap * gap;
            noise += inside * inside * gap * gap;
            count += 1;
        }
    }
    let t = products / noise.sqrt().max(f64::MIN_POSITIVE);
    let slope = products / squares.max(f64::MIN_POSITIVE);
    let what = format!("slope of the session on its gap ({slope:+.3}), in standard errors");
    EvaluationRow::within("fair", what, count, t, (0.0, 3.0))
}

fn same(model: &ModelReport) -> Vec<EvaluationRow> {
    let row = |(time, group): (&AskedTime, &Group)| {
        let most = group.quote_same_share.map_or(0.01, |share| share + 0.003);
        let what = format!("share of \"same\", {time}");
        let measured = group.same_share?;
        Some(EvaluationRow::at_most(
            "N1",
            what,
            group.summary.outcomes,
            measured,
            round(most),
        ))
    };
    model.times.iter().filter_map(row).collect()
}

fn known(model: &ModelReport, times: &[AskedTime]) -> Vec<EvaluationRow> {
    let row = |(time, most): (&AskedTime, f64)| {
        let group = model.times.get(time)?;
        let found = group.summary.against_last_close?;
        let what = format!("error against the last close, {time}");
        Some(EvaluationRow::at_most(
            "N2",
            what,
            group.summary.outcomes,
            found.value,
            most,
        ))
    };
    times.iter().zip(KNOWN).filter_map(row).collect()
}

fn harm(model: &ModelReport) -> Vec<EvaluationRow> {
    let mut rows = Vec::new();
    for (phase, group) in &model.phases {
        let Some(found) = group.summary.relative_mae else {
            continue;
        };
        let (count, what) = (
            group.summary.outcomes,
            format!("error against the price, {phase}"),
        );
        rows.push(EvaluationRow::at_most(
            "N6",
            what,
            count,
            found.value,
            1.002,
        ));
        let what = format!("upper end of its interval, {phase}");
        rows.push(EvaluationRow::at_most(
            "N3",
            what,
            count,
            found.upper,
            1.005,
        ));
    }
    let by_market = model.tickers.values();
    let mut ratios: Vec<f64> = by_market
        .filter_map(|group| Some(group.summary.relative_mae?.value))
        .collect();
    ratios.sort_by(f64::total_cmp);
    let count = model.total.summary.outcomes;
    let mean = ratios.iter().sum::<f64>() / ratios.len().max(1) as f64;
    let high = ratios
        .get(ratios.len() * 95 / 100)
        .copied()
        .unwrap_or(f64::NAN);
    let markets = ratios.len();
    rows.push(EvaluationRow::at_most(
        "H1",
        format!("mean over {markets} markets"),
        count,
        mean,
        1.002,
    ));
    rows.push(EvaluationRow::at_most(
        "H1",
        "95th percentile of the markets",
        count,
        high,
        1.010,
    ));
    rows
}

/// On the sessions that `original` was asked about, before the opening.
fn against_original(lines: &[Line]) -> Option<EvaluationRow> {
    let before = |variant: Variant| {
        lines
            .iter()
            .filter(move |line| line.variant == variant && line.time == AskedTime::Before)
            .filter_map(|line| Some(((line.session, &line.ticker), line.outcome()?.error)))
    };
    let originals: BTreeMap<_, f64> = before(ORIGINAL).collect();
    let pairs: Vec<(f64, f64)> = before(Variant::default())
        .filter_map(|(place, ours)| Some((ours, *originals.get(&place)?)))
        .collect();
    let (ours, theirs) = pairs
        .iter()
        .fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    let what = "error against `original`'s, before the opening";
    (theirs > 0.0).then(|| EvaluationRow::at_most("H2", what, pairs.len(), ours / theirs, 0.60))
}

fn coverage(model: &ModelReport) -> Vec<EvaluationRow> {
    let mut rows = Vec::new();
    for (time, group) in &model.times {
        let early = matches!(time.to_string().as_str(), "before" | "09:31");
        for band in &group.summary.bands {
            let points = if early { 0.02 } else { 0.03 };
            let what = format!("{:.0} % band, {time}", 100.0 * band.level);
            let share = band.coverage.value;
            rows.push(EvaluationRow::within(
                "N4",
                what,
                band.outcomes,
                share,
                (band.level, points),
            ));
        }
    }
    for band in &model.total.summary.bands {
        let what = format!("{:.0} % band, all outcomes", 100.0 * band.level);
        let (share, goal) = (band.coverage.value, (band.level, 0.02));
        rows.push(EvaluationRow::within(
            "H5",
            what,
            band.outcomes,
            share,
            goal,
        ));
    }
    let outer = model.thirds.iter().filter_map(|third| {
        let band = third.summary.bands.iter().find(|band| band.level == 0.9)?;
        Some(band.coverage.value)
    });
    let (least, most) = outer.fold((1.0_f64, 0.0_f64), |(a, b), x| (a.min(x), b.max(x)));
    let what = "90 % band, spread over thirds of volatility";
    let count = model
        .thirds
        .iter()
        .map(|third| third.summary.outcomes)
        .sum();
    rows.push(EvaluationRow::at_most(
        "H6",
        what,
        count,
        most - least,
        0.08,
    ));
    rows
}

fn calls(model: &ModelReport) -> Vec<EvaluationRow> {
    let mut rows = Vec::new();
    for (phase, group) in &model.phases {
        let (Some(ours), Some(own)) = (group.summary.brier, group.baseline_brier) else {
            continue;
        };
        let (count, worse) = (group.summary.outcomes, ours - own);
        let what = format!("Brier score above the price's own, {phase}");
        rows.push(EvaluationRow::at_most("N5", what, count, worse, 0.0025));
    }
    let summary = &model.total.summary;
    if let (Some(ours), Some(own)) = (summary.brier, model.total.baseline_brier) {
        let what = "Brier score above the price's own, all outcomes";
        rows.push(EvaluationRow::at_most(
            "H14",
            what,
            summary.outcomes,
            ours - own,
            0.0025,
        ));
    }
    rows
}

/// Before the opening: widths beside those of one who knows each session's true deviation, at the
/// same coverage; the Winkler score beside that of a normal distribution with an EWMA's deviation.
fn sharpness(lines: &[Line], markets: &SimulatedMarkets) -> Vec<EvaluationRow> {
    let product =
        |line: &&Line| line.variant == Variant::default() && line.time == AskedTime::Before;
    let (mut width, mut truths, mut moves) = (0.0, 0.0, Vec::new());
    let (mut inside, mut ours, mut plain) = (0_usize, 0.0, 0.0);
    for line in lines.iter().filter(product) {
        let Some(band) = line.bands.iter().find(|band| band.level == 0.9) else {
            continue;
        };
        let Some(made) = markets.session(&line.ticker, line.session.date()) else {
            continue;
        };
        width += (band.upper / band.lower).ln();
        truths += made.deviation;
        moves.push((line.actual / line.last_close).ln().abs() / made.deviation);
        inside += usize::from(band.holds(line.actual));
        ours += winkler(band, line.actual) / line.last_close;
        let deviation = ewma(markets, line);
        let gaussian = closecall_scoring::Band {
            level: 0.9,
            lower: line.last_close * (-NORMAL_90 * deviation).exp(),
            upper: line.last_close * (NORMAL_90 * deviation).exp(),
        };
        plain += winkler(&gaussian, line.actual) / line.last_close;
    }
    moves.sort_by(f64::total_cmp);
    let (count, rank) = (moves.len(), inside.saturating_sub(1));
    let Some(quantile) = moves.get(rank) else {
        return Vec::new();
    };
    let informed = 2.0 * quantile * truths;
    let what = "width of the 90 % band against a perfectly informed one's, before";
    vec![
        EvaluationRow::at_most("H7", what, count, width / informed, 1.10),
        EvaluationRow::at_most(
            "H7",
            "Winkler score against EWMA and normal, before",
            count,
            ours / plain,
            1.0,
        ),
    ]
}

/// Deviation by an exponentially weighted mean of the squares before the session.
fn ewma(markets: &SimulatedMarkets, line: &Line) -> f64 {
    let market = markets.0.iter().find(|m| m.history.ticker == line.ticker);
    let bars = market.map_or(&[][..], |market| &market.history.bars);
    let end = bars.partition_point(|bar| bar.session() < line.session);
    let (mut sum, mut weight) = (0.0, 0.0);
    for pair in bars[end.saturating_sub(205)..end].windows(2) {
        sum = 0.94 * sum + (pair[1].close() / pair[0].close()).ln().powi(2);
        weight = 0.94 * weight + 1.0;
    }
    (sum / f64::max(weight, 1.0)).sqrt()
}

/// Whether forecasts that know a tenth of the way raise the alarm, and honest ones do not.
fn alarmed(evaluation: &Evaluation<'_>, lines: &[Line]) -> EvaluationRow {
    let knows = if evaluation.planted(Plant::NoLeak) {
        0.0
    } else {
        0.1
    };
    let product = lines
        .iter()
        .filter(|line| line.variant == Variant::default());
    let raised = |share: f64| -> Option<Alarm> {
        let knowing = product.clone().filter_map(|line| {
            let mut line = line.clone();
            line.prediction += share * (line.actual - line.prediction);
            line.outcome()
        });
        let outcomes: Vec<Outcome> = knowing.collect();
        alarm(&Summary::of(&outcomes, Bootstrap::default()))
    };
    let found = f64::from(u8::from(raised(knows).is_some() && raised(0.0).is_none()));
    let what = "a leak of a tenth raises the alarm, none does not";
    EvaluationRow::at_least("H12", what, product.count(), found, 1.0)
}

/// Goals are printed: four decimals.
fn round(value: f64) -> f64 {
    (1e4 * value).round() / 1e4
}
