//! The rows of a data set, checked once: right shape, finite, one after another in memory.

use std::borrow::Cow;

use ndarray::{ArrayView1, ArrayView3};

use crate::{Error, GruSpec};

/// Rows of steps × features.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    values: Cow<'a, [f32]>,
    width: usize,
    count: usize,
}

impl<'a> Rows<'a> {
    /// Checks and, where the view is not in standard order, copies.
    pub(crate) fn new(spec: &GruSpec, x: ArrayView3<'a, f32>) -> Result<Self, Error> {
        let (count, steps, features) = x.dim();
        if (steps, features) != (spec.steps, spec.features) {
            return Err(Error::Shape {
                what: "x (rows × steps × features)",
                expected: vec![count, spec.steps, spec.features],
                found: x.shape().to_vec(),
            });
        }
        let width = steps * features;
        let values = match x.to_slice() {
            Some(slice) => Cow::Borrowed(slice),
            None => Cow::Owned(x.iter().copied().collect()),
        };
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite {
                what: "x",
                row: place / width,
            });
        }
        Ok(Self {
            values,
            width,
            count,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// One row, steps × features.
    pub(crate) fn get(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

/// One finite target per row.
pub(crate) fn targets<'a>(rows: usize, y: ArrayView1<'a, f32>) -> Result<Cow<'a, [f32]>, Error> {
    if y.len() != rows {
        let (expected, found) = (vec![rows], vec![y.len()]);
        return Err(Error::Shape {
            what: "y (one target per row)",
            expected,
            found,
        });
    }
    if let Some(row) = y.iter().position(|value| !value.is_finite()) {
        return Err(Error::NotFinite { what: "y", row });
    }
    Ok(match y.to_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(y.to_vec()),
    })
}
