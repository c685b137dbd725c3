//! Standing alerts and those still to be sent, in a file that a kill leaves whole.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::kind::AlertKind;
use crate::message::Alert;

/// The file, beside the ledger.
const FILE: &str = "alerts.json";

/// State that a restarted program goes on from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Saved {
    /// The last row of the ledger that was looked at.
    pub(crate) cursor: i64,
    /// Alerts that stand: kind, subject, title.
    pub(crate) raised: Vec<(AlertKind, Option<String>, String)>,
    /// Alerts that no receiver has taken yet, in order.
    pub(crate) queue: Vec<Alert>,
}

/// Where it is kept.
#[derive(Debug)]
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    pub(crate) fn beside(ledger: &Path) -> Self {
        Self(ledger.join(FILE))
    }

    /// The saved state; nothing where nothing was, or where it cannot be understood.
    pub(crate) fn read(&self) -> Result<Saved, Error> {
        match std::fs::read_to_string(&self.0) {
            Ok(text) => Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, "what stood of the alerts cannot be read: they begin again");
                Saved::default()
            })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Saved::default()),
            Err(source) => Err(self.failed("read", source)),
        }
    }

    /// Saves: all of it or nothing.
    pub(crate) fn write(&self, saved: &Saved) -> Result<(), Error> {
        let write = || {
            let text = serde_json::to_vec(saved)?;
            let beside = self.0.with_extension("json.new");
            let mut file = File::create(&beside)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.0)
        };
        write().map_err(|source| self.failed("written", source))
    }

    fn failed(&self, doing: &'static str, source: std::io::Error) -> Error {
        Error::State {
            path: self.0.clone(),
            doing,
            source,
        }
    }
}
