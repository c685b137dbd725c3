//! Fits on this machine: seconds, arithmetic rate, and how far from the peak.
//!
//! The limit is as many multiply-adds in registers and nothing else, timed on the same threads, for
//! as long as the work, just before and after it; the better of the two counts. In short turns with
//! the work it would be slower, and the work look better than it is.

mod threads;
mod workload;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use ndarray::{Array1, Array3};
use serde::Serialize;

use self::threads::together;
pub use self::workload::Workload;
use crate::kernel::{Isa, multiply_add};
use crate::{Error, InstructionSet};

/// Settings of a measurement.
#[derive(Clone, Debug)]
pub struct BenchSettings {
    /// The fit that is measured.
    pub workload: Workload,
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
            workload: Workload::reference(),
            path: None,
            jobs: 1,
            rounds: 5,
            tickers: None,
        }
    }
}

/// A measurement.
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

/// Measures the peak, then the work, on `jobs` threads.
///
/// # Errors
/// [`Error::Setting`] for no jobs, rounds or tickers, [`Error::UnsupportedPath`],
/// [`Error::Threads`], and what [`Gru::fit`](crate::Gru::fit) refuses.
pub fn measure(settings: &BenchSettings) -> Result<BenchReport, Error> {
    for (name, value) in [("jobs", settings.jobs), ("rounds", settings.rounds)] {
        if value == 0 {
            return Err(Error::setting(name, value, "at least 1"));
        }
    }
    if settings.tickers == Some(0) {
        return Err(Error::setting("tickers", 0, "at least 1"));
    }
    let mut measurement = Measurement::begin(settings)?;
    let (fits, total) = match settings.tickers {
        Some(tickers) => (tickers, measurement.all_of(tickers)?),
        None => measurement.best_of(settings.rounds)?,
    };
    let gflops = total.gflop / total.seconds;
    Ok(BenchReport {
        path: measurement.path,
        jobs: settings.jobs,
        fits,
        seconds: total.seconds,
        gflop: total.gflop,
        gflops,
        peak_gflops: total.peak,
        ratio_to_limit: total.peak / gflops,
    })
}

/// A measurement under way: the data, the next ticker, and the peak as last measured.
struct Measurement<'a> {
    workload: &'a Workload,
    jobs: usize,
    path: InstructionSet,
    isa: Isa,
    data: (Array3<f32>, Array1<f32>),
    /// Operations of the reference, or of the work where that has more.
    long: f64,
    next: AtomicU64,
    peak: f64,
}

impl<'a> Measurement<'a> {
    fn begin(settings: &'a BenchSettings) -> Result<Self, Error> {
        let workload = &settings.workload;
        let path = settings.path.unwrap_or_else(InstructionSet::best);
        let mut measurement = Self {
            workload,
            jobs: settings.jobs,
            path,
            isa: Isa::new(path)?,
            data: workload.data(1),
            long: Workload::reference().flop().max(workload.flop()),
            next: AtomicU64::new(0),
            peak: 0.0,
        };
        measurement.peak = measurement.peak_now()?;
        Ok(measurement)
    }

    /// Fits that take the time of one of the reference: a small network is fitted more often.
    fn repeats(&self) -> usize {
        (self.long / self.workload.flop()).ceil() as usize
    }

    /// Work per second that all threads reach together with nothing but multiply-adds.
    fn peak_now(&self) -> Result<f64, Error> {
        let (isa, long) = (self.isa, self.long);
        let peaks = together(self.jobs, || Ok(peak_gflops_of(isa, long)))?.0;
        Ok(peaks.iter().sum())
    }

    fn round(&mut self, fits: usize) -> Result<Round, Error> {
        let end = self.next.load(Ordering::Relaxed) + fits as u64;
        let (next, (x, y)) = (&self.next, &self.data);
        let (workload, path) = (self.workload, self.path);
        let (_, seconds) = together(self.jobs, || {
            while let Ok(ticker) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| {
                (at < end).then_some(at + 1)
            }) {
                workload.run(x, y, path, ticker)?;
            }
            Ok(())
        })?;
        // The peak after this round is the one before the next.
        let after = self.peak_now()?;
        let before = std::mem::replace(&mut self.peak, after);
        Ok(Round {
            seconds,
            gflop: workload.flop() * fits as f64 / 1e9,
            peak: before.max(self.peak),
        })
    }

    /// All fits count, each round against the limit of its moment.
    fn all_of(&mut self, tickers: usize) -> Result<Round, Error> {
        let of_round = TURN_FITS * self.repeats() * self.jobs;
        let mut total = Round::default();
        for begin in (0..tickers).step_by(of_round) {
            total = total.and(&self.round(of_round.min(tickers - begin))?);
        }
        Ok(total)
    }

    /// The fastest of `rounds`, and the fits that each of them has.
    fn best_of(&mut self, rounds: usize) -> Result<(usize, Round), Error> {
        let fits = self.jobs * self.repeats();
        let mut best = self.round(fits)?;
        for _ in 1..rounds {
            best = best.faster(self.round(fits)?);
        }
        Ok((fits, best))
    }
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

/// The rate of `flop` operations in multiply-adds on this thread.
fn peak_gflops_of(isa: Isa, flop: f64) -> f64 {
    const FEW: usize = 1000;
    let rounds = flop / multiply_add(isa, FEW) * FEW as f64;
    let begin = Instant::now();
    let flop = multiply_add(isa, rounds as usize);
    flop / begin.elapsed().as_secs_f64() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let gflop = 3.0 * settings.workload.flop() / 1e9;
        assert!((report.gflop - gflop).abs() < 1e-9);
    }

    #[test]
    fn a_small_network_is_fitted_for_as_long_as_the_reference() {
        let reference = Workload::reference();
        let settings = BenchSettings {
            workload: Workload {
                spec: crate::GruSpec {
                    units: vec![16],
                    dense: 16,
                    ..reference.spec.clone()
                },
                ..reference.clone()
            },
            rounds: 1,
            ..BenchSettings::default()
        };
        let report = measure(&settings).unwrap();
        assert!(report.fits > 10, "{}", report.fits);
        assert!(report.gflop >= 0.99 * reference.flop() / 1e9);
    }

    #[test]
    fn refuses_to_measure_nothing() {
        let with = |jobs, rounds, tickers| BenchSettings {
            jobs,
            rounds,
            tickers,
            ..BenchSettings::default()
        };
        for settings in [with(0, 5, None), with(1, 0, None), with(1, 5, Some(0))] {
            assert!(matches!(measure(&settings), Err(Error::Setting { .. })));
        }
    }
}
