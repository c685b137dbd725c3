//! Puts the pages together: what they are made from in a run, and over an existing ledger.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use closecall_calendar::{Clock, Timetable};
use closecall_kafka::KafkaStats;
use closecall_market::{DataSource, Market, RequestOutcome, Vendor};
use closecall_protocol::TickerPicked;
use closecall_supervision::{HealthBoard, Outbox};
use closecall_web::{
    Lag, Listening, Peers, PriorityPath, ProcessSource, ProcessStatus, Site, SiteDescription,
    TrackRecord, VendorRequests,
};
use tokio::sync::watch;

use crate::build_info;
use crate::exit::{Code, OrExit as _};
use crate::settings::Settings;

/// A market that is not the real one, as every page says it: what it is, and about it.
pub(crate) type Notice = (&'static str, String);

/// Takes the port that is set, and says where the page is: in a line of its own for people and
/// scripts, or in the log alone, as of a pod, whose every line is an object.
///
/// # Errors
/// When the port cannot be had.
pub(crate) fn listen(settings: &Settings, line: bool) -> anyhow::Result<Option<Listening>> {
    let listening = Listening::bind(&settings.http)
        .with_context(|| {
            let listen = settings.http.listen.map(|address| address.to_string());
            let listen = listen.unwrap_or_default();
            format!("cannot listen on {listen}: set `http.listen` to a free address, \"\" for none")
        })
        .or_exit(Code::CannotCreate)?;
    if let Some(listening) = &listening {
        announce(settings, listening, line);
    }
    Ok(listening)
}

fn announce(settings: &Settings, listening: &Listening, line: bool) {
    if settings.http.page {
        match listening.instead_of {
            _ if !line => tracing::info!(page = listening.url(), "the page"),
            None => eprintln!("page: {}", listening.url()),
            Some(taken) => eprintln!("page: {} ({taken} is taken)", listening.url()),
        }
        if listening.is_open() {
            tracing::warn!(
                address = %listening.address,
                "the pages have no login: forecasts and headlines can be read by who reaches this \
                 port; put a proxy with a login before it"
            );
        }
    }
    tracing::info!(address = %listening.address, "serving /healthz /readyz /startupz /metrics /version");
}

/// Knowledge of this process about its stages.
pub(crate) struct Parts {
    pub(crate) board: HealthBoard,
    pub(crate) clock: Clock,
    pub(crate) first_hop: Option<Arc<Outbox<TickerPicked>>>,
    pub(crate) kafka: Option<KafkaStats>,
    pub(crate) market: Option<Arc<Market>>,
    /// When picks are made: by a timetable, or once in this span.
    pub(crate) timetable: Option<Timetable>,
    pub(crate) every: std::time::Duration,
}

impl Parts {
    pub(crate) fn source(self) -> ProcessSource {
        Arc::new(move || {
            let picks = self.first_hop.as_ref().map(|hop| hop.stats());
            // Through topics a pick is settled for its picker once it is sent.
            let whole = self.first_hop.as_ref().filter(|_| self.kafka.is_none());
            ProcessStatus {
                health: Some(self.board.health()),
                accepted: picks.map(|picks| picks.accepted),
                lost: whole.and(picks).map(|picks| picks.lost()),
                to_ledger: whole.map(|hop| hop.settled_within()).unwrap_or_default(),
                through_topics: self.kafka.is_some(),
                lags: self.kafka.as_ref().map(lags).unwrap_or_default(),
                vendors: self
                    .market
                    .as_deref()
                    .map(|market| vendors(market, self.clock.now()))
                    .unwrap_or_default(),
                next_pick_at: self.first_hop.as_ref().and_then(|_| self.next_pick()),
            }
        })
    }

    fn next_pick(&self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        if let Some(timetable) = &self.timetable {
            return Some(timetable.next(Some(now)));
        }
        let every = TimeDelta::from_std(self.every).ok()?;
        Some(now.duration_trunc(every).ok()? + every)
    }
}

fn lags(stats: &KafkaStats) -> Vec<Lag> {
    // Records are dated by the brokers' time, not by the product's clock.
    let now = Clock::system().now();
    let lags = stats.snapshot().lag.into_iter();
    lags.map(|lag| Lag {
        topic: lag.topic,
        partition: lag.partition,
        lag: lag.lag,
        behind: lag
            .received_up_to
            .map(|at| (now - at).to_std().unwrap_or_default()),
        trend: lag.trend.name(),
    })
    .collect()
}

/// Vendors that were asked, or would be first.
fn vendors(market: &Market, now: DateTime<Utc>) -> Vec<VendorRequests> {
    let stats = market.stats();
    let of = |vendor: Vendor| VendorRequests {
        vendor: vendor.name().to_owned(),
        outcomes: RequestOutcome::ALL
            .into_iter()
            .map(|outcome| (outcome.name(), stats.requests(vendor, outcome)))
            .filter(|(_, count)| *count > 0)
            .collect(),
        left_alone: closecall_market::EndpointFamily::ALL
            .into_iter()
            .filter(|family| family.vendor() == vendor)
            .map(|family| stats.left_alone(family))
            .sum(),
        left_of_day: stats.left_of_day(vendor, now),
    };
    let first = [Vendor::Yahoo, Vendor::Alphavantage];
    let asked = |vendor: &Vendor| stats.total(*vendor) > 0 || first.contains(vendor);
    Vendor::ALL.into_iter().filter(asked).map(of).collect()
}

/// Description of the program and its data, for the pages.
pub(crate) fn about(settings: &Settings, role: String, notice: Option<Notice>) -> SiteDescription {
    let (source, notice) = match (notice, DataSource::of(&settings.market_settings())) {
        (Some(notice), _) => ("a simulated market", Some(notice)),
        (None, Ok(DataSource::Live)) => ("the live vendors", None),
        (None, _) => {
            let text = "Prices and headlines come from a market server, not from the vendors.";
            let notice = ("Not the live market.", text.to_owned());
            ("a market server", Some(notice))
        }
    };
    SiteDescription {
        version: env!("CARGO_PKG_VERSION"),
        commit: build_info::COMMIT,
        role,
        source: source.to_owned(),
        notice,
        dead_letters_on_topics: settings.kafka.enabled(),
    }
}

/// The record of the data directory.
pub(crate) fn record(
    directory: &Path,
    clock: &Clock,
    rows: Option<watch::Receiver<i64>>,
) -> anyhow::Result<Arc<TrackRecord>> {
    TrackRecord::follow(directory, clock.clone(), rows).context("no thread for the pages")
}

/// Pages over these parts.
pub(crate) fn site(
    settings: &Settings,
    about: SiteDescription,
    clock: &Clock,
    record: Option<Arc<TrackRecord>>,
    process: ProcessSource,
    priority: PriorityPath,
    peers: Option<Arc<Peers>>,
) -> Arc<Site> {
    let site = Site::new(
        about,
        clock.clone(),
        settings.calendar.calendar(),
        settings.picker.tickers.clone(),
        record,
        process,
        &settings.http,
        priority,
    );
    Arc::new(site.beside(peers))
}

/// The other roles' processes, where they are named and any one asks for them.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn peers(settings: &Settings) -> anyhow::Result<Option<Arc<Peers>>> {
    let named = &settings.http.peers;
    let asked_for = settings.http.page || settings.alerts.url.is_some();
    let peers = (asked_for && !named.is_empty()).then(|| Peers::watch(named));
    peers.transpose().context("no thread for the peers")
}
