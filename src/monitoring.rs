//! Monitoring of a run: metrics, pages and alerts. Each reads by itself; none holds up a stage.

use std::sync::Arc;

use closecall_actors::kafka_bridge::KafkaBridge;
use closecall_alerts::AlertCounts;
use closecall_market::Market;
use closecall_protocol::TickerPicked;
use closecall_supervision::{Outbox, Supervisor};
use closecall_web::{Listening, Peers, TrackRecord, Web};

use crate::alerting::{self, Watched};
use crate::exit::{Code, OrExit};
use crate::page::{self, Parts};
use crate::run_options::RunOptions;
use crate::settings::Settings;
use crate::topology::Roles;
use crate::web::{Counts, Metrics, Pages, Reading, readings};

/// Metrics, pages and alerts of a run.
pub(crate) struct Monitoring {
    listening: Option<Listening>,
    /// Where there is a ledger, and somebody to show it to.
    record: Option<Arc<TrackRecord>>,
    market: Option<Arc<Market>>,
    pub(crate) counts: Counts,
    readings: Vec<Reading>,
}

impl Monitoring {
    pub(crate) fn of(
        settings: &Settings,
        run: &RunOptions,
        roles: &Roles,
        listening: Option<Listening>,
        readings: Vec<Reading>,
    ) -> anyhow::Result<Self> {
        let asked_for = listening.is_some() || settings.alerts.url.is_some();
        let record = match roles.reporter.as_ref().filter(|_| asked_for) {
            Some(role) => {
                let rows = Some(role.ledger.watch());
                Some(page::record(&settings.data_dir, &run.clock, rows)?)
            }
            None => None,
        };
        Ok(Self {
            listening,
            record,
            market: roles.scraper.as_ref().map(|role| Arc::clone(&role.market)),
            counts: Counts::default(),
            readings,
        })
    }

    /// Starts alerts and pages. Without an address to listen on there are no pages.
    pub(crate) fn start(
        mut self,
        settings: &Settings,
        run: &RunOptions,
        supervisor: &Supervisor,
        first_hop: Option<&Arc<Outbox<TickerPicked>>>,
        bridge: Option<&KafkaBridge>,
    ) -> anyhow::Result<Option<Web>> {
        self.readings.extend(first_hop.map(readings::picks));
        let of_kafka = bridge.map(|bridge| readings::kafka(&bridge.stats()));
        self.readings.extend(of_kafka.into_iter().flatten());
        let of_record = self.record.as_ref().map(readings::record);
        self.readings.extend(of_record.into_iter().flatten());
        let peers = page::peers(settings)?;
        self.alert(settings, run, supervisor, peers.clone())?;
        let parts = Parts {
            board: supervisor.board().clone(),
            clock: run.clock.clone(),
            first_hop: first_hop.cloned(),
            kafka: bridge.map(KafkaBridge::stats),
            market: self.market,
            timetable: run.timetable.clone(),
            every: settings.picker.every,
        };
        let (counts, readings) = (self.counts, self.readings);
        let pages = Pages {
            health: supervisor.health(),
            every: settings.supervision.watchdog.every,
            metrics: Arc::new(Metrics { counts, readings }),
        };
        let about = page::about(settings, run.role_names(), run.notice.clone());
        let (source, answers) = (parts.source(), pages.answers());
        let site = page::site(
            settings,
            about,
            &run.clock,
            self.record,
            source,
            answers,
            peers,
        );
        self.listening
            .map(|listening| Web::start(listening, site))
            .transpose()
            .or_exit(Code::CannotCreate)
    }

    fn alert(
        &mut self,
        settings: &Settings,
        run: &RunOptions,
        supervisor: &Supervisor,
        peers: Option<Arc<Peers>>,
    ) -> anyhow::Result<()> {
        let Some(record) = self.record.clone() else {
            return Ok(());
        };
        if settings.alerts.url.is_none() {
            return Ok(());
        }
        let counts = AlertCounts::default();
        self.readings.push(readings::alerts(&counts));
        let watched = Watched {
            board: supervisor.board().clone(),
            peers,
            record,
            clock: run.clock.clone(),
            calendar: settings.calendar.calendar(),
            slot: run.slot(&settings.picker),
        };
        let page = self
            .listening
            .as_ref()
            .map(Listening::url)
            .unwrap_or_default();
        alerting::start(settings, supervisor, watched, &page, &counts)
    }
}
