//! Fits on this machine: seconds, arithmetic rate, and how far from the peak.
//!
//! The limit is as many multiply-adds in registers and nothing else, timed on the same threads, for
//! as long as the work, just before and after it; the better of the two counts. In short turns with
//! the work it would be slower, and the work look better than it is.

mod threads;
mod workload;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

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
    let BenchSettings {
        ref workload,
        jobs,
        rounds,
        ..
    } = *settings;
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
    let (x, y) = workload.data(1);
    // A small network is fitted as often as takes the time of the reference.
    let long = Workload::reference().flop().max(workload.flop());
    let repeats = (long / workload.flop()).ceil() as usize;
    let next = AtomicU64::new(0);
    let peak = || -> Result<f64, Error> {
        let peaks = together(jobs, || Ok(peak_gflops_of(isa, long)))?.0;
        Ok(peaks.iter().sum())
    };
    let mut peak_before = peak()?;
    let mut next_round = |fits: usize| -> Result<Round, Error> {
        let end = next.load(Ordering::Relaxed) + fits as u64;
        let (_, seconds) = together(jobs, || {
            while let Ok(ticker) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| {
                (at < end).then_some(at + 1)
            }) {
                workload.run(&x, &y, path, ticker)?;
            }
            Ok(())
        })?;
        let peak_after = peak()?;
        let better = peak_before.max(peak_after);
        // After this round is before the next.
        peak_before = peak_after;
        Ok(Round {
            seconds,
            gflop: workload.flop() * fits as f64 / 1e9,
            peak: better,
        })
    };
    let (fits, total) = match settings.tickers {
        // All of them count, each round against the limit of its moment.
        Some(tickers) => {
            let of_round = TURN_FITS * repeats * jobs;
            let mut total = Round::default();
            for begin in (0..tickers).step_by(of_round) {
                total = total.and(&next_round(of_round.min(tickers - begin))?);
            }
            (tickers, total)
        }
        None => {
            let fits = jobs * repeats;
            let mut best = next_round(fits)?;
            for _ in 1..rounds {
                best = best.faster(next_round(fits)?);
            }
            (fits, best)
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
