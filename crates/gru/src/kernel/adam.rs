//! One Adam step on a run of weights.

use super::operation::Operation;
use super::simd::Simd;

/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← keep · w − rate · m / (√v · spread + ε).
#[derive(Debug)]
pub(crate) struct Adam<'a> {
    /// Step size over 1 − β₁ᵗ.
    pub(crate) rate: f32,
    /// 1 / √(1 − β₂ᵗ).
    pub(crate) spread: f32,
    pub(crate) gradient: &'a [f32],
    /// Shares of the weights that decay leaves.
    pub(crate) keep: &'a [f32],
    /// First moment.
    pub(crate) mean: &'a mut [f32],
    /// Second moment.
    pub(crate) square: &'a mut [f32],
    pub(crate) weights: &'a mut [f32],
}

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-7;

impl Adam<'_> {
    /// `rate` and `spread` of step number `step` (from 1): the moments' start at zero corrected.
    pub(crate) fn corrections(learning_rate: f32, step: i32) -> (f32, f32) {
        let remaining = |beta: f32| 1.0 - f64::from(beta).powi(step);
        let rate = f64::from(learning_rate) / remaining(BETA_1);
        (rate as f32, (1.0 / remaining(BETA_2).sqrt()) as f32)
    }

    fn plain_from(self, start: usize) {
        let moments = self.mean[start..].iter_mut().zip(&mut self.square[start..]);
        let all = self.weights[start..]
            .iter_mut()
            .zip(&self.gradient[start..])
            .zip(&self.keep[start..])
            .zip(moments);
        for (((weight, &g), keep), (mean, square)) in all {
            *mean = BETA_1 * *mean + (1.0 - BETA_1) * g;
            *square = BETA_2 * *square + (1.0 - BETA_2) * (g * g);
            let change = self.rate * *mean / (square.sqrt() * self.spread + EPSILON);
            *weight = *weight * keep - change;
        }
    }
}

impl Operation for Adam<'_> {
    fn check(&self, _: Option<usize>) {
        let length = self.weights.len();
        assert_eq!(self.gradient.len(), length);
        assert_eq!(self.keep.len(), length);
        assert_eq!(self.mean.len(), length);
        assert_eq!(self.square.len(), length);
    }

    fn plain(self) {
        self.plain_from(0);
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(self, s: S) {
        let whole = self.weights.len() / S::LANES * S::LANES;
        let (gradient, keep) = (self.gradient.as_ptr(), self.keep.as_ptr());
        let mean = self.mean.as_mut_ptr();
        let (square, weights) = (self.square.as_mut_ptr(), self.weights.as_mut_ptr());
        for at in (0..whole).step_by(S::LANES) {
            // SAFETY: at + LANES ≤ the length that all five slices have.
            unsafe {
                let g = s.load(gradient.add(at));
                let kept = s.mul(s.splat(BETA_1), s.load(mean.add(at)));
                let m = s.mul_add(s.splat(1.0 - BETA_1), g, kept);
                let kept = s.mul(s.splat(BETA_2), s.load(square.add(at)));
                let v = s.mul_add(s.mul(s.splat(1.0 - BETA_2), g), g, kept);
                let scale = s.mul_add(s.sqrt(v), s.splat(self.spread), s.splat(EPSILON));
                let step = s.div(m, scale);
                let w = s.mul(s.load(weights.add(at)), s.load(keep.add(at)));
                s.store(mean.add(at), m);
                s.store(square.add(at), v);
                s.store(weights.add(at), s.mul_sub_from(s.splat(self.rate), step, w));
            }
        }
        self.plain_from(whole);
    }
}
