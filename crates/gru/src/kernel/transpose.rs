//! Transpose of a packed matrix, once per update, for the products of the backward pass.

use super::operation::Operation;
use super::simd::Simd;

/// panels × inputs × width becomes (panels of inputs) × (panels × width) × lanes.
#[derive(Debug)]
pub(crate) struct Transpose<'a> {
    pub(crate) panels: usize,
    /// Inputs, whole panels of `lanes`.
    pub(crate) inputs: usize,
    /// Columns per panel.
    pub(crate) width: usize,
    /// Inputs per panel of the result.
    pub(crate) lanes: usize,
    pub(crate) matrix: &'a [f32],
    /// Result.
    pub(crate) transposed: &'a mut [f32],
}

impl Operation for Transpose<'_> {
    fn check(&self, lanes: Option<usize>) {
        assert!(self.lanes > 0 && self.inputs.is_multiple_of(self.lanes));
        assert!(lanes.is_none_or(|lanes| self.lanes == lanes && self.width.is_multiple_of(lanes)));
        assert_eq!(self.matrix.len(), self.panels * self.inputs * self.width);
        assert_eq!(self.transposed.len(), self.matrix.len());
    }

    fn plain(self) {
        let (lanes, height) = (self.lanes, self.panels * self.width);
        for (group, transposed) in self.transposed.chunks_exact_mut(height * lanes).enumerate() {
            for (row, out) in transposed.chunks_exact_mut(lanes).enumerate() {
                let (panel, column) = (row / self.width, row % self.width);
                let start = (panel * self.inputs + group * lanes) * self.width + column;
                let column = self.matrix[start..].iter().step_by(self.width);
                out.iter_mut()
                    .zip(column)
                    .for_each(|(to, from)| *to = *from);
            }
        }
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(self, s: S) {
        let lanes = S::LANES;
        let (matrix, transposed) = (self.matrix.as_ptr(), self.transposed.as_mut_ptr());
        for group in (0..self.inputs).step_by(lanes) {
            for panel in 0..self.panels {
                for column in (0..self.width).step_by(lanes) {
                    let from = (panel * self.inputs + group) * self.width + column;
                    let to =
                        group * self.panels * self.width + (panel * self.width + column) * lanes;
                    // SAFETY: both blocks are whole and within the lengths that `check` compared.
                    unsafe { s.transpose(matrix.add(from), self.width, transposed.add(to), lanes) }
                }
            }
        }
    }
}
