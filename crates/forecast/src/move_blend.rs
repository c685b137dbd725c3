//! The forecast move: regression, network and drift together, walked through the past.
//!
//! Every past row is forecast from what was known before it, so the errors that the prediction
//! intervals rest on are those of real forecasts.

use crate::Error;
use crate::bayes_regression::BayesRegression;
use crate::drift::Drift;
use crate::noise::NoiseVariance;
use crate::regression_features::{FIRST_ROW, Live, RegressionFeatures};
use crate::soft_share::SoftShare;
use crate::target::{TargetKind, Targets};

/// Rows that are forecast before errors count: the first know next to nothing.
const WARM_UP: usize = 10;

/// No move beyond this, in units of the expected volatility.
const FURTHEST: f64 = 0.5;

/// Weights of the parts that make the move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weights {
    /// Of the Bayesian regression.
    pub(crate) regression: f64,
    /// Of the network's or the ridge regression's move, after its soft share.
    pub(crate) network: f64,
    /// Of the drift, where the whole session is forecast: a session alone has none worth the name.
    pub(crate) drift: f64,
}

impl Weights {
    /// The product's: half and half.
    pub(crate) const CLOSECALL: Self = Self {
        regression: 0.5,
        network: 0.5,
        drift: 1.0,
    };
    /// A single estimator under its soft share.
    pub(crate) const ALONE: Self = Self {
        regression: 0.0,
        network: 1.0,
        drift: 1.0,
    };
    /// No move at all.
    pub(crate) const PERSISTENCE: Self = Self {
        regression: 0.0,
        network: 0.0,
        drift: 0.0,
    };
}

/// State after the last finished session.
#[derive(Clone, Debug)]
pub(crate) struct MoveBlend {
    weights: Weights,
    kind: TargetKind,
    regression: BayesRegression,
    noise: NoiseVariance,
    share: SoftShare,
    drift: Drift,
    errors: Vec<f64>,
}

impl MoveBlend {
    /// Walks through the rows of `features`. `network_moves` are those of the newest rows, each
    /// made before its outcome was known; `prior` the coefficients of a model file.
    pub(crate) fn walk(
        features: &RegressionFeatures<'_>,
        network_moves: &[f64],
        weights: Weights,
        prior: Option<&[f64]>,
    ) -> Result<Self, Error> {
        let targets = features.targets;
        let mut blend = Self::before_the_first(targets, weights, prior);
        let outcomes = targets.moves();
        let walked = outcomes.len().saturating_sub(network_moves.len());
        for (index, &outcome) in outcomes.iter().enumerate().skip(FIRST_ROW) {
            let row = features.past(index);
            let network = index.checked_sub(walked).map(|k| network_moves[k]);
            let error = blend.learn(&row, network, outcome)?;
            if index >= FIRST_ROW + WARM_UP {
                blend.errors.push(error);
            }
        }
        Ok(blend)
    }

    fn before_the_first(targets: &Targets, weights: Weights, prior: Option<&[f64]>) -> Self {
        let mut drift = Drift::default();
        targets
            .moves()
            .iter()
            .take(FIRST_ROW)
            .for_each(|&y| drift.add(y));
        Self {
            weights,
            kind: targets.kind(),
            regression: match prior {
                Some(prior) => BayesRegression::around(prior.to_vec()),
                None => BayesRegression::new(RegressionFeatures::count(targets.kind())),
            },
            noise: NoiseVariance::default(),
            share: SoftShare::default(),
            drift,
            errors: Vec::new(),
        }
    }

    /// Forecasts a row, then learns its outcome; its error.
    fn learn(&mut self, row: &[f64], network: Option<f64>, outcome: f64) -> Result<f64, Error> {
        let mut mean = 0.0;
        if self.weights.regression > 0.0 {
            let foretold = self.regression.predict(row, self.noise.value())?;
            mean = foretold.mean;
            self.regression.learn(row, &foretold, outcome);
        }
        let error = outcome - self.blended(mean, network.unwrap_or(0.0));
        if let Some(network) = network {
            self.share.add(outcome, network);
        }
        self.noise.add(outcome);
        self.drift.add(outcome);
        Ok(error)
    }

    fn blended(&self, regression: f64, network: f64) -> f64 {
        let drift = match self.kind {
            TargetKind::WholeSession => self.drift.value(),
            TargetKind::FromOpening => 0.0,
        };
        let Weights {
            regression: of_regression,
            network: of_network,
            drift: of_drift,
        } = self.weights;
        // No share of no move, which half of the rows have.
        let share = if network == 0.0 {
            0.0
        } else {
            self.network_share()
        };
        let blend = of_regression * regression + of_network * share * network + of_drift * drift;
        blend.clamp(-FURTHEST, FURTHEST)
    }

    /// Share of the network's move that is let through.
    pub(crate) fn network_share(&self) -> f64 {
        self.share.mean(self.noise.value())
    }

    /// The target session's move in units of its volatility, given what is known of it and the
    /// network's move.
    pub(crate) fn forecast(
        &self,
        features: &RegressionFeatures<'_>,
        live: Live,
        network_move: f64,
    ) -> Result<f64, Error> {
        let mut mean = 0.0;
        if self.weights.regression > 0.0 {
            let row = features.live(live);
            mean = self.regression.predict(&row, self.noise.value())?.mean;
        }
        Ok(self.blended(mean, network_move))
    }

    /// Errors of the past forecasts in the order of time, in units of the volatility that was
    /// expected.
    pub(crate) fn errors(&self) -> &[f64] {
        &self.errors
    }
}

#[cfg(test)]
mod tests;
