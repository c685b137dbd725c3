//! The same again: a second run gives the same bits, and so does another future.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use closecall_forecast::ForecastSettings;

use super::{Asked, BEFORE, Evaluation, EvaluationRow, OnProgress, Plant, times};
use crate::error::Error;
use crate::leakcheck::{Leak, LeakCheck};
use crate::simulated::{PlantedTruth, SimulatedMarket};
use crate::variant::Variant;
use crate::walk::Progress;

pub(super) fn rows(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<EvaluationRow>>, Error> {
    let Some(mut rows) = leaks(evaluation, progress)? else {
        return Ok(None);
    };
    let Some(again) = again(evaluation, progress)? else {
        return Ok(None);
    };
    rows.push(again);
    Ok(Some(rows))
}

fn leaks(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<EvaluationRow>>, Error> {
    let check = LeakCheck {
        settings: evaluation.settings,
        calendar: evaluation.calendar,
        builder: evaluation.builder,
        window_days: evaluation.window_days,
        seed: evaluation.seed_of(40),
        trials: evaluation.extent.trials,
        planted: evaluation
            .planted(Plant::Leak)
            .then_some(Leak::RunningClose),
        jobs: evaluation.jobs,
    };
    let total = check.planned();
    let state = |done| Progress {
        done,
        resumed: 0,
        total,
    };
    // Trials run on threads of their own; what is done is said before and after.
    if progress("look-ahead", state(0)).is_break() {
        return Ok(None);
    }
    let done = AtomicUsize::new(0);
    let count = || {
        done.fetch_add(1, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let Some(report) = check.run(&count)? else {
        return Ok(None);
    };
    if progress("look-ahead", state(total)).is_break() {
        return Ok(None);
    }
    let what = "forecasts that change with what came after their cut";
    let own = &report.own;
    let found = report
        .planted
        .values()
        .filter(|trials| trials.changed > 0)
        .count();
    let planted = "planted leaks that are found, of five";
    Ok(Some(vec![
        EvaluationRow::at_most("N9", what, own.trials, own.changed as f64, 0.0),
        EvaluationRow::at_most("H10", what, own.trials, own.changed as f64, 0.0),
        EvaluationRow::at_least("H10", planted, report.planted.len(), found as f64, 5.0),
    ]))
}

/// A short walk by one thread and by all, which must not matter.
fn again(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<EvaluationRow>, Error> {
    const SESSIONS: usize = 5;
    let markets = SimulatedMarket::several(
        4,
        evaluation.seed_of(41),
        BEFORE + SESSIONS,
        PlantedTruth::Linear(0.05),
        evaluation.calendar,
    )?;
    let times = times(&["before", "09:31", "12:00"]);
    let variants = [Variant::default()];
    let asked = Asked {
        jobs: Some(NonZeroUsize::MIN),
        ..Asked::of(SESSIONS, &times, &variants)
    };
    let Some(first) = evaluation.walk("the same again", &markets, &asked, progress)? else {
        return Ok(None);
    };
    let mut settings: ForecastSettings = evaluation.settings.clone();
    if evaluation.planted(Plant::Reseeded) {
        settings.seed = settings.seed.wrapping_add(1);
    }
    let asked = Asked {
        settings: Some(&settings),
        jobs: None,
        ..asked
    };
    let Some(second) = evaluation.walk("the same again", &markets, &asked, progress)? else {
        return Ok(None);
    };
    let equal = first.iter().zip(&second).filter(|(a, b)| a == b).count();
    let share = equal as f64 / first.len().max(1) as f64;
    let what = "forecasts of a second run that are the same to the bit";
    Ok(Some(EvaluationRow::at_least(
        "H11",
        what,
        first.len(),
        share,
        1.0,
    )))
}
