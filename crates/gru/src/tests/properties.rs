//! The whole network on random small shapes: numerical gradients, and the paths among each other.

use ndarray::{Array1, Array3};
use proptest::prelude::*;

use super::{paths, relative_gap, with_trainer};
use crate::init::starting_weights;
use crate::rng::{Random, Stream};
use crate::{Gru, GruSpec, InstructionSet, Loss, TrainSettings};

fn data(spec: &GruSpec, rows: usize, seed: u64) -> (Array3<f32>, Array1<f32>) {
    let mut random = Random::new(seed, Stream::Walk);
    let mut draw = || 2.0 * random.uniform() - 1.0;
    let x = Array3::from_shape_simple_fn((rows, spec.steps, spec.features), &mut draw);
    (x, Array1::from_shape_simple_fn(rows, draw))
}

/// Starting weights with biases that are not zero, so that their gradients are tried as well.
fn rough_weights(spec: &GruSpec, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed, Stream::Shuffle);
    let mut weights = starting_weights(spec, seed);
    weights
        .iter_mut()
        .for_each(|weight| *weight += 0.4 * random.uniform() - 0.2);
    weights
}

/// The network in double precision, written as the formulas are: no panels, no batches.
fn mean_loss(spec: &GruSpec, weights: &[f64], x: &Array3<f32>, y: &Array1<f32>, loss: Loss) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let mut total = 0.0;
    for (row, y) in x.outer_iter().zip(y) {
        let mut rest = weights;
        let mut take = |count: usize| {
            let (own, after) = rest.split_at(count);
            rest = after;
            own
        };
        let mut sequence: Vec<Vec<f64>> = row
            .outer_iter()
            .map(|step| step.iter().map(|&v| f64::from(v)).collect())
            .collect();
        for (layer, &units) in spec.units.iter().enumerate() {
            let kernel = take(spec.inputs_of(layer) * 3 * units);
            let recurrent = take(units * 3 * units);
            let (bias_input, bias_recurrent) = (take(3 * units), take(3 * units));
            let times = |v: &[f64], matrix: &[f64], bias: &[f64]| -> Vec<f64> {
                (0..3 * units)
                    .map(|j| {
                        let terms = v
                            .iter()
                            .enumerate()
                            .map(|(i, v)| v * matrix[i * 3 * units + j]);
                        bias[j] + terms.sum::<f64>()
                    })
                    .collect()
            };
            let mut h = vec![0.0; units];
            for step in &mut sequence {
                let a = times(step, kernel, bias_input);
                let b = times(&h, recurrent, bias_recurrent);
                h = (0..units)
                    .map(|u| {
                        let r = sigmoid(a[u] + b[u]);
                        let z = sigmoid(a[units + u] + b[units + u]);
                        let n = (a[2 * units + u] + r * b[2 * units + u]).tanh();
                        (1.0 - z) * n + z * h[u]
                    })
                    .collect();
                step.clone_from(&h);
            }
        }
        let last = &sequence[spec.steps - 1];
        let (weight, bias) = (take(last.len() * spec.dense), take(spec.dense));
        let (output, output_bias) = (take(spec.dense), take(1));
        let mut out = output_bias[0];
        for d in 0..spec.dense {
            let terms = last
                .iter()
                .enumerate()
                .map(|(i, h)| h * weight[i * spec.dense + d]);
            out += (bias[d] + terms.sum::<f64>()).max(0.0) * output[d];
        }
        let error = out - f64::from(*y);
        total += match loss {
            Loss::Mse => error * error,
            Loss::Huber { delta } if error.abs() <= f64::from(delta) => 0.5 * error * error,
            Loss::Huber { delta } => f64::from(delta) * (error.abs() - 0.5 * f64::from(delta)),
        };
    }
    total / y.len() as f64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Central differences of an independent, double-precision forward pass.
    #[test]
    fn gradients_equal_numerical_ones(
        features in 1_usize..4,
        steps in 1_usize..5,
        units in prop::collection::vec(1_usize..6, 1..4),
        dense in 1_usize..5,
        rows in 1_usize..6,
        huber in any::<bool>(),
        seed in any::<u32>(),
    ) {
        let spec = GruSpec { features, steps, units, dense, dropout: 0.0 };
        let seed = u64::from(seed);
        let (x, y) = data(&spec, rows, seed);
        let weights = rough_weights(&spec, seed);
        let loss = if huber { Loss::Huber { delta: 0.3 } } else { Loss::Mse };
        let wide: Vec<f64> = weights.iter().map(|&w| f64::from(w)).collect();
        let at = |index: usize, change: f64| {
            let mut moved = wide.clone();
            moved[index] += change;
            mean_loss(&spec, &moved, &x, &y, loss)
        };
        const STEP: f64 = 1e-5;
        let numerical: Vec<f64> = (0..wide.len())
            .map(|index| (at(index, STEP) - at(index, -STEP)) / (2.0 * STEP))
            .collect();
        // A kink of relu or Huber inside the step makes the difference meaningless there.
        let smooth = (0..wide.len()).all(|index| {
            let bend = at(index, STEP) - 2.0 * at(index, 0.0) + at(index, -STEP);
            bend.abs() / STEP < 1e-3
        });
        prop_assume!(smooth);
        prop_assume!(numerical.iter().any(|g| g.abs() > 1e-3));
        let settings = TrainSettings { batch: rows, loss, ..TrainSettings::default() };
        for path in paths() {
            let found = with_trainer(&spec, &settings, path, &weights, (&x, &y), |trainer| {
                trainer.gradient(0, rows);
                trainer.layout.unpack(&trainer.gradients.weights)
            });
            let gap = relative_gap(&found, &numerical);
            prop_assert!(gap < 1e-4, "{path}: {gap:.2e}");
        }
    }
}

/// Outputs and gradients of all paths, with dropout, for every batch remainder and feature count.
/// (Not an Adam step: it turns the sign of a gradient that is all rounding into a whole step.)
#[test]
fn paths_agree_for_every_batch_and_feature_count() {
    for rows in 1..=32 {
        for features in 1..=8 {
            let (units, dense) = (vec![5 + rows, 24 - features], 1 + features * 3);
            let spec = GruSpec {
                features,
                steps: 4,
                units,
                dense,
                dropout: 0.3,
            };
            let seed = (rows * 100 + features) as u64;
            let (x, y) = data(&spec, rows, seed);
            let weights = rough_weights(&spec, seed);
            let settings = TrainSettings {
                batch: rows,
                weight_decay: 0.1,
                ..TrainSettings::default()
            };
            let outcome = |path: InstructionSet| {
                let model = Gru::from_parts(spec.clone(), weights.clone(), path);
                let outputs = model.predict(x.view()).unwrap().to_vec();
                let data = (&x, &y);
                let gradient = with_trainer(&spec, &settings, path, &weights, data, |trainer| {
                    trainer.gradient(0, rows);
                    trainer.layout.unpack(&trainer.gradients.weights)
                });
                [outputs, gradient]
            };
            let expected = outcome(InstructionSet::Plain);
            for path in paths() {
                for (found, expected) in outcome(path).iter().zip(&expected) {
                    let wide: Vec<f64> = expected.iter().map(|&x| f64::from(x)).collect();
                    let gap = relative_gap(found, &wide);
                    assert!(
                        gap < 1e-5,
                        "{rows} rows, {features} features, {path}: {gap:.2e}"
                    );
                }
            }
        }
    }
}
