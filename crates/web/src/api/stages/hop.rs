//! The lag of a boundary between two roles, from that of its partitions. Pure.

use super::views::{HopView, PartitionView};
use crate::process::Lag;

/// Trends from the one that needs attention most.
const TRENDS: [&str; 3] = ["growing", "steady", "shrinking"];

impl PartitionView {
    pub(super) fn of(lag: &Lag) -> Self {
        let behind = lag.behind.map(|behind| behind.as_secs());
        Self {
            partition: lag.partition,
            lag: lag.lag,
            behind_s: if lag.lag > 0 { behind } else { Some(0) },
            lag_trend: Some(lag.trend.to_owned()),
        }
    }
}

impl HopView {
    /// Sums the partitions up: records together, the longest time, the worst trend.
    pub(super) fn sum(&mut self) {
        let partitions = &self.partitions;
        let records = || partitions.iter().map(|one| one.lag.max(0)).sum();
        self.lag = (!partitions.is_empty()).then(records);
        self.behind_s = partitions.iter().filter_map(|one| one.behind_s).max();
        let trends = partitions
            .iter()
            .filter_map(|one| one.lag_trend.as_deref())
            .filter_map(|trend| TRENDS.iter().position(|known| *known == trend));
        self.lag_trend = trends.min().map(|worst| TRENDS[worst].to_owned());
    }
}
