//! Scores of probabilities and of whole distributions.

use std::cmp::Ordering;

use smartcore::metrics::mean_squared_error;

/// Brier score of probabilities of a rise: the mean of (p − came)², where a close above the last
/// one counts 1, below it 0 and an equal one 1/2 (Brier 1950; the half makes an even market's
/// p = 1/2 exactly right about a close that did not move). 0.25 is what p = 1/2 gets where every
/// close moves. `None` without outcomes.
#[must_use]
pub fn brier(outcomes: impl IntoIterator<Item = (f64, Ordering)>) -> Option<f64> {
    let (probabilities, came): (Vec<f64>, Vec<f64>) = outcomes
        .into_iter()
        .map(|(probability, close)| (probability, rose(close)))
        .unzip();
    (!came.is_empty()).then(|| mean_squared_error(&came, &probabilities))
}

fn rose(close: Ordering) -> f64 {
    match close {
        Ordering::Less => 0.0,
        Ordering::Equal => 0.5,
        Ordering::Greater => 1.0,
    }
}

/// Pinball (quantile) loss of quantile `value` at probability `tau`: τ(y − q) above it and
/// (1 − τ)(q − y) below (Koenker and Bassett 1978).
#[must_use]
pub fn pinball(tau: f64, value: f64, actual: f64) -> f64 {
    let above = actual - value;
    f64::max(tau * above, (tau - 1.0) * above)
}

/// Continuous ranked probability score on a grid of quantiles `(tau, value)`, ascending in tau:
/// twice the integral of the pinball loss over tau (Gneiting and Raftery 2007), each quantile
/// standing for the taus that are nearer to it than to its neighbours. In the unit of the values;
/// 0 without quantiles.
#[must_use]
pub fn crps(quantiles: &[(f64, f64)], actual: f64) -> f64 {
    let middle = |k: usize| 0.5 * (quantiles[k].0 + quantiles[k - 1].0);
    let cell = |k: usize| {
        let from = if k == 0 { 0.0 } else { middle(k) };
        let to = if k + 1 == quantiles.len() {
            1.0
        } else {
            middle(k + 1)
        };
        to - from
    };
    let scored = quantiles
        .iter()
        .enumerate()
        .map(|(k, &(tau, value))| 2.0 * cell(k) * pinball(tau, value, actual));
    scored.sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn brier_scores_by_hand() {
        let outcomes = [
            (0.8, Ordering::Greater),
            (0.8, Ordering::Less),
            (0.5, Ordering::Equal),
        ];
        let expected = (0.04 + 0.64 + 0.0) / 3.0;
        assert!((brier(outcomes).unwrap() - expected).abs() < 1e-12);
        assert_eq!(brier([(0.5, Ordering::Less)]), Some(0.25));
        assert_eq!(brier([]), None);
    }

    #[test]
    fn crps_of_the_uniform_distribution() {
        // Quantile τ of U(0, 1) is τ; its CRPS at y is 1/3 − y(1 − y).
        let grid: Vec<(f64, f64)> = (0..1_000)
            .map(|k| (f64::from(k) + 0.5) / 1_000.0)
            .map(|tau| (tau, tau))
            .collect();
        for y in [0.0, 0.3, 0.5, 1.0] {
            let exact = 1.0 / 3.0 - y * (1.0 - y);
            assert!((crps(&grid, y) - exact).abs() < 1e-5, "{y}");
        }
    }

    #[test]
    fn crps_of_a_point_is_its_absolute_error() {
        assert!((crps(&[(0.5, 3.0)], 5.0) - 2.0).abs() < 1e-12);
        assert_eq!(crps(&[], 5.0), 0.0);
    }

    proptest! {
        #[test]
        fn scores_are_never_negative(
            tau in 0.01..0.99_f64, value in -9.0..9.0_f64, actual in -9.0..9.0_f64,
        ) {
            prop_assert!(pinball(tau, value, actual) >= 0.0);
            prop_assert!(pinball(tau, value, value) == 0.0);
            let grid = [(0.05, value - 1.0), (0.5, value), (0.95, value + 1.0)];
            prop_assert!(crps(&grid, actual) >= 0.0);
        }

        #[test]
        fn brier_is_a_mean_of_squares(p in 0.0..=1.0_f64) {
            let both = brier([(p, Ordering::Greater), (p, Ordering::Less)]).unwrap();
            prop_assert!((0.25..=0.5 + 1e-12).contains(&both));
        }
    }
}
