//! The linear comparison: ridge regression on the newest steps of the network's own features.
//!
//! If the network cannot beat this, its non-linearity earns nothing.
//!
//! The penalty is chosen by cross-validation. The sums X'X and X'y of each block of rows are formed
//! once for all penalties: a fit without a block is then a solution of the other blocks' sums, and
//! reads no row again. The last fit, on all rows, is the library's.

use ndarray::{ArrayView1, ArrayView3, s};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linalg::traits::cholesky::CholeskyDecomposable;
use smartcore::linear::ridge_regression::{RidgeRegression, RidgeRegressionParameters};
use smartcore::metrics::mean_squared_error;
use smartcore::model_selection::{BaseKFold, KFold};

use crate::Error;
use crate::estimator::{Estimator, Predictor};
use crate::progress::Meter;

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
pub(crate) struct RidgeLine {
    /// Steps of a row that it reads.
    steps: usize,
    regression: Regression,
}

impl Estimator for Ridge {
    type Fitted = RidgeLine;

    fn spec(&self) -> String {
        format!("ridge/w{STEPS}/cv{BLOCKS}")
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
    ) -> Result<RidgeLine, Error> {
        // The regression refuses as many columns as rows: a short history reads fewer steps.
        let (rows, _, features) = x.dim();
        let steps = (rows.saturating_sub(1) / features).clamp(1, STEPS);
        let x = newest(x, steps);
        let y: Vec<f64> = y.iter().map(|&y| f64::from(y)).collect();
        let mut best = (f64::INFINITY, PENALTIES[0]);
        for (penalty, error) in PENALTIES.into_iter().zip(cross_validated(&x, &y)?) {
            if error < best.0 {
                best = (error, penalty);
            }
        }
        let regression = Regression::fit(&matrix(&x)?, &y, parameters(best.1));
        Ok(RidgeLine {
            steps,
            regression: regression.map_err(Error::regression)?,
        })
    }
}

impl Predictor for RidgeLine {
    fn predict(&self, x: ArrayView3<'_, f32>) -> Result<Vec<f32>, Error> {
        let outputs = self.regression.predict(&matrix(&newest(x, self.steps))?);
        let outputs = outputs.map_err(Error::regression)?;
        Ok(outputs.into_iter().map(|output| output as f32).collect())
    }
}

/// Mean squared error of each penalty on blocks left out. Rows are never shuffled: neighbours share
/// a window.
fn cross_validated(x: &[Vec<f64>], y: &[f64]) -> Result<[f64; PENALTIES.len()], Error> {
    let blocks = KFold::default().with_n_splits(BLOCKS).with_shuffle(false);
    let blocks: Vec<Vec<usize>> = blocks.split(&matrix(x)?).map(|(_, block)| block).collect();
    let sums: Vec<RidgeSums> = blocks
        .iter()
        .map(|block| RidgeSums::of(x, y, block))
        .collect();
    let mut errors = [0.0; PENALTIES.len()];
    for (out, block) in blocks.iter().enumerate() {
        let kept = sums.iter().enumerate().filter(|(k, _)| *k != out);
        let kept = RidgeSums::total(kept.map(|(_, sums)| sums));
        let truth: Vec<f64> = block.iter().map(|&row| y[row]).collect();
        for (error, penalty) in errors.iter_mut().zip(PENALTIES) {
            let coefficients = kept.coefficients(penalty)?;
            let said: Vec<f64> = block
                .iter()
                .map(|&row| dot(&x[row], &coefficients))
                .collect();
            *error += mean_squared_error(&truth, &said) / BLOCKS as f64;
        }
    }
    Ok(errors)
}

/// X'X and X'y of some rows: all that a ridge regression needs of them.
#[derive(Debug)]
struct RidgeSums {
    gram: Vec<f64>,
    products: Vec<f64>,
}

impl RidgeSums {
    fn of(x: &[Vec<f64>], y: &[f64], rows: &[usize]) -> Self {
        let columns = x.first().map_or(0, Vec::len);
        let mut sums = Self::zero(columns);
        for &row in rows {
            for (column, &left) in x[row].iter().enumerate() {
                sums.products[column] += left * y[row];
                let place = column * columns;
                let into = &mut sums.gram[place..place + columns];
                into.iter_mut()
                    .zip(&x[row])
                    .for_each(|(sum, &right)| *sum += left * right);
            }
        }
        sums
    }

    fn zero(columns: usize) -> Self {
        Self {
            gram: vec![0.0; columns * columns],
            products: vec![0.0; columns],
        }
    }

