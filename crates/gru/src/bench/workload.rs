//! A fit to measure: network, training, rows, and the arithmetic that they ask for.

use std::ops::ControlFlow;

use ndarray::{Array1, Array3, s};

use crate::rng::{Random, Stream};
use crate::{Error, Gru, GruSpec, InstructionSet, TrainSettings};

/// A fit from scratch and one forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// The network.
    pub spec: GruSpec,
    /// Its training; seed and instruction set are the bench's.
    pub training: TrainSettings,
    /// Training rows.
    pub rows: usize,
}

impl Workload {
    /// The original's: two layers of 64 units, dense 32, dropout 0.5, on 196 rows of 11 × 1, batches
    /// of 32, 50 epochs.
    #[must_use]
    pub fn reference() -> Self {
        Self {
            spec: GruSpec {
                features: 1,
                steps: 11,
                units: vec![64, 64],
                dense: 32,
                dropout: 0.5,
            },
            training: TrainSettings::default(),
            rows: 196,
        }
    }

    /// Seeded rows of standardised noise and their targets; the last row is the one to forecast.
    #[must_use]
    pub fn data(&self, seed: u64) -> (Array3<f32>, Array1<f32>) {
        let mut random = Random::new(seed, Stream::Walk);
        let shape = (self.rows + 1, self.spec.steps, self.spec.features);
        let x = Array3::from_shape_simple_fn(shape, || random.normal() as f32);
        let y = Array1::from_shape_simple_fn(self.rows + 1, || random.normal() as f32);
        (x, y)
    }

    /// Does the work once, on rows that [`Self::data`] made.
    ///
    /// # Errors
    /// Those of [`Gru::fit`].
    pub fn run(
        &self,
        x: &Array3<f32>,
        y: &Array1<f32>,
        path: InstructionSet,
        seed: u64,
    ) -> Result<f32, Error> {
        let settings = TrainSettings {
            seed,
            path: Some(path),
            ..self.training
        };
        let (rows, targets) = (x.slice(s![..self.rows, .., ..]), y.slice(s![..self.rows]));
        let keep_going = &mut |_: &_| ControlFlow::Continue(());
        let fitted = Gru::fit(&self.spec, rows, targets, &settings, None, keep_going)?;
        let forecast = fitted.model.predict(x.slice(s![self.rows.., .., ..]))?;
        Ok(forecast[0])
    }

    /// Floating-point operations in the matrix products of one fit: forward pass, gradient of the
    /// weights, gradient handed down; without the products with the first step's zero state.
    #[must_use]
    pub fn flop(&self) -> f64 {
        let spec = &self.spec;
        let (steps, mut per_row) = (spec.steps as f64, 0.0);
        for (layer, &units) in spec.units.iter().enumerate() {
            let gates = 3.0 * units as f64;
            // Nothing is handed down to the rows themselves.
            let passes = if layer == 0 { 2.0 } else { 3.0 };
            per_row += passes * 2.0 * spec.inputs_of(layer) as f64 * gates * steps;
            per_row += 3.0 * 2.0 * units as f64 * gates * (steps - 1.0);
        }
        let last = spec.inputs_of(spec.units.len()) as f64;
        per_row += 3.0 * 2.0 * (last + 1.0) * spec.dense as f64;
        per_row * (self.rows * self.training.epochs) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_operations_of_the_reference_work() {
        let gflop = Workload::reference().flop() / 1e9;
        assert!((gflop - 22.6).abs() < 0.05, "{gflop}");
    }
}
