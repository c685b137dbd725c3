//! Promises of a fit: the same bits, an end when asked, and no nonsense in or out.

use std::ops::ControlFlow;
use std::thread;

use closecall_gru::{
    EarlyStopping, Epoch, Error, FitOutcome, Gru, GruSpec, InstructionSet, Loss, TrainSettings,
};
use ndarray::{Array1, Array3, Axis};

fn spec() -> GruSpec {
    GruSpec {
        features: 2,
        steps: 5,
        units: vec![20, 12],
        dense: 9,
        dropout: 0.2,
    }
}

/// A target that the rows decide: the difference of two steps.
fn data(rows: usize) -> (Array3<f32>, Array1<f32>) {
    let x = Array3::from_shape_fn((rows, 5, 2), |(row, step, feature)| {
        ((row * 37 + step * 11 + feature * 5) as f32 * 0.7).sin()
    });
    let y = x
        .axis_iter(Axis(0))
        .map(|row| 0.5 * row[[4, 0]] - 0.3 * row[[3, 1]])
        .collect();
    (x, y)
}

fn settings() -> TrainSettings {
    TrainSettings {
        epochs: 8,
        seed: 7,
        learning_rate: 3e-3,
        ..TrainSettings::default()
    }
}

fn go_on(_: &Epoch) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn fit(settings: &TrainSettings) -> Result<FitOutcome, Error> {
    let (x, y) = data(75);
    Gru::fit(&spec(), x.view(), y.view(), settings, None, &mut go_on)
}

#[test]
fn same_seed_and_path_give_the_same_bits_alone_or_in_company() {
    for path in InstructionSet::ALL
        .iter()
        .copied()
        .filter(|path| path.is_supported())
    {
        let settings = TrainSettings {
            path: Some(path),
            ..settings()
        };
        let alone = fit(&settings).unwrap();
        let together = thread::scope(|scope| {
            let fits: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| fit(&settings).unwrap()))
                .collect();
            fits.into_iter()
                .map(|fit| fit.join().unwrap())
                .collect::<Vec<_>>()
        });
        for other in together {
            assert_eq!(alone, other, "{path}");
            let bits = |fitted: &FitOutcome| -> Vec<u32> {
                fitted
                    .model
                    .weights()
                    .iter()
                    .map(|weight| weight.to_bits())
                    .collect()
            };
            assert_eq!(bits(&alone), bits(&other), "{path}");
        }
        let reseeded = fit(&TrainSettings {
            seed: 8,
            ..settings.clone()
        })
        .unwrap();
        assert_ne!(alone.model.weights(), reseeded.model.weights());
    }
}

#[test]
fn training_learns_what_the_rows_decide() {
    for loss in [Loss::Mse, Loss::Huber { delta: 0.2 }] {
        let fitted = fit(&TrainSettings {
            epochs: 60,
            loss,
            ..settings()
        })
        .unwrap();
        let (x, y) = data(75);
        let off = &fitted.model.predict(x.view()).unwrap() - &y;
        let error = off.mapv(|x| x * x).mean().unwrap();
        let variance = y.var(0.0);
        assert!(error < 0.1 * variance, "{loss:?}: {error} of {variance}");
        assert_eq!(fitted.best_epoch, 60);
        assert!(fitted.history[59].training_loss < fitted.history[0].training_loss);
    }
}

#[test]
fn a_forecast_does_not_depend_on_the_rows_beside_it() {
    let model = fit(&settings()).unwrap().model;
    let (x, _) = data(75);
    let together = model.predict(x.view()).unwrap();
    for (row, expected) in x.axis_chunks_iter(Axis(0), 1).zip(&together) {
        let alone = model.predict(row).unwrap()[0];
        assert!(
            (alone - expected).abs() < 1e-6,
            "{alone} against {expected}"
        );
    }
    let none = model.predict(x.slice(ndarray::s![..0, .., ..])).unwrap();
    assert!(none.is_empty());
}

#[test]
fn rows_in_another_memory_order_are_the_same_rows() {
    let (x, y) = data(40);
    let turned = x
        .clone()
        .reversed_axes()
        .as_standard_layout()
        .reversed_axes()
        .to_owned();
    let strided = turned.view();
    let a = Gru::fit(&spec(), x.view(), y.view(), &settings(), None, &mut go_on).unwrap();
    let b = Gru::fit(&spec(), strided, y.view(), &settings(), None, &mut go_on).unwrap();
    assert_eq!(a, b);
}

