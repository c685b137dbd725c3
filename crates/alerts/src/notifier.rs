//! Looks once a second, and sends what there is to say, in order, until each was taken.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use closecall_ledger::{Follower, Happening, LedgerEvent, State};
use closecall_settings::{Backoff, Share};

use crate::client::Client;
use crate::error::Error;
use crate::kind::AlertKind;
use crate::message::Alert;
use crate::rules::{Observation, Rules};
use crate::settings::AlertSettings;
use crate::state::{Saved, StateFile};

/// Pause between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Alerts that wait at most; the oldest repeats go first.
const QUEUE: usize = 64;

/// Waits after refusals.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(1),
    factor: 2.0,
    max: Duration::from_secs(60),
    jitter: Share::percent(0),
};

/// Rows before the cursor that are read again at the start, for the last hour's picks.
const AGAIN: i64 = 2_000;

/// The observation, asked once a second.
pub type Look = Arc<dyn Fn() -> Observation + Send + Sync>;

/// Alerts by kind and outcome (`sent`, `refused`, `dropped`), for metrics. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct AlertCounts(Arc<Mutex<BTreeMap<(AlertKind, &'static str), u64>>>);

impl AlertCounts {
    fn add(&self, kind: AlertKind, outcome: &'static str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((kind, outcome)).or_default() += 1;
    }

    /// The counts by now.
    #[must_use]
    pub fn counts(&self) -> Vec<(AlertKind, &'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .iter()
            .map(|((kind, outcome), count)| (*kind, *outcome, *count))
            .collect()
    }
}

/// Raises, clears and sends.
#[derive(Debug)]
pub struct Notifier {
    directory: PathBuf,
    file: StateFile,
    saved: Saved,
    rules: Rules,
    client: Client,
    follower: Option<Follower>,
    counts: AlertCounts,
    began: Instant,
    /// Not before this moment, after this number of refusals.
    wait: Option<(Instant, u32)>,
}

impl Notifier {
    /// Goes on from what was saved beside the ledger.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn open(
        directory: &Path,
        settings: &AlertSettings,
        client: Client,
        counts: AlertCounts,
    ) -> Result<Self, Error> {
        let file = StateFile::beside(directory);
        let saved = file.read()?;
        Ok(Self {
            directory: directory.to_owned(),
            rules: Rules::new(&settings.on, settings.quiet, saved.raised.clone()),
            file,
            saved,
            client,
            follower: None,
            counts,
            began: Instant::now(),
            wait: None,
        })
    }

    /// Runs until `stopping` says so, which is asked at least once a second.
    ///
    /// # Errors
    /// When what stands cannot be saved.
    pub fn run(&mut self, look: &Look, stopping: &dyn Fn() -> bool) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Client(error.to_string()))?;
        let mut sending: Option<tokio::task::JoinHandle<Result<(), Error>>> = None;
        let mut looked: Option<Instant> = None;
        while !stopping() {
            if looked.is_none_or(|at| at.elapsed() >= EVERY) {
                looked = Some(Instant::now());
                self.look(look)?;
            }
            let next = self.saved.queue.first().filter(|_| self.may_send());
            if let (None, Some(alert)) = (&sending, next.cloned()) {
                let client = self.client.clone();
                sending = Some(runtime.spawn(async move { client.send(&alert).await }));
            }
            let ended = runtime.block_on(async {
                let pause = tokio::time::sleep(Duration::from_millis(100));
                match &mut sending {
                    None => {
                        pause.await;
                        None
                    }
                    Some(task) => tokio::select! {
                        ended = task => Some(ended.unwrap_or(Err(Error::Unreachable))),
                        () = pause => None,
                    },
                }
            });
            if let Some(result) = ended {
                sending = None;
                self.sent(result)?;
            }
        }
        Ok(())
    }

    fn may_send(&self) -> bool {
        self.wait.is_none_or(|(until, _)| Instant::now() >= until)
    }

    fn look(&mut self, look: &Look) -> Result<(), Error> {
        let seen = look();
        let cursor = self.follow(&seen);
        let alerts = self.rules.look(&seen, self.began.elapsed());
        let raised = self.rules.raised();
        if alerts.is_empty() && raised == self.saved.raised && cursor - self.saved.cursor < 100 {
            return Ok(());
        }
        self.saved.cursor = cursor;
        self.saved.raised = raised;
        for alert in alerts {
            tracing::warn!(kind = %alert.kind, state = ?alert.state, "alert: {}: {}", alert.title, alert.detail);
            self.saved.queue.push(alert);
        }
        while self.saved.queue.len() > QUEUE {
            let dropped = self.saved.queue.remove(0);
            self.counts.add(dropped.kind, "dropped");
        }
        // Saved before it is sent: a kill in between loses nothing.
        self.file.write(&self.saved)
    }

    /// Reads what was recorded; gives the last row's number.
    fn follow(&mut self, seen: &Observation) -> i64 {
        if self.follower.is_none() {
            let from = (self.saved.cursor - AGAIN).max(0);
            // A ledger that is not there yet has no picks.
            self.follower = Follower::open(&self.directory, from, None).ok();
        }
        let Some(follower) = &mut self.follower else {
            return self.saved.cursor;
        };
        loop {
            match follower.poll() {
                Ok(events) if events.is_empty() => break,
                Ok(events) => events
                    .iter()
                    .for_each(|event| pick(&mut self.rules, event, seen)),
                Err(error) => {
                    tracing::warn!(%error, "the alerts cannot read the ledger");
                    break;
                }
            }
        }
        follower.cursor().max(self.saved.cursor)
    }

    /// Takes in how the first of the queue fared.
    fn sent(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        let Some(alert) = self.saved.queue.first() else {
            return Ok(());
        };
        let kind = alert.kind;
        match result {
            Ok(()) => {
                self.counts.add(kind, "sent");
                self.wait = None;
                self.saved.queue.remove(0);
                self.file.write(&self.saved)
            }
            Err(error) => {
                self.counts.add(kind, "refused");
                let refusals = self.wait.map_or(0, |(_, refusals)| refusals);
                let span = BACKOFF.nominal(refusals);
                tracing::warn!(%error, again_in_s = span.as_secs(), "an alert was not taken");
                self.wait = Some((Instant::now() + span, refusals.saturating_add(1)));
                Ok(())
            }
        }
    }
}

fn pick(rules: &mut Rules, event: &LedgerEvent, seen: &Observation) {
    let Happening::Recorded(entry) = &event.happening else {
        return;
    };
    if entry.foreign || event.recorded_at + chrono::TimeDelta::hours(1) < seen.at {
        return;
    }
    let given_up = entry.state == State::DeadLetter;
    rules.pick(
        event.recorded_at,
        given_up,
        entry.sessions_ahead.unwrap_or(0),
    );
}

impl Alert {
    /// One of a kind, raised, for trying out a receiver.
    #[must_use]
    pub fn sample(kind: AlertKind, at: chrono::DateTime<chrono::Utc>) -> Self {
        Self {
            kind,
            state: crate::message::AlertState::Raised,
            at,
            subject: None,
            title: format!("Test of the alert {kind}"),
            detail: "sent by closecall alerts test; nothing is wrong".to_owned(),
            value: 0.0,
            limit: 0.0,
        }
    }
}
