//! Backward pass of a GRU layer: the gradient of every step's sums, in the place of its gates.
//!
//! With d the gradient of the new state: the candidate's sum gets d·(1 − z)·(1 − n²) = e, the
//! recurrent candidate e·r, the reset sum e·q·r·(1 − r), the update sum d·(h − n)·z·(1 − z); the
//! state before gets d·z and the recurrent sums' gradients through Uᵀ.

use super::forward::Sizes;
use super::operation::Operation;
use super::plain::{multiply, view, view_mut};
use super::simd::{Left, Right, Simd, each, in_blocks, tile};

/// The backward pass through one layer.
#[derive(Debug)]
pub(crate) struct Backward<'a> {
    pub(crate) sizes: Sizes,
    /// The recurrent kernel transposed: panels of inputs × (3 units, by panel) × lanes.
    pub(crate) transposed: &'a [f32],
    /// steps × rows × units.
    pub(crate) states: &'a [f32],
    /// Gradient of each step's state by what reads it above, steps × rows × units; or none, if
    /// only the last state is read (then it is in `carry`).
    pub(crate) above: Option<&'a [f32]>,
    /// rows × units: what arrives at the last state; overwritten.
    pub(crate) carry: &'a mut [f32],
    /// panels × (steps × rows) × 4 lanes: q, r, z, n become their sums' gradients.
    pub(crate) gates: &'a mut [f32],
    /// Result, panels × 4 lanes: these gradients summed over all steps and rows.
    pub(crate) totals: &'a mut [f32],
}

impl Operation for Backward<'_> {
    fn check(&self, lanes: Option<usize>) {
        let sizes = self.sizes;
        sizes.check(lanes);
        assert_eq!(self.transposed.len(), sizes.units * 3 * sizes.units);
        assert_eq!(self.states.len(), sizes.all_rows() * sizes.units);
        assert!(
            self.above
                .is_none_or(|above| above.len() == self.states.len())
        );
        assert_eq!(self.carry.len(), sizes.rows * sizes.units);
        assert_eq!(self.gates.len(), sizes.all_rows() * 4 * sizes.units);
        assert_eq!(self.totals.len(), 4 * sizes.units);
    }

    fn plain(self) {
        let Sizes {
            steps, rows, units, ..
        } = self.sizes;
        let wide = 4 * units;
        let transposed = view(self.transposed, 3 * units, units, units);
        let zeros = vec![0.0; units];
        self.totals.fill(0.0);
        for step in (0..steps).rev() {
            let (now, after) = self.gates.split_at_mut((step + 1) * rows * wide);
            if step + 1 < steps {
                let after = view(after, rows, 3 * units, wide);
                multiply(
                    &after,
                    &transposed,
                    1.0,
                    view_mut(self.carry, rows, units, units),
                );
            }
            if let Some(above) = self.above {
                let above = &above[step * rows * units..];
                self.carry.iter_mut().zip(above).for_each(|(d, a)| *d += a);
            }
            let before = &self.states[step.saturating_sub(1) * rows * units..];
            let mut earlier = before
                .chunks_exact(units)
                .take(if step > 0 { rows } else { 0 });
            let now = &mut now[step * rows * wide..];
            for (row, d) in now
                .chunks_exact_mut(wide)
                .zip(self.carry.chunks_exact_mut(units))
            {
                differentiate(row, earlier.next().unwrap_or(&zeros), d);
                let totals = self.totals.iter_mut();
                totals.zip(row).for_each(|(total, x)| *total += *x);
            }
        }
    }

    #[inline(always)]
    unsafe fn vector<S: Simd>(mut self, s: S) {
        let panels = self.sizes.panels();
        self.totals.fill(0.0);
        for step in (0..self.sizes.steps).rev() {
            if panels == 1 {
                in_blocks!(S, 1, self.sizes.rows, |row, M| {
                    // SAFETY: step and the M rows from `row` on are within the sizes; there is one
                    // panel.
                    unsafe { self.block::<S, M, 1, true>(s, step, 0, row) }
                });
                continue;
            }
            let mut panel = 0;
            while panel + 2 <= panels {
                in_blocks!(S, 2, self.sizes.rows, |row, M| {
                    // SAFETY: step, two panels and the M rows from `row` on are within the sizes.
                    unsafe { self.block::<S, M, 2, false>(s, step, panel, row) }
                });
                panel += 2;
            }
            if panel < panels {
                in_blocks!(S, 1, self.sizes.rows, |row, M| {
                    // SAFETY: step, panel and the M rows from `row` on are within the sizes.
                    unsafe { self.block::<S, M, 1, false>(s, step, panel, row) }
                });
            }
        }
    }
}

