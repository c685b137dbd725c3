//! Markets with a planted signal: how much of it is found. The truth is known, so a forecast is held
//! against the signal itself and not against the noisy close.

use closecall_forecast::ModelKind;
use closecall_scoring::Bootstrap;

use super::{Asked, BEFORE, Evaluation, EvaluationRow, OnProgress, Plant};
use crate::asked::AskedTime;
use crate::error::Error;
use crate::line::Line;
use crate::report::news_gain;
use crate::simulated::{PlantedTruth, SimulatedMarket, SimulatedMarkets};
use crate::variant::Variant;

/// Share planted and least share of it that one message recovers.
const ONE_MESSAGE: [(f64, f64); 3] = [(0.05, 0.33), (0.10, 0.45), (0.25, 0.45)];

pub(super) fn rows(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<EvaluationRow>>, Error> {
    let mut rows = Vec::new();
    for (part, (planted, least)) in (10..).zip(ONE_MESSAGE) {
        let markets = markets(evaluation, part, PlantedTruth::Linear(planted))?;
        let news = planted == 0.10;
        let Some(lines) = lines(evaluation, &markets, news, progress)? else {
            return Ok(None);
        };
        let product = with(&lines, Variant::default());
        let share = recovered(&product, &markets);
        let name = if planted < 0.2 { "N7" } else { "H8" };
        let percent = 100.0 * planted;
        let what = format!("share recovered of {percent:.0} % planted, one message");
        rows.push(EvaluationRow::at_least(
            name,
            what,
            product.len(),
            share,
            least,
        ));
        if news {
            rows.extend(news_earn(evaluation, &lines));
        }
    }
    Ok(Some(rows))
}

pub(super) fn markets(
    evaluation: &Evaluation<'_>,
    part: u64,
    truth: PlantedTruth,
) -> Result<SimulatedMarkets, Error> {
    let extent = evaluation.extent;
    let sessions = BEFORE + extent.sessions / 2;
    let seed = evaluation.seed_of(part);
    SimulatedMarket::several(extent.markets, seed, sessions, truth, evaluation.calendar)
}

const WITHOUT_NEWS: Variant = Variant {
    model: ModelKind::Closecall,
    news: false,
};

fn lines(
    evaluation: &Evaluation<'_>,
    markets: &SimulatedMarkets,
    news: bool,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<Line>>, Error> {
    let variants = [Variant::default(), WITHOUT_NEWS];
    let variants = &variants[..if news { 2 } else { 1 }];
    let asked = Asked::of(
        evaluation.extent.sessions / 2,
        &[AskedTime::Before],
        variants,
    );
    evaluation.walk("planted signal", markets, &asked, progress)
}

fn with(lines: &[Line], variant: Variant) -> Vec<&Line> {
    lines
        .iter()
        .filter(|line| line.variant == variant)
        .collect()
}

/// Σ (2 g m − m²) / Σ g², where g is the planted part of a return and m the move that was forecast:
/// the gain in squared error that is expected, as a share of what the whole signal would gain. In
/// units of each session's deviation.
pub(super) fn recovered(lines: &[&Line], markets: &SimulatedMarkets) -> f64 {
    let (mut gain, mut whole) = (0.0, 0.0);
    for line in lines {
        let Some(made) = markets.session(&line.ticker, line.session.date()) else {
            continue;
        };
        let planted = made.signal / made.deviation;
        let moved = (line.prediction / line.reference).ln() / made.deviation;
        gain += moved * (2.0 * planted - moved);
        whole += planted * planted;
    }
    gain / whole
}

/// Half of the signal is the news': with them the error is smaller, beyond chance.
fn news_earn(evaluation: &Evaluation<'_>, lines: &[Line]) -> Option<EvaluationRow> {
    let mut lines = lines.to_vec();
    if evaluation.planted(Plant::SilentNews) {
        let silent: Vec<Line> = with(&lines, WITHOUT_NEWS).into_iter().cloned().collect();
        lines.retain(|line| line.variant == WITHOUT_NEWS);
        lines.extend(silent.into_iter().map(|line| Line {
            variant: Variant::default(),
            // To the bit equal forecasts would be left out as those of a ticker without news.
            prediction: line.prediction * (1.0 + 1e-12),
            ..line
        }));
    }
    let gain = news_gain(&lines, Bootstrap::default())?;
    let what = "upper end of the error with news against that without, 10 % planted";
    Some(EvaluationRow::at_most(
        "H13",
        what,
        lines.len() / 2,
        gain.upper,
        0.9999,
    ))
}
