//! The wiring of the pipeline, in one function that reads like the diagram:
//!
//! ```text
//! TickerPicker ─4─▶ Scraper ─4─▶ Sentiment ─4─▶ GruTrainer ─4─▶ Reporter
//! ```
//!
//! The number on an edge is its window (`supervision.delivery.window`): so many messages are on their way over it at once, and
//! nothing else bounds what is in flight.

use std::sync::{Arc, Mutex};

use closecall_actors::{
    Announcer, Facts, Forecaster, GruTrainer, LedgerDeadLetters, PickerSettings, Reporter, Scraper,
    Sentiment, TickerPicker, stage,
};
use closecall_calendar::{Calendar, Clock};
use closecall_ledger::Ledger;
use closecall_market::Market;
use closecall_protocol::TickerPicked;
use closecall_sentiment::Scorer;
use closecall_supervision::{Error, FaultPoints, Outbox, Supervisor};

/// What the stages are made of.
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) picker: PickerSettings,
    /// Stop after so many picks.
    pub(crate) picks: Option<u64>,
    pub(crate) market: Arc<Market>,
    pub(crate) scorer: Arc<dyn Scorer>,
    pub(crate) forecaster: Forecaster,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) announce: Announcer,
    pub(crate) dead_letters: LedgerDeadLetters,
    pub(crate) faults: FaultPoints,
}

/// All five stages in this process. Wired from the last to the first, since each is built with the
/// way to the next. Returns the first hop, by which picks are counted.
///
/// # Errors
/// When the system gives no thread for a stage.
pub(crate) fn in_process(
    supervisor: &Supervisor,
    parts: Parts,
) -> Result<Arc<Outbox<TickerPicked>>, Error> {
    let Parts {
        clock,
        calendar,
        picker,
        picks,
        market,
        scorer,
        forecaster,
        ..
    } = parts;
    let faults = &parts.faults;
    let work = |name| supervisor.boundary(name);

    let reporter = supervisor.spawn_stage(
        stage::REPORTER,
        Reporter::new(
            parts.ledger,
            clock.clone(),
            parts.announce,
            work(stage::REPORTER),
            faults.clone(),
        ),
    )?;
    let forecasts = supervisor
        .outbox(
            stage::GRU_TRAINER,
            stage::REPORTER,
            reporter.recipient(),
            Facts,
        )
        .build();

    let trainer = supervisor.spawn_stage(
        stage::GRU_TRAINER,
        GruTrainer::new(
            forecaster,
            forecasts,
            work(stage::GRU_TRAINER),
            faults.clone(),
        ),
    )?;
    let datasets = supervisor
        .outbox(
            stage::SENTIMENT,
            stage::GRU_TRAINER,
            trainer.recipient(),
            Facts,
        )
        .build();

    let sentiment = supervisor.spawn_stage(
        stage::SENTIMENT,
        Sentiment::new(
            scorer,
            calendar,
            datasets,
            work(stage::SENTIMENT),
            faults.clone(),
        ),
    )?;
    let scrapes = supervisor
        .outbox(
            stage::SCRAPER,
            stage::SENTIMENT,
            sentiment.recipient(),
            Facts,
        )
        .build();

    let scraper = supervisor.spawn_stage(
        stage::SCRAPER,
        Scraper::new(market, scrapes, work(stage::SCRAPER), faults.clone()),
    )?;
    let first_hop = supervisor
        .outbox(
            stage::TICKER_PICKER,
            stage::SCRAPER,
            scraper.recipient(),
            Facts,
        )
        // What a stage refuses comes back to here: a dead letter is of the process's input. The
        // picks accepted here are held by nobody else, so an orderly end leaves none open.
        .dead_letters(Arc::new(parts.dead_letters))
        .abandon_at_exit()
        .build();

    supervisor.spawn_stage(
        stage::TICKER_PICKER,
        TickerPicker::new(picker, clock, picks, Arc::clone(&first_hop), faults.clone()),
    )?;
    Ok(first_hop)
}
