//! AVX-512 F: sixteen lanes, 32 registers.

use std::arch::x86_64::*;

use super::Operation;
use super::simd::Simd;

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

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        // SAFETY: AVX-512 F is proven by `self`.
        unsafe { _mm512_sqrt_ps(a) }
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
}