    fn total<'a>(mut parts: impl Iterator<Item = &'a Self>) -> Self {
        let add = |into: &mut Vec<f64>, from: &[f64]| {
            into.iter_mut()
                .zip(from)
                .for_each(|(sum, part)| *sum += part);
        };
        let Some(first) = parts.next() else {
            return Self::zero(0);
        };
        let mut total = Self {
            gram: first.gram.clone(),
            products: first.products.clone(),
        };
        for part in parts {
            add(&mut total.gram, &part.gram);
            add(&mut total.products, &part.products);
        }
        total
    }

    fn coefficients(&self, penalty: f64) -> Result<Vec<f64>, Error> {
        let n = self.products.len();
        let mut penalised = self.gram.clone();
        for diagonal in penalised.iter_mut().step_by(n + 1) {
            *diagonal += penalty;
        }
        let a = Matrix::new(n, n, penalised, false).map_err(Error::regression)?;
        let b = Matrix::new(n, 1, self.products.clone(), false).map_err(Error::regression)?;
        let solved = a.cholesky_solve_mut(b).map_err(Error::regression)?;
        Ok((0..n).map(|k| *solved.get((k, 0))).collect())
    }
}

/// No intercept: features and targets are scaled around their own zero, and a drift is not what is
/// asked for.
fn parameters(penalty: f64) -> RidgeRegressionParameters<f64> {
    RidgeRegressionParameters::default()
        .with_alpha(penalty)
        .with_normalize(false)
}

/// The newest steps of each row, side by side.
fn newest(x: ArrayView3<'_, f32>, steps: usize) -> Vec<Vec<f64>> {
    let newest = x.slice(s![.., x.dim().1.saturating_sub(steps).., ..]);
    let rows = newest.outer_iter();
    rows.map(|row| row.iter().map(|&v| f64::from(v)).collect())
        .collect()
}

fn matrix(rows: &[Vec<f64>]) -> Result<Matrix, Error> {
    let columns = rows.first().map_or(0, Vec::len);
    Matrix::new(rows.len(), columns, rows.concat(), false).map_err(Error::regression)
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use smartcore::model_selection::cross_validate;

    use super::*;
    use crate::testing::Dice;

    fn rows(seed: u64, rows: usize, columns: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
        let mut dice = Dice(seed);
        let x: Vec<Vec<f64>> = (0..rows)
            .map(|_| (0..columns).map(|_| dice.normal()).collect())
            .collect();
        let y = x
            .iter()
            .map(|x| 0.3 * x[0] - 0.2 * x[1] + dice.normal())
            .collect();
        (x, y)
    }

    /// The sums are a shortcut of what the library's regression and cross-validation do.
    #[test]
    fn the_sums_give_the_librarys_regression() {
        for seed in 1..20 {
            let (x, y) = rows(seed, 80 + seed as usize, 20);
            let all: Vec<usize> = (0..x.len()).collect();
            let sums = RidgeSums::of(&x, &y, &all);
            let errors = cross_validated(&x, &y).unwrap();
            let blocks = KFold::default().with_n_splits(BLOCKS).with_shuffle(false);
            for (penalty, error) in PENALTIES.into_iter().zip(errors) {
                let (matrix, parameters) = (matrix(&x).unwrap(), parameters(penalty));
                let theirs = Regression::fit(&matrix, &y, parameters.clone()).unwrap();
                let ours = sums.coefficients(penalty).unwrap();
                for (k, coefficient) in ours.iter().enumerate() {
                    let same = coefficient - theirs.coefficients().get((k, 0));
                    assert!(same.abs() < 1e-12, "{seed} {penalty} {k}: {same}");
                }
                let estimator = <Regression as smartcore::api::SupervisedEstimator<_, _, _>>::new();
                let score = |truth: &Vec<f64>, said: &Vec<f64>| mean_squared_error(truth, said);
                let validated =
                    cross_validate(estimator, &matrix, &y, parameters, &blocks, &score).unwrap();
                assert!((validated.mean_test_score() - error).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_short_history_reads_fewer_steps() {
        let x = ndarray::Array3::from_shape_fn((12, 10, 4), |(row, step, feature)| {
            ((row * 31 + step * 7 + feature) as f32).sin()
        });
        let y = ndarray::Array1::from_shape_fn(12, |row| (row as f32).cos());
        let mut on = |_| std::ops::ControlFlow::Continue(());
        let line = Ridge
            .fit(x.view(), y.view(), &mut Meter::new(&mut on))
            .unwrap();
        assert_eq!(line.steps, 2);
        assert_eq!(line.predict(x.view()).unwrap().len(), 12);
    }
}
