//! A trained network and its forecasts.

use ndarray::{Array1, ArrayView3};

use crate::activations::Activations;
use crate::init::starting_weights;
use crate::kernel::Isa;
use crate::layout::Layout;
use crate::rows::Rows;
use crate::weights::tensors;
use crate::{Error, GruSpec, InstructionSet};

/// A network with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Gru {
    spec: GruSpec,
    /// In the order of [`crate::weights`].
    weights: Vec<f32>,
    path: InstructionSet,
}

/// Rows computed together: enough for the kernels' full speed, small enough for the cache.
const CHUNK: usize = 32;

impl Gru {
    pub(crate) fn from_parts(spec: GruSpec, weights: Vec<f32>, path: InstructionSet) -> Self {
        Self {
            spec,
            weights,
            path,
        }
    }

    /// A network that has learned nothing: the one that a fit of this seed starts from.
    ///
    /// # Errors
    /// [`Error::Setting`] for a spec out of range, [`Error::UnsupportedPath`].
    pub fn fresh(spec: &GruSpec, seed: u64, path: InstructionSet) -> Result<Self, Error> {
        spec.validate()?;
        Self::with_weights(spec.clone(), starting_weights(spec, seed), path)
    }

    /// A network of these weights, in the order of [`Gru::weights`].
    ///
    /// # Errors
    /// [`Error::Setting`] for a spec out of range, [`Error::Shape`] for another number of weights
    /// than it has, [`Error::NotFinite`], [`Error::UnsupportedPath`].
    pub fn with_weights(
        spec: GruSpec,
        weights: Vec<f32>,
        path: InstructionSet,
    ) -> Result<Self, Error> {
        spec.validate()?;
        let expected = tensors(&spec).last().map_or(0, |last| last.range().end);
        if weights.len() != expected {
            return Err(Error::Shape {
                what: "weights",
                expected: vec![expected],
                found: vec![weights.len()],
            });
        }
        if let Some(row) = weights.iter().position(|weight| !weight.is_finite()) {
            let what = "weight";
            return Err(Error::NotFinite { what, row });
        }
        Ok(Self {
            spec,
            weights,
            path: Isa::new(path)?.path(),
        })
    }

    /// The network's shape.
    #[must_use]
    pub fn spec(&self) -> &GruSpec {
        &self.spec
    }

    /// All weights: for each layer its kernel, recurrent kernel, input and recurrent bias (gates
    /// reset, update, candidate side by side), then the dense layer's and the output's.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// The instruction-set path that computes this network's forecasts.
    #[must_use]
    pub fn path(&self) -> InstructionSet {
        self.path
    }

    /// The outputs of rows × steps × features, one per row.
    ///
    /// # Errors
    /// [`Error::Shape`] if steps or features are not the network's, [`Error::NotFinite`] if a
    /// row holds NaN or infinity.
    pub fn predict(&self, x: ArrayView3<'_, f32>) -> Result<Array1<f32>, Error> {
        let rows = Rows::new(&self.spec, x)?;
        let layout = Layout::new(&self.spec, self.path);
        let weights = layout.packed(&self.weights);
        let chunk = CHUNK.min(rows.count().max(1));
        let isa = Isa::new(self.path)?;
        let mut activations = Activations::new(isa, &layout, self.spec.steps, chunk);
        let mut outputs = Vec::with_capacity(rows.count());
        for start in (0..rows.count()).step_by(chunk) {
            let count = chunk.min(rows.count() - start);
            activations.take_in(&rows, start..start + count);
            activations.forward(&layout, &weights, count, None);
            outputs.extend_from_slice(&activations.out[..count]);
        }
        Ok(Array1::from_vec(outputs))
    }
}
