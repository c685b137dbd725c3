//! The model file gives back what was saved, and refuses what it cannot trust.
#![expect(clippy::unwrap_used, reason = "may fail loudly")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path as FilePath;

use closecall_gru::{Error, Gru, GruSpec, SavedModel, TrainSettings, TrainingRange};
use ndarray::{Array1, Array3};
use proptest::prelude::*;

fn saved() -> SavedModel {
    let spec = GruSpec {
        features: 2,
        steps: 3,
        units: vec![5, 3],
        dense: 4,
        dropout: 0.25,
    };
    let x = Array3::from_shape_fn((9, 3, 2), |(r, s, f)| ((r + 2 * s + 3 * f) as f32).cos());
    let y = Array1::from_shape_fn(9, |row| (row as f32).sin());
    let settings = TrainSettings {
        epochs: 2,
        seed: 42,
        ..TrainSettings::default()
    };
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let model = Gru::fit(&spec, x.view(), y.view(), &settings, None, go_on)
        .unwrap()
        .model;
    let scalers = BTreeMap::from([
        ("mean".to_owned(), vec![0.1, f64::MIN_POSITIVE, -1.0 / 3.0]),
        ("empty".to_owned(), vec![]),
        ("deviation".to_owned(), vec![std::f64::consts::PI]),
    ]);
    let training = TrainingRange {
        first: "2023-01-03".to_owned(),
        last: "2023-06-29".to_owned(),
        rows: 9,
    };
    SavedModel {
        model,
        scalers,
        seed: 42,
        training,
    }
}

fn write(path: &FilePath, bytes: &[u8]) -> Result<SavedModel, Error> {
    std::fs::write(path, bytes).unwrap();
    SavedModel::load(path)
}

#[test]
fn what_was_saved_comes_back_bit_by_bit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gru");
    let model = saved();
    model.save(&path).unwrap();
    let loaded = SavedModel::load(&path).unwrap();
    assert_eq!(loaded, model);
    let x = Array3::from_shape_fn((4, 3, 2), |(r, s, f)| (r * s + f) as f32);
    assert_eq!(
        loaded.model.predict(x.view()).unwrap(),
        model.model.predict(x.view()).unwrap()
    );
    // Saving again replaces the file and leaves nothing beside it.
    loaded.save(&path).unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn every_truncation_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gru");
    saved().save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        let outcome = write(&path, &bytes[..length]);
        let expected = match length {
            0 => matches!(outcome, Err(Error::NotAModel(_))),
            _ => matches!(outcome, Err(Error::Truncated { .. })),
        };
        assert!(expected, "{length} of {} bytes: {outcome:?}", bytes.len());
    }
}

#[test]
fn other_versions_and_other_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gru");
    saved().save(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8] = 2;
    let outcome = write(&path, &bytes);
    assert!(
        matches!(
            outcome,
            Err(Error::Version {
                found: 2,
                expected: 1,
                ..
            })
        ),
        "{outcome:?}"
    );
    assert!(
        outcome
            .unwrap_err()
            .to_string()
            .contains("format 2, this program reads 1")
    );

    assert!(matches!(
        write(&path, b"PK\x03\x04 a zip file"),
        Err(Error::NotAModel(_))
    ));
    let missing = directory.path().join("missing.gru");
    let outcome = SavedModel::load(&missing);
    assert!(outcome.unwrap_err().to_string().contains("missing.gru"));
}

#[test]
fn a_file_that_grew_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gru");
    saved().save(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.push(0);
    assert!(matches!(write(&path, &bytes), Err(Error::Corrupted { .. })));
}

#[test]
fn an_unwritable_place_is_an_error_with_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("no such directory").join("model.gru");
    let error = saved().save(&path).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    assert!(error.to_string().contains("no such directory"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_changed_bit_is_noticed(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model.gru");
        saved().save(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(write(&path, &bytes).is_err(), "bit {bit} of byte {at}");
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(
        tail in prop::collection::vec(any::<u8>(), 0..300),
        is_dressed_up in any::<bool>(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model.gru");
        let head: &[u8] = if is_dressed_up { b"CLOSEGRU\x01\0\0\0" } else { b"" };
        prop_assert!(write(&path, &[head, &tail].concat()).is_err());
    }
}
