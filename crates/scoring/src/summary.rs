//! All measures of a group of outcomes.

use std::collections::BTreeSet;

use serde::Serialize;
use smartcore::linalg::basic::arrays::ArrayView1;

use crate::bands::{Band, BandScore, winkler};
use crate::bootstrap::{Bootstrap, Estimate};
use crate::calls::Calls;
use crate::diebold_mariano::diebold_mariano;
use crate::label::daily_differences;
use crate::outcome::Outcome;
use crate::probability::{brier, crps};

/// Summary of a group of outcomes. Errors are shares of the last close.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Outcomes.
    pub outcomes: usize,
    /// Days they lie on.
    pub days: usize,
    /// Mean |error|.
    pub error: f64,
    /// Mean |error| of the reference.
    pub baseline_error: f64,
    /// Mean |error| of the last close.
    pub last_close_error: f64,
    /// Error against the reference's, with the 95 % interval of whole days resampled. Below 1 the
    /// forecast adds something to the price it starts from.
    pub relative_mae: Option<Estimate>,
    /// The same with each outcome's errors divided by its scale, so that a calm stock weighs as
    /// much as a wild one.
    pub relative_scaled: Option<Estimate>,
    /// Error against that of the last close: how much of the day was already known.
    pub against_last_close: Option<Estimate>,
    /// p-value of the corrected Diebold-Mariano test on daily means of scaled differences.
    pub p_hln: Option<f64>,
    /// Calls of rise and fall.
    pub calls: Calls,
    /// Bands by level, ascending.
    pub bands: Vec<BandScore>,
    /// Brier score of the probability of a rise.
    pub brier: Option<f64>,
    /// Mean CRPS of the published quantiles, as a share of the last close.
    pub crps: Option<f64>,
}

impl Summary {
    /// Of any number of outcomes, also none (where every mean is 0 and every estimate absent).
    #[must_use]
    pub fn of(outcomes: &[Outcome], bootstrap: Bootstrap) -> Self {
        let scaled = |o: &Outcome| (o.day, o.error / o.scale, o.reference_error / o.scale);
        let last_close = |o: &Outcome| (o.day, o.error, o.last_close_error);
        let differences: Vec<f64> = daily_differences(outcomes)
            .iter()
            .map(|day| day.difference)
            .collect();
        Self {
            outcomes: outcomes.len(),
            days: outcomes
                .iter()
                .map(|o| o.day)
                .collect::<BTreeSet<_>>()
                .len(),
            error: mean(outcomes, |o| o.error),
            baseline_error: mean(outcomes, |o| o.reference_error),
            last_close_error: mean(outcomes, |o| o.last_close_error),
            relative_mae: relative_error(outcomes, bootstrap),
            relative_scaled: bootstrap.ratio(outcomes.iter().map(scaled)),
            against_last_close: bootstrap.ratio(outcomes.iter().map(last_close)),
            p_hln: diebold_mariano(&differences, 1).map(|test| test.p),
            calls: calls(outcomes),
            bands: bands(outcomes, bootstrap),
            brier: brier(outcomes.iter().map(|o| (o.probability_up, o.came))),
            crps: (!outcomes.is_empty())
                .then(|| mean(outcomes, |o| crps(&o.quantiles(), o.actual))),
        }
    }
}

/// Σ |error| / Σ |reference error| with its day-clustered interval; `None` where the reference
/// never errs.
#[must_use]
pub fn relative_error(outcomes: &[Outcome], bootstrap: Bootstrap) -> Option<Estimate> {
    bootstrap.ratio(outcomes.iter().map(|o| (o.day, o.error, o.reference_error)))
}

fn mean(outcomes: &[Outcome], of: impl Fn(&Outcome) -> f64) -> f64 {
    let values: Vec<f64> = outcomes.iter().map(of).collect();
    if values.is_empty() {
        0.0
    } else {
        values.mean_by()
    }
}

fn calls(outcomes: &[Outcome]) -> Calls {
    let count = |which: &dyn Fn(&Outcome) -> bool| outcomes.iter().filter(|o| which(o)).count();
    Calls {
        calls: count(&|o| o.hit.is_some()),
        right: count(&|o| o.hit == Some(true)),
        baseline_calls: count(&|o| o.reference_hit.is_some()),
        baseline_right: count(&|o| o.reference_hit == Some(true)),
        same: count(&|o| o.called.is_eq()),
        unmoved: count(&|o| o.came.is_eq()),
        rises: count(&|o| o.came.is_gt()),
        falls: count(&|o| o.came.is_lt()),
    }
}

