//! Forward pass of the network over one batch; keeps what the backward pass needs.

use crate::buffer::Buffer;
use crate::kernel::{Forward, HeadForward, Isa, Keep, Product, Sizes, run};
use crate::layout::{DenseLayout, Layout};
use crate::rng::Random;
use crate::rows::Rows;

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
    /// rows × dense units: the words by which dropout chooses; zero in the padding.
    words: Vec<u32>,
    /// rows.
    pub(crate) out: Buffer,
}

/// The first N numbers of each row, side by side. Of constant length, for a call a row would cost more
/// than the copy.
fn gather<'a, const N: usize>(to: &mut [f32], rows: impl Iterator<Item = &'a [f32]>) {
    let (places, _) = to.as_chunks_mut::<N>();
    for (to, row) in places.iter_mut().zip(rows) {
        if let Some(values) = row.first_chunk() {
            *to = *values;
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
            words: vec![0; rows * layout.dense.units],
            out: Buffer::zeros(rows),
        }
    }

    /// Takes in the rows of these numbers as a batch.
    pub(crate) fn take_in(
        &mut self,
        rows: &Rows<'_>,
        numbers: impl ExactSizeIterator<Item = usize> + Clone,
    ) {
        let width = self.features;
        let batch = self.x.chunks_exact_mut(numbers.len() * width);
        for (step, to) in batch.take(self.steps).enumerate() {
            let values = numbers
                .clone()
                .map(|number| &rows.get(number)[step * width..]);
            match width {
                1 => gather::<1>(to, values),
                4 => gather::<4>(to, values),
                _ => {
                    let rows = to.chunks_exact_mut(width).zip(values);
                    rows.for_each(|(to, values)| to.copy_from_slice(&values[..width]));
                }
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
        let words = &mut self.words[..rows * at.units];
        let forward = HeadForward {
            units: at.units,
            keep: dropout.map(|dropout| dropout.draw(words, at)),
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
    fn draw<'w>(self, words: &'w mut [u32], at: &DenseLayout) -> Keep<'w> {
        if at.real_units == at.units {
            self.random.words(words);
        } else {
            for row in words.chunks_exact_mut(at.units) {
                self.random.words(&mut row[..at.real_units]);
            }
        }
        Keep {
            words,
            least: Random::least_word(self.rate),
            scale: 1.0 / (1.0 - self.rate),
        }
    }
}
