//! A fit with its loss drawn on the terminal: a network learns to continue a noisy wave.
//!
//! ```text
//! cargo run -p closecall-gru --example fit
//! ```

use std::f32::consts::TAU;
use std::ops::ControlFlow;

use closecall_gru::{EarlyStopping, Error, Gru, GruSpec, TrainSettings};
use ndarray::{Array1, Array3};

/// Rows of the fit, and steps that each row looks back on.
const ROWS: usize = 240;
const STEPS: usize = 12;
/// Columns of the longest bar.
const WIDTH: f32 = 60.0;

/// A wave of 25 steps with a shorter one on it.
fn wave(step: usize) -> f32 {
    let angle = TAU * step as f32;
    (angle / 25.0).sin() + 0.3 * (angle / 7.0).sin()
}

fn main() -> Result<(), Error> {
    let x = Array3::from_shape_fn((ROWS, STEPS, 1), |(row, step, _)| wave(row + step));
    let y = Array1::from_shape_fn(ROWS, |row| wave(row + STEPS));
    let spec = GruSpec {
        features: 1,
        steps: STEPS,
        units: vec![16],
        dense: 16,
        dropout: 0.0,
    };
    let settings = TrainSettings {
        epochs: 30,
        learning_rate: 5e-3,
        early_stopping: Some(EarlyStopping {
            validation_fraction: 0.2,
            patience: 5,
        }),
        seed: 7,
        ..TrainSettings::default()
    };

    println!("loss on the 20 % of rows that are held back");
    let mut first = None;
    let fitted = Gru::fit(&spec, x.view(), y.view(), &settings, None, &mut |epoch| {
        let loss = epoch.validation_loss.unwrap_or(epoch.training_loss);
        let scale = *first.get_or_insert(loss);
        let bar = "█".repeat((WIDTH * (loss / scale).min(1.0)).ceil() as usize);
        println!("{:>3}  {loss:>8.5}  {bar}", epoch.number);
        ControlFlow::Continue(())
    })?;

    let path = fitted.model.path();
    println!("best after epoch {}, by {path} code", fitted.best_epoch);
    for (output, target) in fitted.model.predict(x.view())?.iter().zip(&y).take(5) {
        println!("expected {output:>7.3}, was {target:>7.3}");
    }
    Ok(())
}
