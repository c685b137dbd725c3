//! Alerts raised and cleared, from observations. Pure: nothing here reads a clock or a file.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::kind::AlertKind;
use crate::message::{Alert, AlertState};

/// Time that a stage may be down before it is said, and has to run before that is over.
const STAGE: Duration = Duration::from_secs(60);

/// Share of the last hour's picks that were given up from which on it is raised, and how many at
/// least; below which share, for an hour, it is over.
const DEAD: (f64, usize, f64) = (0.05, 3, 0.02);
const HOUR: TimeDelta = TimeDelta::hours(1);

/// Slots without a forecast during a session.
const SLOTS: i32 = 3;

/// An observation of one moment.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// The product's clock.
    pub at: DateTime<Utc>,
    /// The stages.
    pub stages: Vec<StageSeen>,
    /// Whether the record is too good to be believed; `None` where that is not known yet.
    pub suspect: Option<bool>,
    /// Whether the ledger verifies; `None` before that was found out.
    pub ledger_ok: Option<bool>,
    /// The reason that nothing can be recorded, while that is so.
    pub unrecorded: Option<String>,
    /// Length of a slot.
    pub slot: TimeDelta,
    /// Opening of the session under way.
    pub session_open: Option<DateTime<Utc>>,
}

/// One stage as it is seen.
#[derive(Debug, Clone)]
pub struct StageSeen {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Whether it backs off or has failed.
    pub down: bool,
    /// Number of restarts.
    pub restarts: u64,
}

/// The word of one look on one alert.
enum Signal {
    Bad {
        title: String,
        detail: String,
        value: f64,
        limit: f64,
    },
    Good,
    /// Neither: what stands stands, what does not does not.
    Between,
}

/// An alert that is watched: since when it has been bad or good without a break.
#[derive(Debug, Clone, Default)]
struct Standing {
    raised: bool,
    bad_since: Option<Duration>,
    good_since: Option<Duration>,
    title: String,
    said: Option<Duration>,
}

/// The rules with what they have seen so far.
#[derive(Debug, Clone)]
pub struct Rules {
    on: Vec<AlertKind>,
    quiet: Duration,
    standing: BTreeMap<(AlertKind, Option<String>), Standing>,
    /// Picks of the last hour: when, and whether each was given up.
    picks: VecDeque<(DateTime<Utc>, bool)>,
    last_forecast: Option<DateTime<Utc>>,
    sessions_ahead: u32,
    /// When these rules first looked, on the product's clock.
    began: Option<DateTime<Utc>>,
}

impl Rules {
    /// Rules for these alerts, of which some stand already.
    #[must_use]
    pub fn new(
        on: &[AlertKind],
        quiet: Duration,
        standing: impl IntoIterator<Item = (AlertKind, Option<String>, String)>,
    ) -> Self {
        let raised = |(kind, subject, title)| {
            let standing = Standing {
                raised: true,
                title,
                said: Some(Duration::ZERO),
                ..Standing::default()
            };
            ((kind, subject), standing)
        };
        Self {
            on: on.to_vec(),
            quiet,
            standing: standing.into_iter().map(raised).collect(),
            picks: VecDeque::new(),
            last_forecast: None,
            sessions_ahead: 0,
            began: None,
        }
    }

    /// A pick ended: when it was recorded, whether it was given up, and how many sessions old the
    /// prices of its forecast are.
    pub fn pick(&mut self, at: DateTime<Utc>, given_up: bool, sessions_ahead: u32) {
        self.picks.push_back((at, given_up));
        if !given_up {
            self.last_forecast = Some(at);
            self.sessions_ahead = sessions_ahead;
        }
    }

    /// Standing alerts: kind, subject and title.
    #[must_use]
    pub fn raised(&self) -> Vec<(AlertKind, Option<String>, String)> {
        let raised = self.standing.iter().filter(|(_, standing)| standing.raised);
        raised
            .map(|((kind, subject), standing)| (*kind, subject.clone(), standing.title.clone()))
            .collect()
    }

    /// Looks, `uptime` after the process began: what is to be sent now.
    pub fn look(&mut self, seen: &Observation, uptime: Duration) -> Vec<Alert> {
        self.began.get_or_insert(seen.at);
        while self
            .picks
            .front()
            .is_some_and(|(at, _)| *at + HOUR < seen.at)
        {
            self.picks.pop_front();
        }
        let mut signals = vec![
            (AlertKind::Suspect, None, suspect(seen)),
            (AlertKind::Ledger, None, ledger(seen)),
            (AlertKind::DeadLetters, None, self.dead_letters()),
            (AlertKind::Stale, None, self.stale(seen)),
        ];
        signals.extend(seen.stages.iter().map(|stage| {
            (
                AlertKind::StageDown,
                Some(stage.name.clone()),
                stage_down(stage),
            )
        }));
        let mut alerts = Vec::new();
        for (kind, subject, signal) in signals {
            if self.on.contains(&kind) {
                alerts.extend(self.judge(kind, subject, signal, seen.at, uptime));
            }
        }
        alerts
    }

