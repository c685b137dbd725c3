//! Starting weights: Glorot-uniform kernels, orthogonal recurrent kernels, zero biases.

use crate::GruSpec;
use crate::rng::{Random, Stream};
use crate::weights::{WeightRole, tensors};

/// Weights of a fresh network, a function of its shape and the seed.
pub(crate) fn starting_weights(spec: &GruSpec, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed, Stream::Weights);
    let mut weights = vec![0.0; spec.parameters()];
    for tensor in tensors(spec) {
        let (rows, columns) = (tensor.rows, tensor.columns);
        let values = &mut weights[tensor.range()];
        match tensor.role {
            WeightRole::Kernel { .. } | WeightRole::DenseWeight | WeightRole::OutputWeight => {
                glorot_uniform(values, rows + columns, &mut random);
            }
            WeightRole::Recurrent { .. } => orthonormal_rows(values, columns, &mut random),
            _ => {}
        }
    }
    weights
}

/// Uniform within ±√(6 / (fan in + fan out)).
fn glorot_uniform(values: &mut [f32], fans: usize, random: &mut Random) {
    let limit = (6.0 / fans as f32).sqrt();
    values.fill_with(|| (2.0 * random.uniform() - 1.0) * limit);
}

/// Rows of length one, at right angles, in random directions: modified Gram–Schmidt on random
/// rows. There are never more rows than columns (units against three times the units).
fn orthonormal_rows(values: &mut [f32], columns: usize, random: &mut Random) {
    let mut basis: Vec<f64> = Vec::with_capacity(values.len());
    while basis.len() < values.len() {
        let mut row: Vec<f64> = (0..columns).map(|_| random.normal()).collect();
        for earlier in basis.chunks_exact(columns) {
            let along = dot(&row, earlier);
            row.iter_mut()
                .zip(earlier)
                .for_each(|(x, e)| *x -= along * e);
        }
        let length = dot(&row, &row).sqrt();
        // A row (nearly) within the span of the earlier ones is drawn again.
        if length > 1e-6 {
            basis.extend(row.iter().map(|x| x / length));
        }
    }
    values
        .iter_mut()
        .zip(&basis)
        .for_each(|(value, x)| *value = *x as f32);
}

/// Inner product in eight running sums, which the compiler can keep in vector registers.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_blocks, a_rest) = a.as_chunks::<8>();
    let (b_blocks, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrent_rows_are_orthonormal() {
        let mut values = vec![0.0; 20 * 60];
        orthonormal_rows(&mut values, 60, &mut Random::new(5, Stream::Weights));
        let rows: Vec<&[f32]> = values.chunks_exact(60).collect();
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate() {
                let product: f32 = a.iter().zip(*b).map(|(x, y)| x * y).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-5, "{i} {j}: {product}");
            }
        }
    }

    #[test]
    fn kernels_fill_their_band_and_biases_are_zero() {
        let spec = GruSpec {
            features: 2,
            steps: 3,
            units: vec![16],
            dense: 8,
            dropout: 0.0,
        };
        let weights = starting_weights(&spec, 11);
        for tensor in tensors(&spec) {
            let values = &weights[tensor.range()];
            match tensor.role {
                WeightRole::Kernel { .. } => {
                    let limit = (6.0_f32 / 50.0).sqrt();
                    let largest = values.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
                    assert!(largest <= limit && largest > 0.9 * limit);
                }
                WeightRole::BiasInput { .. }
                | WeightRole::BiasRecurrent { .. }
                | WeightRole::OutputBias => {
                    assert!(values.iter().all(|&x| x == 0.0));
                }
                _ => {}
            }
        }
        assert_ne!(weights, starting_weights(&spec, 12));
    }
}
