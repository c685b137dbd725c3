//! Backward pass of the network: the loss's gradient by every weight.

use crate::activations::Activations;
use crate::buffer::Buffer;
use crate::kernel::{Backward, ColumnSums, Gradient, HeadBackward, Product, Transpose, run};
use crate::layout::{LayerLayout, Layout};

/// The gradient and what is needed on the way, in buffers made once for the largest batch.
#[derive(Debug)]
pub(crate) struct Gradients {
    /// In the places of the weights.
    pub(crate) weights: Buffer,
    /// The weight matrices transposed, in the places of the weights.
    transposed: Buffer,
    /// rows × the widest layer.
    carry: Buffer,
    /// Gradient of the states of the layer below, steps × rows × units.
    below: Buffer,
    /// A layer's gates' gradients, summed over all rows: panels × 4 lanes of the widest layer.
    totals: Buffer,
    /// rows × dense units.
    dense: Buffer,
    /// rows: the loss's slope by each output; the caller's.
    pub(crate) out: Buffer,
}

impl Gradients {
    pub(crate) fn new(layout: &Layout, steps: usize, rows: usize) -> Self {
        let widest = layout
            .layers
            .iter()
            .map(|layer| layer.units)
            .max()
            .unwrap_or(0);
        let read = layout
            .layers
            .iter()
            .skip(1)
            .map(|layer| layer.inputs)
            .max()
            .unwrap_or(0);
        Self {
            weights: Buffer::zeros(layout.length),
            transposed: Buffer::zeros(layout.length),
            carry: Buffer::zeros(rows * widest),
            below: Buffer::zeros(steps * rows * read),
            totals: Buffer::zeros(4 * widest),
            dense: Buffer::zeros(rows * layout.dense.units),
            out: Buffer::zeros(rows),
        }
    }

    /// Computes the gradient from the activations of the same `rows` rows, whose gates it uses up.
    ///
    /// `scale` is what dropout multiplied the kept outputs with (1 without dropout). With `add` it is
    /// added to that of earlier rows, which met the same weights.
    pub(crate) fn backward(
        &mut self,
        layout: &Layout,
        weights: &[f32],
        activations: &mut Activations,
        rows: usize,
        scale: f32,
        add: bool,
    ) {
        if !add {
            self.transpose_weights(layout, weights, activations);
        }
        self.head(layout, weights, activations, rows, scale, add);
        for layer in (0..layout.layers.len()).rev() {
            self.layer(layout, activations, layer, rows, add);
        }
    }

    fn transpose_weights(&mut self, layout: &Layout, weights: &[f32], activations: &Activations) {
        let dense = &layout.dense;
        let matrices = layout.layers.iter().enumerate().flat_map(|(index, at)| {
            let panels = at.units / at.lanes;
            let recurrent = (
                at.recurrent.clone(),
                panels,
                at.units,
                3 * at.lanes,
                at.lanes,
            );
            // Nothing is handed down from the first layer: its kernel is not transposed.
            let below = index.checked_sub(1).map(|below| {
                let lanes = layout.layers[below].lanes;
                (at.kernel.clone(), panels, at.inputs, 3 * at.lanes, lanes)
            });
            std::iter::once(recurrent).chain(below)
        });
        let last = layout.layers.last().map(|last| {
            let panels = dense.units / dense.lanes;
            (
                dense.weight.clone(),
                panels,
                dense.inputs,
                dense.lanes,
                last.lanes,
            )
        });
        for (place, panels, inputs, width, lanes) in matrices.chain(last) {
            let matrix = &weights[place.clone()];
            let transposed = &mut self.transposed[place];
            run(
                activations.isa,
                Transpose {
                    panels,
                    inputs,
                    width,
                    lanes,
                    matrix,
                    transposed,
                },
            );
        }
    }

    /// Output and dense layer; leaves the gradient of the last states in `carry`.
    fn head(
        &mut self,
        layout: &Layout,
        weights: &[f32],
        activations: &Activations,
        rows: usize,
        scale: f32,
        add: bool,
    ) {
        let (at, isa) = (&layout.dense, activations.isa);
        let output = &weights[at.output_weight.clone()];
        let slopes = &self.out[..rows];
        let dense = &mut self.dense[..rows * at.units];
        let active = &activations.dense[..rows * at.units];

        let before = if add {
            self.weights[at.output_bias]
        } else {
            0.0
        };
        self.weights[at.output_bias] = before + slopes.iter().sum::<f32>();
        let head = HeadBackward {
            units: at.units,
            dense: active,
            scale,
            slopes,
            output_weight: output,
            by_output_weight: &mut self.weights[at.output_weight.clone()],
            add,
            by_dense: dense,
        };
        run(isa, head);

        let panels = at.units / at.lanes;
        let values = &*dense;
        let gradient = Gradient {
            rows,
            inputs: at.inputs,
            panels,
            width: at.lanes,
            left: activations.last_states(layout, rows),
            right: values,
            right_panel: at.lanes,
            right_row: at.units,
            out: &mut self.weights[at.weight.clone()],
            add,
        };
        run(isa, gradient);
        let sums = ColumnSums {
            rows,
            panels,
            width: at.lanes,
            values,
            panel_stride: at.lanes,
            row_stride: at.units,
            out: &mut self.weights[at.bias.clone()],
            add,
        };
        run(isa, sums);
        let Some(last) = layout.layers.last() else {
            return;
        };
        let down = Product {
            rows,
            columns: at.inputs,
            lanes: last.lanes,
            left: values,
            left_block: at.lanes,
            left_row: at.units,
            blocks: panels,
            depth: at.lanes,
            right: &self.transposed[at.weight.clone()],
            bias: None,
            out: &mut self.carry[..rows * at.inputs],
        };
        run(isa, down);
    }