impl Backward<'_> {
    /// M rows of V panels at one step: the product with Uᵀ, then the gates' derivatives.
    ///
    /// # Safety
    /// `check` has passed with `S::LANES`; `step`, panels `panel..panel + V` and rows
    /// `row..row + M` exist, and the step after is complete.
    #[inline(always)]
    unsafe fn block<S: Simd, const M: usize, const V: usize, const SINGLE: bool>(
        &mut self,
        s: S,
        step: usize,
        panel: usize,
        row: usize,
    ) {
        let Sizes { steps, rows, .. } = self.sizes;
        let lanes = S::LANES;
        let (units, panels) = if SINGLE {
            (lanes, 1)
        } else {
            (self.sizes.units, self.sizes.panels())
        };
        let all_rows = self.sizes.all_rows();
        let at = step * rows + row;
        // SAFETY: every offset is (index < size) × stride of the lengths that `check` compared.
        unsafe {
            let carry = self.carry.as_mut_ptr().add(row * units + panel * lanes);
            let mut d = [[s.splat(0.0); V]; M];
            for (m, row) in d.iter_mut().enumerate() {
                for (v, d) in row.iter_mut().enumerate() {
                    *d = s.load(carry.add(m * units + v * lanes));
                }
            }
            let gates = self.gates.as_mut_ptr();
            if step + 1 < steps {
                for depth in 0..panels {
                    let after = gates.add((depth * all_rows + at + rows) * 4 * lanes);
                    let after = Left {
                        at: after.cast_const(),
                        row: 4 * lanes,
                        step: 1,
                    };
                    let transposed = self.transposed.as_ptr();
                    let transposed = transposed.add((panel * units + depth * lanes) * 3 * lanes);
                    let transposed = Right {
                        at: each!(|v| transposed.wrapping_add(v * 3 * units * lanes)),
                        step: lanes,
                    };
                    tile(s, &mut d, after, transposed, 3 * lanes);
                }
            }
            let one = s.splat(1.0);
            for v in 0..V {
                let mut totals = [s.splat(0.0); 4];
                for (m, row) in d.iter().enumerate() {
                    let unit = (at + m) * units + (panel + v) * lanes;
                    let d = match self.above {
                        Some(above) => s.add(row[v], s.load(above.as_ptr().add(unit))),
                        None => row[v],
                    };
                    let h = if step > 0 {
                        s.load(self.states.as_ptr().add(unit - rows * units))
                    } else {
                        s.splat(0.0)
                    };
                    let gates = gates.add(((panel + v) * all_rows + at + m) * 4 * lanes);
                    let q = s.load(gates);
                    let r = s.load(gates.add(lanes));
                    let z = s.load(gates.add(2 * lanes));
                    let n = s.load(gates.add(3 * lanes));
                    let kept = s.mul(d, z);
                    let e = s.mul(s.sub(d, kept), s.mul_sub_from(n, n, one));
                    let through = s.mul(e, r);
                    let reset = s.mul(s.mul(through, q), s.sub(one, r));
                    let update = s.mul(s.mul(kept, s.sub(h, n)), s.sub(one, z));
                    let gradients = [through, reset, update, e];
                    for (slot, gradient) in gradients.into_iter().enumerate() {
                        s.store(gates.add(slot * lanes), gradient);
                        totals[slot] = s.add(totals[slot], gradient);
                    }
                    s.store(carry.add(m * units + v * lanes), kept);
                }
                let sums = self.totals.as_mut_ptr().add((panel + v) * 4 * lanes);
                for (slot, &total) in totals.iter().enumerate() {
                    let sum = sums.add(slot * lanes);
                    s.store(sum, s.add(s.load(sum), total));
                }
            }
        }
    }
}

/// One row: gates to their sums' gradients; `d` becomes what the state before gets directly.
fn differentiate(row: &mut [f32], before: &[f32], d: &mut [f32]) {
    let units = d.len();
    let (q, rest) = row.split_at_mut(units);
    let (r, rest) = rest.split_at_mut(units);
    let (z, n) = rest.split_at_mut(units);
    for unit in 0..units {
        let kept = d[unit] * z[unit];
        let e = (d[unit] - kept) * (1.0 - n[unit] * n[unit]);
        let through = e * r[unit];
        let reset = through * q[unit] * (1.0 - r[unit]);
        z[unit] = kept * (before[unit] - n[unit]) * (1.0 - z[unit]);
        (q[unit], r[unit], n[unit], d[unit]) = (through, reset, e, kept);
    }
}
