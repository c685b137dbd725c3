//! What the vector kernels ask of an instruction set, and the tile they are all made of.

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
    // A pointer a row: computing them in the loop would take the ports of the multiply-adds.
    let rows: [*const f32; M] = std::array::from_fn(|m| left.at.wrapping_add(m * left.row));
    let (mut at_row, mut at_vector) = (0, 0);
    for _ in 0..depth {
        // SAFETY: within the bounds promised by the caller.
        unsafe {
            let columns = right.at.map(|vector| s.load(vector.add(at_vector)));
            for (&row, sums) in rows.iter().zip(&mut local) {
                let x = s.splat(*row.add(at_row));
                for (sum, &column) in sums.iter_mut().zip(&columns) {
                    *sum = s.mul_add(x, column, *sum);
                }
            }
        }
        at_row += left.step;
        at_vector += right.step;
    }
    *sums = local;
}

/// Goes over `0..$count` in blocks as high as the registers allow beside `$width` vectors, with
/// the height as a constant.
///
/// With 16 registers a tile three vectors wide is three high: four would fill all registers, and
/// one sum going through memory each round costs more than the height gains.
macro_rules! in_blocks {
    ($simd:ident, $width:expr, $count:expr, |$row:ident, $height:ident| $body:expr) => {{
        let count = $count;
        let mut $row = 0;
        if $simd::WIDE {
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
