//! tanh and the logistic function as one rational function, so that they vectorise.
//!
//! tanh x ≈ x · P(x²) / Q(x²) with P and Q of degree four, fitted (minimax, relative error
//! 2 · 10⁻⁸) on \[−9, 9\], beyond which tanh is ±1 in f32; rounding adds about 3 · 10⁻⁷.
//! The logistic function is ½ + ½ tanh(x / 2). NaN stays NaN.

use super::simd::Simd;

const LIMIT: f32 = 9.0;
/// P, highest power first.
const P: [f32; 5] = [
    1.335_449_2e-8,
    2.060_894_7e-5,
    3.495_579_3e-3,
    0.133_810_18,
    1.0,
];
/// Q, highest power first.
const Q: [f32; 5] = [
    7.776_485e-7,
    3.285_620_8e-4,
    2.587_694_8e-2,
    0.467_143_33,
    1.0,
];

#[inline(always)]
pub(super) fn tanh<S: Simd>(s: S, x: S::Vector) -> S::Vector {
    let x = s.clamp(x, s.splat(-LIMIT), s.splat(LIMIT));
    let u = s.mul(x, x);
    let (mut p, mut q) = (s.splat(P[0]), s.splat(Q[0]));
    for power in 1..P.len() {
        p = s.mul_add(p, u, s.splat(P[power]));
        q = s.mul_add(q, u, s.splat(Q[power]));
    }
    s.div(s.mul(x, p), q)
}

#[inline(always)]
pub(super) fn logistic<S: Simd>(s: S, x: S::Vector) -> S::Vector {
    let half = s.splat(0.5);
    s.mul_add(half, tanh(s, s.mul(half, x)), half)
}

/// [`tanh`] of one number, in separate multiplications and additions.
#[inline(always)]
pub(super) fn tanh_plain(x: f32) -> f32 {
    // Not `clamp` or `min`: written so, NaN stays and the loop around it vectorises.
    let x = if x > LIMIT { LIMIT } else { x };
    let x = if x < -LIMIT { -LIMIT } else { x };
    let u = x * x;
    let (mut p, mut q) = (P[0], Q[0]);
    for power in 1..P.len() {
        p = p * u + P[power];
        q = q * u + Q[power];
    }
    x * p / q
}

#[inline(always)]
pub(super) fn logistic_plain(x: f32) -> f32 {
    0.5 * tanh_plain(0.5 * x) + 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_tanh_and_the_logistic_function() {
        for step in -40_000..=40_000 {
            let x = step as f32 * 5e-4;
            let wide = f64::from(x);
            let off = (f64::from(tanh_plain(x)) - wide.tanh()).abs();
            assert!(off < 4e-7, "tanh {x}: {off}");
            let off = (f64::from(logistic_plain(x)) - 1.0 / (1.0 + (-wide).exp())).abs();
            assert!(off < 4e-7, "logistic {x}: {off}");
        }
    }

    #[test]
    fn keeps_nan_and_saturates_at_infinity() {
        assert!(tanh_plain(f32::NAN).is_nan());
        assert!((tanh_plain(f32::INFINITY) - 1.0).abs() < 1e-6);
        assert!((tanh_plain(f32::NEG_INFINITY) + 1.0).abs() < 1e-6);
    }
}
