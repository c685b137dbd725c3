//! Matrices of the plain path: strided views of slices for ndarray's product.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

/// `rows` × `columns`, `stride` numbers from row to row.
#[expect(
    clippy::expect_used,
    reason = "Operation::check has compared the length with the sizes"
)]
pub(super) fn view(
    values: &[f32],
    rows: usize,
    columns: usize,
    stride: usize,
) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, columns).strides((stride, 1)), values).expect("checked length")
}

/// The same, to write to.
#[expect(
    clippy::expect_used,
    reason = "Operation::check has compared the length with the sizes"
)]
pub(super) fn view_mut(
    values: &mut [f32],
    rows: usize,
    columns: usize,
    stride: usize,
) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((rows, columns).strides((stride, 1)), values).expect("checked length")
}

/// `c = a · b + keep · c`.
pub(super) fn multiply(
    a: &ArrayView2<'_, f32>,
    b: &ArrayView2<'_, f32>,
    keep: f32,
    mut c: ArrayViewMut2<'_, f32>,
) {
    general_mat_mul(1.0, a, b, keep, &mut c);
}
