//! The form of every piece of arithmetic: checked once, then portable or by vectors.

use super::simd::Simd;

/// One piece of arithmetic on borrowed matrices.
pub(super) trait Operation: Sized {
    /// Panics unless every slice has the length that the sizes ask for, and (`lanes`) the panels
    /// have the width of the vectors. All callers build the slices from one `Layout`.
    fn check(&self, lanes: Option<usize>);

    /// Portable form; panels as wide as the matrix.
    fn plain(self);

    /// Vector form.
    ///
    /// # Safety
    /// `check` has passed with `S::LANES`.
    unsafe fn vector<S: Simd>(self, simd: S);
}
