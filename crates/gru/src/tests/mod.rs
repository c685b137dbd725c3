//! Tests of the network's inside: gradients and updates, which the public API does not show.

mod fixtures;
mod properties;

use ndarray::{Array1, Array3};

use crate::kernel::Isa;
use crate::rows::Rows;
use crate::train::{Data, Trainer};
use crate::{GruSpec, InstructionSet, TrainSettings};

/// Runs `work` with a trainer at rest on these rows, in their given order, in one batch.
fn with_trainer<T>(
    spec: &GruSpec,
    settings: &TrainSettings,
    path: InstructionSet,
    start: &[f32],
    (x, y): (&Array3<f32>, &Array1<f32>),
    work: impl FnOnce(&mut Trainer<'_>) -> T,
) -> T {
    let rows = Rows::new(spec, x.view()).unwrap();
    let data = Data {
        rows: &rows,
        y: y.as_slice().unwrap(),
        training: y.len(),
    };
    let mut trainer = Trainer::new(spec, settings, Isa::new(path).unwrap(), start, data);
    work(&mut trainer)
}

/// The paths that this machine can try.
fn paths() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL
        .iter()
        .copied()
        .filter(|path| path.is_supported())
}

/// Largest difference, relative to the largest expected entry.
fn relative_gap(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let gaps = found
        .iter()
        .zip(expected)
        .map(|(f, e)| (f64::from(*f) - e).abs());
    gaps.fold(0.0, f64::max) / largest
}
