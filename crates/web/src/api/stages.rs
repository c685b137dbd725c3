//! `/api/v1/stages`: the pipeline as this process knows it. Every role answers.

mod merged;
mod views;

use chrono::{DateTime, Utc};
use closecall_supervision::{StageHealth, StageState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use self::views::{
    HopView, LedgerView, PartitionView, PeerView, PicksView, StageView, VendorView, WorkView,
};
use super::{is_known, json};
use crate::assets::digest;
use crate::guard::Asked;
use crate::problem::Problem;
use crate::process::Process;
use crate::query::Query;
use crate::reply::Reply;
use crate::site::Site;
use crate::text::clean;

/// The stages in the order of the pipeline, each with its title and the topic of its way out.
pub(crate) const STAGES: [(&str, &str, Option<&str>); 5] = [
    ("ticker-picker", "TickerPicker", Some("stock-name-selector")),
    ("scraper", "Scraper", None),
    ("sentiment", "Sentiment", Some("stock-model-output")),
    ("gru-trainer", "GruTrainer", Some("stock-prediction-output")),
    ("reporter", "Reporter", None),
];

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

pub(crate) fn get(site: &Site, asked: &Asked) -> Result<Reply, Problem> {
    Query::parse(&asked.query, &[])?;
    let view = view(site);
    let tag = format!("W/\"{}\"", essence(&view));
    if is_known(asked, &tag) {
        return Ok(Reply::not_modified().with("etag", &tag));
    }
    Ok(json(&view).with("etag", &tag))
}

/// A hash of everything but what changes by itself with time.
pub(crate) fn essence(view: &StagesView) -> String {
    let stages: Vec<String> = view.stages.iter().map(StageView::essence).collect();
    let rest = (
        &view.role,
        &view.hops,
        &view.picks,
        &view.vendors,
        view.draining,
        view.peers
            .iter()
            .map(|peer| (&peer.address, peer.known))
            .collect::<Vec<_>>(),
    );
    let ledger = view
        .ledger
        .as_ref()
        .map(|ledger| (&ledger.head, ledger.ok, ledger.verified_at));
    digest(&format!("{stages:?}{rest:?}{ledger:?}"))
}

impl StageView {
    pub(crate) fn of(name: &str, health: &StageHealth) -> Self {
        let state = serde_json::to_value(health.state).unwrap_or_default();
        Self {
            name: name.to_owned(),
            state: state.as_str().unwrap_or_default().to_owned(),
            degraded: health.degraded.as_deref().map(clean),
            last_error: health.last_error.as_deref().map(clean),
            restarts: health.restarts,
            in_flight: health.in_flight,
            window: health.window,
            work: health
                .work
                .iter()
                .map(|work| WorkView {
                    what: work.what.to_owned(),
                    running_ms: work.running_ms,
                    silent_ms: work.silent_ms,
                    bound_ms: work.bound_ms,
                })
                .collect(),
            dead_letters: health
                .dead_letters
                .iter()
                .map(|(reason, count)| ((*reason).to_owned(), *count))
                .collect(),
            finished: health.work_buckets.last().map_or(0, |bucket| bucket.1),
            p50_s: quantile(&health.work_buckets, 0.5),
            p95_s: quantile(&health.work_buckets, 0.95),
            buckets: health
                .work_buckets
                .iter()
                .map(|(bound, count)| (bound.is_finite().then_some(*bound), *count))
                .collect(),
        }
    }

    /// The part that makes a difference to those who look: not how long work has been running.
    pub(crate) fn essence(&self) -> String {
        format!(
            "{} {} {:?} {:?} {} {} {:?}",
            self.name,
            self.state,
            self.degraded,
            self.last_error,
            self.restarts,
            self.finished,
            self.dead_letters
        )
    }

    /// Whether it needs attention: it has failed or waits for its restart.
    pub(crate) fn is_failing(&self) -> bool {
        let failing = [StageState::BackingOff, StageState::Failed];
        failing.iter().any(|state| {
            serde_json::to_value(state).is_ok_and(|name| name.as_str() == Some(&self.state))
        })
    }
}

/// A quantile from cumulative buckets, linear within one; `None` before the first piece of work.
fn quantile(buckets: &[(f64, u64)], share: f64) -> Option<f64> {
    let total = buckets.last()?.1;
    if total == 0 {
        return None;
    }
    let rank = share * total as f64;
    let mut below = (0.0, 0);
    for &(bound, count) in buckets {
        if count as f64 >= rank {
            // Beyond the last bound nothing is known but that it is beyond.
            if !bound.is_finite() {
                return Some(below.0);
            }
            let within = (rank - below.1 as f64) / (count - below.1).max(1) as f64;
            return Some(below.0 + within.clamp(0.0, 1.0) * (bound - below.0));
        }
        below = (bound, count);
    }
    None
}

/// The pipeline at this moment, with what the other roles say of their stages.
pub(crate) fn view(site: &Site) -> StagesView {
    let own = own(site);
    match &site.peers {
        Some(peers) => merged::merge(own, &peers.heard()),
        None => own,
    }
}

/// Knowledge of this process itself.
fn own(site: &Site) -> StagesView {
    let process = (site.process)();
    let health = process.health.as_ref();
    let order = |name: &str| {
        STAGES
            .iter()
            .position(|stage| stage.0 == name)
            .unwrap_or(STAGES.len())
    };
    let mut stages: Vec<StageView> = health
        .into_iter()
        .flat_map(|health| &health.stages)
        .map(|(name, stage)| StageView::of(name, stage))
        .collect();
    stages.sort_by_key(|stage| (order(&stage.name), stage.name.clone()));
    StagesView {
        role: site.about.role.clone(),
        version: site.about.version.to_owned(),
        clock: site.clock.now(),
        source: site.about.source.clone(),
        running: health.is_some(),
        draining: health.is_some_and(|health| health.draining),
        stages,
        hops: hops(&process),
        picks: picks(site, &process),
        ledger: ledger(site),
        vendors: vendors(&process),
        peers: Vec::new(),
    }
}

fn hops(process: &Process) -> Vec<HopView> {
    let topics = STAGES
        .iter()
        .filter_map(|(from, _, topic)| Some((*from, (*topic)?)));
    topics
        .map(|(from, topic)| {
            let of_topic = |name: &str| name == topic || name.ends_with(topic);
            let mut partitions: Vec<PartitionView> = process
                .lags
                .iter()
                .filter(|lag| of_topic(&lag.topic))
                .map(|lag| PartitionView {
                    partition: lag.partition,
                    lag: lag.lag,
                })
                .collect();
            partitions.sort_by_key(|partition| partition.partition);
            let lag =
                (!partitions.is_empty()).then(|| partitions.iter().map(|one| one.lag.max(0)).sum());
            HopView {
                from: from.to_owned(),
                topic: topic.to_owned(),
                carrier: if process.through_topics {
                    "topic"
                } else {
                    "in-process"
                }
                .to_owned(),
                lag,
                partitions,
            }
        })
        .collect()
}

fn picks(site: &Site, process: &Process) -> PicksView {
    let mut picks = PicksView {
        accepted: process.accepted,
        forecasts: None,
        dead_letters: None,
        late: None,
        duplicates: None,
        next_at: process.next_pick_at,
    };
    if let Some(record) = &site.record {
        let summary = record.read(closecall_ledger::Reader::summary).ok();
        picks.duplicates = summary.map(|summary| summary.duplicates);
        let book = record.book();
        picks.forecasts = Some(book.forecasts);
        picks.dead_letters = Some(book.dead.len() as u64);
        picks.late = Some(book.late);
    }
    picks
}

fn ledger(site: &Site) -> Option<LedgerView> {
    let record = site.record.as_ref()?;
    let verification = record.verification();
    let book = record.book();
    Some(LedgerView {
        rows: book.rows,
        head: book.head.clone(),
        verified_at: verification.as_ref().map(|verification| verification.at),
        verified_age_s: verification.as_ref().map(|verification| {
            i64::try_from(verification.when.elapsed().as_secs()).unwrap_or(i64::MAX)
        }),
        ok: verification
            .as_ref()
            .map(|verification| verification.result.is_ok()),
        damage: verification.and_then(|verification| verification.result.err()),
        last_recorded_at: book.last_recorded_at,
    })
}

fn vendors(process: &Process) -> Vec<VendorView> {
    let view = |vendor: &crate::process::VendorRequests| VendorView {
        vendor: vendor.vendor.clone(),
        requests: vendor
            .outcomes
            .iter()
            .map(|(outcome, count)| ((*outcome).to_owned(), *count))
            .collect(),
        breaker_open: vendor.left_alone,
    };
    process.vendors.iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_within_the_bucket_that_holds_them() {
        let buckets = [(0.01, 0), (0.1, 50), (1.0, 100), (f64::INFINITY, 100)];
        assert_eq!(quantile(&buckets, 0.5), Some(0.1));
        let p95 = quantile(&buckets, 0.95).unwrap();
        assert!((p95 - 0.91).abs() < 1e-9, "{p95}");
        assert_eq!(quantile(&[(0.1, 0), (f64::INFINITY, 3)], 0.5), Some(0.1));
        assert_eq!(quantile(&[(0.1, 0), (f64::INFINITY, 0)], 0.5), None);
    }
}
