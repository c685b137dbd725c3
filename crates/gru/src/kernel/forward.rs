//! Forward pass of a GRU layer: gates and states of every step.
//!
//! With σ the logistic function: r = σ(x·W_r + b_r + h·U_r + c_r), z likewise, the recurrent
//! candidate q = h·U_n + c_n, the candidate n = tanh(x·W_n + b_n + r·q), the new state
//! n + z·(h − n). Kept for the backward pass: \[q, r, z, n\] in one row.

use super::activation::{logistic, logistic_plain, tanh, tanh_plain};
use super::operation::Operation;
use super::plain::{multiply, view, view_mut};
use super::simd::{Left, Right, Simd, each, in_blocks, tile};

/// Sizes of a layer at work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Steps per row.
    pub(crate) steps: usize,
    /// Rows of the batch.
    pub(crate) rows: usize,
    /// Numbers per step of what it reads.
    pub(crate) inputs: usize,
    /// Units, whole panels.
    pub(crate) units: usize,
    /// Units per panel.
    pub(crate) lanes: usize,
}

impl Sizes {
    pub(crate) fn panels(self) -> usize {
        self.units / self.lanes
    }

    /// Rows of all steps: the steps lie one after another.
    pub(crate) fn all_rows(self) -> usize {
        self.steps * self.rows
    }

    /// Asserts whole panels, of the vectors' width if one is given.
    pub(super) fn check(self, lanes: Option<usize>) {
        assert!(self.lanes > 0 && self.units.is_multiple_of(self.lanes));
        assert_eq!(self.lanes, lanes.unwrap_or(self.units));
    }
}

/// The forward pass through one layer.
#[derive(Debug)]
pub(crate) struct Forward<'a> {
    pub(crate) sizes: Sizes,
    /// steps × rows × inputs.
    pub(crate) x: &'a [f32],
    /// panels × inputs × 3 lanes.
    pub(crate) kernel: &'a [f32],
    /// panels × units × 3 lanes.
    pub(crate) recurrent: &'a [f32],
    /// panels × 3 lanes.
    pub(crate) bias_input: &'a [f32],
    /// panels × 3 lanes.
    pub(crate) bias_recurrent: &'a [f32],
    /// Result, panels × (steps × rows) × 4 lanes: q, r, z, n.
    pub(crate) gates: &'a mut [f32],
    /// Result, steps × rows × units.
    pub(crate) states: &'a mut [f32],
}

impl Operation for Forward<'_> {
    fn check(&self, lanes: Option<usize>) {
        let sizes = self.sizes;
        sizes.check(lanes);
        assert_eq!(self.x.len(), sizes.all_rows() * sizes.inputs);
        assert_eq!(self.kernel.len(), sizes.inputs * 3 * sizes.units);
        assert_eq!(self.recurrent.len(), sizes.units * 3 * sizes.units);
        assert_eq!(self.bias_input.len(), 3 * sizes.units);
        assert_eq!(self.bias_recurrent.len(), 3 * sizes.units);
        assert_eq!(self.gates.len(), sizes.all_rows() * 4 * sizes.units);
        assert_eq!(self.states.len(), sizes.all_rows() * sizes.units);
    }

    fn plain(self) {
        let Sizes {
            steps,
            rows,
            inputs,
            units,
            ..
        } = self.sizes;
        let wide = 4 * units;
        // The products of all steps with the input at once, into the columns r, z, n.
        multiply(
            &view(self.x, steps * rows, inputs, inputs),
            &view(self.kernel, inputs, 3 * units, 3 * units),
            0.0,
            view_mut(&mut self.gates[units..], steps * rows, 3 * units, wide),
        );
        let recurrent = view(self.recurrent, units, 3 * units, 3 * units);
        let zeros = vec![0.0; units];
        for step in 0..steps {
            let gates = &mut self.gates[step * rows * wide..(step + 1) * rows * wide];
            for row in gates.chunks_exact_mut(wide) {
                row[..units].fill(0.0);
                add(&mut row[units..], self.bias_input);
                add(&mut row[..3 * units], self.bias_recurrent);
            }
            let (before, now) = self.states.split_at_mut(step * rows * units);
            let before = &before[before.len() - if step > 0 { rows * units } else { 0 }..];
            if step > 0 {
                let gates = view_mut(gates, rows, 3 * units, wide);
                multiply(&view(before, rows, units, units), &recurrent, 1.0, gates);
            }
            let mut earlier = before.chunks_exact(units);
            for (row, state) in gates
                .chunks_exact_mut(wide)
                .zip(now.chunks_exact_mut(units))
            {
                activate(row, earlier.next().unwrap_or(&zeros), state);
            }
        }
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(mut self, s: S) {
        // A small layer is one panel: with its width a constant its strides are, too.
        let single = self.sizes.panels() == 1;
        for step in 0..self.sizes.steps {
            if single {
                in_blocks!(S, ROW, self.sizes.rows, |row, M| {
                    // SAFETY: step and the M rows from `row` on are within the sizes; there is one
                    // panel.
                    unsafe { self.block::<S, M, true>(s, step, 0, row) }
                });
                continue;
            }
            for panel in 0..self.sizes.panels() {
                in_blocks!(S, ROW, self.sizes.rows, |row, M| {
                    // SAFETY: step, panel and the M rows from `row` on are within the sizes.
                    unsafe { self.block::<S, M, false>(s, step, panel, row) }
                });
            }
        }
    }
}

