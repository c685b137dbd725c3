//! Lag of a partition over the last minutes: records behind the end, and whether they grow. Pure.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

/// Span over which a trend is judged.
const SPAN: Duration = Duration::from_secs(300);

/// Least change over the span that counts: records, and share of the mean.
const LEAST_RECORDS: f64 = 1.0;
const LEAST_SHARE: f64 = 0.1;

/// Direction in which a lag moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LagTrend {
    /// More records wait than before.
    Growing,
    /// About as many.
    #[default]
    Steady,
    /// Fewer.
    Shrinking,
}

impl LagTrend {
    /// Its name, as the page and the API write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Growing => "growing",
            Self::Steady => "steady",
            Self::Shrinking => "shrinking",
        }
    }
}

/// Samples of one partition's lag, ascending in time.
#[derive(Debug, Clone, Default)]
pub(crate) struct LagSamples(VecDeque<(Instant, i64)>);

impl LagSamples {
    pub(crate) fn push(&mut self, at: Instant, lag: i64) {
        self.0.push_back((at, lag));
        while let Some((first, _)) = self.0.front()
            && at.saturating_duration_since(*first) > SPAN
        {
            self.0.pop_front();
        }
    }

    /// The newest sample.
    pub(crate) fn newest(&self) -> i64 {
        self.0.back().map_or(0, |sample| sample.1)
    }

    /// The slope of the least-squares line through the samples, over the time that they span.
    pub(crate) fn trend(&self) -> LagTrend {
        let (Some((first, _)), Some((last, _))) = (self.0.front(), self.0.back()) else {
            return LagTrend::Steady;
        };
        let seconds = |at: Instant| at.saturating_duration_since(*first).as_secs_f64();
        let count = self.0.len() as f64;
        let mean_time = self.0.iter().map(|(at, _)| seconds(*at)).sum::<f64>() / count;
        let mean_lag = self.0.iter().map(|(_, lag)| *lag as f64).sum::<f64>() / count;
        let (mut together, mut alone) = (0.0, 0.0);
        for (at, lag) in &self.0 {
            let time = seconds(*at) - mean_time;
            together += time * (*lag as f64 - mean_lag);
            alone += time * time;
        }
        if alone <= 0.0 {
            return LagTrend::Steady;
        }
        let change = together / alone * seconds(*last);
        if change.abs() < LEAST_RECORDS.max(LEAST_SHARE * mean_lag) {
            LagTrend::Steady
        } else if change > 0.0 {
            LagTrend::Growing
        } else {
            LagTrend::Shrinking
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(lags: &[i64]) -> LagSamples {
        let begin = Instant::now();
        let mut samples = LagSamples::default();
        for (number, lag) in (0..).zip(lags) {
            samples.push(begin + Duration::from_secs(15 * number), *lag);
        }
        samples
    }

    #[test]
    fn a_trend_is_that_of_the_last_five_minutes() {
        assert_eq!(samples(&[]).trend(), LagTrend::Steady);
        assert_eq!(samples(&[7]).trend(), LagTrend::Steady);
        assert_eq!(samples(&[0, 1, 3, 8]).trend(), LagTrend::Growing);
        assert_eq!(samples(&[900, 400, 0]).trend(), LagTrend::Shrinking);
        assert_eq!(samples(&[1000, 1010, 990, 1005]).trend(), LagTrend::Steady);
        // Growth of an hour ago is forgotten.
        let past: Vec<i64> = (0..100).map(|n| 50 * n).chain([5000; 30]).collect();
        assert_eq!(samples(&past).trend(), LagTrend::Steady);
        assert_eq!(samples(&past).newest(), 5000);
    }
}
