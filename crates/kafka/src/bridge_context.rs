//! The parts that all clients of one bridge share.

use closecall_supervision::StageContext;

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
    /// The clock that dates what has no date, and the bridge's fault points.
    pub stage: StageContext,
}
