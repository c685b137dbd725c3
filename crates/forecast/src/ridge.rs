//! The linear comparison: ridge regression on the newest steps of the product's own features.
//!
//! If the network cannot beat this, its non-linearity earns nothing.

use ndarray::{ArrayView1, ArrayView3, s};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::ridge_regression::{RidgeRegression, RidgeRegressionParameters};
use smartcore::metrics::mean_squared_error;
use smartcore::model_selection::{KFold, cross_validate};

use crate::Error;
use crate::progress::Meter;
use crate::settings::ModelKind;
use crate::walk_forward::{Estimator, Predictor};

/// Steps of a row that it reads, the newest.
const STEPS: usize = 5;

/// Penalties tried, the strongest first: a tie goes to the smaller model.
const PENALTIES: [f64; 5] = [3000.0, 1000.0, 300.0, 100.0, 30.0];

/// Blocks of rows, in the order of time, of which each is left out once to choose the penalty.
const BLOCKS: usize = 4;

type Matrix = DenseMatrix<f64>;
type Regression = RidgeRegression<f64, f64, Matrix, Vec<f64>>;

/// Fits ridge regressions.
#[derive(Debug)]
pub(crate) struct Ridge;

/// A fitted regression.
#[derive(Debug)]
pub(crate) struct Line(Regression);

impl Estimator for Ridge {
    type Fitted = Line;

    fn kind(&self) -> ModelKind {
        ModelKind::Ridge
    }

    fn spec(&self) -> String {
        format!("ridge/w{STEPS}/logret-v1/cv{BLOCKS}")
    }

    fn path(&self) -> &'static str {
        "plain"
    }

    fn epochs(&self) -> usize {
        0
    }

    fn fit(
        &self,
        x: ArrayView3<'_, f32>,
        y: ArrayView1<'_, f32>,
        _meter: &mut Meter<'_>,
    ) -> Result<Line, Error> {
        let x = matrix(x)?;
        let y: Vec<f64> = y.iter().map(|&y| f64::from(y)).collect();
        let mut best = (f64::INFINITY, PENALTIES[0]);
        for penalty in PENALTIES {
            let error = cross_validated(&x, &y, penalty)?;
            if error < best.0 {
                best = (error, penalty);
            }
        }
        Regression::fit(&x, &y, parameters(best.1))
            .map(Line)
            .map_err(failed)
    }
}

impl Predictor for Line {
    fn predict(&self, x: ArrayView3<'_, f32>) -> Result<Vec<f32>, Error> {
        let outputs = self.0.predict(&matrix(x)?).map_err(failed)?;
        Ok(outputs.into_iter().map(|output| output as f32).collect())
    }
}

/// Mean squared error on blocks left out. Rows are never shuffled: neighbours share a window.
fn cross_validated(x: &Matrix, y: &Vec<f64>, penalty: f64) -> Result<f64, Error> {
    let blocks = KFold::default().with_n_splits(BLOCKS).with_shuffle(false);
    let score = |truth: &Vec<f64>, said: &Vec<f64>| mean_squared_error(truth, said);
    let estimator = <Regression as smartcore::api::SupervisedEstimator<_, _, _>>::new();
    cross_validate(estimator, x, y, parameters(penalty), &blocks, &score)
        .map(|result| result.mean_test_score())
        .map_err(failed)
}

/// No intercept: features and targets are scaled around their own zero, and a drift is not what is
/// asked for.
fn parameters(penalty: f64) -> RidgeRegressionParameters<f64> {
    RidgeRegressionParameters::default()
        .with_alpha(penalty)
        .with_normalize(false)
}

fn matrix(x: ArrayView3<'_, f32>) -> Result<Matrix, Error> {
    let newest = x.slice(s![.., x.dim().1.saturating_sub(STEPS).., ..]);
    let rows: Vec<Vec<f64>> = newest
        .outer_iter()
        .map(|row| row.iter().map(|&v| f64::from(v)).collect())
        .collect();
    Matrix::from_2d_vec(&rows).map_err(failed)
}

fn failed(failure: smartcore::error::Failed) -> Error {
    Error::Ridge(failure.to_string())
}
