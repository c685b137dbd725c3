//! Where each weight lies for the kernels: panels as wide as a vector register, padded with zeros.
//!
//! A panel holds the columns of `lanes` neighbouring units, gate beside gate, for every input, so
//! that a kernel reads it from front to back. The kernel's columns are ordered reset, update,
//! candidate; the recurrent kernel's candidate, reset, update: beside a row of activations stored
//! as \[recurrent candidate, reset, update, candidate\] the recurrent side is then the first three
//! quarters and the input side the last three, without copying.
//!
//! Padding units have zero weights, so their state, their gradient and their Adam step are zero
//! and stay so. The plain path takes panels as wide as the layer: ordinary matrices.

use std::ops::Range;

use crate::buffer::Buffer;
use crate::weights::{Tensor, WeightRole, tensors};
use crate::{GruSpec, InstructionSet};

/// One GRU layer's sizes and the places of its weights.
#[derive(Clone, Debug)]
pub(crate) struct LayerLayout {
    /// Units per panel.
    pub(crate) lanes: usize,
    /// Width of what it reads; padded from the second layer on.
    pub(crate) inputs: usize,
    /// Units, padded to whole panels.
    pub(crate) units: usize,
    /// panels × inputs × 3 lanes.
    pub(crate) kernel: Range<usize>,
    /// panels × units × 3 lanes.
    pub(crate) recurrent: Range<usize>,
    /// panels × 3 lanes.
    pub(crate) bias_input: Range<usize>,
    /// panels × 3 lanes.
    pub(crate) bias_recurrent: Range<usize>,
}

/// The dense layer's and the output's sizes and places.
#[derive(Clone, Debug)]
pub(crate) struct DenseLayout {
    /// Units per panel.
    pub(crate) lanes: usize,
    /// Units of the last GRU layer, padded.
    pub(crate) inputs: usize,
    /// Units, padded to whole panels.
    pub(crate) units: usize,
    /// Units that exist.
    pub(crate) real_units: usize,
    /// panels × inputs × lanes.
    pub(crate) weight: Range<usize>,
    /// units.
    pub(crate) bias: Range<usize>,
    /// units.
    pub(crate) output_weight: Range<usize>,
    /// One number.
    pub(crate) output_bias: usize,
}

/// All sizes and places.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) layers: Vec<LayerLayout>,
    pub(crate) dense: DenseLayout,
    /// Length of the whole block of weights.
    pub(crate) length: usize,
    spec: GruSpec,
}

/// Every tensor starts on a cache line of sixteen numbers.
const LINE: usize = 16;

impl Layout {
    pub(crate) fn new(spec: &GruSpec, path: InstructionSet) -> Self {
        let lanes_of = |units: usize| match path {
            InstructionSet::Avx512 => 16,
            InstructionSet::Avx2 => 8,
            InstructionSet::Plain => units,
        };
        let mut length = 0;
        let mut take = |count: usize| {
            let start = length;
            length = (start + count).next_multiple_of(LINE);
            start..start + count
        };
        let mut layers = Vec::with_capacity(spec.units.len());
        let mut inputs = spec.features;
        for &real_units in &spec.units {
            let lanes = lanes_of(real_units);
            let units = real_units.next_multiple_of(lanes);
            layers.push(LayerLayout {
                lanes,
                inputs,
                units,
                kernel: take(inputs * 3 * units),
                recurrent: take(units * 3 * units),
                bias_input: take(3 * units),
                bias_recurrent: take(3 * units),
            });
            inputs = units;
        }
        let lanes = lanes_of(spec.dense);
        let units = spec.dense.next_multiple_of(lanes);
        let dense = DenseLayout {
            lanes,
            inputs,
            units,
            real_units: spec.dense,
            weight: take(inputs * units),
            bias: take(units),
            output_weight: take(units),
            output_bias: take(1).start,
        };
        Self {
            layers,
            dense,
            length,
            spec: spec.clone(),
        }
    }

    /// Places of the weight matrices: what weight decay works on.
    pub(crate) fn matrices(&self) -> impl Iterator<Item = Range<usize>> {
        let layers = self.layers.iter();
        layers
            .flat_map(|layer| [layer.kernel.clone(), layer.recurrent.clone()])
            .chain([self.dense.weight.clone(), self.dense.output_weight.clone()])
    }

