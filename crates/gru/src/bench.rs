//! The reference work on this machine: seconds, arithmetic rate, and how far from the peak.
//!
//! The work is the original's network (two layers of 64 units, dense 32, dropout 0.5) on 196
//! rows of 11 × 1, batches of 32, 50 epochs, then one forecast: what a forecast by the reference
//! model costs. The limit is as many multiply-adds in registers and nothing else, timed on the same
//! threads, for as long as the work, just before and after it; the better of the two counts. In
//! short turns with the work it would be slower, and the work look better than it is.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::Instant;

use ndarray::{Array1, Array3, s};
use serde::Serialize;

use crate::kernel::{Isa, multiply_add};
use crate::rng::{Random, Stream};
use crate::{Error, Gru, GruSpec, InstructionSet, TrainSettings};

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct BenchSettings {
    /// Instruction set; `None` takes the fastest.
    pub path: Option<InstructionSet>,
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
    pub path: InstructionSet,
    /// Threads at work together.
    pub jobs: usize,
    /// Networks fitted in `seconds`.
    pub fits: usize,
    /// Wall-clock time of the best round, from the first start to the last end.
    pub seconds: f64,
    /// Arithmetic of the matrix products done in it, in 10⁹ floating-point operations.
    pub gflop: f64,
    /// `gflop / seconds`.
    pub gflops: f64,
    /// Multiply-adds in registers on the same threads together, in 10⁹ operations per second: just
    /// before or after the best round, or over all where every round counts.
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
    path: InstructionSet,
    seed: u64,
) -> Result<f32, Error> {
    let settings = TrainSettings {
        seed,
        path: Some(path),
        ..TrainSettings::default()
    };
    let rows = x.slice(s![..REFERENCE_ROWS, .., ..]);
    let targets = y.slice(s![..REFERENCE_ROWS]);
    let keep_going = &mut |_: &_| ControlFlow::Continue(());
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

/// Measures the peak, then the work, on `jobs` threads.
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
    let path = settings.path.unwrap_or_else(InstructionSet::best);
    let isa = Isa::new(path)?;
    let (x, y) = reference_rows(1);
    let next = AtomicU64::new(0);
    let peak = || -> Result<f64, Error> {
        let peaks = together(jobs, || Ok(peak_gflops_of(isa)))?.0;
        Ok(peaks.iter().sum())
    };
    let mut peak_before = peak()?;
    let mut next_round = |fits: usize| -> Result<Round, Error> {
        let end = next.load(Ordering::Relaxed) + fits as u64;
        let (_, seconds) = together(jobs, || {
            while let Ok(ticker) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| {
                (at < end).then_some(at + 1)
            }) {
                reference_work(&x, &y, path, ticker)?;
            }
            Ok(())
        })?;
        let peak_after = peak()?;
        let better = peak_before.max(peak_after);
        // After this round is before the next.
        peak_before = peak_after;
        Ok(Round {
            seconds,
            gflop: reference_flop() * fits as f64 / 1e9,
            peak: better,
        })
    };
    let (fits, total) = match settings.tickers {
        // All of them count, each round against the limit of its moment.
        Some(tickers) => {
            let of_round = TURN_FITS * jobs;
            let mut total = Round::default();
            for begin in (0..tickers).step_by(of_round) {
                total = total.and(&next_round(of_round.min(tickers - begin))?);
            }
            (tickers, total)
        }
        None => {
            let mut best = next_round(jobs)?;
            for _ in 1..rounds {
                best = best.faster(next_round(jobs)?);
            }
            (jobs, best)
        }
    };
    let Round {
        seconds,
        gflop,
        peak: peak_gflops,
    } = total;
    let gflops = gflop / seconds;
    let ratio_to_limit = peak_gflops / gflops;
    Ok(BenchReport {
        path,
        jobs,
        fits,
        seconds,
        gflop,
        gflops,
        peak_gflops,
        ratio_to_limit,
    })
}

/// Fits a thread does before the peak is measured again: many, for the threads wait for the last one.
const TURN_FITS: usize = 50;

/// Some fits, and the better of the peaks measured before and after them.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    seconds: f64,
    gflop: f64,
    peak: f64,
}

impl Round {
    /// One after the other.
    fn and(&self, next: &Self) -> Self {
        let limit = |round: &Self| {
            if round.gflop > 0.0 {
                round.gflop / round.peak
            } else {
                0.0
            }
        };
        let gflop = self.gflop + next.gflop;
        Self {
            seconds: self.seconds + next.seconds,
            gflop,
            peak: gflop / (limit(self) + limit(next)),
        }
    }

    /// The one that took less time for the same work.
    fn faster(self, other: Self) -> Self {
        if other.seconds < self.seconds {
            other
        } else {
            self
        }
    }
}

/// The rate of as many multiply-adds on this thread as the reference work has.
fn peak_gflops_of(isa: Isa) -> f64 {
    const FEW: usize = 1000;
    let rounds = reference_flop() / multiply_add(isa, FEW) * FEW as f64;
    let begin = Instant::now();
    let flop = multiply_add(isa, rounds as usize);
    flop / begin.elapsed().as_secs_f64() / 1e9
}

/// Runs `work` on `jobs` threads that start together; their results, and the wall-clock time
/// from the common start to the last end.
fn together<T: Send>(
    jobs: usize,
    work: impl Fn() -> Result<T, Error> + Sync,
) -> Result<(Vec<T>, f64), Error> {
    // Held for writing until all threads are there; `false` sends them home.
    let gate = RwLock::new(false);
    let timed = || -> Result<_, Error> {
        if !*gate.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(None);
        }
        let begin = Instant::now();
        work().map(|result| Some((result, begin, Instant::now())))
    };
    let failed = |source| Error::Threads { jobs, source };
    let done = thread::scope(|scope| {
        let mut closed = gate.write().unwrap_or_else(PoisonError::into_inner);
        let threads: Vec<_> = (1..jobs)
            .map(|_| thread::Builder::new().spawn_scoped(scope, timed))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        *closed = true;
        drop(closed);
        // The calling thread is one of them.
        let mut done = vec![timed()?];
        for thread in threads {
            let panicked = |_| failed(io::Error::other("a benchmark thread panicked"));
            done.push(thread.join().map_err(panicked)??);
        }
        Ok::<_, Error>(done)
    })?;
    let mut results = Vec::with_capacity(jobs);
    let (mut begin, mut end) = (None::<Instant>, None::<Instant>);
    for (result, from, to) in done.into_iter().flatten() {
        results.push(result);
        begin = Some(begin.map_or(from, |begin| begin.min(from)));
        end = Some(end.map_or(to, |end| end.max(to)));
    }
    let elapsed = begin.zip(end).map(|(begin, end)| end - begin);
    Ok((results, elapsed.unwrap_or_default().as_secs_f64()))
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
        let (results, seconds) = together(3, || Ok(here.wait().is_leader())).unwrap();
        assert_eq!(results.iter().filter(|leader| **leader).count(), 1);
        assert!(seconds >= 0.0);
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
