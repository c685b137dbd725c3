//! One stage as its health shows it. Pure.

use closecall_supervision::{StageHealth, StageState};

use super::views::{QuantilesView, StageView, WorkView};
use crate::text::clean;

impl StageView {
    pub(crate) fn of(name: &str, health: &StageHealth) -> Self {
        let state = serde_json::to_value(health.state).unwrap_or_default();
        Self {
            name: name.to_owned(),
            state: state.as_str().unwrap_or_default().to_owned(),
            degraded: health.degraded.as_deref().map(clean),
            last_error: health.last_error.as_deref().map(without_place).map(clean),
            restarts: health.restarts,
            last_restart_age_s: health.restarted_ms.map(|ms| ms / 1_000),
            next_try_s: health.next_try_ms.map(|ms| ms.div_ceil(1_000)),
            restarts_in_period: health.budget.map_or(0, |budget| budget.spent),
            restarts_allowed: health.budget.map(|budget| budget.allowed),
            restart_period_s: health.budget.map(|budget| budget.period_ms / 1_000),
            last_success_age_s: health.succeeded_ms.map(|ms| ms / 1_000),
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

impl QuantilesView {
    /// `None` without a duration.
    pub(super) fn of(buckets: &[(f64, u64)]) -> Option<Self> {
        Some(Self {
            p50_s: quantile(buckets, 0.5)?,
            p95_s: quantile(buckets, 0.95)?,
        })
    }
}

/// A panic's text without its place in the source, which is in the log.
fn without_place(error: &str) -> &str {
    match error.rsplit_once(" at ") {
        Some((said, place)) if place.contains(".rs:") => said,
        _ => error,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_shown_without_its_place_in_the_source() {
        let place = "no such row at crates/forecast/src/rows.rs:108";
        assert_eq!(without_place(place), "no such row");
        assert_eq!(without_place("refused at noon"), "refused at noon");
    }

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
