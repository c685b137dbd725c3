//! Bayesian linear regression, averaged over how strong the signal may be.
//!
//! One regression for each strength, the share of a move's variance that its features explain:
//! the prior variance of the coefficients follows from it. Each is weighted by how well it has
//! foretold the rows so far, beginning with a prior that believes in next to nothing. Where there
//! is no signal the weakest keeps its weight and the mean stays near zero; where there is one, no
//! threshold has to be passed first.
//!
//! The regression is walked through the rows in the order of time, so every row is foretold out of
//! sample, and no part of the data has to be set aside.

use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::cholesky::CholeskyDecomposable;

use crate::Error;
use crate::moments::RunningMoments;
use crate::noise::OUTCOME_CUT;

/// Strengths considered, as shares of variance, and the prior probability of each.
pub(crate) const STRENGTHS: [(f64, f64); 5] = [
    (0.0001, 0.70),
    (0.002, 0.15),
    (0.01, 0.08),
    (0.03, 0.05),
    (0.1, 0.02),
];

/// Standardised features count at most this much.
const FEATURE_CUT: f64 = 4.0;

/// No mean beyond this, in units of the expected volatility; small ones are left as they are.
const FURTHEST: f64 = 0.3;

/// The regression after some rows.
#[derive(Clone, Debug)]
pub(crate) struct BayesRegression {
    moments: Vec<RunningMoments>,
    /// X'X of the standardised rows, row by row.
    gram: Vec<f64>,
    /// X'y.
    products: Vec<f64>,
    /// Coefficients that are expected before any row: those of a model file, else 0.
    prior: Vec<f64>,
    log_weights: [f64; STRENGTHS.len()],
}

/// Predictive distribution of a row, before its outcome is known.
#[derive(Clone, Debug)]
pub(crate) struct Predictive {
    /// The row, standardised by the rows before it.
    standardised: Vec<f64>,
    /// Mean and variance by strength.
    by_strength: [(f64, f64); STRENGTHS.len()],
    /// Their weighted mean, bounded.
    pub(crate) mean: f64,
}

impl BayesRegression {
    /// Of rows of this many features, before any of them.
    pub(crate) fn new(features: usize) -> Self {
        Self::around(vec![0.0; features])
    }

    /// Around these coefficients of standardised features.
    pub(crate) fn around(prior: Vec<f64>) -> Self {
        let features = prior.len();
        Self {
            prior,
            moments: vec![RunningMoments::default(); features],
            gram: vec![0.0; features * features],
            products: vec![0.0; features],
            log_weights: STRENGTHS.map(|(_, prior)| prior.ln()),
        }
    }

    /// Weights of the strengths, of sum 1.
    pub(crate) fn weights(&self) -> [f64; STRENGTHS.len()] {
        let greatest = self.log_weights.iter().copied().fold(f64::MIN, f64::max);
        let weights = self.log_weights.map(|log| (log - greatest).exp());
        let total: f64 = weights.iter().sum();
        weights.map(|weight| weight / total)
    }

    /// Predicts a row from its features; `noise` is the variance that no feature explains.
    ///
    /// # Errors
    /// [`Error::Regression`] where the sums have left the range of numbers.
    pub(crate) fn predict(&self, features: &[f64], noise: f64) -> Result<Predictive, Error> {
        self.predict_standardised(self.standardised(features), noise)
    }

    /// A row standardised by the rows before it.
    pub(crate) fn standardised(&self, features: &[f64]) -> Vec<f64> {
        let scaled = features.iter().zip(&self.moments);
        scaled
            .map(|(&x, moments)| moments.standardise(x).clamp(-FEATURE_CUT, FEATURE_CUT))
            .collect()
    }

    /// Takes a row into the means and deviations.
    pub(crate) fn measure(&mut self, features: &[f64]) {
        for (moments, &x) in self.moments.iter_mut().zip(features) {
            moments.add(x);
        }
    }

    /// As [`Self::predict`], of a row that is standardised already.
    pub(crate) fn predict_standardised(
        &self,
        standardised: Vec<f64>,
        noise: f64,
    ) -> Result<Predictive, Error> {
        let mut by_strength = [(0.0, noise); STRENGTHS.len()];
        for (slot, (strength, _)) in by_strength.iter_mut().zip(STRENGTHS) {
            let (mean, leverage) = self.ridge(&standardised, strength)?;
            *slot = (mean, noise * (1.0 + leverage));
        }
        let weighted = self.weights().into_iter().zip(by_strength);
        let mean: f64 = weighted.map(|(weight, (mean, _))| weight * mean).sum();
        Ok(Predictive {
            standardised,
            by_strength,
            mean: FURTHEST * (mean / FURTHEST).tanh(),
        })
    }

