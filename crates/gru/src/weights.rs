//! The weights as the world names them: which tensors there are, their shapes and their order.
//!
//! A model keeps its weights as one vector in this order; `layout` knows the kernels' own order.
//! Gates are side by side as reset, update, candidate in the columns of each kernel.

use crate::GruSpec;

/// One named tensor inside the vector of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tensor {
    /// For example `gru.0.kernel`.
    pub(crate) name: String,
    /// Rows; 1 for a bias.
    pub(crate) rows: usize,
    /// Columns.
    pub(crate) columns: usize,
    /// Position of its first number.
    pub(crate) start: usize,
    /// Its role.
    pub(crate) role: WeightRole,
}

impl Tensor {
    /// Its place in the vector of weights.
    pub(crate) fn range(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.rows * self.columns
    }
}

/// Role of a tensor in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WeightRole {
    /// inputs × 3 units.
    Kernel { layer: usize },
    /// units × 3 units.
    Recurrent { layer: usize },
    /// 3 units, added to the input's product.
    BiasInput { layer: usize },
    /// 3 units, added to the state's product (inside the reset gate's reach).
    BiasRecurrent { layer: usize },
    /// last units × dense.
    DenseWeight,
    /// dense.
    DenseBias,
    /// dense × 1.
    OutputWeight,
    /// 1.
    OutputBias,
}

/// All tensors of a network, in order.
pub(crate) fn tensors(spec: &GruSpec) -> Vec<Tensor> {
    let mut all = Vec::new();
    let mut start = 0;
    let mut add = |name: String, rows: usize, columns: usize, role: WeightRole| {
        all.push(Tensor {
            name,
            rows,
            columns,
            start,
            role,
        });
        start += rows * columns;
    };
    for (layer, &units) in spec.units.iter().enumerate() {
        let inputs = spec.inputs_of(layer);
        add(
            format!("gru.{layer}.kernel"),
            inputs,
            3 * units,
            WeightRole::Kernel { layer },
        );
        add(
            format!("gru.{layer}.recurrent"),
            units,
            3 * units,
            WeightRole::Recurrent { layer },
        );
        add(
            format!("gru.{layer}.bias_input"),
            1,
            3 * units,
            WeightRole::BiasInput { layer },
        );
        add(
            format!("gru.{layer}.bias_recurrent"),
            1,
            3 * units,
            WeightRole::BiasRecurrent { layer },
        );
    }
    let last = spec.inputs_of(spec.units.len());
    add(
        "dense.0.weight".to_owned(),
        last,
        spec.dense,
        WeightRole::DenseWeight,
    );
    add(
        "dense.0.bias".to_owned(),
        1,
        spec.dense,
        WeightRole::DenseBias,
    );
    add(
        "dense.1.weight".to_owned(),
        spec.dense,
        1,
        WeightRole::OutputWeight,
    );
    add("dense.1.bias".to_owned(), 1, 1, WeightRole::OutputBias);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_fill_the_vector_without_gaps() {
        let spec = GruSpec {
            features: 3,
            steps: 5,
            units: vec![7, 2, 9],
            dense: 4,
            dropout: 0.0,
        };
        let mut end = 0;
        for tensor in tensors(&spec) {
            assert_eq!(tensor.start, end, "{}", tensor.name);
            end = tensor.range().end;
        }
        assert_eq!(end, spec.parameters());
    }
}
