//! Runs the pipeline in this process: makes its parts from the settings, has them wired, waits for
//! the end, and accounts for every pick.

use std::sync::Arc;
use std::time::Duration;

use closecall_actors::kafka_bridge::KafkaBridge;
use closecall_actors::{Forecaster, LedgerDeadLetters};
use closecall_alerts::AlertCounts;
use closecall_calendar::{Clock, Timetable};
use closecall_forecast::{FitCache, forecast_with_model};
use closecall_ledger::{Follower, Ledger, Reader, SharedLedger};
use closecall_protocol::TickerPicked;
use closecall_sentiment::DatasetBuilder;
use closecall_supervision::{FaultPoints, Outbox, ProcessExit, Signals, Supervisor};
use closecall_web::{Listening, Web};

use crate::account::RunSummary;
use crate::alerting::{self, Watched};
use crate::console::{Console, Format};
use crate::exit::{Code, CodedError, OrExit};
use crate::following::Following;
use crate::model_file::ModelFile;
use crate::page::{self, Notice, Parts};
use crate::role::Role;
use crate::settings::Settings;
use crate::topology::{self, PickerRole, ReporterRole, Roles, ScraperRole};
use crate::web::{Counts, Metrics, Pages, Reading, readings};

/// Options of one run.
#[derive(Debug)]
pub(crate) struct RunOptions {
    pub(crate) clock: Clock,
    /// The roles of this process; all of them where none is named.
    pub(crate) roles: Vec<Role>,
    /// End by itself after this number of picks.
    pub(crate) picks: Option<u64>,
    /// Pick at these moments in place of all slots.
    pub(crate) timetable: Option<Timetable>,
    pub(crate) faults: FaultPoints,
    pub(crate) format: Format,
    /// Notice of the pages about a market that is not the real one.
    pub(crate) notice: Option<Notice>,
    /// A line for people at the start.
    pub(crate) greeting: Option<&'static str>,
}

impl RunOptions {
    fn has(&self, role: Role) -> bool {
        self.roles.is_empty() || self.roles.contains(&role)
    }

    /// The roles of this process, for people.
    fn role_names(&self) -> String {
        if self.roles.is_empty() {
            return "whole pipeline".to_owned();
        }
        let names: Vec<&str> = self.roles.iter().map(|role| role.name()).collect();
        names.join(" and ")
    }
}

/// Pause between two looks whether a limited run has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Runs until it is done, asked to end, or a stage has failed for good. The account is of a run
/// within one process: what goes through topics is accounted for by the ledger over time.
pub(crate) fn run(
    settings: &Settings,
    run: &RunOptions,
) -> anyhow::Result<(ProcessExit, Option<RunSummary>)> {
    let kafka = settings.kafka.enabled().then_some(&settings.kafka);
    if kafka.is_none() && !run.roles.is_empty() {
        let error = anyhow::anyhow!(
            "--stage runs one role of several, which meet on Kafka: set `kafka.brokers`"
        );
        return Err(CodedError::new(Code::Configuration, error).into());
    }
    let listening = page::listen(settings, run.roles.is_empty())?;
    if let Some(greeting) = run.greeting {
        eprintln!("{greeting}");
    }
    let counts = Counts::default();
    let mut readings = Vec::new();
    let roles = roles(settings, run, &mut readings)?;
    let market = roles.scraper.as_ref().map(|role| Arc::clone(&role.market));
    let alerts = settings.alerts.url.is_some();
    let shown = listening.is_some() || alerts;
    let record = match roles.reporter.as_ref().filter(|_| shown) {
        Some(role) => {
            let rows = Some(role.ledger.watch());
            Some(page::record(&settings.data_dir, &run.clock, rows)?)
        }
        None => None,
    };
    let following = match &roles.reporter {
        Some(reporter) => follow(settings, run, &reporter.ledger, &counts)?,
        None => Vec::new(),
    };
    let before = match kafka {
        None => Some(Reader::open(&settings.data_dir)?.summary()?),
        Some(_) => None,
    };
    let seed = settings.picker.seed;
    let (exit, accepted, restarts) = actix::System::new().block_on(async {
        let mut signals = Signals::listen()?;
        let supervisor = Supervisor::new(settings.supervision, run.clock.clone(), seed)?;
        let bridge = kafka
            .map(|kafka| {
                let bridge = KafkaBridge::new(kafka.clone(), &supervisor, run.faults.clone())?;
                Ok::<_, closecall_kafka::Error>(bridge.expiring_after(settings.picker.expiry()))
            })
            .transpose()?;
        let first_hop = topology::wire(&supervisor, roles, bridge.as_ref())?;
        readings.extend(first_hop.as_ref().map(readings::picks));
        readings.extend(
            bridge
                .iter()
                .flat_map(|bridge| readings::kafka(&bridge.stats())),
        );
        let parts = Parts {
            board: supervisor.board().clone(),
            clock: run.clock.clone(),
            first_hop: first_hop.clone(),
            kafka: bridge.as_ref().map(KafkaBridge::stats),
            market,
            timetable: run.timetable.clone(),
            every: settings.picker.every,
        };
        if let Some(record) = record.clone().filter(|_| alerts) {
            let counts = AlertCounts::default();
            readings.push(readings::alerts(&counts));
            let watched = Watched {
                board: supervisor.board().clone(),
                record,
                clock: run.clock.clone(),
                calendar: settings.calendar.calendar(),
                every: settings.picker.every,
            };
            let page = listening.as_ref().map(Listening::url).unwrap_or_default();
            alerting::start(settings, &supervisor, watched, &page, &counts)?;
        }
        let pages = Pages {
            health: supervisor.health(),
            every: settings.supervision.watchdog.every,
            metrics: Arc::new(Metrics { counts, readings }),
        };
        let about = page::about(settings, run.role_names(), run.notice.clone());
        let site = page::site(
            settings,
            about,
            &run.clock,
            record,
            parts.source(),
            pages.answers(),
        )?;
        let web = listening
            .map(|listening| Web::start(listening, site))
            .transpose();
        let web = web.or_exit(Code::CannotCreate)?;
        let exit = supervisor
            .run(&mut signals, done(first_hop.as_deref(), run.picks))
            .await;
        if let Some(web) = web {
            web.stop().await;
        }
        let restarts = supervisor
            .board()
            .health()
            .stages
            .values()
            .map(|s| s.restarts)
            .sum();
        let accepted = first_hop.map_or(0, |hop| hop.stats().accepted);
        anyhow::Ok((exit, accepted, restarts))
    })?;
    following.into_iter().for_each(Following::finish);
    let Some(before) = before else {
        return Ok((exit, None));
    };
    let after = Reader::open(&settings.data_dir)?.summary()?;
    let summary = RunSummary::of(accepted, restarts, &before, after);
    Ok((exit, Some(summary)))
}

