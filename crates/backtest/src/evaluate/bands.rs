//! Bands where it is hard: after volatility has jumped, and with prices some sessions behind.

use chrono::TimeDelta;
use closecall_forecast::{FitCache, ForecastSettings, ModelKind, forecast_with_cache};
use std::ops::ControlFlow;

use super::plant::widen;
use super::{Asked, BEFORE, Evaluation, EvaluationRow, OnProgress, Plant};
use crate::asked::AskedTime;
use crate::dataset::dataset_at;
use crate::error::Error;
use crate::line::Line;
use crate::simulated::{PlantedTruth, SimulatedMarket};
use crate::variant::Variant;
use crate::walk::Progress;

/// Sessions after the jump that are looked at.
const AFTER: usize = 60;

/// Share of the 90 % band that has to hold after a jump.
const HOLDS: f64 = 0.85;

pub(super) fn after_a_break(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<EvaluationRow>>, Error> {
    let markets = SimulatedMarket::several(
        evaluation.extent.markets / 2,
        evaluation.seed_of(20),
        BEFORE + AFTER,
        PlantedTruth::VolatilityBreak(BEFORE),
        evaluation.calendar,
    )?;
    let variants = [Variant::default()];
    let asked = Asked::of(AFTER, &[AskedTime::Before], &variants);
    let Some(lines) = evaluation.walk("volatility break", &markets, &asked, progress)? else {
        return Ok(None);
    };
    let what = format!("90 % band, first {AFTER} sessions after volatility jumped 2.5 times");
    let share = covered(&lines, 0.9);
    Ok(Some(vec![EvaluationRow::at_least(
        "H6",
        what,
        lines.len(),
        share,
        HOLDS,
    )]))
}

fn covered(lines: &[Line], level: f64) -> f64 {
    let holds = |line: &&Line| {
        let band = line.bands.iter().find(|band| band.level == level);
        band.is_some_and(|band| band.holds(line.actual))
    };
    lines.iter().filter(holds).count() as f64 / lines.len().max(1) as f64
}

/// Forecasts whose newest close is two and five sessions older than it should be.
pub(super) fn behind(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<EvaluationRow>>, Error> {
    let extent = evaluation.extent;
    let each = extent.sessions;
    let markets = SimulatedMarket::several(
        extent.markets,
        evaluation.seed_of(21),
        BEFORE + each,
        PlantedTruth::None,
        evaluation.calendar,
    )?;
    let mut rows = Vec::new();
    for late in [2, 5] {
        for (time, points) in [(AskedTime::Before, 0.03), (AskedTime::opening(), 0.04)] {
            let mut lines = Vec::new();
            for (done, market) in markets.0.iter().enumerate() {
                for number in market.sessions.len() - each..market.sessions.len() {
                    let quotes = &markets;
                    lines.extend(line(evaluation, market, quotes, number, late, time)?);
                }
                let total = markets.0.len();
                let state = Progress {
                    done: done + 1,
                    resumed: 0,
                    total,
                };
                if progress("prices behind", state).is_break() {
                    return Ok(None);
                }
            }
            for level in [0.8, 0.9] {
                let percent = 100.0 * level;
                let what = format!("{percent:.0} % band, prices {late} sessions behind, {time}");
                let share = covered(&lines, level);
                rows.push(EvaluationRow::within(
                    "N8",
                    what,
                    lines.len(),
                    share,
                    (level, points),
                ));
            }
        }
    }
    Ok(Some(rows))
}

/// The bands are those of the scale and of past errors, and hardly depend on the model:
/// `persistence` needs no fit.
fn line(
    evaluation: &Evaluation<'_>,
    market: &SimulatedMarket,
    quotes: &crate::simulated::SimulatedMarkets,
    number: usize,
    late: usize,
    time: AskedTime,
) -> Result<Option<Line>, Error> {
    let session = market.sessions[number].session;
    let mut history = market.history.clone();
    history.bars.truncate(number - late);
    let Some(as_of) = time.on(&closecall_protocol::SessionTimes::from(&session)) else {
        return Ok(None);
    };
    let dataset = dataset_at(
        &history,
        &session,
        as_of + TimeDelta::seconds(1),
        evaluation.window_days,
        quotes,
        evaluation.calendar,
        evaluation.builder,
    )?;
    let Some(dataset) = dataset else {
        return Ok(None);
    };
    let settings = ForecastSettings {
        model: ModelKind::Persistence,
        ..evaluation.settings.clone()
    };
    let nothing = FitCache::with_capacity(0);
    let mut go_on = |_| ControlFlow::Continue(());
    let made = forecast_with_cache(&dataset, &settings, &nothing, as_of, &mut go_on);
    let made = made.map_err(|source| Error::Forecast {
        ticker: history.ticker.clone(),
        session: dataset.target,
        variant: Variant::REFERENCE,
        source: Box::new(source),
    })?;
    let actual = market.history.bars[number].close();
    let mut line = Line::of(&made, time, Variant::REFERENCE, actual);
    if let Some(line) = &mut line
        && evaluation.planted(Plant::IgnoredHorizon)
    {
        widen(line, |_| 1.0 / (1.0 + late as f64).sqrt());
    }
    Ok(line)
}
