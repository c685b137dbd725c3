//! Everything that an answer is made from.

use std::sync::Arc;

use closecall_calendar::{Calendar, Clock};
use closecall_protocol::Ticker;

use crate::events::Visitors;
use crate::peers::Peers;
use crate::process::{PriorityPath, ProcessSource};
use crate::record::TrackRecord;

/// Description of what is served, and by what.
#[derive(Debug, Clone)]
pub struct SiteDescription {
    /// Version of the program.
    pub version: &'static str,
    /// Commit it was built from.
    pub commit: &'static str,
    /// The role of this process in a few words, such as `everything` or `scraper`.
    pub role: String,
    /// Where the data come from, as `/api/v1/stages` says it.
    pub source: String,
    /// A sentence for a market that is not the real one, shown on every page.
    pub notice: Option<(&'static str, String)>,
    /// Command that keeps the dead letters, where they lie on topics.
    pub dead_letters_on_topics: bool,
}

/// Everything that an answer is made from. Shared by all of them.
pub struct Site {
    /// The program.
    pub about: SiteDescription,
    /// The product's clock.
    pub clock: Clock,
    /// The exchange's calendar.
    pub calendar: Calendar,
    /// Tickers to pick from.
    pub tickers: Vec<Ticker>,
    /// The record, where this role has one.
    pub record: Option<Arc<TrackRecord>>,
    /// Knowledge of this process about its stages.
    pub process: ProcessSource,
    /// The other roles' processes, where they are watched.
    pub peers: Option<Arc<Peers>>,
    /// Names under which pages may be asked for.
    pub hosts: Vec<String>,
    /// Whether pages, API and events are served at all.
    pub page: bool,
    /// Paths that the program itself answers: probes, metrics, version.
    pub priority: PriorityPath,
    pub(crate) visitors: Visitors,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

/// Parts of a [`Site`].
impl Site {
    /// A site over these parts.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "its parts, each of another kind")]
    pub fn new(
        about: SiteDescription,
        clock: Clock,
        calendar: Calendar,
        tickers: Vec<Ticker>,
        record: Option<Arc<TrackRecord>>,
        process: ProcessSource,
        settings: &crate::HttpSettings,
        priority: PriorityPath,
    ) -> Self {
        Self {
            about,
            clock,
            calendar,
            tickers,
            record,
            process,
            peers: None,
            hosts: settings.hosts.clone(),
            page: settings.page,
            priority,
            visitors: Visitors::default(),
        }
    }

    /// The same, beside these peers.
    #[must_use]
    pub fn beside(mut self, peers: Option<Arc<Peers>>) -> Self {
        self.peers = peers;
        self
    }
}
