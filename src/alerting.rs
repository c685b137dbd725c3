//! Puts the alerts together: what they look at, and the thread that sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use closecall_actors::stage::LEDGER;
use closecall_alerts::{AlertCounts, Client, Look, Notifier, Observation, StageSeen};
use closecall_calendar::{Calendar, Clock};
use closecall_supervision::{HealthBoard, StageState, Supervisor};
use closecall_web::{PeerStage, Peers, TrackRecord, VerdictKind, stage_title};

use crate::exit::{Code, OrExit as _};
use crate::settings::Settings;

/// Name of the thread among the stages.
const NOTIFIER: &str = "notifier";

/// Sources of the alerts.
pub(crate) struct Watched {
    pub(crate) board: HealthBoard,
    /// The other roles' processes, where there are some.
    pub(crate) peers: Option<Arc<Peers>>,
    pub(crate) record: Arc<TrackRecord>,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    /// Length of a slot.
    pub(crate) slot: TimeDelta,
}

impl Watched {
    fn look(self) -> Look {
        Arc::new(move || {
            let now = self.clock.now();
            let health = self.board.health();
            let stages = health.stages.iter().filter(|(name, _)| *name != NOTIFIER);
            let own = stages.map(|(name, stage)| PeerStage {
                name: name.clone(),
                down: matches!(stage.state, StageState::BackingOff | StageState::Failed),
                restarts: stage.restarts,
            });
            let others = self.peers.as_ref().map(|peers| peers.stages());
            Observation {
                at: now,
                stages: together(own.chain(others.unwrap_or_default())),
                suspect: self
                    .record
                    .verdict()
                    .map(|kind| kind == VerdictKind::Suspect),
                ledger_ok: self.record.verifies(),
                unrecorded: health.missing.get(LEDGER).cloned(),
                slot: self.slot,
                session_open: self.calendar.in_progress(now).map(|session| session.open),
            }
        })
    }
}

/// The stages of all processes by name: down where one of its pods is, as on the page.
fn together(stages: impl Iterator<Item = PeerStage>) -> Vec<StageSeen> {
    let mut seen = BTreeMap::<String, StageSeen>::new();
    for stage in stages {
        let one = seen.entry(stage.name.clone()).or_insert_with(|| StageSeen {
            title: stage_title(&stage.name),
            name: stage.name,
            down: false,
            restarts: 0,
        });
        one.down |= stage.down;
        one.restarts += stage.restarts;
    }
    seen.into_values().collect()
}

/// Starts the notifier where an address is set.
///
/// # Errors
/// When the client cannot be made, or the system gives no thread.
pub(crate) fn start(
    settings: &Settings,
    supervisor: &Supervisor,
    watched: Watched,
    page: &str,
    counts: &AlertCounts,
) -> anyhow::Result<()> {
    let Some(url) = &settings.alerts.url else {
        return Ok(());
    };
    let page = settings.alerts.page.as_deref().unwrap_or(page);
    let client = Client::new(url, settings.alerts.format, page).or_exit(Code::Configuration)?;
    let (look, counts) = (watched.look(), counts.clone());
    let (directory, settings) = (settings.data_dir.clone(), settings.alerts.clone());
    supervisor.spawn_thread(NOTIFIER, move |context| {
        let mut notifier = Notifier::open(&directory, &settings, client.clone(), counts.clone())?;
        notifier.run(&look, &|| context.stopping())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_down_where_one_of_its_pods_is() {
        let stage = |name: &str, down, restarts| PeerStage {
            name: name.to_owned(),
            down,
            restarts,
        };
        let pods = [
            stage("reporter", false, 1),
            stage("gru-trainer", false, 2),
            stage("gru-trainer", true, 3),
        ];
        let seen = together(pods.into_iter());
        let seen: Vec<_> = seen
            .iter()
            .map(|stage| (&*stage.name, stage.down, stage.restarts))
            .collect();
        assert_eq!(seen, [("gru-trainer", true, 5), ("reporter", false, 1)]);
    }
}
