//! Runs the pipeline in this process: makes its parts from the settings, has them wired, waits for
//! the end, and accounts for every pick.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use closecall_actors::{Announcer, Forecaster, LedgerDeadLetters};
use closecall_calendar::Clock;
use closecall_ledger::{Ledger, Reader, Recorded};
use closecall_market::{Market, Outcome, Vendor};
use closecall_protocol::TickerPicked;
use closecall_sentiment::Vader;
use closecall_supervision::{Exit, FaultPoints, Outbox, Signals, Supervisor};
use serde::Serialize;

use crate::exit::{Exit as Code, OrExit};
use crate::parts;
use crate::report::Teller;
use crate::settings::Settings;
use crate::topology::{self, Parts};
use crate::web::{Counts, Metrics, Pages, Reading, Web};

/// What is particular to one run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) clock: Clock,
    /// End by itself after so many picks.
    pub(crate) picks: Option<u64>,
    pub(crate) faults: FaultPoints,
    pub(crate) json: bool,
}

/// The account of a run: where every accepted pick ended.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) picks: u64,
    pub(crate) forecasts: u64,
    pub(crate) dead_letters: u64,
    pub(crate) duplicates: u64,
    /// Accepted, and neither forecast nor dead letter.
    pub(crate) lost: u64,
    pub(crate) restarts: u64,
    pub(crate) scored: u64,
    pub(crate) relative_mae: Option<f64>,
}

/// How often the end of a limited run is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// Runs until it is done, asked to end, or a stage has failed for good.
pub(crate) fn run(settings: &Settings, run: Run) -> anyhow::Result<(Exit, Summary)> {
    let teller = Arc::new(Teller::new(run.json));
    let calendar = Arc::new(settings.calendar.calendar());
    let market = Arc::new(parts::market(settings, &run.clock)?);
    let ledger = Ledger::open(&settings.data_dir, settings.calendar.calendar())
        .or_exit(Code::CannotCreate)?;
    let before = Reader::open(&settings.data_dir)?.summary()?;
    let ledger = Arc::new(Mutex::new(ledger));

    let counts = Counts::default();
    let vendors = vendor_requests(&market);
    let parts = Parts {
        clock: run.clock.clone(),
        calendar,
        picker: settings.picker.clone(),
        picks: run.picks,
        market,
        scorer: Arc::new(Vader::new()),
        forecaster: forecaster(settings, &run.clock),
        ledger: Arc::clone(&ledger),
        announce: announcer(&teller, &counts, &run.clock),
        dead_letters: LedgerDeadLetters::new(ledger, Arc::new(move |row| teller.dead_letter(row))),
        faults: run.faults,
    };

    let seed = settings.picker.seed;
    let (exit, accepted, restarts) = actix::System::new().block_on(async {
        let mut signals = Signals::listen()?;
        let supervisor = Supervisor::new(settings.supervision, run.clock.clone(), seed)?;
        let first_hop = topology::in_process(&supervisor, parts)?;
        let readings = vec![vendors, picks(&first_hop)];
        let web = serve(settings, &supervisor, Metrics { counts, readings })?;
        let exit = supervisor
            .run(&mut signals, done(&first_hop, run.picks))
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
        anyhow::Ok((exit, first_hop.stats().accepted, restarts))
    })?;
    let summary = account(&settings.data_dir, accepted, restarts, &before)?;
    Ok((exit, summary))
}

/// The forecast as a function of the dataset, with this run's settings and clock.
fn forecaster(settings: &Settings, clock: &Clock) -> Forecaster {
    let (settings, clock) = (settings.forecast.clone(), clock.clone());
    Arc::new(move |dataset, on_epoch| {
        closecall_forecast::forecast(dataset, &settings, clock.now(), on_epoch)
    })
}

/// Tells and counts what was recorded.
fn announcer(teller: &Arc<Teller>, counts: &Counts, clock: &Clock) -> Announcer {
    let (teller, counts, clock) = (Arc::clone(teller), counts.clone(), clock.clone());
    Arc::new(move |forecast, recorded| match recorded {
        Recorded::New { late, .. } => {
            counts.forecast(forecast, late, clock.now().timestamp());
            teller.forecast(forecast);
        }
        Recorded::Duplicate => counts.duplicate(),
    })
}

fn serve(
    settings: &Settings,
    supervisor: &Supervisor,
    metrics: Metrics,
) -> anyhow::Result<Option<Web>> {
    let Some(listen) = settings.http.listen else {
        return Ok(None);
    };
    let pages = Pages {
        health: supervisor.health(),
        every: settings.supervision.watchdog.every,
        metrics: Arc::new(metrics),
    };
    Web::start(listen, pages)
        .or_exit(Code::CannotCreate)
        .map(Some)
}

fn picks(first_hop: &Arc<Outbox<TickerPicked>>) -> Reading {
    let first_hop = Arc::clone(first_hop);
    Reading {
        name: "picks",
        help: "Picks accepted",
        counter: true,
        read: Box::new(move || {
            vec![(
                Vec::new(),
                i64::try_from(first_hop.stats().accepted).unwrap_or(i64::MAX),
            )]
        }),
    }
}

fn vendor_requests(market: &Arc<Market>) -> Reading {
    let market = Arc::clone(market);
    Reading {
        name: "vendor_requests",
        help: "Requests to the vendors, by outcome",
        counter: true,
        read: Box::new(move || {
            let pairs = Vendor::ALL.into_iter().flat_map(|vendor| {
                Outcome::ALL
                    .into_iter()
                    .map(move |outcome| (vendor, outcome))
            });
            pairs
                .map(|(vendor, outcome)| {
                    let labels = vec![
                        ("vendor", vendor.to_string()),
                        ("outcome", outcome.name().to_owned()),
                    ];
                    let count = market.stats().requests(vendor, outcome);
                    (labels, i64::try_from(count).unwrap_or(i64::MAX))
                })
                .collect()
        }),
    }
}

/// Ready when all picks of a limited run are settled; never for one without a limit.
async fn done(first_hop: &Outbox<TickerPicked>, picks: Option<u64>) {
    let Some(picks) = picks else {
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

/// Holds the picks that were accepted against what the ledger gained.
fn account(
    data_dir: &Path,
    picks: u64,
    restarts: u64,
    before: &closecall_ledger::Summary,
) -> anyhow::Result<Summary> {
    let after = Reader::open(data_dir)?.summary()?;
    let forecasts = after.forecasts - before.forecasts;
    let dead_letters = after.dead_letters.saturating_sub(before.dead_letters);
    let duplicates = after.duplicates - before.duplicates;
    Ok(Summary {
        picks,
        forecasts,
        dead_letters,
        duplicates,
        // A pick repeated from an earlier run is accepted here and stands in the ledger already.
        lost: picks.saturating_sub(forecasts + dead_letters + duplicates),
        restarts,
        scored: after.scored - before.scored,
        relative_mae: after.relative_mae,
    })
}
