//! A weight matrix's gradient: one product over all rows (of all steps) at once.

use std::ops::Range;

use super::operation::Operation;
use super::plain::{multiply, view, view_mut};
use super::simd::{Left, Right, Simd, each, in_blocks, tile};

/// `out = leftᵀ · right`, in the panels of the weights.
#[derive(Debug)]
pub(crate) struct Gradient<'a> {
    /// Rows summed over.
    pub(crate) rows: usize,
    /// Columns of `left`: the weights' inputs.
    pub(crate) inputs: usize,
    /// Panels of the weights.
    pub(crate) panels: usize,
    /// Columns per panel: three gates' lanes, or one.
    pub(crate) width: usize,
    /// rows × inputs.
    pub(crate) left: &'a [f32],
    /// Number (panel, row, j) at `panel · right_panel + row · right_row + j`.
    pub(crate) right: &'a [f32],
    pub(crate) right_panel: usize,
    pub(crate) right_row: usize,
    /// Result, panels × inputs × width.
    pub(crate) out: &'a mut [f32],
    /// Whether the result is added to what is there.
    pub(crate) add: bool,
}

impl Operation for Gradient<'_> {
    fn check(&self, lanes: Option<usize>) {
        assert!(self.panels > 0);
        match lanes {
            Some(lanes) => assert!(self.width == lanes || self.width == 3 * lanes),
            None => assert_eq!(self.panels, 1),
        }
        assert_eq!(self.left.len(), self.rows * self.inputs);
        if self.rows > 0 {
            let last = (self.panels - 1) * self.right_panel + (self.rows - 1) * self.right_row;
            assert!(last + self.width <= self.right.len());
        }
        assert_eq!(self.out.len(), self.panels * self.inputs * self.width);
    }

    fn plain(self) {
        if self.rows == 0 {
            if !self.add {
                self.out.fill(0.0);
            }
            return;
        }
        multiply(
            &view(self.left, self.rows, self.inputs, self.inputs).t(),
            &view(self.right, self.rows, self.width, self.right_row),
            if self.add { 1.0 } else { 0.0 },
            view_mut(self.out, self.inputs, self.width, self.width),
        );
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(mut self, s: S) {
        if self.rows == 0 && !self.add {
            self.out.fill(0.0);
        }
        for start in (0..self.rows).step_by(CHUNK) {
            let rows = start..self.rows.min(start + CHUNK);
            for panel in 0..self.panels {
                if self.width == 3 * S::LANES {
                    in_blocks!(S, 3, self.inputs, |input, M| {
                        // SAFETY: panel, rows and the M inputs from `input` on are within the
                        // sizes.
                        unsafe { self.block::<S, M, 3>(s, panel, input, rows.clone()) }
                    });
                } else {
                    in_blocks!(S, 1, self.inputs, |input, M| {
                        // SAFETY: likewise; the width is one vector.
                        unsafe { self.block::<S, M, 1>(s, panel, input, rows.clone()) }
                    });
                }
            }
        }
    }
}

/// Rows summed over before going on to the next inputs and panel: many, for the sums are read and
/// written once a chunk, and few enough that a chunk of both matrices stays in the second-level cache.
const CHUNK: usize = 192;

impl Gradient<'_> {
    /// Adds some rows' part to M inputs of one panel of V vectors; the first rows' may be the first.
    ///
    /// # Safety
    /// `check` has passed with `S::LANES`; the width is V vectors; `panel`, inputs
    /// `input..input + M` and the rows exist.
    #[inline(always)]
    unsafe fn block<S: Simd, const M: usize, const V: usize>(
        &mut self,
        s: S,
        panel: usize,
        input: usize,
        rows: Range<usize>,
    ) {
        let lanes = S::LANES;
        // SAFETY: every offset is (index < size) × stride of the lengths that `check` compared.
        unsafe {
            let out = self
                .out
                .as_mut_ptr()
                .add((panel * self.inputs + input) * self.width);
            let mut sums = [[s.splat(0.0); V]; M];
            if rows.start > 0 || self.add {
                for (m, row) in sums.iter_mut().enumerate() {
                    for (v, sum) in row.iter_mut().enumerate() {
                        *sum = s.load(out.add(m * self.width + v * lanes));
                    }
                }
            }
            let left = self.left.as_ptr().add(rows.start * self.inputs + input);
            let left = Left {
                at: left,
                row: 1,
                step: self.inputs,
            };
            let right = panel * self.right_panel + rows.start * self.right_row;
            let right = self.right.as_ptr().add(right);
            let right = Right {
                at: each!(|v| right.wrapping_add(v * lanes)),
                step: self.right_row,
            };
            tile(s, &mut sums, left, right, rows.len());
            for (m, row) in sums.iter().enumerate() {
                for (v, &sum) in row.iter().enumerate() {
                    s.store(out.add(m * self.width + v * lanes), sum);
                }
            }
        }
    }
}
