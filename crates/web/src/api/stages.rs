//! `/api/v1/stages`: the pipeline as this process knows it. Every role answers.

mod hop;
mod merged;
mod names;
mod stage;
mod views;

pub(crate) use self::names::{STAGES, title};
pub(crate) use self::views::{
    HopView, LedgerView, PartitionView, PicksView, QuantilesView, SessionView, StageView,
    StagesView, VendorView,
};
use super::answer::{has_been_read, is_known, json};
use crate::assets::digest;
use crate::guard::WebRequest;
use crate::problem::Problem;
use crate::process::ProcessStatus;
use crate::query::Query;
use crate::reply::WebReply;
use crate::site::Site;

pub(crate) fn get(site: &Site, asked: &WebRequest) -> Result<WebReply, Problem> {
    Query::parse(&asked.query, &[])?;
    let view = view(site);
    let tag = format!("W/\"{}\"", essence(&view));
    if is_known(asked, &tag) {
        return Ok(WebReply::not_modified().with("etag", &tag));
    }
    Ok(json(&view).with("etag", &tag))
}

/// A hash of everything but what changes by itself with time.
pub(crate) fn essence(view: &StagesView) -> String {
    let stages: Vec<String> = view.stages.iter().map(StageView::essence).collect();
    let lags: Vec<(&str, Option<i64>, Option<&str>)> = view
        .hops
        .iter()
        .map(|hop| (&*hop.topic, hop.lag, hop.lag_trend.as_deref()))
        .collect();
    let rest = (
        &view.role,
        lags,
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
    let now = site.clock.now();
    let session = site.calendar.target(now);
    StagesView {
        role: site.about.role.clone(),
        version: site.about.version.to_owned(),
        clock: now,
        session: Some(SessionView {
            opens_at: session.open,
            closes_at: session.close,
        }),
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

fn hops(process: &ProcessStatus) -> Vec<HopView> {
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
                .map(PartitionView::of)
                .collect();
            partitions.sort_by_key(|partition| partition.partition);
            let mut hop = HopView {
                from: from.to_owned(),
                topic: topic.to_owned(),
                carrier: if process.through_topics {
                    "topic"
                } else {
                    "in-process"
                }
                .to_owned(),
                lag: None,
                behind_s: None,
                lag_trend: None,
                partitions,
            };
            hop.sum();
            hop
        })
        .collect()
}

fn picks(site: &Site, process: &ProcessStatus) -> PicksView {
    let mut picks = PicksView {
        accepted: process.accepted,
        forecasts: None,
        dead_letters: None,
        late: None,
        duplicates: None,
        lost: process.lost,
        pick_to_ledger: QuantilesView::of(&process.to_ledger),
        next_at: process.next_pick_at,
    };
    // Numbers of a beginning would be taken for those of all.
    if let Some(record) = site.record.as_ref().filter(|record| has_been_read(record)) {
        picks.duplicates = record.read(closecall_ledger::Reader::duplicates).ok();
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
        damage: verification
            .and_then(|verification| verification.result.err())
            .map(|fault| fault.message().to_owned()),
        last_recorded_at: book.last_recorded_at.filter(|_| has_been_read(record)),
    })
}

fn vendors(process: &ProcessStatus) -> Vec<VendorView> {
    let view = |vendor: &crate::process::VendorRequests| VendorView {
        vendor: vendor.vendor.clone(),
        requests: vendor
            .outcomes
            .iter()
            .map(|(outcome, count)| ((*outcome).to_owned(), *count))
            .collect(),
        breaker_open: vendor.left_alone,
        quota_remaining: vendor.left_of_day,
    };
    process.vendors.iter().map(view).collect()
}
