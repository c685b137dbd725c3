//! Operations that the vector kernels ask of an instruction set, and the tile they are all made of.

/// An instruction set. A value of such a type is the proof that the processor has it.
pub(super) trait Simd: Copy {
    /// One register of f32.
    type Vector: Copy;
    /// Numbers in it.
    const LANES: usize;
    /// Whether 24 sums fit in registers (32 registers) or 12 (16 registers).
    const WIDE: bool;

    fn splat(self, x: f32) -> Self::Vector;
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// a / b to a few units in the last place, for b that is neither zero nor infinite.
    fn div(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// √a to a few units in the last place; of zero perhaps 10⁻¹⁹.
    fn sqrt(self, a: Self::Vector) -> Self::Vector;
    /// a · b + c, rounded once.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// c − a · b, rounded once.
    fn mul_sub_from(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// Within the limits; NaN stays NaN.
    fn clamp(self, x: Self::Vector, least: Self::Vector, most: Self::Vector) -> Self::Vector;

    /// Reads `LANES` numbers; any alignment.
    ///
    /// # Safety
    /// `from` is valid for reading `LANES` numbers.
    unsafe fn load(self, from: *const f32) -> Self::Vector;

    /// Writes `LANES` numbers; any alignment.
    ///
    /// # Safety
    /// `to` is valid for writing `LANES` numbers.
    unsafe fn store(self, to: *mut f32, x: Self::Vector);

    /// Turns a block of `LANES` × `LANES` numbers round: row i, column j goes to row j, column i.
    /// Rows are `from_row` and `to_row` numbers apart.
    ///
    /// # Safety
    /// Every row of `from` is valid for reading `LANES` numbers, every row of `to` for writing as
    /// many.
    unsafe fn transpose(self, from: *const f32, from_row: usize, to: *mut f32, to_row: usize);
}

/// The left factor of a tile: number (m, k) lies at `at + m · row + k · step`.
#[derive(Clone, Copy)]
pub(super) struct Left {
    pub(super) at: *const f32,
    pub(super) row: usize,
    pub(super) step: usize,
}

/// The right factor: vector (k, v) lies at `at[v] + k · step`.
#[derive(Clone, Copy)]
pub(super) struct Right<const V: usize> {
    pub(super) at: [*const f32; V],
    pub(super) step: usize,
}

/// `sums[m][v] += Σ_k left(m, k) · right(k, v)` over `depth` values of k, all sums in registers.
///
/// # Safety
/// Every number of `left` and every whole vector of `right` with m < M, v < V, k < depth is valid
/// for reading.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, const M: usize, const V: usize>(
    s: S,
    sums: &mut [[S::Vector; V]; M],
    left: Left,
    right: Right<V>,
    depth: usize,
) {
    let mut local = *sums;
    let (mut left, mut right) = (left, right);
    // SAFETY: as many steps as the caller has promised to be valid.
    unsafe {
        for _ in 0..depth / UNROLLED {
            steps::<S, M, V, UNROLLED>(s, &mut local, &mut left, &mut right);
        }
        for _ in 0..depth % UNROLLED {
            steps::<S, M, V, 1>(s, &mut local, &mut left, &mut right);
        }
    }
    *sums = local;
}

/// Values of k that a tile takes at once: what is not a multiply-add is shared by them.
const UNROLLED: usize = 4;

/// K values of k; moves both factors on by as many.
///
/// # Safety
/// As for [`tile`] with a depth of K.
#[inline(always)]
unsafe fn steps<S: Simd, const M: usize, const V: usize, const K: usize>(
    s: S,
    sums: &mut [[S::Vector; V]; M],
    left: &mut Left,
    right: &mut Right<V>,
) {
    for k in 0..K {
        // SAFETY: the caller's promise.
        unsafe {
            let columns: [_; V] = each!(|v| s.load(right.at[v].add(k * right.step)));
            for (m, sums) in sums.iter_mut().enumerate() {
                let x = s.splat(*left.at.add(m * left.row + k * left.step));
                for (sum, &column) in sums.iter_mut().zip(&columns) {
                    *sum = s.mul_add(x, column, *sum);
                }
            }
        }
    }
    left.at = left.at.wrapping_add(K * left.step);
    right.at = each!(|v| right.at[v].wrapping_add(K * right.step));
}

/// An array of the values of an expression, as `std::array::from_fn` makes it, written out where it
/// stands: a function that is called here, even a closure, is compiled without the instructions of
/// the kernel around it unless the compiler happens to put it in.
macro_rules! each {
    (|$at:ident| $value:expr) => {{
        let $at = 0;
        let mut all = [$value; _];
        for $at in 1..all.len() {
            all[$at] = $value;
        }
        all
    }};
}
pub(super) use each;

/// Goes over `0..$count` in blocks as high as the registers allow at `$width` vectors a row, with
/// the height as a constant.
///
/// With 16 registers a tile three vectors wide is three high: four would fill all registers, and
/// one sum going through memory each round costs more than the height gains.
macro_rules! in_blocks {
    ($simd:ident, $width:expr, $count:expr, |$row:ident, $height:ident| $body:expr) => {{
        let count = $count;
        let mut $row = 0;
        if $simd::WIDE && $width < 4 {
            while $row + 8 <= count {
                const $height: usize = 8;
                $body;
                $row += 8;
            }
        }
        if $simd::WIDE || $width < 3 {
            while $row + 4 <= count {
                const $height: usize = 4;
                $body;
                $row += 4;
            }
        } else {
            // Four left are two and two: a block of one keeps the pipelines waiting.
            while $row + 3 <= count && $row + 4 != count {
                const $height: usize = 3;
                $body;
                $row += 3;
            }
        }
        while $row + 2 <= count {
            const $height: usize = 2;
            $body;
            $row += 2;
        }
        if $row < count {
            const $height: usize = 1;
            $body;
        }
    }};
}
pub(super) use in_blocks;
