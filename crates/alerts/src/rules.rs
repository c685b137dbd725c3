//! What is raised and cleared, from what is seen. Pure: nothing here reads a clock or a file.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::message::{Alert, AlertKind, AlertState};

/// How long a stage may be down before it is said, and has to run before that is over.
const STAGE: Duration = Duration::from_secs(60);

/// Share of the last hour's picks that were given up from which on it is raised, and how many at
/// least; below which share, for an hour, it is over.
const DEAD: (f64, usize, f64) = (0.05, 3, 0.02);
const HOUR: TimeDelta = TimeDelta::hours(1);

/// Slots without a forecast during a session.
const SLOTS: i32 = 3;

/// What is seen at one moment.
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
    /// Length of a slot, and since when a session is under way.
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
    /// How often it was restarted.
    pub restarts: u64,
}

/// What one look says of one alert.
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

    /// What stands: kind, subject and title.
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
mod tests {
    use super::*;
    use strum::VariantArray as _;

    const HOUR_S: u64 = 3600;

    fn rules() -> Rules {
        Rules::new(AlertKind::VARIANTS, Duration::from_secs(HOUR_S), [])
    }

    fn seen(second: i64) -> Observation {
        let at: DateTime<Utc> = "2026-11-25T15:00:00Z".parse().unwrap();
        Observation {
            at: at + TimeDelta::seconds(second),
            slot: TimeDelta::minutes(3),
            ..Observation::default()
        }
    }

    fn stage(second: i64, down: bool) -> Observation {
        let stage = StageSeen {
            name: "scraper".into(),
            title: "Scraper".into(),
            down,
            restarts: 2,
        };
        Observation {
            stages: vec![stage],
            ..seen(second)
        }
    }

    /// The states of what is said, with the second.
    fn said(
        rules: &mut Rules,
        seconds: std::ops::Range<i64>,
        of: impl Fn(i64) -> Observation,
    ) -> Vec<(i64, AlertState)> {
        seconds
            .flat_map(|second| {
                let uptime = Duration::from_secs(second.unsigned_abs());
                rules
                    .look(&of(second), uptime)
                    .into_iter()
                    .map(move |alert| (second, alert.state))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn a_stage_is_down_after_a_minute_and_up_after_another() {
        let mut rules = rules();
        let down = said(&mut rules, 0..200, |second| stage(second, second < 100));
        assert_eq!(down, [(60, AlertState::Raised), (160, AlertState::Cleared)]);
        // One that flickers is neither.
        let flickers = said(&mut rules, 200..500, |second| {
            stage(second, second % 50 < 40)
        });
        assert_eq!(flickers, []);
    }

    #[test]
    fn what_stands_is_repeated_once_an_hour_and_survives_a_restart() {
        let mut rules = rules();
        let long = said(&mut rules, 0..7_300, |second| stage(second, true));
        assert_eq!(
            long.iter().map(|said| said.0).collect::<Vec<_>>(),
            [60, 3_660, 7_260]
        );
        let mut again = Rules::new(
            AlertKind::VARIANTS,
            Duration::from_secs(HOUR_S),
            rules.raised(),
        );
        let after = said(&mut again, 0..200, |second| stage(second, second < 90));
        assert_eq!(
            after,
            [(150, AlertState::Cleared)],
            "not raised a second time"
        );
    }

    #[test]
    fn dead_letters_by_their_share_of_an_hour() {
        let mut rules = rules();
        for second in 0..40 {
            rules.pick(seen(second).at, second % 10 == 0, 0);
        }
        let raised = said(&mut rules, 40..41, seen);
        assert_eq!(raised, [(40, AlertState::Raised)], "4 of 40");
        // An hour later they no longer count, and an hour after that it is over.
        assert_eq!(said(&mut rules, 41..3_700, seen), []);
        let over = said(&mut rules, 3_700..7_400, seen);
        assert_eq!(over.len(), 1, "{over:?}");
        assert_eq!(over[0].1, AlertState::Cleared);
        let mut few = super::tests::rules();
        for second in 0..10 {
            few.pick(seen(second).at, second < 2, 0);
        }
        assert_eq!(said(&mut few, 10..20, seen), [], "two are too few");
    }

    #[test]
    fn stale_counts_slots_of_a_session_only() {
        let open = seen(0).at;
        let session = |second| Observation {
            session_open: Some(open),
            ..seen(second)
        };
        let mut rules = rules();
        assert_eq!(said(&mut rules, 0..541, session), []);
        assert_eq!(
            said(&mut rules, 541..542, session),
            [(541, AlertState::Raised)]
        );
        rules.pick(seen(542).at, false, 0);
        assert_eq!(
            said(&mut rules, 542..543, session),
            [(542, AlertState::Cleared)]
        );
        // At night nothing comes, and nothing is said.
        assert_eq!(said(&mut rules, 543..5_000, seen), []);
        rules.pick(seen(5_000).at, false, 2);
        assert_eq!(
            said(&mut rules, 5_000..5_001, seen),
            [(5_000, AlertState::Raised)],
            "old prices"
        );
    }

    #[test]
    fn what_is_not_known_changes_nothing_and_what_is_off_is_not_said() {
        let mut rules = rules();
        let unknown = |second| Observation {
            suspect: None,
            ledger_ok: None,
            ..seen(second)
        };
        let suspect = |second| Observation {
            suspect: Some(true),
            ledger_ok: Some(false),
            ..seen(second)
        };
        assert_eq!(said(&mut rules, 0..1, suspect).len(), 2);
        assert_eq!(said(&mut rules, 1..9, unknown), []);
        let fine = |second| Observation {
            suspect: Some(false),
            ledger_ok: Some(true),
            ..seen(second)
        };
        assert_eq!(said(&mut rules, 9..10, fine).len(), 2);
        let mut off = Rules::new(&[AlertKind::Ledger], Duration::ZERO, []);
        assert_eq!(said(&mut off, 0..1, suspect).len(), 1);
    }
}
