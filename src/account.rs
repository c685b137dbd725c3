//! Account of a run: where every accepted pick ended, and how its forecasts turned out, by the part
//! of the day in which they were made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::Datelike as _;
use closecall_ledger::Reader;
use closecall_protocol::{CloseForecast, Direction, Phase, PickId};
use closecall_scoring::{Band, Bootstrap, Claim, Outcome, Summary};
use serde::Serialize;

/// The account of a run.
#[derive(Debug, Serialize)]
pub(crate) struct RunSummary {
    pub(crate) picks: u64,
    pub(crate) forecasts: u64,
    pub(crate) dead_letters: u64,
    pub(crate) duplicates: u64,
    /// Accepted, and neither forecast nor dead letter.
    pub(crate) lost: u64,
    pub(crate) restarts: u64,
    pub(crate) scored: u64,
    pub(crate) relative_mae: Option<f64>,
    /// First forecasts of a ticker, session and phase whose close is known.
    pub(crate) outcomes: usize,
    /// Forecasts that called nothing.
    pub(crate) same: usize,
    pub(crate) calls: usize,
    pub(crate) calls_right: usize,
    /// Outcomes on which the price alone stood on the right side.
    pub(crate) baseline_right: usize,
    pub(crate) phases: Vec<PhaseSummary>,
}

/// The outcomes of one phase. Errors are shares of the last close.
#[derive(Debug, Serialize)]
pub(crate) struct PhaseSummary {
    pub(crate) phase: Phase,
    pub(crate) outcomes: usize,
    /// Error over the reference's.
    pub(crate) relative_mae: Option<f64>,
    pub(crate) error: f64,
    pub(crate) baseline_error: f64,
    pub(crate) last_close_error: f64,
    pub(crate) calls: usize,
    pub(crate) calls_right: usize,
    pub(crate) baseline_right: usize,
    pub(crate) coverage_80: Option<f64>,
    pub(crate) coverage_90: Option<f64>,
}

/// The forecasts of this run, without what is behind them.
#[derive(Debug, Default)]
pub(crate) struct Forecasts(Mutex<Vec<CloseForecast>>);

