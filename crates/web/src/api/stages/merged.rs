//! Stages of several processes as one pipeline: restarts and what is in flight are summed, and the
//! worst state of a role's pods is the role's. Pure.

use std::net::SocketAddr;

use super::names::STAGES;
use super::views::{HopView, PeerView, StageView, StagesView};
use crate::peers::Heard;

/// States from the best to the worst; what is not among them is the worst of all.
const STATES: [&str; 8] = [
    "running",
    "draining",
    "stopped",
    "starting",
    "degraded",
    "unknown",
    "backing-off",
    "failed",
];

pub(super) fn merge(mut own: StagesView, heard: &[(SocketAddr, Heard)]) -> StagesView {
    for (address, heard) in heard {
        let view = &heard.view;
        let known = heard.is_known();
        let stages: Vec<StageView> = view
            .stages
            .iter()
            .filter(|stage| STAGES.iter().any(|known| known.0 == stage.name))
            .map(|stage| as_known(stage, known))
            .collect();
        for stage in &stages {
            match own.stages.iter_mut().find(|own| own.name == stage.name) {
                Some(own) => add(own, stage),
                None => own.stages.push(stage.clone()),
            }
        }
        if known {
            own.hops.iter_mut().for_each(|hop| add_lag(hop, &view.hops));
            own.vendors.extend(view.vendors.iter().cloned());
            if view.picks.accepted.is_some() {
                own.picks.accepted = view.picks.accepted;
                own.picks.next_at = view.picks.next_at;
            }
        }
        own.peers.push(PeerView {
            name: heard.name.clone(),
            address: address.to_string(),
            role: view.role.clone(),
            version: view.version.clone(),
            age_s: heard.at.elapsed().as_secs(),
            known,
            stages,
        });
    }
    own.running |= !own.peers.is_empty();
    let order = |name: &str| STAGES.iter().position(|stage| stage.0 == name);
    own.stages
        .sort_by_key(|stage| order(&stage.name).unwrap_or(STAGES.len()));
    own
}

/// Nothing is said to run that has not been heard.
fn as_known(stage: &StageView, known: bool) -> StageView {
    let mut stage = stage.clone();
    if !known {
        "unknown".clone_into(&mut stage.state);
        stage.in_flight = 0;
        stage.work.clear();
    }
    stage
}

fn badness(state: &str) -> usize {
    STATES
        .iter()
        .position(|known| *known == state)
        .unwrap_or(STATES.len())
}

fn add(own: &mut StageView, other: &StageView) {
    if badness(&other.state) > badness(&own.state) {
        own.state.clone_from(&other.state);
        own.degraded.clone_from(&other.degraded);
        own.last_error.clone_from(&other.last_error);
        own.next_try_s = other.next_try_s;
    }
    own.restarts += other.restarts;
    // Each pod has a budget of its own: the one that is nearest to its end counts.
    if other.restarts_in_period >= own.restarts_in_period {
        own.restarts_in_period = other.restarts_in_period;
        own.restarts_allowed = other.restarts_allowed.or(own.restarts_allowed);
        own.restart_period_s = other.restart_period_s.or(own.restart_period_s);
    }
    let latest = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
    own.last_restart_age_s = latest(own.last_restart_age_s, other.last_restart_age_s);
    own.last_success_age_s = latest(own.last_success_age_s, other.last_success_age_s);
    own.in_flight += other.in_flight;
    own.window += other.window;
    own.finished += other.finished;
    own.work.extend(other.work.iter().cloned());
    for (reason, count) in &other.dead_letters {
        *own.dead_letters.entry(reason.clone()).or_default() += count;
    }
    // The slowest pod is what is waited for.
    own.p50_s = own.p50_s.into_iter().chain(other.p50_s).reduce(f64::max);
    own.p95_s = own.p95_s.into_iter().chain(other.p95_s).reduce(f64::max);
    for (own, other) in own.buckets.iter_mut().zip(&other.buckets) {
        own.1 += other.1;
    }
}

/// A topic's lag is known to those that read it.
fn add_lag(own: &mut HopView, others: &[HopView]) {
    for other in others.iter().filter(|other| other.topic == own.topic) {
        own.partitions.extend(other.partitions.iter().cloned());
    }
    own.partitions.sort_by_key(|partition| partition.partition);
    own.sum();
}
