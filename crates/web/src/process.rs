//! Knowledge of this process about its stages: their health, what is on the way between them, and
//! the requests that went to the vendors.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use closecall_supervision::Health;

/// Asked once an answer.
pub type ProcessSource = Arc<dyn Fn() -> ProcessStatus + Send + Sync>;

/// Answers a path of the program itself (`None` for any other): status, content type, body.
pub type PriorityPath = Arc<dyn Fn(&str) -> Option<(u16, &'static str, String)> + Send + Sync>;

/// The process at one moment.
#[derive(Debug, Clone, Default)]
pub struct ProcessStatus {
    /// Its stages; `None` where nothing runs, as over an existing ledger.
    pub health: Option<Health>,
    /// Picks accepted by the first hop, where this process picks.
    pub accepted: Option<u64>,
    /// Of these, neither settled nor on their way, where a pick is settled by its end in the ledger.
    pub lost: Option<u64>,
    /// Picks by the seconds from being accepted to their end in the ledger, cumulative by upper bound, the
    /// last of which is infinite; empty where the ledger is another process's.
    pub to_ledger: Vec<(f64, u64)>,
    /// Whether the boundaries between the roles are topics.
    pub through_topics: bool,
    /// Records behind the end of each assigned partition.
    pub lags: Vec<Lag>,
    /// Requests to the vendors, where this process asks them.
    pub vendors: Vec<VendorRequests>,
    /// When the next pick is due.
    pub next_pick_at: Option<DateTime<Utc>>,
}

/// Lag of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// Records behind the end.
    pub lag: i64,
    /// Since the newest record that was read had been sent; `None` before one was.
    pub behind: Option<std::time::Duration>,
    /// `growing`, `steady` or `shrinking`, over the last minutes.
    pub trend: &'static str,
}

/// Requests to one vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorRequests {
    /// The vendor, as metrics name it.
    pub vendor: String,
    /// Requests by outcome, as metrics name them; those that were none are left out.
    pub outcomes: Vec<(&'static str, u64)>,
    /// Hosts that are left alone after they failed or refused.
    pub left_alone: usize,
    /// Requests that are left of the UTC day, where there is a limit and it is known.
    pub left_of_day: Option<u32>,
}
