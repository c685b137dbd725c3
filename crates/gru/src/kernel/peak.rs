//! As many multiply-adds as the processor can do: what the benchmark compares with.

use std::hint::black_box;

use super::operation::Operation;
use super::simd::Simd;
use super::{Isa, run};
use crate::InstructionSet;

/// Chains of multiply-adds in registers.
#[derive(Debug)]
struct MultiplyAdd<'a> {
    rounds: usize,
    /// Result, so that the work is not left out.
    total: &'a mut f32,
    /// Result: floating-point operations done.
    flop: &'a mut f64,
}

/// Does `rounds` rounds of independent multiply-adds; the floating-point operations done.
///
/// For the plain path with the instructions that ndarray's product picks on the same processor.
pub(crate) fn multiply_add(isa: Isa, rounds: usize) -> f64 {
    let isa = match isa.path() {
        InstructionSet::Plain => Isa::new(InstructionSet::Avx2).unwrap_or(isa),
        _ => isa,
    };
    let (mut total, mut flop) = (0.0, 0.0);
    run(
        isa,
        MultiplyAdd {
            rounds,
            total: &mut total,
            flop: &mut flop,
        },
    );
    black_box(total);
    flop
}

/// Chains: enough to fill the pipelines, few enough for 16 registers.
const CHAINS: usize = 12;

impl Operation for MultiplyAdd<'_> {
    fn check(&self, _: Option<usize>) {}

    fn plain(self) {
        let (factor, addend) = (black_box(0.999_f32), black_box(1e-3_f32));
        // Four lanes are what every 64-bit processor has.
        let mut chains = [[1.0_f32; 4]; CHAINS];
        for _ in 0..self.rounds {
            for x in chains.as_flattened_mut() {
                *x = *x * factor + addend;
            }
        }
        *self.total = chains.as_flattened().iter().sum();
        *self.flop = (2 * chains.as_flattened().len() * self.rounds) as f64;
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(self, s: S) {
        let (factor, addend) = (s.splat(black_box(0.999)), s.splat(black_box(1e-3)));
        let mut chains = [s.splat(1.0); CHAINS];
        for _ in 0..self.rounds {
            for chain in &mut chains {
                *chain = s.mul_add(*chain, factor, addend);
            }
        }
        let sum = chains
            .into_iter()
            .fold(s.splat(0.0), |sum, chain| s.add(sum, chain));
        let mut lanes = [0.0_f32; 16];
        assert!(S::LANES <= lanes.len());
        // SAFETY: the array holds at least `LANES` numbers, as asserted.
        unsafe { s.store(lanes.as_mut_ptr(), sum) };
        *self.total = lanes.iter().sum();
        *self.flop = (2 * CHAINS * S::LANES * self.rounds) as f64;
    }
}
