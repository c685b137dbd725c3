//! A look-ahead proof to be made: its markets, moments and planted leak.

use std::num::NonZeroUsize;

use closecall_calendar::Calendar;
use closecall_forecast::ForecastSettings;
use closecall_sentiment::DatasetBuilder;

use super::leak::Leak;

/// A look-ahead proof to be made.
#[expect(missing_debug_implementations, reason = "it holds a dataset builder")]
pub struct LeakCheck<'a> {
    /// Settings of the forecasts.
    pub settings: &'a ForecastSettings,
    /// The exchange's calendar.
    pub calendar: &'a Calendar,
    /// Scores headlines.
    pub builder: &'a DatasetBuilder,
    /// Calendar days that a forecast looks back on.
    pub window_days: u32,
    /// Decides markets, moments and changes.
    pub seed: u64,
    /// Forecasts that have to stay the same.
    pub trials: usize,
    /// A leak planted into the product's own way.
    pub planted: Option<Leak>,
    /// Threads.
    pub jobs: NonZeroUsize,
}