    /// The coefficients, averaged over strength.
    pub(crate) fn coefficients(&self) -> Result<Vec<f64>, Error> {
        let unit = |k: usize| (0..self.prior.len()).map(move |j| f64::from(u8::from(j == k)));
        let of = |k: usize| {
            let mut mean = 0.0;
            for (weight, (strength, _)) in self.weights().into_iter().zip(STRENGTHS) {
                mean += weight * self.ridge(&unit(k).collect::<Vec<_>>(), strength)?.0;
            }
            Ok(mean)
        };
        (0..self.prior.len()).map(of).collect()
    }

    /// x'A⁻¹(X'y + λm) and x'A⁻¹x, where A = X'X + λI and m is the prior's mean. The penalty λ is
    /// the ratio of noise to prior variance at which features of variance 1 explain `strength`.
    fn ridge(&self, x: &[f64], strength: f64) -> Result<(f64, f64), Error> {
        let n = x.len();
        let penalty = n as f64 * (1.0 - strength) / strength;
        let mut penalised = self.gram.clone();
        for diagonal in penalised.iter_mut().step_by(n + 1) {
            *diagonal += penalty;
        }
        let a = DenseMatrix::new(n, n, penalised, false).map_err(Error::regression)?;
        let b = DenseMatrix::new(n, 1, x.to_vec(), false).map_err(Error::regression)?;
        let solved = a.cholesky_solve_mut(b).map_err(Error::regression)?;
        // A is symmetric: A⁻¹x serves both products.
        let seen = self.products.iter().zip(&self.prior);
        let seen = seen.map(|(product, prior)| product + penalty * prior);
        let by_seen = solved.iterator(0).zip(seen);
        let by_row = solved.iterator(0).zip(x);
        Ok((
            by_seen.map(|(solved, seen)| solved * seen).sum(),
            by_row.map(|(solved, x)| solved * x).sum(),
        ))
    }

    /// Adds the row with its outcome, in units of the expected volatility. `foretold` is what
    /// [`Self::predict`] made of the same features.
    pub(crate) fn learn(&mut self, features: &[f64], foretold: &Predictive, outcome: f64) {
        self.learn_standardised(foretold, outcome);
        self.measure(features);
    }

    /// As [`Self::learn`], of a row that was standardised elsewhere.
    pub(crate) fn learn_standardised(&mut self, foretold: &Predictive, outcome: f64) {
        let y = outcome.clamp(-OUTCOME_CUT, OUTCOME_CUT);
        let scored = self.log_weights.iter_mut().zip(foretold.by_strength);
        for (log_weight, (mean, variance)) in scored {
            *log_weight -= 0.5 * (variance.ln() + (y - mean) * (y - mean) / variance);
        }
        let x = &foretold.standardised;
        for (row, &left) in self.gram.chunks_exact_mut(x.len()).zip(x) {
            for (sum, &right) in row.iter_mut().zip(x) {
                *sum += left * right;
            }
        }
        for (sum, &x) in self.products.iter_mut().zip(x) {
            *sum += x * y;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    /// Means foretold and outcomes of `rows` rows whose two features explain `planted` of the
    /// outcome's variance.
    fn walked(planted: f64, rows: usize) -> Vec<(f64, f64)> {
        let (mut dice, mut regression) = (Dice(5), BayesRegression::new(2));
        let one = |_| {
            let x = [dice.normal(), 3.0 + 2.0 * dice.normal()];
            let signal = (x[0] - (x[1] - 3.0) / 2.0) / 2.0_f64.sqrt();
            let y = planted.sqrt() * signal + (1.0 - planted).sqrt() * dice.normal();
            let foretold = regression.predict(&x, 1.0).unwrap();
            regression.learn(&x, &foretold, y);
            (foretold.mean, y)
        };
        (0..rows).map(one).collect()
    }

    #[test]
    fn without_a_signal_next_to_nothing_is_said() {
        let largest = walked(0.0, 400)
            .iter()
            .map(|(m, _)| m.abs())
            .fold(0.0, f64::max);
        assert!(largest < 0.12, "{largest}");
    }

    #[test]
    fn a_signal_is_found() {
        let rows = walked(0.1, 400);
        let gain: f64 = rows[100..]
            .iter()
            .map(|(m, y)| y * y - (y - m) * (y - m))
            .sum();
        assert!(gain / 300.0 > 0.03, "{}", gain / 300.0);
    }

    #[test]
    fn the_first_rows_are_foretold_by_the_prior() {
        // The third is the first that is standardised, and learned from.
        let means: Vec<f64> = walked(0.5, 4).iter().map(|(mean, _)| *mean).collect();
        assert_eq!(means[..3], [0.0; 3]);
        assert_ne!(means[3], 0.0);
    }

    #[test]
    fn features_that_never_vary_say_nothing() {
        let mut regression = BayesRegression::new(2);
        for k in 0..50 {
            let x = [0.1, 7.0];
            let foretold = regression.predict(&x, 1.0).unwrap();
            assert_eq!(foretold.mean, 0.0);
            regression.learn(&x, &foretold, f64::from(k % 3) - 1.0);
        }
        assert!((regression.weights().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
