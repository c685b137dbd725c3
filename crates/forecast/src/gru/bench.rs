//! The reference work on this machine: seconds, arithmetic rate, and how far from the peak.
//!
//! The work is the original's network (two layers of 64 units, dense 32, dropout 0.5) on 196
//! rows of 11 × 1, batches of 32, 50 epochs, then one forecast: what a forecast by the reference
//! model costs. The limit is as many multiply-adds in registers and nothing else, timed in turns with
//! the work on the same thread, an epoch's worth after each epoch: a processor's clock depends on
//! what it has just done and on its neighbours, and so both meet the same.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::Instant;

use ndarray::{Array1, Array3, s};
use serde::Serialize;

use crate::gru::kernel::{Isa, multiply_add};
use crate::gru::{Error, Gru, GruSpec, Path, TrainSettings};
use crate::rng::{Random, Stream};

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct BenchSettings {
    /// Instruction set; `None` takes the fastest.
    pub path: Option<Path>,
    /// Threads that fit at the same time, each on its own.
    pub jobs: usize,
    /// Times that each thread repeats the work; the best counts.
    pub rounds: usize,
    /// Fit this many networks (shared by the threads) once instead of repeating one.
    pub tickers: Option<usize>,
}

impl Default for BenchSettings {
    fn default() -> Self {
        Self {
            path: None,
            jobs: 1,
            rounds: 5,
            tickers: None,
        }
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BenchReport {
    /// The instruction set in use.
    pub path: Path,
    /// Threads at work together.
    pub jobs: usize,
    /// Networks fitted in `seconds`.
    pub fits: usize,
    /// Time of the best round's work, of the thread that took longest.
    pub seconds: f64,
    /// Arithmetic of the matrix products done in it, in 10⁹ floating-point operations.
    pub gflop: f64,
    /// `gflop / seconds`.
    pub gflops: f64,
    /// Multiply-adds in registers on the same threads together, in turns with that work, in 10⁹
    /// operations per second.
    pub peak_gflops: f64,
    /// `peak_gflops / gflops`: how many times the shortest possible time was taken.
    pub ratio_to_limit: f64,
}

/// The reference network.
#[must_use]
pub fn reference_spec() -> GruSpec {
    GruSpec {
        features: 1,
        steps: 11,
        units: vec![64, 64],
        dense: 32,
        dropout: 0.5,
    }
}

/// Training rows of the reference work.
pub const REFERENCE_ROWS: usize = 196;

/// Rows of the reference work, made from a seeded random walk: ten scaled closes and a sentiment
/// value, the next close as target; and one row more, to forecast.
#[must_use]
pub fn reference_rows(seed: u64) -> (Array3<f32>, Array1<f32>) {
    let mut random = Random::new(seed, Stream::Walk);
    let closes: Vec<f64> = (0..REFERENCE_ROWS + 11)
        .scan(0.0, |log_price, _| {
            *log_price += 0.018 * random.normal();
            Some(f64::exp(*log_price))
        })
        .collect();
    let least = closes.iter().copied().fold(f64::INFINITY, f64::min);
    let most = closes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let scaled: Vec<f32> = closes
        .iter()
        .map(|close| ((close - least) / (most - least)) as f32)
        .collect();
    let sentiment: Vec<f32> = (0..=REFERENCE_ROWS)
        .map(|_| 2.0 * random.uniform() - 1.0)
        .collect();
    let x = Array3::from_shape_fn((REFERENCE_ROWS + 1, 11, 1), |(row, step, _)| {
        if step < 10 {
            scaled[row + step]
        } else {
            sentiment[row]
        }
    });
    let y = Array1::from_shape_fn(REFERENCE_ROWS + 1, |row| scaled[row + 10]);
    (x, y)
}

/// Does the reference work once: one fit from scratch, one forecast.
///
/// # Errors
/// Those of [`Gru::fit`].
pub fn reference_work(
    x: &Array3<f32>,
    y: &Array1<f32>,
    path: Path,
    seed: u64,
) -> Result<f32, Error> {
    work_in_turns(x, y, path, seed, &mut || ())
}

/// The reference work, with something else to do after each epoch.
fn work_in_turns(
    x: &Array3<f32>,
    y: &Array1<f32>,
    path: Path,
    seed: u64,
    in_turn: &mut dyn FnMut(),
) -> Result<f32, Error> {
    let settings = TrainSettings {
        seed,
        path: Some(path),
        ..TrainSettings::default()
    };
    let rows = x.slice(s![..REFERENCE_ROWS, .., ..]);
    let targets = y.slice(s![..REFERENCE_ROWS]);
    let keep_going = &mut |_: &_| {
        in_turn();
        ControlFlow::Continue(())
    };
    let fitted = Gru::fit(
        &reference_spec(),
        rows,
        targets,
        &settings,
        None,
        keep_going,
    )?;
    let forecast = fitted
        .model
        .predict(x.slice(s![REFERENCE_ROWS.., .., ..]))?;
    Ok(forecast[0])
}

/// Floating-point operations in the matrix products of one reference work: forwards, gradient of
/// the weights, gradient handed down; without the products with the first step's zero state.
#[must_use]
pub fn reference_flop() -> f64 {
    let spec = reference_spec();
    let settings = TrainSettings::default();
    let (steps, mut per_row) = (spec.steps as f64, 0.0);
    for (layer, &units) in spec.units.iter().enumerate() {
        let gates = 3.0 * units as f64;
        // Nothing is handed down to the rows themselves.
        let passes = if layer == 0 { 2.0 } else { 3.0 };
        per_row += passes * 2.0 * spec.inputs_of(layer) as f64 * gates * steps;
        per_row += 3.0 * 2.0 * units as f64 * gates * (steps - 1.0);
    }
    let last = spec.inputs_of(spec.units.len()) as f64;
    per_row += 3.0 * 2.0 * (last + 1.0) * spec.dense as f64;
    per_row * (REFERENCE_ROWS * settings.epochs) as f64
}

/// Measures the work and the peak, on `jobs` threads.
///
/// # Errors
/// [`Error::Setting`] for no jobs, rounds or tickers, [`Error::UnsupportedPath`],
/// [`Error::Threads`], and what [`Gru::fit`] refuses.
pub fn measure(settings: &BenchSettings) -> Result<BenchReport, Error> {
    let BenchSettings { jobs, rounds, .. } = *settings;
    for (name, value) in [("jobs", jobs), ("rounds", rounds)] {
        if value == 0 {
            return Err(Error::setting(name, value, "at least 1"));
        }
    }
    if settings.tickers == Some(0) {
        return Err(Error::setting("tickers", 0, "at least 1"));
    }
    let path = settings.path.unwrap_or_else(Path::best);
    let isa = Isa::new(path)?;
    let (fits, rounds) = match settings.tickers {
        Some(tickers) => (tickers, 1),
        None => (jobs, rounds),
    };
    let (x, y) = reference_rows(1);
    let gflop = reference_flop() * fits as f64 / 1e9;
    let mut best = None::<BenchReport>;
    for _ in 0..rounds {
        let next = AtomicU64::new(0);
        let shares = together(jobs, || {
            let mut share = Share::default();
            loop {
                let fit = next.fetch_add(1, Ordering::Relaxed);
                if fit >= fits as u64 {
                    return Ok(share);
                }
                share.fit(isa, &x, &y, fit)?;
            }
        })?;
        let seconds = shares.iter().map(|share| share.work).fold(0.0, f64::max);
        let peak_gflops = shares.iter().map(Share::peak_gflops).sum();
        let gflops = gflop / seconds;
        let report = BenchReport {
            path,
            jobs,
            fits,
            seconds,
            gflop,
            gflops,
            peak_gflops,
            ratio_to_limit: peak_gflops / gflops,
        };
        if best.is_none_or(|best| report.seconds < best.seconds) {
            best = Some(report);
        }
    }
    best.ok_or_else(|| Error::setting("rounds", 0, "at least 1"))
}

/// What one thread did.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    /// Seconds of work.
    work: f64,
    /// Seconds of multiply-adds in registers.
    limit: f64,
    limit_flop: f64,
}

impl Share {
    /// Does the reference work, and as many multiply-adds in registers.
    fn fit(&mut self, isa: Isa, x: &Array3<f32>, y: &Array1<f32>, seed: u64) -> Result<(), Error> {
        let of_epoch = reference_flop() / TrainSettings::default().epochs as f64;
        let rounds = (of_epoch / multiply_add(isa, 1)) as usize;
        let mut since = Instant::now();
        let result = work_in_turns(x, y, isa.path(), seed, &mut || {
            let begin = Instant::now();
            self.work += (begin - since).as_secs_f64();
            self.limit_flop += multiply_add(isa, rounds);
            since = Instant::now();
            self.limit += (since - begin).as_secs_f64();
        });
        self.work += since.elapsed().as_secs_f64();
        result.map(drop)
    }

