//! When the daily chart is asked for: only when its answer can have changed.
//!
//! A session's bar appears some time after its close and is corrected until the next opening. So it
//! is asked for when it is due, again at intervals until it is there, and once more after that
//! opening; and whenever a pick needs days that were never asked for.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::store::ChartState;

/// Between two questions for the same session's bar.
const INTERVAL: TimeDelta = TimeDelta::minutes(15);
/// Questions of a ticker and session, at most.
const MOST_QUESTIONS: u32 = 12;
/// A ticker that the vendor does not know is asked about again after this long.
pub(super) const UNKNOWN_FOR: TimeDelta = TimeDelta::days(1);

/// Circumstances that decide beside the state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// The newest session whose bar can be had.
    pub(super) session: NaiveDate,
    /// When the next one opens.
    pub(super) corrected_from: DateTime<Utc>,
    /// The store has nothing that a forecast could rest on.
    pub(super) needy: bool,
}

/// Whether to ask now.
pub(super) fn ask(state: &ChartState, due: &Due, now: DateTime<Utc>) -> bool {
    let missing = !state.covered || state.newest != Some(due.session);
    let Some(asked_at) = state.asked_at else {
        return missing;
    };
    // A clock that was set back says nothing about the time since.
    let spaced = now < asked_at || asked_at + INTERVAL <= now;
    let to_be_corrected = asked_at < due.corrected_from && due.corrected_from <= now;
    let left = state.asked < MOST_QUESTIONS;
    missing && (due.needy || spaced && left) || !missing && to_be_corrected && left
}

/// Until when the vendor's word that it does not know a ticker is believed; `None` when it is not.
pub(super) fn unknown_until(state: &ChartState, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = state.unknown_at?;
    let until = at + UNKNOWN_FOR;
    (at <= now && now < until).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn due(needy: bool) -> Due {
        Due {
            session: "2023-06-29".parse().unwrap(),
            corrected_from: at("2023-06-30T13:30:00Z"),
            needy,
        }
    }

    fn state(newest: &str, asked: u32, asked_at: Option<&str>) -> ChartState {
        ChartState {
            covered: true,
            newest: Some(newest.parse().unwrap()),
            asked,
            asked_at: asked_at.map(at),
            unknown_at: None,
        }
    }

    /// Counts the questions of a day of picks every three minutes; the bar is there from `there`.
    fn questions(there: &str) -> u32 {
        let (mut now, end) = (at("2023-06-29T20:20:00Z"), at("2023-06-30T20:00:00Z"));
        let mut state = state("2023-06-28", 0, None);
        state.covered = false;
        while now < end {
            if ask(&state, &due(false), now) {
                state.asked += 1;
                (state.asked_at, state.covered) = (Some(now), true);
                if now >= at(there) {
                    state.newest = Some(due(false).session);
                }
            }
            now += TimeDelta::minutes(3);
        }
        state.asked
    }

    #[test]
    fn a_prompt_vendor_is_asked_twice_and_a_late_one_twelve_times() {
        assert_eq!(questions("2023-06-29T20:20:00Z"), 2);
        assert_eq!(questions("2023-06-29T20:50:00Z"), 4);
        assert_eq!(questions("2023-07-01T00:00:00Z"), 12);
    }

    #[test]
    fn a_past_session_whose_bar_is_stored_is_not_asked_for() {
        let later = at("2026-01-01T00:00:00Z");
        assert!(!ask(&state("2023-06-29", 0, None), &due(false), later));
        assert!(!ask(
            &state("2023-06-29", 1, Some("2025-01-01T00:00:00Z")),
            &due(false),
            later
        ));
        let mut uncovered = state("2023-06-29", 0, None);
        uncovered.covered = false;
        assert!(ask(&uncovered, &due(false), later));
    }

    #[test]
    fn with_nothing_to_rest_on_the_vendor_is_asked_at_every_pick() {
        let now = at("2023-06-30T14:00:00Z");
        let failed = state("2023-06-01", 30, Some("2023-06-30T13:59:00Z"));
        assert!(ask(&failed, &due(true), now));
        assert!(!ask(&failed, &due(false), now));
    }

    #[test]
    fn an_unknown_ticker_is_asked_about_again_after_a_day() {
        let mut state = state("2023-06-29", 0, None);
        assert_eq!(unknown_until(&state, at("2023-06-30T14:00:00Z")), None);
        state.unknown_at = Some(at("2023-06-30T14:00:00Z"));
        let until = at("2023-07-01T14:00:00Z");
        assert_eq!(
            unknown_until(&state, at("2023-07-01T13:59:59Z")),
            Some(until)
        );
        assert_eq!(unknown_until(&state, until), None);
        assert_eq!(unknown_until(&state, at("2023-06-30T13:00:00Z")), None);
    }
}
