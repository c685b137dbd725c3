//! Outputs, gradients and Adam steps against PyTorch's in double precision.

use std::collections::BTreeMap;

use ndarray::{Array1, Array3};
use safetensors::SafeTensors;

use super::{paths, relative_gap, with_trainer};
use crate::weights::tensors;
use crate::{Gru, GruSpec, TrainSettings};

const TOLERANCE: f64 = 1e-4;

struct Fixture {
    spec: GruSpec,
    x: Array3<f32>,
    y: Array1<f32>,
    weights: Vec<f32>,
    tensors: BTreeMap<String, Vec<f64>>,
}

impl Fixture {
    fn read(name: &str, (rows, steps, features): (usize, usize, usize), width: usize) -> Self {
        let file = format!(
            "{}/tests/fixtures/gru/{name}.safetensors",
            env!("CARGO_MANIFEST_DIR")
        );
        let bytes = std::fs::read(file).unwrap();
        let parsed = SafeTensors::deserialize(&bytes).unwrap();
        let tensors: BTreeMap<String, Vec<f64>> = parsed
            .iter()
            .map(|(name, view)| {
                let numbers = view.data().as_chunks::<8>().0;
                (
                    name.to_owned(),
                    numbers.iter().map(|b| f64::from_le_bytes(*b)).collect(),
                )
            })
            .collect();
        let dense = tensors["dense.0.bias"].len();
        let spec = GruSpec {
            features,
            steps,
            units: vec![width, width],
            dense,
            dropout: 0.0,
        };
        let narrow = |name: &str| tensors[name].iter().map(|x| *x as f32).collect::<Vec<_>>();
        let weights = self::tensors(&spec)
            .iter()
            .flat_map(|tensor| narrow(&tensor.name))
            .collect();
        let x = Array3::from_shape_vec((rows, steps, features), narrow("x")).unwrap();
        let y = Array1::from_vec(narrow("y"));
        Self {
            spec,
            x,
            y,
            weights,
            tensors,
        }
    }

    fn all() -> [(&'static str, Self); 4] {
        [
            ("tiny", Self::read("tiny", (2, 3, 1), 4)),
            ("small", Self::read("small", (5, 7, 4), 8)),
            ("original", Self::read("original", (32, 11, 1), 64)),
            ("last-batch", Self::read("last-batch", (4, 11, 1), 64)),
        ]
    }

    fn compare(&self, what: &str, prefix: &str, found: &[f32]) {
        for tensor in tensors(&self.spec) {
            let expected = &self.tensors[&format!("{prefix}{}", tensor.name)];
            let gap = relative_gap(&found[tensor.range()], expected);
            assert!(
                gap < TOLERANCE,
                "{what}, {prefix}{}: {gap:.2e}",
                tensor.name
            );
        }
    }
}

#[test]
fn outputs_equal_the_reference() {
    for (name, fixture) in Fixture::all() {
        for path in paths() {
            let model = Gru::from_parts(fixture.spec.clone(), fixture.weights.clone(), path);
            let found = model.predict(fixture.x.view()).unwrap();
            let gap = relative_gap(found.as_slice().unwrap(), &fixture.tensors["out"]);
            assert!(gap < TOLERANCE, "{name} on {path}: {gap:.2e}");
        }
    }
}

#[test]
fn loss_and_gradients_equal_the_reference() {
    for (name, fixture) in Fixture::all() {
        let rows = fixture.y.len();
        let settings = TrainSettings {
            batch: rows,
            ..TrainSettings::default()
        };
        for path in paths() {
            let data = (&fixture.x, &fixture.y);
            let (loss, found) = with_trainer(
                &fixture.spec,
                &settings,
                path,
                &fixture.weights,
                data,
                |trainer| {
                    let loss = trainer.gradient(0, rows) / rows as f32;
                    (loss, trainer.layout.unpack(&trainer.gradients.weights))
                },
            );
            assert!(relative_gap(&[loss], &fixture.tensors["loss"]) < TOLERANCE);
            fixture.compare(&format!("{name} on {path}"), "grad.", &found);
        }
    }
}

#[test]
fn three_adam_steps_equal_the_reference() {
    for (name, fixture) in Fixture::all() {
        let rows = fixture.y.len();
        let settings = TrainSettings {
            batch: rows,
            ..TrainSettings::default()
        };
        for path in paths() {
            let data = (&fixture.x, &fixture.y);
            let found = with_trainer(
                &fixture.spec,
                &settings,
                path,
                &fixture.weights,
                data,
                |trainer| {
                    for _ in 0..3 {
                        trainer.update(0, rows);
                    }
                    trainer.layout.unpack(&trainer.weights)
                },
            );
            fixture.compare(&format!("{name} on {path}"), "adam.", &found);
        }
    }
}
