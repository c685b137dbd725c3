//! Runs the pipeline in this process: makes its parts from the settings, has them wired, waits for
//! the end, and accounts for every pick.

use std::sync::Arc;
use std::time::Duration;

use closecall_actors::Forecaster;
use closecall_actors::kafka_bridge::KafkaBridge;
use closecall_calendar::Clock;
use closecall_forecast::{FitCache, forecast_with_model};
use closecall_ledger::{Follower, Ledger, Reader, SharedLedger};
use closecall_protocol::TickerPicked;
use closecall_sentiment::DatasetBuilder;
use closecall_supervision::{Outbox, ProcessExit, Signals, Supervisor};

use crate::account::RunSummary;
use crate::console::Console;
use crate::exit::{Code, CodedError, OrExit};
use crate::following::Following;
use crate::model_file::ModelFile;
use crate::monitoring::Monitoring;
use crate::page;
use crate::role::Role;
use crate::run_options::RunOptions;
use crate::settings::Settings;
use crate::topology::{self, PickerRole, ReporterRole, Roles, ScraperRole};
use crate::web::{Counts, Reading, readings};

/// Pause between two looks whether a limited run has ended.
const LOOK: Duration = Duration::from_millis(50);

/// Runs until it is done, asked to end, or a stage has failed for good. The account is of a run
/// within one process: what goes through topics is accounted for by the ledger over time.
pub(crate) fn run(
    settings: &Settings,
    run: &RunOptions,
) -> anyhow::Result<(ProcessExit, Option<RunSummary>)> {
    let kafka = settings.kafka.enabled();
    if !kafka && !run.roles.is_empty() {
        let error = anyhow::anyhow!(
            "--stage runs one role of several, which meet on Kafka: set `kafka.brokers`"
        );
        return Err(CodedError::new(Code::Configuration, error).into());
    }
    let system = actix::System::new();
    // Before it opens anything: a request to end is kept until the stages can end in order.
    let mut signals = system.block_on(async { Signals::listen() })?;
    let mut readings = Vec::new();
    let roles = roles(settings, run, &mut readings)?;
    let listening = page::listen(settings, run.roles.is_empty())?;
    if let Some(greeting) = run.greeting {
        eprintln!("{greeting}");
    }
    let monitoring = Monitoring::of(settings, run, &roles, listening, readings)?;
    let following = match &roles.reporter {
        Some(reporter) => follow(settings, run, &reporter.ledger, &monitoring.counts)?,
        None => Vec::new(),
    };
    let before = (!kafka)
        .then(|| Reader::open(&settings.data_dir)?.summary())
        .transpose()?;
    let ended = system.block_on(stages(settings, run, roles, monitoring, &mut signals))?;
    // With it go the actors and their ledger: the account is of what they leave.
    drop(system);
    following.into_iter().for_each(Following::finish);
    let Some(before) = before else {
        return Ok((ended.exit, None));
    };
    let after = Reader::open(&settings.data_dir)?.summary()?;
    let summary = RunSummary::of(ended.accepted, ended.restarts, &before, after);
    let mut exit = ended.exit;
    if summary.lost > 0 && exit.code == 0 {
        let lost = summary.lost;
        tracing::error!(
            lost,
            "picks have no end in the ledger: was it replaced while this ran?"
        );
        exit.code = Code::Internal.number();
    }
    Ok((exit, Some(summary)))
}

/// End of the stages.
struct Ended {
    exit: ProcessExit,
    /// Picks that were accepted.
    accepted: u64,
    restarts: u64,
}

/// Starts the stages and their monitoring, and waits for the end.
async fn stages(
    settings: &Settings,
    run: &RunOptions,
    roles: Roles,
    monitoring: Monitoring,
    signals: &mut Signals,
) -> anyhow::Result<Ended> {
    let seed = settings.picker.seed;
    let supervisor = Supervisor::new(settings.supervision, run.clock.clone(), seed)?;
    let bridge = bridge(settings, run, &supervisor)?;
    let first_hop = topology::wire(&supervisor, roles, bridge.as_ref())?;
    let web = monitoring.start(
        settings,
        run,
        &supervisor,
        first_hop.as_ref(),
        bridge.as_ref(),
    )?;
    let exit = supervisor
        .run(signals, done(first_hop.as_deref(), run.picks))
        .await;
    if let Some(web) = web {
        web.stop().await;
    }
    let stages = supervisor.board().health().stages;
    Ok(Ended {
        exit,
        accepted: first_hop.map_or(0, |hop| hop.stats().accepted),
        restarts: stages.values().map(|stage| stage.restarts).sum(),
    })
}

/// The way over the topics, where brokers are set.
fn bridge(
    settings: &Settings,
    run: &RunOptions,
    supervisor: &Supervisor,
) -> anyhow::Result<Option<KafkaBridge>> {
    if !settings.kafka.enabled() {
        return Ok(None);
    }
    let bridge = KafkaBridge::new(settings.kafka.clone(), supervisor, run.faults.clone())?;
    Ok(Some(bridge.expiring_after(settings.picker.expiry())))
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
        reporter = Some(ReporterRole { ledger });
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