    fn judge(
        &mut self,
        kind: AlertKind,
        subject: Option<String>,
        signal: Signal,
        at: DateTime<Utc>,
        uptime: Duration,
    ) -> Option<Alert> {
        let quiet = self.quiet;
        let (raise_after, clear_after) = match kind {
            AlertKind::StageDown => (STAGE, STAGE),
            AlertKind::DeadLetters => (Duration::ZERO, Duration::from_secs(3600)),
            _ => (Duration::ZERO, Duration::ZERO),
        };
        let standing = self.standing.entry((kind, subject.clone())).or_default();
        let alert = |state, title: String, detail, value, limit| {
            Some(Alert {
                kind,
                state,
                at,
                subject,
                title,
                detail,
                value,
                limit,
            })
        };
        match signal {
            Signal::Bad {
                title,
                detail,
                value,
                limit,
            } => {
                standing.good_since = None;
                let since = *standing.bad_since.get_or_insert(uptime);
                let due = if standing.raised {
                    standing
                        .said
                        .is_none_or(|said| uptime.saturating_sub(said) >= quiet)
                } else {
                    uptime.saturating_sub(since) >= raise_after
                };
                if !due {
                    return None;
                }
                standing.raised = true;
                standing.said = Some(uptime);
                standing.title.clone_from(&title);
                alert(AlertState::Raised, title, detail, value, limit)
            }
            Signal::Good => {
                standing.bad_since = None;
                let since = *standing.good_since.get_or_insert(uptime);
                if !standing.raised || uptime.saturating_sub(since) < clear_after {
                    return None;
                }
                standing.raised = false;
                standing.said = None;
                let title = format!("Over: {}", standing.title);
                alert(
                    AlertState::Cleared,
                    title,
                    "it is as it should be again".to_owned(),
                    0.0,
                    0.0,
                )
            }
            Signal::Between => None,
        }
    }

    fn dead_letters(&self) -> Signal {
        let (share, least, over) = DEAD;
        let dead = self.picks.iter().filter(|(_, given_up)| *given_up).count();
        let value = dead as f64 / self.picks.len().max(1) as f64;
        if dead >= least && value > share {
            return Signal::Bad {
                title: "Picks are given up".to_owned(),
                detail: format!("{dead} of {} in the last hour", self.picks.len()),
                value,
                limit: share,
            };
        }
        if value < over {
            Signal::Good
        } else {
            Signal::Between
        }
    }

    fn stale(&self, seen: &Observation) -> Signal {
        if self.sessions_ahead > 1 {
            return Signal::Bad {
                title: "Prices are old".to_owned(),
                detail: format!(
                    "the newest forecast rests on a close {} sessions back",
                    self.sessions_ahead + 1
                ),
                value: f64::from(self.sessions_ahead),
                limit: 1.0,
            };
        }
        let Some(open) = seen.session_open else {
            return if self.last_forecast.is_some() {
                Signal::Good
            } else {
                Signal::Between
            };
        };
        // Neither the night nor the time before this process counts.
        let since = [self.last_forecast, Some(open), self.began]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or(open);
        let silent = seen.at - since;
        if silent > seen.slot * SLOTS {
            return Signal::Bad {
                title: "No forecasts come".to_owned(),
                detail: format!("none for {} min of a session", silent.num_minutes()),
                value: silent.num_seconds() as f64,
                limit: (seen.slot * SLOTS).num_seconds() as f64,
            };
        }
        let fresh = self
            .last_forecast
            .is_some_and(|last| seen.at - last <= seen.slot * SLOTS);
        if fresh { Signal::Good } else { Signal::Between }
    }
}

fn suspect(seen: &Observation) -> Signal {
    match seen.suspect {
        None => Signal::Between,
        Some(false) => Signal::Good,
        Some(true) => Signal::Bad {
            title: "The record is too good to be believed".to_owned(),
            detail: "gains like this come from data of the future far more often than from skill"
                .to_owned(),
            value: 1.0,
            limit: 0.0,
        },
    }
}

fn ledger(seen: &Observation) -> Signal {
    if let Some(why) = &seen.unrecorded {
        return Signal::Bad {
            title: "Nothing can be recorded".to_owned(),
            detail: format!("forecasts are withheld until it can: {why}"),
            value: 1.0,
            limit: 0.0,
        };
    }
    match seen.ledger_ok {
        None => Signal::Between,
        Some(true) => Signal::Good,
        Some(false) => Signal::Bad {
            title: "The ledger does not verify".to_owned(),
            detail: "closecall ledger verify says which row was changed".to_owned(),
            value: 1.0,
            limit: 0.0,
        },
    }
}

fn stage_down(stage: &StageSeen) -> Signal {
    if !stage.down {
        return Signal::Good;
    }
    Signal::Bad {
        title: format!("{} is down", stage.title),
        detail: format!("for a minute, after {} restarts", stage.restarts),
        value: stage.restarts as f64,
        limit: STAGE.as_secs_f64(),
    }
}

#[cfg(test)]
mod tests;
