//! Guarded buffers, made-up numbers and the plain layer that the vector kernels are held against.

use super::super::{Backward, Forward, Isa, Sizes, Transpose, run};
use crate::layout::Layout;
use crate::{GruSpec, InstructionSet};

pub(super) const GUARD: f32 = 12_345.678;
pub(super) const MARGIN: usize = 40;

/// A buffer that starts `shift` numbers off any alignment, with guards before and after.
pub(super) struct Guarded {
    all: Vec<f32>,
    start: usize,
    length: usize,
}

impl Guarded {
    pub(super) fn new(content: &[f32], shift: usize) -> Self {
        let mut all = vec![GUARD; MARGIN + shift];
        let start = all.len();
        all.extend_from_slice(content);
        all.extend([GUARD; MARGIN]);
        Self {
            all,
            start,
            length: content.len(),
        }
    }

    pub(super) fn get(&mut self) -> &mut [f32] {
        &mut self.all[self.start..self.start + self.length]
    }

    pub(super) fn assert_guards(&self) {
        let (before, rest) = self.all.split_at(self.start);
        let untouched = before
            .iter()
            .chain(&rest[self.length..])
            .all(|&x| x == GUARD);
        assert!(untouched, "written outside the buffer");
    }
}

/// Made-up numbers in [−1, 1], the same for the same key.
pub(super) fn numbers(count: usize, key: u32) -> Vec<f32> {
    let mut state = key.wrapping_mul(0x9E37_79B9) | 1;
    let draw = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0) as f32
    };
    (0..count).map(draw).collect()
}

pub(super) fn assert_close(what: &str, path: InstructionSet, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(1e-3_f32, |most, x| most.max(x.abs()));
    for (index, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f - e).abs() <= 1e-5 * largest,
            "{what} on {path}, {index}: {f} against {e}"
        );
    }
}

pub(super) fn vector_isas() -> impl Iterator<Item = Isa> {
    [InstructionSet::Avx512, InstructionSet::Avx2]
        .into_iter()
        .filter_map(|path| Isa::new(path).ok())
}

pub(super) fn plain() -> Isa {
    Isa::new(InstructionSet::Plain).unwrap()
}

/// From panels (rows of `slots` × lanes each) to rows of `slots` × real units.
pub(super) fn unpanel(
    values: &[f32],
    rows: usize,
    slots: usize,
    units: usize,
    lanes: usize,
) -> Vec<f32> {
    let mut out = Vec::with_capacity(rows * slots * units);
    for row in 0..rows {
        for slot in 0..slots {
            for unit in 0..units {
                let (panel, lane) = (unit / lanes, unit % lanes);
                out.push(values[((panel * rows + row) * slots + slot) * lanes + lane]);
            }
        }
    }
    out
}

/// One layer, forward and backward pass, its results as ordinary matrices.
pub(super) struct LayerResult {
    pub(super) states: Vec<f32>,
    pub(super) gates: Vec<f32>,
    pub(super) gradients: Vec<f32>,
    pub(super) first: Vec<f32>,
    pub(super) totals: Vec<f32>,
}

pub(super) fn layer(
    isa: Isa,
    (steps, rows, features, real_units): (usize, usize, usize, usize),
    shift: usize,
    key: u32,
) -> LayerResult {
    let spec = GruSpec {
        features,
        steps,
        units: vec![real_units],
        dense: 1,
        dropout: 0.0,
    };
    let layout = Layout::new(&spec, isa.path());
    let at = &layout.layers[0];
    let (units, lanes) = (at.units, at.lanes);
    let sizes = Sizes {
        steps,
        rows,
        inputs: features,
        units,
        lanes,
    };
    let all = sizes.all_rows();
    let weights = layout.packed(&numbers(spec.parameters(), key));
    let [
        mut kernel,
        mut recurrent,
        mut bias_input,
        mut bias_recurrent,
    ] = [
        &at.kernel,
        &at.recurrent,
        &at.bias_input,
        &at.bias_recurrent,
    ]
    .map(|place| Guarded::new(&weights[place.clone()], shift));
    let mut x = Guarded::new(&numbers(all * features, key + 1), shift + 1);
    let mut gates = Guarded::new(&vec![f32::NAN; all * 4 * units], shift + 2);
    let mut states = Guarded::new(&vec![f32::NAN; all * units], shift + 3);
    let forward = Forward {
        sizes,
        x: x.get(),
        kernel: kernel.get(),
        recurrent: recurrent.get(),
        bias_input: bias_input.get(),
        bias_recurrent: bias_recurrent.get(),
        gates: gates.get(),
        states: states.get(),
    };
    run(isa, forward);
    let kept = unpanel(gates.get(), all, 4, real_units, lanes);

    let mut transposed = Guarded::new(&vec![f32::NAN; units * 3 * units], shift);
    let panels = sizes.panels();
    let (matrix, width) = (recurrent.get(), 3 * lanes);
    run(
        isa,
        Transpose {
            panels,
            inputs: units,
            width,
            lanes,
            matrix,
            transposed: transposed.get(),
        },
    );
    // The gradient from above and at the end: zero in the padding, as the network hands it over.
    let padded = |count: usize, key: u32| {
        let mut out = vec![0.0; count * units];
        let from = numbers(count * real_units, key);
        for (to, from) in out.chunks_mut(units).zip(from.chunks(real_units)) {
            to[..real_units].copy_from_slice(from);
        }
        Guarded::new(&out, shift)
    };
    let (mut above, mut carry) = (padded(all, key + 2), padded(rows, key + 3));
    let mut totals = Guarded::new(&vec![f32::NAN; 4 * units], shift + 1);
    let backward = Backward {
        sizes,
        transposed: transposed.get(),
        states: states.get(),
        above: (!key.is_multiple_of(3)).then_some(&*above.get()),
        carry: carry.get(),
        gates: gates.get(),
        totals: totals.get(),
    };
    run(isa, backward);
    let buffers = [
        &kernel,
        &recurrent,
        &bias_input,
        &bias_recurrent,
        &x,
        &gates,
        &states,
        &transposed,
        &above,
        &carry,
        &totals,
    ];
    buffers.into_iter().for_each(Guarded::assert_guards);
    LayerResult {
        states: unpanel_rows(states.get(), units, real_units),
        gates: kept,
        gradients: unpanel(gates.get(), all, 4, real_units, lanes),
        first: unpanel_rows(carry.get(), units, real_units),
        totals: unpanel(totals.get(), 1, 4, real_units, lanes),
    }
}

pub(super) fn unpanel_rows(values: &[f32], units: usize, real_units: usize) -> Vec<f32> {
    values
        .chunks(units)
        .flat_map(|row| &row[..real_units])
        .copied()
        .collect()
}
