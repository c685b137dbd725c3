//! AVX2 with FMA: eight lanes, 16 registers.

use std::arch::x86_64::*;

use super::operation::Operation;
use super::simd::{Simd, each};

/// Proof of AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

/// Does the operation with AVX2 instructions.
///
/// # Safety
/// The processor has AVX2 and FMA, and the operation's `check` has passed with eight lanes.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run<O: Operation>(operation: O) {
    // SAFETY: passed on from the caller.
    unsafe { operation.vector(Avx2(())) }
}

// SAFETY of all blocks without pointers: a value of `Avx2` exists only inside `run`, whose
// caller has made sure of the instruction set; the intrinsics need nothing else.
impl Simd for Avx2 {
    type Vector = __m256;
    const LANES: usize = 8;
    const WIDE: bool = false;

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_div_ps(a, b) }
    }

    #[inline(always)]
    fn sqrt(self, a: __m256) -> __m256 {
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_sqrt_ps(a) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn mul_sub_from(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_fnmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn clamp(self, x: __m256, least: __m256, most: __m256) -> __m256 {
        // Of an unordered pair the instruction returns the second operand: x stays NaN.
        // SAFETY: AVX2 and FMA are proven by `self`.
        unsafe { _mm256_min_ps(most, _mm256_max_ps(least, x)) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: the caller's promise about `from`; AVX2 and FMA are proven by `self`.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m256) {
        // SAFETY: the caller's promise about `to`; AVX2 and FMA are proven by `self`.
        unsafe { _mm256_storeu_ps(to, x) }
    }

    /// Pairs of rows, pairs of pairs, then the halves of the registers.
    #[inline(always)]
    unsafe fn transpose(self, from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        // SAFETY: the caller's promise about both blocks; AVX2 is proven by `self`.
        unsafe {
            let rows: [__m256; 8] = each!(|row| self.load(from.add(row * from_row)));
            let pairs: [__m256; 8] = each!(|i| {
                let (a, b) = (rows[i & !1], rows[i | 1]);
                if i % 2 == 0 {
                    _mm256_unpacklo_ps(a, b)
                } else {
                    _mm256_unpackhi_ps(a, b)
                }
            });
            // Number 4g + c holds, in half k, column 4k + c of rows 4g to 4g + 3.
            let fours: [__m256; 8] = each!(|i| {
                let at = (i & !3) + (i >> 1) % 2;
                let (a, b) = (_mm256_castps_pd(pairs[at]), _mm256_castps_pd(pairs[at + 2]));
                let four = if i % 2 == 0 {
                    _mm256_unpacklo_pd(a, b)
                } else {
                    _mm256_unpackhi_pd(a, b)
                };
                _mm256_castpd_ps(four)
            });
            for column in 0..4 {
                let (a, b) = (fours[column], fours[4 + column]);
                self.store(
                    to.add(column * to_row),
                    _mm256_permute2f128_ps::<0x20>(a, b),
                );
                self.store(
                    to.add((4 + column) * to_row),
                    _mm256_permute2f128_ps::<0x31>(a, b),
                );
            }
        }
    }
}
