//! Forward pass of the network over one batch; keeps what the backward pass needs.

use crate::buffer::Buffer;
use crate::kernel::{Forward, HeadForward, Isa, Product, Sizes, run};
use crate::layout::{DenseLayout, Layout};
use crate::rng::Random;

/// Everything computed from a batch, in buffers made once for the largest batch.
#[derive(Debug)]
pub(crate) struct Activations {
    pub(crate) isa: Isa,
    steps: usize,
    features: usize,
    /// steps × rows × features.
    x: Buffer,
    pub(crate) layers: Vec<LayerActivations>,
    /// rows × dense units, after relu and dropout.
    pub(crate) dense: Buffer,
    /// rows × dense units: what dropout multiplies them with; zero in the padding.
    keep: Buffer,
    /// rows.
    pub(crate) out: Buffer,
}

/// Steps of N numbers each to places that lie `apart`. Of constant length, for a call a step would
/// cost more than the copy.
fn scatter<const N: usize>(to: &mut [f32], apart: usize, values: &[f32]) {
    let (steps, _) = values.as_chunks::<N>();
    for (to, step) in to.chunks_mut(apart).zip(steps) {
        if let Some(to) = to.first_chunk_mut() {
            *to = *step;
        }
    }
}

/// One layer's part.
#[derive(Debug)]
pub(crate) struct LayerActivations {
    /// panels × (steps × rows) × 4 lanes: recurrent candidate, reset, update, candidate.
    pub(crate) gates: Buffer,
    /// steps × rows × units.
    pub(crate) states: Buffer,
}

/// Choice of the dense layer's outputs that an update leaves out.
#[derive(Debug)]
pub(crate) struct Dropout<'a> {
    /// Share left out; the others are enlarged so that the sum stays.
    pub(crate) rate: f32,
    pub(crate) random: &'a mut Random,
}

impl Activations {
    pub(crate) fn new(isa: Isa, layout: &Layout, steps: usize, rows: usize) -> Self {
        let all = steps * rows;
        let features = layout.layers.first().map_or(0, |layer| layer.inputs);
        let layers = layout.layers.iter().map(|layer| LayerActivations {
            gates: Buffer::zeros(all * 4 * layer.units),
            states: Buffer::zeros(all * layer.units),
        });
        Self {
            isa,
            steps,
            features,
            x: Buffer::zeros(all * features),
            layers: layers.collect(),
            dense: Buffer::zeros(rows * layout.dense.units),
            keep: Buffer::zeros(rows * layout.dense.units),
            out: Buffer::zeros(rows),
        }
    }

    /// Takes in one row of steps × features numbers as number `row` of a batch of `rows`.
    pub(crate) fn set_row(&mut self, rows: usize, row: usize, values: &[f32]) {
        let (to, apart) = (&mut self.x[row * self.features..], rows * self.features);
        match self.features {
            1 => scatter::<1>(to, apart, values),
            4 => scatter::<4>(to, apart, values),
            width => {
                let steps = to.chunks_mut(apart).zip(values.chunks_exact(width));
                steps.for_each(|(to, step)| to[..width].copy_from_slice(step));
            }
        }
    }

    /// Rows of all steps of the layer below, or the batch itself for the first layer.
    pub(crate) fn read_by(&self, layer: usize, layout: &Layout, rows: usize) -> &[f32] {
        let length = self.steps * rows * layout.layers[layer].inputs;
        match layer.checked_sub(1) {
            Some(below) => &self.layers[below].states[..length],
            None => &self.x[..length],
        }
    }

    pub(crate) fn sizes(&self, layer: usize, layout: &Layout, rows: usize) -> Sizes {
        let at = &layout.layers[layer];
        let (inputs, units, lanes) = (at.inputs, at.units, at.lanes);
        Sizes {
            steps: self.steps,
            rows,
            inputs,
            units,
            lanes,
        }
    }

    /// rows × units: the last layer's state after the last step.
    pub(crate) fn last_states(&self, layout: &Layout, rows: usize) -> &[f32] {
        last_states(&self.layers, self.steps, rows, layout.dense.inputs)
    }

    /// Computes the outputs of the `rows` rows taken in.
    pub(crate) fn forward(
        &mut self,
        layout: &Layout,
        weights: &[f32],
        rows: usize,
        dropout: Option<Dropout<'_>>,
    ) {
        for (index, at) in layout.layers.iter().enumerate() {
            let sizes = self.sizes(index, layout, rows);
            let (below, here) = self.layers.split_at_mut(index);
            let x = below.last().map_or(&self.x, |below| &below.states);
            let Some(here) = here.first_mut() else {
                continue;
            };
            let forward = Forward {
                sizes,
                x: &x[..sizes.all_rows() * sizes.inputs],
                kernel: &weights[at.kernel.clone()],
                recurrent: &weights[at.recurrent.clone()],
                bias_input: &weights[at.bias_input.clone()],
                bias_recurrent: &weights[at.bias_recurrent.clone()],
                gates: &mut here.gates[..sizes.all_rows() * 4 * sizes.units],
                states: &mut here.states[..sizes.all_rows() * sizes.units],
            };
            run(self.isa, forward);
        }
        self.head(layout, weights, rows, dropout);
    }

    /// Dense layer, relu, dropout, output.
    fn head(
        &mut self,
        layout: &Layout,
        weights: &[f32],
        rows: usize,
        dropout: Option<Dropout<'_>>,
    ) {
        let at = &layout.dense;
        let last_states = last_states(&self.layers, self.steps, rows, at.inputs);
        let active = &mut self.dense[..rows * at.units];
        let product = Product {
            rows,
            columns: at.units,
            lanes: at.lanes,
            left: last_states,
            left_block: 0,
            left_row: at.inputs,
            blocks: 1,
            depth: at.inputs,
            right: &weights[at.weight.clone()],
            bias: Some(&weights[at.bias.clone()]),
            out: active,
        };
        run(self.isa, product);
        let keep = &mut self.keep[..rows * at.units];
        let forward = HeadForward {
            units: at.units,
            keep: dropout.map(|dropout| {
                dropout.draw(keep, at);
                &*keep
            }),
            output_weight: &weights[at.output_weight.clone()],
            output_bias: weights[at.output_bias],
            dense: active,
            out: &mut self.out[..rows],
        };
        run(self.isa, forward);
    }
}

fn last_states(layers: &[LayerActivations], steps: usize, rows: usize, width: usize) -> &[f32] {
    let start = (steps - 1) * rows * width;
    layers
        .last()
        .map_or(&[], |layer| &layer.states[start..start + rows * width])
}

impl Dropout<'_> {
    /// Draws for each unit that exists, so that every path leaves out the same ones.
    fn draw(self, keep: &mut [f32], at: &DenseLayout) {
        let scale = 1.0 / (1.0 - self.rate);
        for row in keep.chunks_exact_mut(at.units) {
            let row = &mut row[..at.real_units];
            self.random.uniforms(row);
            for keep in row {
                *keep = if *keep < self.rate { 0.0 } else { scale };
            }
        }
    }
}
