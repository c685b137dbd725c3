//! The parts of the pipeline as they are served.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The pipeline.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct StagesView {
    /// Role of this process.
    pub(crate) role: String,
    /// Version of the program.
    pub(crate) version: String,
    /// The product's clock.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) clock: DateTime<Utc>,
    /// The session in progress, or the next one.
    #[serde(default)]
    pub(crate) session: Option<SessionView>,
    /// Where the data come from.
    pub(crate) source: String,
    /// Whether stages run in this process, or were heard of from another.
    pub(crate) running: bool,
    /// Whether the process is ending.
    pub(crate) draining: bool,
    /// The stages that run here.
    pub(crate) stages: Vec<StageView>,
    /// The three boundaries between the roles.
    pub(crate) hops: Vec<HopView>,
    /// Where the picks ended.
    pub(crate) picks: PicksView,
    /// The ledger, where this process keeps one.
    pub(crate) ledger: Option<LedgerView>,
    /// Requests to the vendors, where this process asks them.
    pub(crate) vendors: Vec<VendorView>,
    /// The other roles' processes, where `http.peers` names them; their stages are merged above.
    #[serde(default)]
    pub(crate) peers: Vec<PeerView>,
}

/// A session of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SessionView {
    /// When it opens, or opened.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) opens_at: DateTime<Utc>,
    /// When it closes.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) closes_at: DateTime<Utc>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct StageView {
    /// Its name.
    pub(crate) name: String,
    /// `starting`, `running`, `degraded`, `backing-off`, `failed`, `draining` or `stopped`.
    pub(crate) state: String,
    /// The reason that it is degraded.
    pub(crate) degraded: Option<String>,
    /// The error that it last failed with.
    pub(crate) last_error: Option<String>,
    /// Number of restarts.
    pub(crate) restarts: u64,
    /// Seconds since the last of them, in real time; null before one.
    #[serde(default)]
    pub(crate) last_restart_age_s: Option<u64>,
    /// Seconds until it is tried again, in real time; null unless it backs off.
    #[serde(default)]
    pub(crate) next_try_s: Option<u64>,
    /// Failures that count against the policy's budget now.
    #[serde(default)]
    pub(crate) restarts_in_period: u32,
    /// The most that are restarted within a period; one more ends the process. Null before the first.
    #[serde(default)]
    pub(crate) restarts_allowed: Option<u32>,
    /// Length of the period in seconds of real time.
    #[serde(default)]
    pub(crate) restart_period_s: Option<u64>,
    /// Seconds since it last settled a message itself; null before that, and of the stage that picks.
    #[serde(default)]
    pub(crate) last_success_age_s: Option<u64>,
    /// Messages on their way to it or in its hands.
    pub(crate) in_flight: usize,
    /// The most there may be.
    pub(crate) window: usize,
    /// The pieces of work in hand.
    pub(crate) work: Vec<WorkView>,
    /// Messages it refused, by reason.
    pub(crate) dead_letters: BTreeMap<String, u64>,
    /// Finished pieces of work.
    pub(crate) finished: u64,
    /// Median seconds of a piece of work, from the histogram's buckets.
    pub(crate) p50_s: Option<f64>,
    /// Its 95th percentile.
    pub(crate) p95_s: Option<f64>,
    /// Finished pieces of work by upper bound in seconds, cumulative; null is the last, unbounded.
    #[schema(value_type = Vec<(Option<f64>, u64)>)]
    pub(crate) buckets: Vec<(Option<f64>, u64)>,
}

/// A piece of work in hand. Milliseconds are real time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct WorkView {
    /// Name of the work, such as `fit`.
    pub(crate) what: String,
    /// Since it began.
    pub(crate) running_ms: u64,
    /// Since it last got on.
    pub(crate) silent_ms: u64,
    /// Longest time from one sign of progress to the next.
    pub(crate) bound_ms: u64,
}