    /// Zero for a thread that had nothing to do.
    fn peak_gflops(&self) -> f64 {
        if self.limit > 0.0 {
            self.limit_flop / self.limit / 1e9
        } else {
            0.0
        }
    }
}

/// Runs `work` on `jobs` threads that start together; their results.
fn together<T: Send>(
    jobs: usize,
    work: impl Fn() -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    // Held for writing until all threads are there; `false` sends them home.
    let gate = RwLock::new(false);
    let in_time = || -> Result<_, Error> {
        if *gate.read().unwrap_or_else(PoisonError::into_inner) {
            work().map(Some)
        } else {
            Ok(None)
        }
    };
    let failed = |source| Error::Threads { jobs, source };
    let done = thread::scope(|scope| {
        let mut open = gate.write().unwrap_or_else(PoisonError::into_inner);
        let threads: Vec<_> = (1..jobs)
            .map(|_| thread::Builder::new().spawn_scoped(scope, in_time))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        *open = true;
        drop(open);
        // The calling thread is one of them.
        let mut done = vec![in_time()?];
        for thread in threads {
            let panicked = |_| failed(io::Error::other("a benchmark thread panicked"));
            done.push(thread.join().map_err(panicked)??);
        }
        Ok::<_, Error>(done)
    })?;
    Ok(done.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_operations_of_the_reference_work() {
        assert!(
            (reference_flop() / 1e9 - 22.6).abs() < 0.05,
            "{}",
            reference_flop()
        );
    }

    #[test]
    fn all_threads_work_at_the_same_time() {
        let here = std::sync::Barrier::new(3);
        // Would wait for ever if the threads ran one after another.
        let results = together(3, || Ok(here.wait().is_leader())).unwrap();
        assert_eq!(results.iter().filter(|leader| **leader).count(), 1);
    }

    #[test]
    fn an_error_of_a_thread_is_the_answer() {
        let failing = || Err::<(), _>(Error::setting("jobs", 0, "at least 1"));
        assert!(together(2, failing).is_err());
    }

    #[test]
    fn every_ticker_is_fitted() {
        let settings = BenchSettings {
            jobs: 2,
            tickers: Some(3),
            ..BenchSettings::default()
        };
        let report = measure(&settings).unwrap();
        assert_eq!(report.fits, 3);
        assert!(report.ratio_to_limit > 0.5 && report.ratio_to_limit.is_finite());
        assert!((report.gflop - 3.0 * reference_flop() / 1e9).abs() < 1e-9);
    }

    #[test]
    fn refuses_to_measure_nothing() {
        for settings in [
            BenchSettings {
                jobs: 0,
                ..BenchSettings::default()
            },
            BenchSettings {
                rounds: 0,
                ..BenchSettings::default()
            },
            BenchSettings {
                tickers: Some(0),
                ..BenchSettings::default()
            },
        ] {
            assert!(matches!(measure(&settings), Err(Error::Setting { .. })));
        }
    }
}
