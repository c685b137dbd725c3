//! Test of equal accuracy: Diebold and Mariano with the small-sample correction of Harvey,
//! Leybourne and Newbold.

use serde::Serialize;
use smartcore::linalg::basic::arrays::ArrayView1;

use crate::student::two_sided_p;

/// Result of the test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DieboldMariano {
    /// The corrected statistic: negative where the forecast errs less than the reference.
    pub statistic: f64,
    /// Two-sided p-value, from Student's distribution with n − 1 degrees of freedom.
    pub p: f64,
}

/// Tests whether loss differences (forecast less reference, in the order of time) have mean 0.
///
/// With d̄ their mean and γ_k their autocovariances (divided by n), DM = d̄ / √((γ_0 + 2 Σ γ_k)/n),
/// the sum over k = 1 … h − 1 for a horizon of h steps (Diebold and Mariano 1995); it is multiplied
/// by √((n + 1 − 2h + h(h − 1)/n)/n) and compared with t_{n−1} (Harvey, Leybourne and Newbold 1997).
///
/// `None` with fewer than three differences, fewer than the horizon asks for, or where the variance
/// is not positive (no difference at all, or autocovariances that cancel it).
#[must_use]
pub fn diebold_mariano(differences: &[f64], horizon: usize) -> Option<DieboldMariano> {
    let n = differences.len();
    if n < 3 || horizon == 0 || n <= horizon {
        return None;
    }
    let mean = differences.mean_by();
    let count = n as f64;
    let autocovariance = |lag: usize| {
        let pairs = differences[lag..].iter().zip(differences);
        pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / count
    };
    let tail: f64 = (1..horizon).map(autocovariance).sum();
    corrected(mean, autocovariance(0) + 2.0 * tail, n, horizon)
}

/// The statistic from a mean and a long-run variance, which a caller may have kept running.
pub(crate) fn corrected(
    mean: f64,
    variance: f64,
    n: usize,
    horizon: usize,
) -> Option<DieboldMariano> {
    let (count, h) = (n as f64, horizon as f64);
    let correction = (count + 1.0 - 2.0 * h + h * (h - 1.0) / count) / count;
    let statistic = mean / (variance / count).sqrt() * correction.max(0.0).sqrt();
    (variance > 0.0 && statistic.is_finite()).then(|| DieboldMariano {
        statistic,
        p: two_sided_p(statistic, count - 1.0),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn at_one_step_it_is_the_t_test_of_the_mean() {
        // Mean 3, sample deviation √2.5: t = 3 / √(2.5/5) = 4.242640687, p = 0.013235...
        let result = diebold_mariano(&[1.0, 2.0, 3.0, 4.0, 5.0], 1).unwrap();
        assert!((result.statistic - 18.0_f64.sqrt()).abs() < 1e-12);
        assert!((result.p - 0.013_235_6).abs() < 1e-6, "{}", result.p);
    }

    #[test]
    fn a_longer_horizon_counts_autocovariances() {
        let d = [0.5, -0.2, 0.1, 0.4, 0.3, -0.1, 0.2, 0.6];
        // By hand: γ0 = 0.069375, γ1 = −0.0078515625, so (γ0 + 2 γ1)/8, times (8 + 1 − 4 + 2/8)/8.
        let mean: f64 = 1.8 / 8.0;
        let g = |lag: usize| -> f64 {
            (lag..8)
                .map(|k| (d[k] - mean) * (d[k - lag] - mean))
                .sum::<f64>()
                / 8.0
        };
        let expected = mean / ((g(0) + 2.0 * g(1)) / 8.0).sqrt() * (5.25_f64 / 8.0).sqrt();
        let result = diebold_mariano(&d, 2).unwrap();
        assert!((result.statistic - expected).abs() < 1e-12);
        assert!((g(0) - 0.069_375).abs() < 1e-12);
    }

    #[test]
    fn without_variation_there_is_no_test() {
        assert_eq!(diebold_mariano(&[0.0; 50], 1), None);
        assert_eq!(diebold_mariano(&[1.0, 2.0], 1), None);
        assert_eq!(diebold_mariano(&[], 1), None);
        assert_eq!(diebold_mariano(&[1.0, 2.0, 3.0], 0), None);
    }

    proptest! {
        #[test]
        fn turning_the_sides_turns_the_sign(d in prop::collection::vec(-1.0..1.0_f64, 3..60)) {
            let turned: Vec<f64> = d.iter().map(|x| -x).collect();
            match (diebold_mariano(&d, 1), diebold_mariano(&turned, 1)) {
                (Some(a), Some(b)) => {
                    prop_assert!((a.statistic + b.statistic).abs() < 1e-9);
                    prop_assert!((a.p - b.p).abs() < 1e-9 && (0.0..=1.0).contains(&a.p));
                }
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }
}
