//! A bias's gradient: the sum of all rows.

use super::operation::Operation;
use super::simd::Simd;

/// `out = Σ over rows`, panel by panel.
#[derive(Debug)]
pub(crate) struct ColumnSums<'a> {
    /// Rows summed over.
    pub(crate) rows: usize,
    /// Panels.
    pub(crate) panels: usize,
    /// Columns per panel.
    pub(crate) width: usize,
    /// Number (panel, row, j) at `panel · panel_stride + row · row_stride + j`.
    pub(crate) values: &'a [f32],
    pub(crate) panel_stride: usize,
    pub(crate) row_stride: usize,
    /// Result, panels × width.
    pub(crate) out: &'a mut [f32],
    /// Whether the result is added to what is there.
    pub(crate) add: bool,
}

impl Operation for ColumnSums<'_> {
    fn check(&self, lanes: Option<usize>) {
        assert!(self.rows > 0 && self.panels > 0);
        assert!(lanes.is_none_or(|lanes| self.width.is_multiple_of(lanes)));
        let last = (self.panels - 1) * self.panel_stride + (self.rows - 1) * self.row_stride;
        assert!(last + self.width <= self.values.len());
        assert_eq!(self.out.len(), self.panels * self.width);
    }

    fn plain(self) {
        for (panel, out) in self.out.chunks_exact_mut(self.width).enumerate() {
            if !self.add {
                out.fill(0.0);
            }
            for row in 0..self.rows {
                let values = &self.values[panel * self.panel_stride + row * self.row_stride..];
                out.iter_mut().zip(values).for_each(|(sum, x)| *sum += x);
            }
        }
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(self, s: S) {
        let vectors = self.width / S::LANES;
        for panel in 0..self.panels {
            for vector in 0..vectors {
                // SAFETY: every offset is (index < size) × stride of the lengths that `check`
                // compared.
                unsafe {
                    let column = panel * self.panel_stride + vector * S::LANES;
                    let mut from = self.values.as_ptr().add(column);
                    // Two sums, so that an addition need not wait for the one before.
                    let mut sums = [s.splat(0.0); 2];
                    for row in 0..self.rows {
                        sums[row % 2] = s.add(sums[row % 2], s.load(from));
                        from = from.wrapping_add(self.row_stride);
                    }
                    let out = self
                        .out
                        .as_mut_ptr()
                        .add(panel * self.width + vector * S::LANES);
                    let mut sum = s.add(sums[0], sums[1]);
                    if self.add {
                        sum = s.add(s.load(out), sum);
                    }
                    s.store(out, sum);
                }
            }
        }
    }
}