fn bands(outcomes: &[Outcome], bootstrap: Bootstrap) -> Vec<BandScore> {
    let mut levels: Vec<f64> = outcomes
        .iter()
        .flat_map(|o| o.bands.iter().map(|band| band.level))
        .collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let of_level = |level: f64| {
        let found: Vec<(&Outcome, &Band)> = outcomes
            .iter()
            .filter_map(|o| Some((o, o.bands.iter().find(|band| band.level == level)?)))
            .collect();
        let inside = |(o, band): &(&Outcome, &Band)| band.holds(o.actual);
        let shares = found
            .iter()
            .map(|pair| (pair.0.day, f64::from(u8::from(inside(pair))), 1.0));
        let column = |of: &dyn Fn(&(&Outcome, &Band)) -> f64| -> f64 {
            found.iter().map(of).collect::<Vec<_>>().mean_by()
        };
        Some(BandScore {
            level,
            outcomes: found.len(),
            inside: found.iter().filter(|pair| inside(pair)).count(),
            coverage: bootstrap.ratio(shares)?,
            width: column(&|(_, band)| band.width()),
            winkler: column(&|(o, band)| winkler(band, o.actual)),
        })
    };
    levels.into_iter().filter_map(of_level).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::{Alarm, alarm};
    use crate::outcome::Claim;

    /// A forecast that goes `share` of the way from the reference to the close.
    fn outcome(day: i32, share: f64) -> Outcome {
        let actual = 100.0 + f64::from(day * 37 % 11 - 5);
        let reference = 100.0 + 0.5 * f64::from(day * 17 % 7 - 3);
        let prediction = reference + share * (actual - reference);
        let band = Band {
            level: 0.8,
            lower: prediction - 3.0,
            upper: prediction + 3.0,
        };
        let claim = Claim {
            last_close: 100.0,
            reference,
            prediction,
            scale: 0.03,
            probability_up: 0.5,
            bands: &[band],
        };
        Outcome::of(&claim, day, actual).unwrap()
    }

    #[test]
    fn the_reference_itself_has_relative_error_one_and_its_own_hits() {
        let outcomes: Vec<Outcome> = (0..1_500).map(|day| outcome(day, 0.0)).collect();
        let summary = Summary::of(&outcomes, Bootstrap::default());
        let relative = summary.relative_mae.unwrap();
        assert_eq!(
            (relative.lower, relative.value, relative.upper),
            (1.0, 1.0, 1.0)
        );
        assert_eq!(summary.calls.right, summary.calls.baseline_right);
        assert_eq!(summary.calls.calls, summary.calls.baseline_calls);
        assert_eq!(summary.p_hln, None);
        assert_eq!(summary.bands.len(), 1);
        assert_eq!(summary.bands[0].width, summary.bands[0].width.max(0.0599));
        assert_eq!(alarm(&summary), None);
    }

    #[test]
    fn a_leak_raises_the_alarm_only_where_luck_cannot() {
        let leaking: Vec<Outcome> = (0..1_500).map(|day| outcome(day, 0.1)).collect();
        let summary = Summary::of(&leaking, Bootstrap::default());
        assert_eq!(alarm(&summary), Some(Alarm::Error));
        let few = Summary::of(&leaking[..999], Bootstrap::default());
        assert_eq!(alarm(&few), None);
        // Half of the calls turned right, with errors kept as they are.
        let hits: Vec<Outcome> = leaking
            .iter()
            .map(|o| Outcome {
                error: o.reference_error,
                hit: o.hit.map(|hit| hit || o.day % 2 == 0),
                ..o.clone()
            })
            .collect();
        let summary = Summary::of(&hits, Bootstrap::default());
        assert_eq!(alarm(&summary), Some(Alarm::Hits));
    }

    #[test]
    fn an_empty_group_has_no_estimates() {
        let summary = Summary::of(&[], Bootstrap::default());
        assert_eq!((summary.outcomes, summary.days), (0, 0));
        assert_eq!(summary.relative_mae, None);
        assert_eq!((summary.brier, summary.crps), (None, None));
        assert!(summary.bands.is_empty());
    }
}
