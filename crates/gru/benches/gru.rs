//! The reference work on each instruction-set path, and one forecast.
//!
//! `cargo bench -p closecall-gru`. For the ratio to the processor's peak, measured in the
//! same run, use `closecall bench train`.
#![expect(clippy::unwrap_used, reason = "may fail loudly")]

use std::ops::ControlFlow;
use std::time::Duration;

use closecall_gru::bench::Workload;
use closecall_gru::{Gru, InstructionSet, TrainSettings};
use criterion::{Criterion, criterion_group, criterion_main};
use ndarray::s;

fn reference(criterion: &mut Criterion) {
    let work = Workload::reference();
    let (x, y) = work.data(1);
    let mut group = criterion.benchmark_group("reference work");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    for path in InstructionSet::ALL
        .iter()
        .copied()
        .filter(|path| path.is_supported())
    {
        group.bench_function(path.name(), |bencher| {
            bencher.iter(|| work.run(&x, &y, path, 1).unwrap());
        });
    }
    group.finish();

    let one = TrainSettings {
        epochs: 1,
        ..TrainSettings::default()
    };
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let fitted = Gru::fit(&work.spec, x.view(), y.view(), &one, None, go_on).unwrap();
    criterion.bench_function("one forecast", |bencher| {
        bencher.iter(|| {
            fitted
                .model
                .predict(x.slice(s![work.rows.., .., ..]))
                .unwrap()
        });
    });
}

criterion_group!(benches, reference);
criterion_main!(benches);
