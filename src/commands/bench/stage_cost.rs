//! Cost of picks: by stage, by slot, and of the pipeline whole.

use std::time::Duration;

/// CPU time of a stage over some picks, and the highest peak of memory among them.
#[derive(Debug, Default)]
pub(super) struct StageCost {
    picks: u32,
    cpu: Duration,
    pub(super) peak_mib: Option<f64>,
}

impl StageCost {
    pub(super) fn add(&mut self, cpu: Duration, peak_mib: Option<f64>) {
        self.picks += 1;
        self.cpu += cpu;
        self.peak_mib = self.peak_mib.into_iter().chain(peak_mib).reduce(f64::max);
    }

    pub(super) fn all<'a>(several: impl Iterator<Item = &'a Self>) -> Self {
        several.fold(Self::default(), |sum, one| Self {
            picks: sum.picks + one.picks,
            cpu: sum.cpu + one.cpu,
            peak_mib: sum
                .peak_mib
                .into_iter()
                .chain(one.peak_mib)
                .reduce(f64::max),
        })
    }

    pub(super) fn cpu_ms(&self) -> f64 {
        1000.0 * self.cpu.as_secs_f64() / f64::from(self.picks.max(1))
    }
}

/// The pipeline as a process.
#[derive(Debug)]
pub(super) struct WholeCost {
    /// Forecasts of the warm slots.
    pub(super) forecasts: usize,
    /// CPU time of these.
    pub(super) cpu: Duration,
    /// Over the whole run, the cold slot included.
    pub(super) peak_mib: Option<f64>,
}

/// Cost of one slot's picks, by stage.
#[derive(Debug, Default)]
pub(super) struct SlotCost {
    pub(super) scraper: StageCost,
    pub(super) sentiment: StageCost,
    pub(super) trainer: StageCost,
    pub(super) reporter: StageCost,
}
