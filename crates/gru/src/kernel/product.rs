//! A product with a matrix in panels: the dense layer, and gradients handed to the layer below.

use super::operation::Operation;
use super::plain::{multiply, view, view_mut};
use super::simd::{Left, Right, Simd, each, in_blocks, tile};

/// `out = Σ over blocks of left · right (+ bias)`.
///
/// The left matrix may lie in blocks of columns (a layer's panels), each with its own rows.
#[derive(Debug)]
pub(crate) struct Product<'a> {
    /// Rows of `out`.
    pub(crate) rows: usize,
    /// Columns of `out`: whole panels.
    pub(crate) columns: usize,
    /// Columns per panel.
    pub(crate) lanes: usize,
    /// Number (block, row, k) at `block · left_block + row · left_row + k`.
    pub(crate) left: &'a [f32],
    pub(crate) left_block: usize,
    pub(crate) left_row: usize,
    /// Blocks of columns.
    pub(crate) blocks: usize,
    /// Columns per block.
    pub(crate) depth: usize,
    /// panels × (blocks × depth) × lanes.
    pub(crate) right: &'a [f32],
    /// Added to every row.
    pub(crate) bias: Option<&'a [f32]>,
    /// Result, rows × columns.
    pub(crate) out: &'a mut [f32],
}

impl Operation for Product<'_> {
    fn check(&self, lanes: Option<usize>) {
        assert!(self.lanes > 0 && self.columns.is_multiple_of(self.lanes));
        assert_eq!(self.lanes, lanes.unwrap_or(self.columns));
        assert!(lanes.is_some() || self.blocks == 1);
        assert!(self.rows > 0 && self.blocks > 0);
        let last = (self.blocks - 1) * self.left_block + (self.rows - 1) * self.left_row;
        assert!(last + self.depth <= self.left.len());
        assert_eq!(self.right.len(), self.blocks * self.depth * self.columns);
        assert!(self.bias.is_none_or(|bias| bias.len() == self.columns));
        assert_eq!(self.out.len(), self.rows * self.columns);
    }

    fn plain(self) {
        match self.bias {
            Some(bias) => {
                self.out
                    .chunks_exact_mut(self.columns)
                    .for_each(|row| row.copy_from_slice(bias));
            }
            None => self.out.fill(0.0),
        }
        multiply(
            &view(self.left, self.rows, self.depth, self.left_row),
            &view(self.right, self.depth, self.columns, self.columns),
            1.0,
            view_mut(self.out, self.rows, self.columns, self.columns),
        );
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(mut self, s: S) {
        let panels = self.columns / S::LANES;
        let mut panel = 0;
        while panel + 2 <= panels {
            in_blocks!(S, 2, self.rows, |row, M| {
                // SAFETY: two panels and the M rows from `row` on are within the sizes.
                unsafe { self.block::<S, M, 2>(s, panel, row) }
            });
            panel += 2;
        }
        if panel < panels {
            in_blocks!(S, 1, self.rows, |row, M| {
                // SAFETY: the panel and the M rows from `row` on are within the sizes.
                unsafe { self.block::<S, M, 1>(s, panel, row) }
            });
        }
    }
}

impl Product<'_> {
    /// M rows of V panels.
    ///
    /// # Safety
    /// `check` has passed with `S::LANES`; panels `panel..panel + V` and rows `row..row + M` exist.
    #[inline(always)]
    unsafe fn block<S: Simd, const M: usize, const V: usize>(
        &mut self,
        s: S,
        panel: usize,
        row: usize,
    ) {
        let lanes = S::LANES;
        let height = self.blocks * self.depth;
        // SAFETY: every offset is (index < size) × stride of the lengths that `check` compared.
        unsafe {
            let mut start = [s.splat(0.0); V];
            if let Some(bias) = self.bias {
                for (v, start) in start.iter_mut().enumerate() {
                    *start = s.load(bias.as_ptr().add((panel + v) * lanes));
                }
            }
            let mut sums = [start; M];
            for block in 0..self.blocks {
                let left = self
                    .left
                    .as_ptr()
                    .add(block * self.left_block + row * self.left_row);
                let right = self.right.as_ptr();
                let right = right.add((panel * height + block * self.depth) * lanes);
                let right = Right {
                    at: each!(|v| right.wrapping_add(v * height * lanes)),
                    step: lanes,
                };
                let left = Left {
                    at: left,
                    row: self.left_row,
                    step: 1,
                };
                tile(s, &mut sums, left, right, self.depth);
            }
            let out = self
                .out
                .as_mut_ptr()
                .add(row * self.columns + panel * lanes);
            for (m, row) in sums.iter().enumerate() {
                for (v, &sum) in row.iter().enumerate() {
                    s.store(out.add(m * self.columns + v * lanes), sum);
                }
            }
        }
    }
}