impl Forward<'_> {
    /// M rows of one panel at one step, from the products to the new state in registers.
    ///
    /// # Safety
    /// `check` has passed with `S::LANES`; `step`, `panel` and rows `row..row + M` exist, and the
    /// states of the step before are complete.
    #[inline(always)]
    unsafe fn block<S: Simd, const M: usize, const SINGLE: bool>(
        &mut self,
        s: S,
        step: usize,
        panel: usize,
        row: usize,
    ) {
        let Sizes { rows, inputs, .. } = self.sizes;
        let lanes = S::LANES;
        let units = if SINGLE { lanes } else { self.sizes.units };
        let at = step * rows + row;
        // SAFETY: every offset is (index < size) × stride of the lengths that `check` compared.
        unsafe {
            let input = self.bias_input.as_ptr().add(panel * 3 * lanes);
            let recurrent = self.bias_recurrent.as_ptr().add(panel * 3 * lanes);
            let reset = s.add(s.load(input), s.load(recurrent.add(lanes)));
            let update = s.add(s.load(input.add(lanes)), s.load(recurrent.add(2 * lanes)));
            let candidate = s.load(input.add(2 * lanes));

            let mut sums = [[reset, update, candidate]; M];
            let x = Left {
                at: self.x.as_ptr().add(at * inputs),
                row: inputs,
                step: 1,
            };
            let kernel = self.kernel.as_ptr().add(panel * inputs * 3 * lanes);
            let kernel = Right {
                at: each!(|v| kernel.wrapping_add(v * lanes)),
                step: 3 * lanes,
            };
            tile(s, &mut sums, x, kernel, inputs);

            // The candidate's recurrent sum takes the place of its other one; the others keep theirs.
            let candidates: [_; M] = each!(|row| sums[row][2]);
            let recurrent_bias = s.load(recurrent);
            let mut sums: [_; M] = each!(|row| [sums[row][0], sums[row][1], recurrent_bias]);
            let states = self.states.as_mut_ptr().add(at * units + panel * lanes);
            let before = (step > 0).then(|| states.sub(rows * units).cast_const());
            if let Some(before) = before {
                let h = Left {
                    at: before.sub(panel * lanes),
                    row: units,
                    step: 1,
                };
                let recurrent = self.recurrent.as_ptr().add(panel * units * 3 * lanes);
                let recurrent = Right {
                    at: [recurrent.add(lanes), recurrent.add(2 * lanes), recurrent],
                    step: 3 * lanes,
                };
                tile(s, &mut sums, h, recurrent, units);
            }

            const { assert!(S::LANES <= ZEROS.len()) }
            let (before, before_units) = match before {
                Some(before) => (before, units),
                None => (ZEROS.as_ptr(), 0),
            };
            let place = Place {
                before,
                before_units,
                states,
                units,
                gates: self
                    .gates
                    .as_mut_ptr()
                    .add((panel * self.sizes.all_rows() + at) * 4 * lanes),
            };
            activate_rows(s, &sums, &candidates, place);
        }
    }
}

/// Vectors of a row in work: the sums of two gates, and of the candidate on both sides.
const ROW: usize = 4;

/// The states before the first step, of any width. A load in place of a branch: behind one, the
/// compiler would finish row after row, each a chain of operations that wait for each other.
static ZEROS: [f32; 16] = [0.0; 16];

/// Where some rows of one panel lie at one step.
#[derive(Clone, Copy)]
struct Place {
    /// The states before, `before_units` apart.
    before: *const f32,
    before_units: usize,
    /// The states to be, `units` apart.
    states: *mut f32,
    units: usize,
    /// Rows of four vectors.
    gates: *mut f32,
}

impl Place {
    fn at_row(self, row: usize, lanes: usize) -> Self {
        Self {
            before: self.before.wrapping_add(row * self.before_units),
            before_units: self.before_units,
            states: self.states.wrapping_add(row * self.units),
            units: self.units,
            gates: self.gates.wrapping_add(row * 4 * lanes),
        }
    }
}

/// N rows from the sums (reset, update, recurrent candidate) and candidates to gates and states.
///
/// # Safety
/// N rows from `place` on are valid: the states before for reading one vector, the states for
/// writing one, the gates for writing four.
#[inline(always)]
unsafe fn activate_rows<S: Simd, const N: usize>(
    s: S,
    sums: &[[S::Vector; 3]; N],
    candidates: &[S::Vector; N],
    place: Place,
) {
    let q: [_; N] = each!(|row| sums[row][2]);
    let r: [_; N] = logistic(s, each!(|row| sums[row][0]));
    let z: [_; N] = logistic(s, each!(|row| sums[row][1]));
    let sums: [_; N] = each!(|row| s.mul_add(r[row], q[row], candidates[row]));
    let n = tanh(s, sums);
    for row in 0..N {
        let at = place.at_row(row, S::LANES);
        // SAFETY: the caller's promise about this row.
        unsafe {
            let h = s.load(at.before);
            s.store(at.states, s.mul_add(z[row], s.sub(h, n[row]), n[row]));
            for (slot, value) in [q[row], r[row], z[row], n[row]].into_iter().enumerate() {
                s.store(at.gates.add(slot * S::LANES), value);
            }
        }
    }
}

fn add(to: &mut [f32], what: &[f32]) {
    to.iter_mut().zip(what).for_each(|(x, y)| *x += y);
}

/// One row: sums to gates, and the new state from the state before.
fn activate(row: &mut [f32], before: &[f32], state: &mut [f32]) {
    let units = state.len();
    let (q, rest) = row.split_at_mut(units);
    let (sigmoids, n) = rest.split_at_mut(2 * units);
    sigmoids.iter_mut().for_each(|x| *x = logistic_plain(*x));
    let (r, z) = sigmoids.split_at_mut(units);
    for ((n, r), q) in n.iter_mut().zip(r).zip(q) {
        *n = tanh_plain(*n + *r * *q);
    }
    for (((state, n), z), h) in state.iter_mut().zip(n).zip(z).zip(before) {
        *state = *n + *z * (h - *n);
    }
}
