//! The head on one batch: from the dense layer's sums to the outputs, and from the outputs' slopes
//! back to the sums' gradients. Plain loops: within an instruction set's function the compiler writes
//! them with its vectors.

use super::operation::Operation;
use super::simd::Simd;

/// Relu, dropout, output.
#[derive(Debug)]
pub(crate) struct HeadForward<'a> {
    /// Dense units, padded.
    pub(crate) units: usize,
    /// Choice of outputs that are left out; none without dropout.
    pub(crate) keep: Option<Keep<'a>>,
    pub(crate) output_weight: &'a [f32],
    pub(crate) output_bias: f32,
    /// rows × units: the dense layer's sums become its outputs.
    pub(crate) dense: &'a mut [f32],
    /// Result, one number a row.
    pub(crate) out: &'a mut [f32],
}

/// Outputs that dropout keeps: those whose word is not below the least.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep<'a> {
    /// rows × units; zero in the padding.
    pub(crate) words: &'a [u32],
    pub(crate) least: u32,
    /// Factor of those kept.
    pub(crate) scale: f32,
}

impl Operation for HeadForward<'_> {
    fn check(&self, _: Option<usize>) {
        assert!(self.units > 0);
        assert_eq!(self.dense.len(), self.out.len() * self.units);
        assert_eq!(self.output_weight.len(), self.units);
        let keep = self.keep;
        assert!(keep.is_none_or(|keep| keep.words.len() == self.dense.len()));
    }

    #[inline(always)]
    fn plain(self) {
        // Not `max`, which would turn NaN into zero and hide a fit that diverges.
        let relu = |x: f32| if x < 0.0 { 0.0 } else { x };
        match self.keep {
            Some(keep) => {
                let factor = |word| if word < keep.least { 0.0 } else { keep.scale };
                let each = self.dense.iter_mut().zip(keep.words);
                each.for_each(|(x, &word)| *x = relu(*x) * factor(word));
            }
            None => self.dense.iter_mut().for_each(|x| *x = relu(*x)),
        }
        for (out, row) in self.out.iter_mut().zip(self.dense.chunks_exact(self.units)) {
            *out = self.output_bias + dot(row, self.output_weight);
        }
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(self, _: S) {
        self.plain();
    }
}

/// Σ a · b, by sixteen sums that need not wait for each other.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const SUMS: usize = 16;
    let mut sums = [0.0; SUMS];
    let (a, a_rest) = a.as_chunks::<SUMS>();
    let (b, b_rest) = b.as_chunks::<SUMS>();
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The backward pass through the head.
#[derive(Debug)]
pub(crate) struct HeadBackward<'a> {
    /// Dense units, padded.
    pub(crate) units: usize,
    /// rows × units: the dense layer's outputs.
    pub(crate) dense: &'a [f32],
    /// Factor of dropout for the kept outputs.
    pub(crate) scale: f32,
    /// The loss's slope by each output.
    pub(crate) slopes: &'a [f32],
    pub(crate) output_weight: &'a [f32],
    /// Result: the gradient of the output's weights.
    pub(crate) by_output_weight: &'a mut [f32],
    /// Whether that is added to what is there.
    pub(crate) add: bool,
    /// Result, rows × units: the gradient of the dense layer's sums.
    pub(crate) by_dense: &'a mut [f32],
}

impl Operation for HeadBackward<'_> {
    fn check(&self, _: Option<usize>) {
        assert!(self.units > 0);
        assert_eq!(self.dense.len(), self.slopes.len() * self.units);
        assert_eq!(self.by_dense.len(), self.dense.len());
        assert_eq!(self.output_weight.len(), self.units);
        assert_eq!(self.by_output_weight.len(), self.units);
    }

    #[inline(always)]
    fn plain(self) {
        if !self.add {
            self.by_output_weight.fill(0.0);
        }
        let rows = self.dense.chunks_exact(self.units);
        let rows = rows.zip(self.by_dense.chunks_exact_mut(self.units));
        for (&slope, (dense, by_dense)) in self.slopes.iter().zip(rows) {
            let units = dense.iter().zip(self.output_weight).zip(by_dense);
            for ((&x, weight), by_dense) in units {
                // Zero for a unit that relu or dropout has silenced.
                let open = if x == 0.0 { 0.0 } else { self.scale };
                *by_dense = slope * weight * open;
            }
            let weights = self.by_output_weight.iter_mut().zip(dense);
            weights.for_each(|(by_weight, x)| *by_weight += slope * x);
        }
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(self, _: S) {
        self.plain();
    }
}
