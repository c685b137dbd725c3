//! A model on returns under its gate: walked through the newest rows in the order of time, judged,
//! and fitted on all rows if it may speak.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView3};

use crate::Error;
use crate::gate;
use crate::network_features::{NetworkFeatures, Scaler};
use crate::point_forecast::{Past, PointForecast};
use crate::price_series::PriceSeries;
use crate::progress::Meter;
use crate::settings::{GateSettings, ModelKind};

/// A kind of model that can be fitted on scaled rows.
pub(crate) trait Estimator {
    /// What a fit gives.
    type Fitted: Predictor;

    /// Which it is, in forecasts.
    fn kind(&self) -> ModelKind;
    /// Its make in short, features included.
    fn spec(&self) -> String;
    /// Instruction-set path of its arithmetic.
    fn path(&self) -> &'static str;
    /// Epochs of one fit, as far as it reports any.
    fn epochs(&self) -> usize;
    /// Fits rows × steps × features to one target a row.
    fn fit(
        &self,
        x: ArrayView3<'_, f32>,
        y: ArrayView1<'_, f32>,
        meter: &mut Meter<'_>,
    ) -> Result<Self::Fitted, Error>;
}

/// A fitted model.
pub(crate) trait Predictor {
    /// One output for each row.
    fn predict(&self, x: ArrayView3<'_, f32>) -> Result<Vec<f32>, Error>;
}

/// A fitted model with the scaler of its training rows, without which its weights mean nothing.
#[derive(Debug)]
struct Model<F> {
    scaler: Scaler,
    fitted: F,
}

impl<F: Predictor> Model<F> {
    fn train<L: Estimator<Fitted = F>>(
        estimator: &L,
        features: &NetworkFeatures,
        rows: Range<usize>,
        meter: &mut Meter<'_>,
    ) -> Result<Self, Error> {
        let scaler = Scaler::fit(features, rows.clone());
        let x = features.inputs(rows.clone(), &scaler);
        let y = features.targets(rows, &scaler);
        Ok(Self {
            fitted: estimator.fit(x.view(), y.view(), meter)?,
            scaler,
        })
    }

    /// Standardised returns of `sessions`, which may end with the target session.
    fn forecast(
        &self,
        features: &NetworkFeatures,
        sessions: Range<usize>,
    ) -> Result<Vec<f64>, Error> {
        let outputs = self
            .fitted
            .predict(features.inputs(sessions, &self.scaler).view())?;
        Ok(outputs
            .into_iter()
            .map(|output| self.scaler.unscale(output))
            .collect())
    }
}

/// The gated outlook of `estimator` on the target session.
pub(crate) fn point_forecast<L: Estimator>(
    estimator: &L,
    series: &PriceSeries,
    features: &NetworkFeatures,
    settings: &GateSettings,
    meter: &mut Meter<'_>,
) -> Result<PointForecast, Error> {
    let rows = features.training_rows();
    meter.expect((settings.folds + 1) * estimator.epochs());

    let folds = folds(&rows, settings);
    let mut moves = Vec::new();
    for fold in &folds {
        let model = Model::train(estimator, features, rows.start..fold.start, meter)?;
        moves.extend(model.forecast(features, fold.clone())?);
    }
    let walked = rows.end - moves.len()..rows.end;
    let outcomes: Vec<f64> = walked
        .clone()
        .map(|session| features.outcome(session))
        .collect();
    let gate = gate::share(&moves, &outcomes, settings.t);

    let target = series.len();
    let (step, fitted_rows) = if gate > 0.0 {
        let model = Model::train(estimator, features, rows.clone(), meter)?;
        let answer = model.forecast(features, target..target + 1)?;
        (
            answer
                .iter()
                .map(|m| gate * m * series.volatility(target))
                .sum(),
            rows.len(),
        )
    } else {
        (0.0, folds.last().map_or(0, |fold| fold.start - rows.start))
    };
    let past: Vec<f64> = walked
        .zip(&moves)
        .map(|(session, m)| gate * m * series.volatility(session))
        .collect();
    Ok(PointForecast {
        model: estimator.kind(),
        spec: estimator.spec(),
        path: estimator.path(),
        rows: fitted_rows,
        gate,
        reason: None,
        step,
        past: Past::still_until(series, &past),
    })
}

/// The newest rows in steps, oldest first; what lies before each is what its fit may know.
fn folds(rows: &Range<usize>, settings: &GateSettings) -> Vec<Range<usize>> {
    let held = (rows.len() as f64 * settings.validation).round() as usize;
    let start = rows.end - held;
    let edge = |fold: usize| start + held * fold / settings.folds;
    (0..settings.folds)
        .map(|fold| edge(fold)..edge(fold + 1))
        .filter(|f| !f.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_cover_the_newest_rows_in_order() {
        let settings = GateSettings {
            validation: 0.4,
            folds: 3,
            t: 1.64,
        };
        assert_eq!(folds(&(11..111), &settings), vec![71..84, 84..97, 97..111]);
    }
}
