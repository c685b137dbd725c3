//! Cost of the bridge: records through topic, bridge, actor, bridge and topic, measured beside
//! a bare loop that promises the same, on the same brokers and in the same run.
//!
//! ```text
//! driver ═▶ topic ═▶ bridge ─▶ relay ─▶ bridge ═▶ topic ═▶ driver
//! driver ═▶ topic ═▶ consumer, awaited producer, commit ═▶ topic ═▶ driver
//! ```
//!
//! Here: the measurement and its report. The driver is in `driver`, the bare loop in `bare`, their
//! topics in `topics`. The bridge is made of actors, so the caller starts it.

use std::time::Duration;

use closecall_protocol::topic::PARTITIONS;
use serde::Serialize;

use crate::error::Error;

mod bare;
mod driver;
mod topics;

pub use bare::BareLoop;
use driver::RoundTrip;
pub use driver::RouteDriver;
pub use topics::{BenchTopics, IN, OUT};

/// Records through each way before anything is measured, a few in every partition.
const WARM_UP: usize = 3 * PARTITIONS as usize;
/// Records in a row through one way before it is the other's turn.
const BLOCK: usize = PARTITIONS as usize;

/// One way's time, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RouteReport {
    /// From before the record is sent until its successor is read: the median.
    pub p50_ms: f64,
    /// The same: 99 of 100 take no longer.
    pub p99_ms: f64,
    /// Of it, the median from the sending until the relay, or the loop, has the record.
    pub p50_in_ms: f64,
    /// Of it, the median from there until the successor is read.
    pub p50_out_ms: f64,
    /// Records a second when all partitions have a backlog.
    pub records_per_second: f64,
}

/// The measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BridgeReport {
    /// Records through each way, one at a time; and once more, all at once.
    pub records: usize,
    /// Partitions of each topic.
    pub partitions: i32,
    /// Through the bridge.
    pub bridge: RouteReport,
    /// Through the bare loop, which has one record in work.
    pub bare: RouteReport,
    /// Difference of the medians, the bridge's less the bare loop's, in milliseconds.
    pub p50_above_bare_ms: f64,
}

/// The measurement itself. The ways take turns, so that what else the machine does meets both.
///
/// # Errors
/// When a record does not come through within a minute.
pub fn drive(
    mut bridge: RouteDriver,
    mut bare: RouteDriver,
    records: usize,
) -> Result<BridgeReport, Error> {
    for _ in 0..WARM_UP {
        bridge.one()?;
        bare.one()?;
    }
    let (mut bridge_laps, mut bare_laps) = (Vec::new(), Vec::new());
    while bare_laps.len() < records {
        let block = BLOCK.min(records - bare_laps.len());
        for _ in 0..block {
            bridge_laps.push(bridge.one()?);
        }
        for _ in 0..block {
            bare_laps.push(bare.one()?);
        }
    }
    let bridge = way(&bridge_laps, bridge.many(records)?);
    let bare = way(&bare_laps, bare.many(records)?);
    Ok(BridgeReport {
        records,
        partitions: PARTITIONS,
        bridge,
        bare,
        p50_above_bare_ms: bridge.p50_ms - bare.p50_ms,
    })
}

fn way(laps: &[RoundTrip], records_per_second: f64) -> RouteReport {
    let whole = |lap: &RoundTrip| lap.inwards + lap.outwards;
    RouteReport {
        p50_ms: percentile(laps.iter().map(whole), 50),
        p99_ms: percentile(laps.iter().map(whole), 99),
        p50_in_ms: percentile(laps.iter().map(|lap| lap.inwards), 50),
        p50_out_ms: percentile(laps.iter().map(|lap| lap.outwards), 50),
        records_per_second,
    }
}

/// The smallest of the spans that at least `percent` of 100 do not exceed, in milliseconds; 0
/// without spans.
fn percentile(spans: impl Iterator<Item = Duration>, percent: usize) -> f64 {
    let mut spans: Vec<Duration> = spans.collect();
    spans.sort_unstable();
    let rank = (spans.len() * percent).div_ceil(100).max(1);
    spans
        .get(rank - 1)
        .map_or(0.0, |span| span.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_spans() {
        let spans = || (1..=200).rev().map(Duration::from_millis);
        assert_eq!(percentile(spans(), 50), 100.0);
        assert_eq!(percentile(spans(), 99), 198.0);
        assert_eq!(percentile(spans().take(1), 99), 200.0);
        assert_eq!(percentile(spans().take(0), 50), 0.0);
    }
}
