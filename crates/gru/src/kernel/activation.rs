//! tanh and the logistic function as one rational function, so that they vectorise.
//!
//! tanh x ≈ x · P(x²) / Q(x²) with P and Q of degree four, fitted (minimax, relative error
//! 2 · 10⁻⁸) on \[−9, 9\], beyond which tanh is ±1 in f32; rounding adds about 3 · 10⁻⁷.
//! The logistic function is ½ + ½ tanh(x / 2), the halves within the coefficients. NaN stays NaN.

use super::simd::{Simd, each};

/// x · P(x²) / Q(x²) within a limit; coefficients highest power first.
struct Rational {
    limit: f32,
    p: [f32; 5],
    q: [f32; 5],
}

const TANH: Rational = Rational {
    limit: 9.0,
    p: [
        1.335_449_2e-8,
        2.060_894_7e-5,
        3.495_579_3e-3,
        0.133_810_18,
        1.0,
    ],
    q: [
        7.776_485e-7,
        3.285_620_8e-4,
        2.587_694_8e-2,
        0.467_143_33,
        1.0,
    ],
};

/// ½ tanh(x / 2): powers of two only, so the coefficients stay exact.
const HALF_TANH_OF_HALF: Rational = {
    let Rational {
        limit,
        mut p,
        mut q,
    } = TANH;
    let (mut power, mut share) = (p.len(), 1.0);
    while power > 0 {
        power -= 1;
        (p[power], q[power]) = (p[power] * share * 0.25, q[power] * share);
        share *= 0.25;
    }
    let limit = 2.0 * limit;
    Rational { limit, p, q }
};

impl Rational {
    /// Of N vectors side by side: one alone is a chain of fifteen operations that wait for each other.
    #[inline(always)]
    fn of<S: Simd, const N: usize>(&self, s: S, x: [S::Vector; N]) -> [S::Vector; N] {
        let x: [_; N] = each!(|i| s.clamp(x[i], s.splat(-self.limit), s.splat(self.limit)));
        let u: [_; N] = each!(|i| s.mul(x[i], x[i]));
        let (mut p, mut q) = ([s.splat(self.p[0]); N], [s.splat(self.q[0]); N]);
        for power in 1..self.p.len() {
            for i in 0..N {
                p[i] = s.mul_add(p[i], u[i], s.splat(self.p[power]));
                q[i] = s.mul_add(q[i], u[i], s.splat(self.q[power]));
            }
        }
        each!(|i| s.div(s.mul(x[i], p[i]), q[i]))
    }

    /// Of one number, in separate multiplications and additions.
    #[inline(always)]
    fn of_one(&self, x: f32) -> f32 {
        // Not `clamp` or `min`: written so, NaN stays and the loop around it vectorises.
        let x = if x > self.limit { self.limit } else { x };
        let x = if x < -self.limit { -self.limit } else { x };
        let u = x * x;
        let (mut p, mut q) = (self.p[0], self.q[0]);
        for power in 1..self.p.len() {
            p = p * u + self.p[power];
            q = q * u + self.q[power];
        }
        x * p / q
    }
}

#[inline(always)]
pub(super) fn tanh<S: Simd, const N: usize>(s: S, x: [S::Vector; N]) -> [S::Vector; N] {
    TANH.of(s, x)
}

#[inline(always)]
pub(super) fn logistic<S: Simd, const N: usize>(s: S, x: [S::Vector; N]) -> [S::Vector; N] {
    let halves = HALF_TANH_OF_HALF.of(s, x);
    each!(|i| s.add(halves[i], s.splat(0.5)))
}

#[inline(always)]
pub(super) fn tanh_plain(x: f32) -> f32 {
    TANH.of_one(x)
}

#[inline(always)]
pub(super) fn logistic_plain(x: f32) -> f32 {
    HALF_TANH_OF_HALF.of_one(x) + 0.5
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
