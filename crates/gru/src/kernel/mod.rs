//! The hot loops: the only place with unsafe code, and the only one that knows instruction sets.
//!
//! An [`Operation`] borrows its matrices as slices. [`run`] checks every slice's length against
//! the sizes, then hands over to the instruction set. Beyond that check the vector code
//! works on pointers; below it nothing can fail. The plain path of each operation is ndarray's
//! product and portable loops, and is what the property tests compare the others with.
#![allow(
    unsafe_code,
    reason = "vector instructions and unchecked loads; see each contract"
)]

mod activation;
mod adam;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod backward;
mod forward;
mod gradient;
mod head;
mod operation;
mod peak;
mod plain;
mod product;
mod simd;
mod sums;
#[cfg(test)]
mod tests;
mod transpose;

pub(super) use adam::Adam;
pub(super) use backward::Backward;
pub(super) use forward::{Forward, Sizes};
pub(super) use gradient::Gradient;
pub(super) use head::{HeadBackward, HeadForward, Keep};
pub(super) use peak::multiply_add;
pub(super) use product::Product;
pub(super) use sums::ColumnSums;
pub(super) use transpose::Transpose;

use self::operation::Operation;
use self::simd::Simd;
use crate::{Error, InstructionSet};

/// A path that this processor is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Isa(InstructionSet);

impl Isa {
    /// Looks whether the processor has it.
    pub(super) fn new(path: InstructionSet) -> Result<Self, Error> {
        if path.is_supported() {
            Ok(Self(path))
        } else {
            Err(Error::UnsupportedPath(path))
        }
    }

    pub(super) fn path(self) -> InstructionSet {
        self.0
    }
}

/// Does the operation on the path.
#[expect(
    private_bounds,
    reason = "operations are closed: only this module adds one"
)]
#[inline]
pub(super) fn run<O: Operation>(isa: Isa, operation: O) {
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => {
            operation.check(Some(avx512::Avx512::LANES));
            // SAFETY: an `Isa` of this path exists only where the processor has AVX-512 F, and
            // the lengths were just checked.
            unsafe { avx512::run(operation) }
        }
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => {
            operation.check(Some(avx2::Avx2::LANES));
            // SAFETY: likewise with AVX2 and FMA.
            unsafe { avx2::run(operation) }
        }
        _ => {
            operation.check(None);
            operation.plain();
        }
    }
}
