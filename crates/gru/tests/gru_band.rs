//! The reference work's training error: its median over sixty seeds lies in the expected band.
#![expect(clippy::unwrap_used, reason = "may fail loudly")]

use std::ops::{ControlFlow, RangeInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use closecall_gru::bench::Workload;
use closecall_gru::{Gru, TrainSettings};
use ndarray::{Array1, Array3, s};

const SEEDS: u64 = 60;
/// See `fixtures/gru/README.md`; single seeds spread over 0.008 to 0.019.
const BAND: RangeInclusive<f32> = 0.0090..=0.0112;

fn reference_rows() -> (Array3<f32>, Array1<f32>) {
    let text = include_str!("fixtures/gru/reference-rows.csv");
    let values: Vec<f32> = text
        .lines()
        .skip(1)
        .flat_map(|line| line.split(','))
        .map(|x| x.parse().unwrap())
        .collect();
    let table = ndarray::Array2::from_shape_vec((196, 12), values).unwrap();
    let x = table
        .slice(s![.., ..11])
        .to_owned()
        .insert_axis(ndarray::Axis(2));
    (x, table.column(11).to_owned())
}

fn error_of(seed: u64, x: &Array3<f32>, y: &Array1<f32>) -> f32 {
    let settings = TrainSettings {
        seed,
        ..TrainSettings::default()
    };
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let fitted = Gru::fit(
        &Workload::reference().spec,
        x.view(),
        y.view(),
        &settings,
        None,
        go_on,
    )
    .unwrap();
    let off = &fitted.model.predict(x.view()).unwrap() - y;
    off.mapv(|x| x * x).mean().unwrap()
}

#[test]
fn median_error_over_sixty_seeds_lies_in_the_band() {
    let (x, y) = reference_rows();
    let next = AtomicU64::new(0);
    let work = || {
        let mut errors = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= SEEDS {
                return errors;
            }
            errors.push(error_of(seed, &x, &y));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut errors: Vec<f32> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    errors.sort_by(f32::total_cmp);
    assert_eq!(errors.len(), SEEDS as usize);
    let median = (errors[29] + errors[30]) / 2.0;
    println!("median {median:.5}, {:.5} to {:.5}", errors[0], errors[59]);
    assert!(BAND.contains(&median), "median {median}");
}
