//! A kind of model that can be fitted on scaled rows, and the model after a fit.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayView1, ArrayView3};

use crate::Error;
use crate::network_features::{NetworkFeatures, Scaler};
use crate::progress::Meter;

/// A kind of model that can be fitted on scaled rows.
pub(crate) trait Estimator {
    /// The model after a fit.
    type Fitted: Predictor + 'static;

    /// Its make in short, features included.
    fn spec(&self) -> String;
    /// Instruction-set path of its arithmetic.
    fn path(&self) -> &'static str;
    /// Epochs of one fit, as far as it reports any.
    fn epochs(&self) -> usize;
    /// Scaler of these rows, or that which the model it starts from was trained with.
    fn scaler(&self, features: &NetworkFeatures, rows: Range<usize>) -> Scaler {
        Scaler::fit(features, rows)
    }
    /// Fits rows × steps × features to one target a row.
    fn fit(
        &self,
        x: ArrayView3<'_, f32>,
        y: ArrayView1<'_, f32>,
        meter: &mut Meter<'_>,
    ) -> Result<Self::Fitted, Error>;
}

/// A fitted model.
pub(crate) trait Predictor: fmt::Debug + Send + Sync {
    /// One output for each row.
    fn predict(&self, x: ArrayView3<'_, f32>) -> Result<Vec<f32>, Error>;
}