/// A boundary between two roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct HopView {
    /// The stage before it.
    pub(crate) from: String,
    /// The topic that mirrors it.
    pub(crate) topic: String,
    /// `in-process` or `topic`.
    pub(crate) carrier: String,
    /// Records behind the end, over the partitions assigned here; null where none is.
    pub(crate) lag: Option<i64>,
    /// Seconds by which that is behind: since the newest record that was read had been sent, 0 at the end;
    /// null where that is not known.
    #[serde(default)]
    pub(crate) behind_s: Option<u64>,
    /// `growing`, `steady` or `shrinking` over the last five minutes; null where no partition is assigned.
    #[serde(default)]
    pub(crate) lag_trend: Option<String>,
    /// The same by partition.
    pub(crate) partitions: Vec<PartitionView>,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PartitionView {
    /// Its number.
    pub(crate) partition: i32,
    /// Records behind the end.
    pub(crate) lag: i64,
    /// Seconds, as of the whole.
    #[serde(default)]
    pub(crate) behind_s: Option<u64>,
    /// Trend, as of the whole.
    #[serde(default)]
    pub(crate) lag_trend: Option<String>,
}

/// Where the picks ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PicksView {
    /// Accepted by the first hop since this process started, where it picks.
    pub(crate) accepted: Option<u64>,
    /// Forecasts in the ledger.
    pub(crate) forecasts: Option<u64>,
    /// Picks given up and not forecast later.
    pub(crate) dead_letters: Option<u64>,
    /// Forecasts recorded when their session's close was known already.
    pub(crate) late: Option<u64>,
    /// Repeats that the ledger counted instead of recording them.
    pub(crate) duplicates: Option<u64>,
    /// Accepted since this process started, and neither ended nor on their way; null where roles run apart.
    #[serde(default)]
    pub(crate) lost: Option<u64>,
    /// From being accepted to the end in the ledger; null before the first, and where roles run apart.
    #[serde(default)]
    pub(crate) pick_to_ledger: Option<QuantilesView>,
    /// When the next pick is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) next_at: Option<DateTime<Utc>>,
}

/// Seconds of real time, from a histogram's buckets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct QuantilesView {
    /// Median.
    pub(crate) p50_s: f64,
    /// 95th percentile.
    pub(crate) p95_s: f64,
}

/// The ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct LedgerView {
    /// Rows.
    pub(crate) rows: i64,
    /// Hash of the last row.
    pub(crate) head: String,
    /// When the whole ledger was last verified.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) verified_at: Option<DateTime<Utc>>,
    /// Seconds since then, in real time.
    pub(crate) verified_age_s: Option<i64>,
    /// Whether it verified; null before the first time.
    pub(crate) ok: Option<bool>,
    /// The problem.
    pub(crate) damage: Option<String>,
    /// When the last row was recorded, on the product's clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) last_recorded_at: Option<DateTime<Utc>>,
}

/// Requests to one vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct VendorView {
    /// Its name.
    pub(crate) vendor: String,
    /// Requests by outcome: `ok`, `network`, `timeout`, `server`, `throttled`, `quota`,
    /// `credential`, `refused`, `garbage`.
    pub(crate) requests: BTreeMap<String, u64>,
    /// Hosts that are left alone after they failed or refused.
    pub(crate) breaker_open: usize,
    /// Requests that are left of the UTC day; null where there is no limit, or it was not asked yet today.
    #[serde(default)]
    pub(crate) quota_remaining: Option<u32>,
}

/// Another role's process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct PeerView {
    /// The name under which it was found.
    pub(crate) name: String,
    /// Its address.
    pub(crate) address: String,
    /// Its role.
    pub(crate) role: String,
    /// Its version.
    pub(crate) version: String,
    /// Seconds since it was last heard.
    pub(crate) age_s: u64,
    /// Whether that is recent enough to say anything of it.
    pub(crate) known: bool,
    /// Its stages.
    pub(crate) stages: Vec<StageView>,
}