impl Forecasts {
    pub(crate) fn add(&self, forecast: &CloseForecast) {
        let mut values = forecast.clone().into_values();
        values.history.clear();
        (values.news, values.headlines, values.trace) = (None, None, None);
        // What was published can be published again.
        let Ok(kept) = CloseForecast::publish(values) else {
            return;
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(kept);
    }

    fn take(&self) -> Vec<CloseForecast> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Holds the picks that were accepted against what the ledger gained, and the forecasts against the
/// closes that it knows.
pub(crate) fn account(
    data_dir: &Path,
    picks: u64,
    restarts: u64,
    before: &closecall_ledger::LedgerSummary,
    forecasts: &Forecasts,
) -> anyhow::Result<RunSummary> {
    let reader = Reader::open(data_dir)?;
    let after = reader.summary()?;
    let entries = reader.entries()?;
    let actuals: HashMap<PickId, f64> = entries
        .iter()
        .filter_map(|entry| Some((entry.pick_id, entry.score.as_ref()?.actual)))
        .collect();
    let seen = forecasts.take();
    let same = seen
        .iter()
        .filter(|forecast| forecast.direction() == Direction::Same);
    let same = same.count();
    let phases: Vec<PhaseSummary> = outcomes(seen, &actuals)
        .into_iter()
        .map(|(phase, outcomes)| PhaseSummary::of(phase, &outcomes))
        .collect();
    let sum = |count: fn(&PhaseSummary) -> usize| phases.iter().map(count).sum();
    let forecasts = after.forecasts - before.forecasts;
    let dead_letters = after.dead_letters.saturating_sub(before.dead_letters);
    let duplicates = after.duplicates - before.duplicates;
    Ok(RunSummary {
        picks,
        forecasts,
        dead_letters,
        duplicates,
        // A pick repeated from an earlier run is accepted here and stands in the ledger already.
        lost: picks.saturating_sub(forecasts + dead_letters + duplicates),
        restarts,
        scored: after.scored - before.scored,
        relative_mae: after.relative_mae,
        outcomes: sum(|phase| phase.outcomes),
        same,
        calls: sum(|phase| phase.calls),
        calls_right: sum(|phase| phase.calls_right),
        baseline_right: sum(|phase| phase.baseline_right),
        phases,
    })
}

/// The first forecast of each ticker, session and phase, beside the close that came.
fn outcomes(
    mut forecasts: Vec<CloseForecast>,
    actuals: &HashMap<PickId, f64>,
) -> BTreeMap<Phase, Vec<Outcome>> {
    forecasts.sort_by_key(|forecast| forecast.as_of);
    let mut first = BTreeSet::new();
    let mut outcomes: BTreeMap<Phase, Vec<Outcome>> = BTreeMap::new();
    for forecast in &forecasts {
        let Some((phase, scale)) = forecast.phase.zip(forecast.scale) else {
            continue;
        };
        if !first.insert((forecast.ticker.clone(), forecast.target, phase)) {
            continue;
        }
        let bands: Vec<Band> = forecast
            .intervals
            .iter()
            .map(|interval| Band {
                level: interval.level,
                lower: interval.lower,
                upper: interval.upper,
            })
            .collect();
        let claim = Claim {
            last_close: forecast.last_close,
            reference: forecast.reference_price(),
            prediction: forecast.prediction,
            scale,
            probability_up: forecast.probability_up,
            bands: &bands,
        };
        let day = forecast.target.date().num_days_from_ce();
        let actual = actuals.get(&forecast.pick_id);
        let outcome = actual.and_then(|actual| Outcome::of(&claim, day, *actual));
        outcomes.entry(phase).or_default().extend(outcome);
    }
    outcomes
}

impl PhaseSummary {
    fn of(phase: Phase, outcomes: &[Outcome]) -> Self {
        // Only means are shown: nothing is resampled.
        let summary = Summary::of(outcomes, Bootstrap { seed: 1, draws: 1 });
        let coverage = |level: f64| {
            let band = summary.bands.iter().find(|band| band.level == level);
            band.map(|band| band.coverage.value)
        };
        Self {
            phase,
            outcomes: summary.outcomes,
            relative_mae: (summary.baseline_error > 0.0)
                .then(|| summary.error / summary.baseline_error),
            error: summary.error,
            baseline_error: summary.baseline_error,
            last_close_error: summary.last_close_error,
            calls: summary.calls.calls,
            calls_right: summary.calls.right,
            baseline_right: summary.calls.baseline_right,
            coverage_80: coverage(0.8),
            coverage_90: coverage(0.9),
        }
    }

    /// A row of the table for people, in columns as [`HEADING`] names them.
    fn row(&self) -> String {
        let ratio = |of: f64| match of > 0.0 {
            true => format!("{:.3}", self.error / of),
            false => "-".to_owned(),
        };
        let share = |share: Option<f64>| {
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", 100.0 * share))
        };
        format!(
            "{:<10} {:>8} {:>8} {:>10} {:>12} {:>12} {:>11} {:>8} {:>8}",
            self.phase.to_string(),
            self.outcomes,
            format!("{:.2} %", 100.0 * self.error),
            ratio(self.baseline_error),
            ratio(self.last_close_error),
            format!("{} of {}", self.calls_right, self.calls),
            self.baseline_right,
            share(self.coverage_80),
            share(self.coverage_90),
        )
    }
}

const HEADING: &str = concat!(
    "                             error, where 1 is that of         calls right      closes inside\n",
    "           outcomes    error  the price  yesterday's     forecast   the price     80 %     90 %",
);

impl RunSummary {
    /// The account for people.
    pub(crate) fn text(&self) -> String {
        let Self {
            picks,
            forecasts,
            dead_letters,
            duplicates,
            lost,
            restarts,
            outcomes,
            same,
            ..
        } = self;
        let mut text = format!(
            "\n{picks} picks: {forecasts} forecasts ({same} \"same\"), {dead_letters} dead letters, \
             {duplicates} duplicates, {lost} lost; {restarts} restarts\n"
        );
        if *outcomes == 0 {
            text += "no close has come yet: nothing is scored\n";
        } else {
            text += HEADING;
            for phase in &self.phases {
                text += &format!("\n{}", phase.row());
            }
            text += &format!(
                "\n{outcomes} outcomes: the first forecast of each ticker, session and part of the day\n"
            );
        }
        text + crate::text::VERDICT
    }
}
