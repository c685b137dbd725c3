//! Parts that all of supervision shares, and the failure that ends the process.

use closecall_calendar::Clock;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::hop::Hops;
use crate::{HealthBoard, SupervisionSettings};

/// A stage that failed more often than it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageFailure {
    /// The stage.
    pub stage: String,
    /// The error that it last failed with.
    pub error: String,
}

/// Parts that all of supervision shares.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) settings: SupervisionSettings,
    pub(crate) clock: Clock,
    pub(crate) seed: u64,
    pub(crate) board: HealthBoard,
    /// The orderly end has begun: finish, take in nothing new.
    pub(crate) draining: CancellationToken,
    /// Its deadline has passed, or it is done: whatever still waits or works is cut off.
    pub(crate) ended: CancellationToken,
    pub(crate) escalation: watch::Sender<Option<StageFailure>>,
    /// The hops between the stages, for the orderly end.
    pub(crate) hops: Hops,
}
