//! Puts the alerts together: what they look at, and the thread that sends them.

use std::sync::Arc;

use chrono::TimeDelta;
use closecall_actors::stage::LEDGER;
use closecall_alerts::{AlertCounts, Client, Look, Notifier, Observation, StageSeen};
use closecall_calendar::{Calendar, Clock};
use closecall_supervision::{HealthBoard, StageState, Supervisor};
use closecall_web::{TrackRecord, VerdictKind, stage_title};

use crate::exit::{Code, OrExit as _};
use crate::settings::Settings;

/// Name of the thread among the stages.
const NOTIFIER: &str = "notifier";

/// Sources of the alerts.
pub(crate) struct Watched {
    pub(crate) board: HealthBoard,
    pub(crate) record: Arc<TrackRecord>,
    pub(crate) clock: Clock,
    pub(crate) calendar: Calendar,
    /// Length of a slot.
    pub(crate) every: std::time::Duration,
}

impl Watched {
    fn look(self) -> Look {
        Arc::new(move || {
            let now = self.clock.now();
            let health = self.board.health();
            let stages = health.stages.iter().filter(|(name, _)| *name != NOTIFIER);
            Observation {
                at: now,
                stages: stages
                    .map(|(name, stage)| StageSeen {
                        name: name.clone(),
                        title: stage_title(name),
                        down: matches!(stage.state, StageState::BackingOff | StageState::Failed),
                        restarts: stage.restarts,
                    })
                    .collect(),
                suspect: self
                    .record
                    .verdict()
                    .map(|kind| kind == VerdictKind::Suspect),
                ledger_ok: self.record.verifies(),
                unrecorded: health.missing.get(LEDGER).cloned(),
                slot: TimeDelta::from_std(self.every).unwrap_or(TimeDelta::minutes(3)),
                session_open: self.calendar.in_progress(now).map(|session| session.open),
            }
        })
    }
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