/// Makes what the roles of this process need, and no more: a trainer opens no store.
fn roles(
    settings: &Settings,
    run: &RunOptions,
    readings: &mut Vec<Reading>,
) -> anyhow::Result<Roles> {
    let picker = run.has(Role::TickerPicker).then(|| PickerRole {
        settings: settings.picker.clone(),
        limit: run.picks,
        timetable: run.timetable.clone(),
    });
    let mut scraper = None;
    if run.has(Role::Scraper) {
        let market = Arc::new(settings.open_market(&run.clock)?);
        readings.push(readings::vendor_requests(&market));
        readings.push(readings::breakers(&market));
        readings.extend(readings::gathers(&market));
        scraper = Some(ScraperRole {
            market,
            datasets: Arc::new(
                DatasetBuilder::new(settings.calendar.calendar(), settings.scorer())
                    .keeping_headlines(settings.keeps_headlines()),
            ),
        });
    }
    let mut reporter = None;
    if run.has(Role::Reporter) {
        let ledger = Ledger::open(&settings.data_dir, settings.calendar.calendar())
            .or_exit(Code::CannotCreate)?;
        let ledger = SharedLedger::from(ledger);
        readings.push(readings::duplicates(Reader::open(&settings.data_dir)?));
        let dead_letters = LedgerDeadLetters::new(ledger.clone());
        reporter = Some(ReporterRole {
            ledger,
            dead_letters,
        });
    }
    Ok(Roles {
        calendar: Arc::new(settings.calendar.calendar()),
        faults: run.faults.clone(),
        picker,
        scraper,
        trainer: run
            .has(Role::GruTrainer)
            .then(|| {
                let cache = Arc::<FitCache>::default();
                readings.push(readings::fits(&cache));
                forecaster(settings, &run.clock, cache)
            })
            .transpose()?,
        reporter,
    })
}

/// The forecast as a function of the dataset, with this run's settings and clock. Picks of the same
/// rows share what is learned of them.
fn forecaster(
    settings: &Settings,
    clock: &Clock,
    cache: Arc<FitCache>,
) -> anyhow::Result<Forecaster> {
    let file = ModelFile::open(settings)?;
    let (settings, clock) = (settings.forecast.clone(), clock.clone());
    Ok(Arc::new(move |dataset, on_epoch| {
        let model = file.as_ref().and_then(ModelFile::current);
        let now = clock.now();
        forecast_with_model(dataset, &settings, model.as_deref(), &cache, now, on_epoch)
    }))
}

/// Readers of what this run records: the console, and the metrics where they are served.
fn follow(
    settings: &Settings,
    run: &RunOptions,
    ledger: &SharedLedger,
    counts: &Counts,
) -> anyhow::Result<Vec<Following>> {
    let rows = ledger.watch();
    let recorded = *rows.borrow();
    let follower = || Follower::open(&settings.data_dir, recorded, Some(rows.clone()));
    let console = Console::new(run.format);
    let write = move |ledger: &_, event: &_| console.event(ledger, event);
    let mut following = vec![Following::start("console", follower()?, write)?];
    if settings.http.listen.is_some() {
        let counts = counts.clone();
        let count = move |_: &_, event: &_| counts.event(event);
        following.push(Following::start("metrics", follower()?, count)?);
    }
    Ok(following)
}

/// Ready when all picks of a limited run are settled; never for one without a limit.
async fn done(first_hop: Option<&Outbox<TickerPicked>>, picks: Option<u64>) {
    let (Some(first_hop), Some(picks)) = (first_hop, picks) else {
        return std::future::pending().await;
    };
    loop {
        let stats = first_hop.stats();
        if stats.accepted >= picks && stats.in_flight == 0 {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}
