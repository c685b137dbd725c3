//! AVX-512 F: sixteen lanes, 32 registers.

use std::arch::x86_64::*;

use super::operation::Operation;
use super::simd::{Simd, each};

/// Proof of AVX-512 F.
#[derive(Clone, Copy)]
pub(super) struct Avx512(());

/// Does the operation with AVX-512 instructions.
///
/// # Safety
/// The processor has AVX-512 F, and the operation's `check` has passed with sixteen lanes.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn run<O: Operation>(operation: O) {
    // SAFETY: passed on from the caller.
    unsafe { operation.vector(Avx512(())) }
}

// SAFETY of all blocks without pointers: a value of `Avx512` exists only inside `run`, whose
// caller has made sure of the instruction set; the intrinsics need nothing else.
impl Simd for Avx512 {
    type Vector = __m512;
    const LANES: usize = 16;
    const WIDE: bool = true;

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_mul_ps(a, b) }
    }

    /// An estimate of 1/b, good to 14 bits, and one step of Newton's: the division instruction
    /// would keep the unit that multiplies busy for sixteen cycles.
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe {
            let estimate = _mm512_rcp14_ps(b);
            let off = _mm512_fnmadd_ps(b, estimate, _mm512_set1_ps(1.0));
            _mm512_mul_ps(a, _mm512_fmadd_ps(estimate, off, estimate))
        }
    }

    /// Likewise by 1/√a; the estimate of zero's would be infinite.
    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe {
            // Of an unordered pair the instruction returns the second operand: NaN stays.
            let a = _mm512_max_ps(_mm512_set1_ps(f32::MIN_POSITIVE), a);
            let estimate = _mm512_rsqrt14_ps(a);
            let root = _mm512_mul_ps(a, estimate);
            let half = _mm512_mul_ps(_mm512_set1_ps(0.5), estimate);
            let off = _mm512_fnmadd_ps(root, half, _mm512_set1_ps(0.5));
            _mm512_fmadd_ps(root, off, root)
        }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn mul_sub_from(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_fnmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn clamp(self, x: __m512, least: __m512, most: __m512) -> __m512 {
        // Of an unordered pair the instruction returns the second operand: x stays NaN.
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_min_ps(most, _mm512_max_ps(least, x)) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: the caller's promise about `from`; AVX-512 F is proven by `self`.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m512) {
        // SAFETY: the caller's promise about `to`; AVX-512 F is proven by `self`.
        unsafe { _mm512_storeu_ps(to, x) }
    }

    /// Pairs of rows, pairs of pairs, then the quarters of the registers.
    #[inline(always)]
    unsafe fn transpose(self, from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        // SAFETY: the caller's promise about both blocks; AVX-512 F is proven by `self`.
        unsafe {
            let rows: [__m512; 16] = each!(|row| self.load(from.add(row * from_row)));
            let pairs: [__m512; 16] = each!(|i| {
                let (a, b) = (rows[i & !1], rows[i | 1]);
                if i % 2 == 0 {
                    _mm512_unpacklo_ps(a, b)
                } else {
                    _mm512_unpackhi_ps(a, b)
                }
            });
            // Number 4g + c holds, in quarter k, column 4k + c of rows 4g to 4g + 3.
            let fours: [__m512; 16] = each!(|i| {
                let at = (i & !3) + (i >> 1) % 2;
                let (a, b) = (_mm512_castps_pd(pairs[at]), _mm512_castps_pd(pairs[at + 2]));
                let four = if i % 2 == 0 {
                    _mm512_unpacklo_pd(a, b)
                } else {
                    _mm512_unpackhi_pd(a, b)
                };
                _mm512_castpd_ps(four)
            });
            for column in 0..4 {
                let [a, b, c, d]: [_; 4] = each!(|group| fours[4 * group + column]);
                let (even, odd) = (
                    [
                        _mm512_shuffle_f32x4::<0x88>(a, b),
                        _mm512_shuffle_f32x4::<0x88>(c, d),
                    ],
                    [
                        _mm512_shuffle_f32x4::<0xdd>(a, b),
                        _mm512_shuffle_f32x4::<0xdd>(c, d),
                    ],
                );
                let out = [
                    _mm512_shuffle_f32x4::<0x88>(even[0], even[1]),
                    _mm512_shuffle_f32x4::<0x88>(odd[0], odd[1]),
                    _mm512_shuffle_f32x4::<0xdd>(even[0], even[1]),
                    _mm512_shuffle_f32x4::<0xdd>(odd[0], odd[1]),
                ];
                for (quarter, out) in out.into_iter().enumerate() {
                    self.store(to.add((4 * quarter + column) * to_row), out);
                }
            }
        }
    }
}
