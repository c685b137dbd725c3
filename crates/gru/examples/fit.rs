//! One fit on made-up rows: `cargo run --release -p closecall-gru --example fit [FITS]` prints how
//! the loss falls, and repeats the fit as often as asked.

use std::ops::ControlFlow;

use closecall_gru::{Error, Gru, GruSpec, TrainSettings};
use ndarray::{Array1, Array3};

fn main() -> Result<(), Error> {
    let spec = GruSpec {
        features: 4,
        steps: 10,
        units: vec![16],
        dense: 16,
        dropout: 0.2,
    };
    let settings = TrainSettings {
        epochs: 15,
        learning_rate: 3e-3,
        ..TrainSettings::default()
    };
    // The target is the last value of the first feature less the one before it.
    let x = Array3::from_shape_fn((195, 10, 4), |(row, step, feature)| {
        ((row * 37 + step * 11 + feature * 5) as f32 * 0.7).sin()
    });
    let y: Array1<f32> = x
        .outer_iter()
        .map(|row| row[[9, 0]] - row[[8, 0]])
        .collect();
    let fits: u64 = std::env::args()
        .nth(1)
        .and_then(|fits| fits.parse().ok())
        .unwrap_or(1);
    for seed in 1..=fits {
        let settings = TrainSettings { seed, ..settings };
        let fitted = Gru::fit(&spec, x.view(), y.view(), &settings, None, &mut |epoch| {
            if fits == 1 {
                println!("epoch {:>2}: loss {:.4}", epoch.number, epoch.training_loss);
            }
            ControlFlow::Continue(())
        })?;
        if seed == fits {
            println!(
                "forecast of the last row: {:?}",
                fitted.model.predict(x.slice(ndarray::s![194.., .., ..]))?
            );
        }
    }
    Ok(())
}
