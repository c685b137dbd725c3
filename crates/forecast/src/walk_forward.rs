//! An estimator walked forward: fitted on the older rows, asked about the newer ones, in the order
//! of time, and fitted once more on all of them for the target session.

use std::ops::Range;

use crate::Error;
use crate::estimator::{Estimator, Predictor};
use crate::network_features::{NetworkFeatures, Scaler};
use crate::progress::Meter;

/// Share of the rows, the newest, that is walked through.
const WALKED: f64 = 0.4;

/// Fits on the way, each on all rows before those it is asked about.
const FOLDS: usize = 2;

/// Fits that a forecast takes, at most.
pub(crate) const FITS: usize = FOLDS + 1;

/// A fitted model with the scaler of its training rows, without which its weights mean nothing.
#[derive(Debug)]
pub(crate) struct Fitted {
    scaler: Scaler,
    predictor: Box<dyn Predictor>,
}

impl Fitted {
    /// On these rows.
    pub(crate) fn on<E: Estimator>(
        estimator: &E,
        features: &NetworkFeatures,
        rows: Range<usize>,
        meter: &mut Meter<'_>,
    ) -> Result<Self, Error> {
        let scaler = estimator.scaler(features, rows.clone());
        let x = features.inputs(rows.clone(), &scaler);
        let y = features.targets(rows, &scaler);
        Ok(Self {
            predictor: Box::new(estimator.fit(x.view(), y.view(), meter)?),
            scaler,
        })
    }

    /// Moves of these rows in units of the expected volatility.
    pub(crate) fn moves(
        &self,
        features: &NetworkFeatures,
        rows: Range<usize>,
    ) -> Result<Vec<f64>, Error> {
        let inputs = features.inputs(rows, &self.scaler);
        let outputs = self.predictor.predict(inputs.view())?;
        Ok(outputs
            .into_iter()
            .map(|output| self.scaler.unscale(output))
            .collect())
    }
}

/// Moves of the newest rows, each forecast without knowing its outcome.
pub(crate) fn walk<E: Estimator>(
    estimator: &E,
    features: &NetworkFeatures,
    meter: &mut Meter<'_>,
) -> Result<Vec<f64>, Error> {
    let mut moves = Vec::new();
    for fold in folds(features.training_rows()) {
        let fitted = Fitted::on(estimator, features, 0..fold.start, meter)?;
        moves.extend(fitted.moves(features, fold)?);
    }
    Ok(moves)
}

/// The newest rows in steps, oldest first; what lies before each is what its fit may know.
fn folds(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let held = (rows as f64 * WALKED).round() as usize;
    let edge = move |fold: usize| rows - held + held * fold / FOLDS;
    (0..FOLDS).map(move |fold| edge(fold)..edge(fold + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_cover_the_newest_rows_in_order() {
        assert_eq!(folds(100).collect::<Vec<_>>(), [60..80, 80..100]);
        assert_eq!(folds(41).collect::<Vec<_>>(), [25..33, 33..41]);
    }
}