    /// Copies a model's weights to their places; the padding stays as it is (zero).
    pub(crate) fn pack(&self, weights: &[f32], packed: &mut [f32]) {
        self.each_run(|natural, place| packed[place].copy_from_slice(&weights[natural]));
    }

    /// Copies them back in the model's order.
    pub(crate) fn unpack(&self, packed: &[f32]) -> Vec<f32> {
        let mut weights = vec![0.0; self.spec.parameters()];
        self.each_run(|natural, place| weights[natural].copy_from_slice(&packed[place]));
        weights
    }

    /// A packed block of these weights.
    pub(crate) fn packed(&self, weights: &[f32]) -> Buffer {
        let mut packed = Buffer::zeros(self.length);
        self.pack(weights, &mut packed);
        packed
    }

    /// Every run of numbers that lie side by side in both orders.
    fn each_run(&self, mut pair: impl FnMut(Range<usize>, Range<usize>)) {
        for tensor in tensors(&self.spec) {
            for row in 0..tensor.rows {
                let mut column = 0;
                while column < tensor.columns {
                    let length = self.run(&tensor, column);
                    let natural = tensor.start + row * tensor.columns + column;
                    let place = self.place(&tensor, row, column);
                    pair(natural..natural + length, place..place + length);
                    column += length;
                }
            }
        }
    }

    /// Columns of a row of the tensor, from this one on, that belong to one gate's panel.
    fn run(&self, tensor: &Tensor, column: usize) -> usize {
        let (real_units, lanes) = match tensor.role {
            WeightRole::Kernel { layer }
            | WeightRole::Recurrent { layer }
            | WeightRole::BiasInput { layer }
            | WeightRole::BiasRecurrent { layer } => {
                (self.spec.units[layer], self.layers[layer].lanes)
            }
            _ => (tensor.columns, self.dense.lanes),
        };
        let unit = column % real_units;
        (lanes - unit % lanes).min(real_units - unit)
    }

    fn place(&self, tensor: &Tensor, row: usize, column: usize) -> usize {
        let dense = &self.dense;
        match tensor.role {
            WeightRole::Kernel { layer } => {
                let at = &self.layers[layer];
                at.kernel.start + self.in_gates(layer, at.inputs, row, column, 0)
            }
            WeightRole::Recurrent { layer } => {
                let at = &self.layers[layer];
                at.recurrent.start + self.in_gates(layer, at.units, row, column, 1)
            }
            WeightRole::BiasInput { layer } => {
                self.layers[layer].bias_input.start + self.in_gates(layer, 1, 0, column, 0)
            }
            WeightRole::BiasRecurrent { layer } => {
                self.layers[layer].bias_recurrent.start + self.in_gates(layer, 1, 0, column, 1)
            }
            WeightRole::DenseWeight => {
                let (panel, lane) = (column / dense.lanes, column % dense.lanes);
                dense.weight.start + (panel * dense.inputs + row) * dense.lanes + lane
            }
            WeightRole::DenseBias => dense.bias.start + column,
            WeightRole::OutputWeight => dense.output_weight.start + row,
            WeightRole::OutputBias => dense.output_bias,
        }
    }

    /// Place within panels of three gates, the gates rotated by `turn` places.
    fn in_gates(
        &self,
        layer: usize,
        inputs: usize,
        row: usize,
        column: usize,
        turn: usize,
    ) -> usize {
        let real_units = self.spec.units[layer];
        let lanes = self.layers[layer].lanes;
        let (gate, unit) = (column / real_units, column % real_units);
        let slot = (gate + turn) % 3;
        ((unit / lanes) * inputs + row) * 3 * lanes + slot * lanes + unit % lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_is_one_to_one_on_every_path() {
        let spec = GruSpec {
            features: 3,
            steps: 2,
            units: vec![17, 5],
            dense: 9,
            dropout: 0.0,
        };
        let weights: Vec<f32> = (1..=spec.parameters()).map(|x| x as f32).collect();
        for &path in InstructionSet::ALL {
            let layout = Layout::new(&spec, path);
            let packed = layout.packed(&weights);
            assert_eq!(
                packed.iter().filter(|&&x| x != 0.0).count(),
                weights.len(),
                "{path}"
            );
            assert_eq!(layout.unpack(&packed), weights, "{path}");
        }
    }
}
