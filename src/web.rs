//! Answers to operators beside a process's pages: probes, metrics and the version.
//!
//! Probes answer from the watchdog's last look, never from the stages themselves, so a stuck stage
//! cannot make a probe hang; a look that has grown old means that the watchdog itself is stuck, and
//! is answered as unhealthy.

mod metrics;
pub(crate) mod readings;

use std::sync::Arc;
use std::time::Duration;

use closecall_supervision::{Health, StageState, Verdict};
use closecall_web::PriorityPath;
use tokio::sync::watch;

use crate::build_info;

pub(crate) use metrics::{Counts, Metrics, Reading};

/// A look older than this many of the watchdog's periods is stale.
const STALE_PERIODS: u32 = 5;

/// Sources of probes and metrics.
#[derive(Debug, Clone)]
pub(crate) struct Pages {
    pub(crate) health: watch::Receiver<Health>,
    /// Pause between two looks of the watchdog.
    pub(crate) every: Duration,
    pub(crate) metrics: Arc<Metrics>,
}

/// Content type of the metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

impl Pages {
    /// The answers to the paths of a running process.
    pub(crate) fn answers(self) -> PriorityPath {
        Arc::new(move |path| {
            Some(match path {
                "/healthz" => probe(&self.look(Health::live)),
                "/readyz" => probe(&self.look(Health::ready)),
                "/startupz" => probe(&self.look(started)),
                "/metrics" => self.metrics_page(),
                "/version" => version_page(),
                _ => return None,
            })
        })
    }

    /// The last look, or why there is none to go by.
    fn look(&self, judge: impl FnOnce(&Health) -> Verdict) -> Verdict {
        let health = self.health.borrow();
        let age = health.age();
        if age > self.every * STALE_PERIODS {
            let reason = format!(
                "the watchdog has not looked at the stages for {} ms",
                age.as_millis()
            );
            return Verdict {
                ok: false,
                reasons: vec![reason],
            };
        }
        judge(&health)
    }

    fn metrics_page(&self) -> (u16, &'static str, String) {
        let health = self.health.borrow().clone();
        match self.metrics.text(&health) {
            Ok(text) => (200, OPEN_METRICS, text),
            Err(error) => (500, TEXT, error.to_string()),
        }
    }
}

fn probe(verdict: &Verdict) -> (u16, &'static str, String) {
    let status = if verdict.ok { 200 } else { 503 };
    (
        status,
        JSON,
        serde_json::to_string(verdict).unwrap_or_default(),
    )
}

/// The probe of a process without stages, in which nothing can be unwell.
pub(crate) fn well_page() -> (u16, &'static str, String) {
    probe(&Verdict {
        ok: true,
        reasons: Vec::new(),
    })
}

/// Started: no stage is still on its way up for the first time.
fn started(health: &Health) -> Verdict {
    let starting = health
        .stages
        .iter()
        .filter(|(_, s)| s.state == StageState::Starting);
    let reasons: Vec<String> = starting
        .map(|(name, _)| format!("{name}: starting"))
        .collect();
    Verdict {
        ok: reasons.is_empty(),
        reasons,
    }
}

/// The version, which every process answers, also one that only shows an existing ledger.
pub(crate) fn version_page() -> (u16, &'static str, String) {
    (200, JSON, build_info::description().to_string())
}