    /// One GRU layer: through time, then its weights, then what the layer below gets.
    fn layer(
        &mut self,
        layout: &Layout,
        activations: &mut Activations,
        index: usize,
        rows: usize,
        add: bool,
    ) {
        let at = &layout.layers[index];
        let sizes = activations.sizes(index, layout, rows);
        let all_rows = sizes.all_rows();
        let is_top = index + 1 == layout.layers.len();
        let carry = &mut self.carry[..rows * at.units];
        if !is_top {
            carry.fill(0.0);
        }
        let isa = activations.isa;
        let here = &mut activations.layers[index];
        let backward = Backward {
            sizes,
            transposed: &self.transposed[at.recurrent.clone()],
            states: &here.states[..all_rows * at.units],
            above: (!is_top).then(|| &self.below[..all_rows * at.units]),
            carry,
            gates: &mut here.gates[..all_rows * 4 * at.units],
            totals: &mut self.totals[..4 * at.units],
        };
        run(isa, backward);

        self.layer_biases(at, add);
        self.layer_weights(layout, activations, index, rows, add);
        if index > 0 {
            self.layer_below(layout, activations, index, rows);
        }
    }

    /// The biases' gradients: the gates' sums. A row of gates is [recurrent candidate, reset,
    /// update, candidate]: the recurrent side reads it from the start, the input side from the
    /// second quarter.
    fn layer_biases(&mut self, at: &LayerLayout, add: bool) {
        let lanes = at.lanes;
        for (from, place) in [(0, &at.bias_recurrent), (lanes, &at.bias_input)] {
            let totals = self.totals.chunks_exact(4 * lanes);
            let biases = self.weights[place.clone()].chunks_exact_mut(3 * lanes);
            for (bias, totals) in biases.zip(totals) {
                let totals = &totals[from..from + 3 * lanes];
                for (bias, total) in bias.iter_mut().zip(totals) {
                    *bias = if add { *bias + total } else { *total };
                }
            }
        }
    }

    /// The gradients of the two matrices: what was read times the gates' gradients, over all rows.
    fn layer_weights(
        &mut self,
        layout: &Layout,
        activations: &Activations,
        index: usize,
        rows: usize,
        add: bool,
    ) {
        let at = &layout.layers[index];
        let sizes = activations.sizes(index, layout, rows);
        let (all_rows, panels, lanes) = (sizes.all_rows(), sizes.panels(), at.lanes);
        let here = &activations.layers[index];
        let gates = &here.gates[..all_rows * 4 * at.units];
        let panel_stride = all_rows * 4 * lanes;
        let by_kernel = Gradient {
            rows: all_rows,
            inputs: at.inputs,
            panels,
            width: 3 * lanes,
            left: activations.read_by(index, layout, rows),
            right: &gates[lanes..],
            right_panel: panel_stride,
            right_row: 4 * lanes,
            out: &mut self.weights[at.kernel.clone()],
            add,
        };
        run(activations.isa, by_kernel);
        // The first step's state before is zero: its rows are left out.
        let later_rows = all_rows - rows;
        let by_recurrent = Gradient {
            rows: later_rows,
            inputs: at.units,
            panels,
            width: 3 * lanes,
            left: &here.states[..later_rows * at.units],
            right: &gates[rows * 4 * lanes..],
            right_panel: panel_stride,
            right_row: 4 * lanes,
            out: &mut self.weights[at.recurrent.clone()],
            add,
        };
        run(activations.isa, by_recurrent);
    }

    /// The gradient of the states of the layer below.
    fn layer_below(
        &mut self,
        layout: &Layout,
        activations: &Activations,
        index: usize,
        rows: usize,
    ) {
        let (at, below) = (&layout.layers[index], &layout.layers[index - 1]);
        let sizes = activations.sizes(index, layout, rows);
        let (all_rows, lanes) = (sizes.all_rows(), at.lanes);
        let gates = &activations.layers[index].gates[..all_rows * 4 * at.units];
        let down = Product {
            rows: all_rows,
            columns: at.inputs,
            lanes: below.lanes,
            left: &gates[lanes..],
            left_block: all_rows * 4 * lanes,
            left_row: 4 * lanes,
            blocks: sizes.panels(),
            depth: 3 * lanes,
            right: &self.transposed[at.kernel.clone()],
            bias: None,
            out: &mut self.below[..all_rows * at.inputs],
        };
        run(activations.isa, down);
    }
}