#[test]
fn a_cancelled_fit_ends_with_the_epoch() {
    let (x, y) = data(75);
    let mut seen = 0;
    let mut stop_at_three = |epoch: &Epoch| {
        seen = epoch.number;
        if epoch.number == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let outcome = Gru::fit(
        &spec(),
        x.view(),
        y.view(),
        &settings(),
        None,
        &mut stop_at_three,
    );
    assert!(
        matches!(outcome, Err(Error::Cancelled { epoch: 3 })),
        "{outcome:?}"
    );
    assert_eq!(seen, 3);
}

#[test]
fn numbers_that_are_none_are_refused_before_training() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut never = |_: &Epoch| -> ControlFlow<()> { panic!("an epoch was run") };
        let (mut x, y) = data(20);
        x[[13, 2, 1]] = bad;
        let outcome = Gru::fit(&spec(), x.view(), y.view(), &settings(), None, &mut never);
        assert!(matches!(
            outcome,
            Err(Error::NotFinite { what: "x", row: 13 })
        ));
        let (x, mut y) = data(20);
        y[4] = bad;
        let outcome = Gru::fit(&spec(), x.view(), y.view(), &settings(), None, &mut never);
        assert!(matches!(
            outcome,
            Err(Error::NotFinite { what: "y", row: 4 })
        ));
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let (x, y) = data(20);
    let fit = |spec: &GruSpec, x: &Array3<f32>, y: &Array1<f32>| {
        Gru::fit(spec, x.view(), y.view(), &settings(), None, &mut go_on)
    };
    let fewer = y.slice(ndarray::s![..19]).to_owned();
    assert!(matches!(fit(&spec(), &x, &fewer), Err(Error::Shape { .. })));
    let wider = GruSpec {
        features: 3,
        ..spec()
    };
    assert!(matches!(fit(&wider, &x, &y), Err(Error::Shape { .. })));
    let (none, nothing) = data(0);
    assert!(matches!(
        fit(&spec(), &none, &nothing),
        Err(Error::NoRows { .. })
    ));
    let model = fit(&spec(), &x, &y).unwrap().model;
    let longer = Array3::zeros((2, 6, 2));
    assert!(matches!(
        model.predict(longer.view()),
        Err(Error::Shape { .. })
    ));
}

#[test]
fn a_diverging_fit_is_an_error_on_every_path() {
    let (x, y) = data(75);
    for path in InstructionSet::ALL
        .iter()
        .copied()
        .filter(|path| path.is_supported())
    {
        let wild = TrainSettings {
            learning_rate: 1e30,
            path: Some(path),
            epochs: 20,
            ..settings()
        };
        let outcome = Gru::fit(&spec(), x.view(), y.view(), &wild, None, &mut go_on);
        assert!(
            matches!(outcome, Err(Error::Diverged { .. })),
            "{path}: {outcome:?}"
        );
    }
}

#[test]
fn early_stopping_returns_the_best_epoch_and_never_trains_on_the_newest_rows() {
    let (x, mut y) = data(100);
    // The newest fifth contradicts the others: training makes it worse sooner or later.
    y.slice_mut(ndarray::s![80..]).mapv_inplace(|y| -y);
    let stopping = Some(EarlyStopping {
        validation_fraction: 0.2,
        patience: 4,
    });
    let settings = TrainSettings {
        epochs: 200,
        early_stopping: stopping,
        ..settings()
    };
    let fitted = Gru::fit(&spec(), x.view(), y.view(), &settings, None, &mut go_on).unwrap();

    let losses: Vec<f32> = fitted
        .history
        .iter()
        .map(|epoch| epoch.validation_loss.unwrap())
        .collect();
    let best = (1..=losses.len())
        .min_by(|a, b| losses[a - 1].total_cmp(&losses[b - 1]))
        .unwrap();
    assert_eq!(fitted.best_epoch, best);
    assert_eq!(losses.len(), best + 4, "stops when the patience is spent");
    // The model returned is the best epoch's, not the last one's.
    let newest = x.slice(ndarray::s![80.., .., ..]);
    let off = &fitted.model.predict(newest).unwrap() - &y.slice(ndarray::s![80..]);
    let loss = off.mapv(|x| x * x).mean().unwrap();
    assert!(
        (loss - losses[best - 1]).abs() < 1e-5,
        "{loss} against {}",
        losses[best - 1]
    );

    // Other targets in the newest rows change nothing in what the first epoch learns.
    let first = |y: &Array1<f32>| {
        let settings = TrainSettings {
            epochs: 1,
            ..settings.clone()
        };
        Gru::fit(&spec(), x.view(), y.view(), &settings, None, &mut go_on)
            .unwrap()
            .model
    };
    let mut other = y.clone();
    other.slice_mut(ndarray::s![80..]).fill(3.0);
    assert_eq!(first(&y), first(&other));
}

#[test]
fn a_warm_start_goes_on_from_the_given_weights() {
    let (x, y) = data(75);
    let first = fit(&TrainSettings {
        epochs: 40,
        ..settings()
    })
    .unwrap();
    let one = TrainSettings {
        epochs: 1,
        ..settings()
    };
    let warm = Gru::fit(
        &spec(),
        x.view(),
        y.view(),
        &one,
        Some(&first.model),
        &mut go_on,
    )
    .unwrap();
    let cold = fit(&one).unwrap();
    assert!(warm.history[0].training_loss < 0.5 * cold.history[0].training_loss);

    let other = GruSpec {
        units: vec![20],
        ..spec()
    };
    let outcome = Gru::fit(
        &other,
        x.view(),
        y.view(),
        &one,
        Some(&first.model),
        &mut go_on,
    );
    assert!(matches!(outcome, Err(Error::WarmStart { .. })));
}

#[test]
fn weight_decay_shrinks_the_weights() {
    let size = |weight_decay: f32| {
        let settings = TrainSettings {
            weight_decay,
            epochs: 30,
            ..settings()
        };
        fit(&settings)
            .unwrap()
            .model
            .weights()
            .iter()
            .map(|w| w * w)
            .sum::<f32>()
    };
    assert!(size(3.0) < 0.7 * size(0.0));
}
