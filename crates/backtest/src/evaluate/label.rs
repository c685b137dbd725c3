//! The label under daily watching: without a signal it hardly ever appears, and a forecaster that
//! knows a tenth of the variance gets it within two years.

use closecall_scoring::{
    Band, Claim, DayDifference, Label, LabelFamily, Outcome, daily_differences, diebold_mariano,
};

use super::{Evaluation, EvaluationRow, OnProgress, Plant};
use crate::error::Error;
use crate::simulated::Dice;
use crate::walk::Progress;

const SESSIONS: i32 = 500;
const TICKERS: usize = 10;
const PHASES: usize = 5;

/// Correlation between the moves of two of the ten stocks on one day.
const COMMON: f64 = 0.45;

#[derive(Clone, Copy)]
enum Forecaster {
    /// Moves of this many deviations that mean nothing.
    Guessing(f64),
    /// Knows this share of the variance.
    Knowing(f64),
}

pub(super) fn rows(
    evaluation: &Evaluation<'_>,
    progress: &mut OnProgress<'_>,
) -> Result<Option<Vec<EvaluationRow>>, Error> {
    let forecasters = [
        Forecaster::Guessing(0.005),
        Forecaster::Guessing(0.02),
        Forecaster::Guessing(0.1),
        Forecaster::Knowing(0.1),
    ];
    let mut rows = Vec::new();
    for forecaster in forecasters {
        let mut labelled = 0;
        let total = evaluation.extent.watched;
        for market in 0..total {
            labelled += usize::from(ever_labelled(evaluation, market, forecaster));
            let state = Progress {
                done: usize::try_from(market + 1).unwrap_or(usize::MAX),
                resumed: 0,
                total: usize::try_from(total).unwrap_or(usize::MAX),
            };
            if progress("label watched daily", state).is_break() {
                return Ok(None);
            }
        }
        let markets = usize::try_from(total).unwrap_or(usize::MAX);
        let share = labelled as f64 / markets.max(1) as f64;
        rows.push(match forecaster {
            Forecaster::Guessing(moves) => {
                let what = format!("markets ever labelled, moves of {moves} deviations");
                EvaluationRow::at_most("H4", what, markets, share, 0.05)
            }
            Forecaster::Knowing(_) => {
                let what = "markets labelled within 500 sessions, 10 % planted in one phase";
                EvaluationRow::at_least("H4", what, markets, share, 0.5)
            }
        });
    }
    Ok(Some(rows))
}

/// Whether any member of the family is called skilled on any evening.
fn ever_labelled(evaluation: &Evaluation<'_>, market: u64, forecaster: Forecaster) -> bool {
    let mut dice = Dice::new(evaluation.seed_of(30).wrapping_mul(10_007) + market);
    let mut family = LabelFamily::new(PHASES);
    let mut differences = Vec::new();
    let phases = match forecaster {
        Forecaster::Guessing(_) => PHASES,
        Forecaster::Knowing(_) => 1,
    };
    (0..SESSIONS).any(|day| {
        let mut all = Vec::with_capacity(phases * TICKERS);
        for phase in 0..phases {
            let outcomes = stocks(&mut dice, forecaster, day);
            push(&mut family, phase, &outcomes);
            all.extend(outcomes);
        }
        let of_day = push(&mut family, PHASES, &all);
        differences.extend(of_day.map(|day| day.difference));
        if evaluation.planted(Plant::NoLabel) {
            return false;
        }
        if evaluation.planted(Plant::EagerLabel) {
            let test = diebold_mariano(&differences, 1);
            let better = differences.iter().sum::<f64>() < 0.0;
            return better && differences.len() > 5 && test.is_some_and(|test| test.p < 0.05);
        }
        (0..=PHASES).any(|member| family.label(member) == Label::Skill)
    })
}

fn push(family: &mut LabelFamily, member: usize, outcomes: &[Outcome]) -> Option<DayDifference> {
    let day = daily_differences(outcomes).first().copied()?;
    family.push(member, &day);
    Some(day)
}

/// Ten stocks' forecasts of one session, all at 100 with a deviation of 2 %.
fn stocks(dice: &mut Dice, forecaster: Forecaster, day: i32) -> Vec<Outcome> {
    let mut together = || {
        let market = dice.normal();
        let mut one = || COMMON.sqrt() * market + (1.0 - COMMON).sqrt() * dice.normal();
        std::array::from_fn::<f64, TICKERS, _>(|_| one())
    };
    let (signal, noise) = (together(), together());
    let pair = |k: usize| match forecaster {
        Forecaster::Guessing(moves) => (noise[k], moves * signal[k]),
        Forecaster::Knowing(variance) => {
            let known = variance.sqrt() * signal[k];
            (known + (1.0 - variance).sqrt() * noise[k], known)
        }
    };
    let price = |deviations: f64| 100.0 * (0.02 * deviations).exp();
    let outcome = |k: usize| {
        let (came, said) = pair(k);
        let bands: [Band; 0] = [];
        let claim = Claim {
            last_close: 100.0,
            reference: 100.0,
            prediction: price(said),
            scale: 0.02,
            probability_up: 0.5,
            bands: &bands,
        };
        Outcome::of(&claim, day, price(came))
    };
    (0..TICKERS).filter_map(outcome).collect()
}
