//! The parts that all clients of one bridge share.

use chrono::TimeDelta;
use closecall_calendar::Clock;
use closecall_supervision::FaultPoints;

use crate::settings::KafkaSettings;
use crate::stats::KafkaStats;

/// The name of the bridge among the stages: in logs, dead letters, metrics and faults.
pub const STAGE: &str = "kafka-bridge";

/// The parts that every side of the bridge shares.
#[derive(Debug)]
pub struct BridgeContext {
    /// Section `kafka` of the configuration.
    pub settings: KafkaSettings,
    /// Statistics of the clients.
    pub stats: KafkaStats,
    /// Dates what has no date.
    pub clock: Clock,
    /// Span after its timestamp in which a record expires that does not say so itself.
    pub expires_after: Option<TimeDelta>,
    /// Where faults are injected.
    pub faults: FaultPoints,
}
