//! The wiring of the pipeline, in one function that reads like the diagram:
//!
//! ```text
//! TickerPicker ─4─▶ Scraper ─4─▶ Sentiment ─4─▶ GruTrainer ─4─▶ Reporter        in process
//! TickerPicker ═12═▶ Scraper ─4─▶ Sentiment ═192═▶ GruTrainer ═192═▶ Reporter   through Kafka
//! ```
//!
//! The number on an edge is its window: the messages that are on their way over it at once, and
//! nothing else bounds what is in flight. It is `supervision.delivery.window` in process.
//! Through Kafka it is `kafka.window_per_partition` times the partitions, but one a partition towards
//! the scraper, which the vendors' pace holds back.

use std::sync::Arc;

use closecall_actors::kafka_bridge::KafkaBridge;
use closecall_actors::{
    Forecaster, GruTrainer, LedgerDeadLetters, PickMetadata, PickerSettings, Reporter, Scraper,
    Sentiment, TickerPicker, WatchedLedger, stage,
};
use closecall_calendar::{Calendar, Timetable};
use closecall_ledger::SharedLedger;
use closecall_market::Market;
use closecall_protocol::codec::{Record, dataset, forecast, pick};
use closecall_protocol::{Error as ProtocolError, TickerPicked, Topic};
use closecall_sentiment::DatasetBuilder;
use closecall_supervision::{Deliver, FaultPoints, Outbox, OutboxBuilder, Supervisor};

/// The roles of this process, each with what its stages are made of; a role that is missing runs
/// elsewhere.
pub(crate) struct Roles {
    pub(crate) calendar: Arc<Calendar>,
    pub(crate) faults: FaultPoints,
    pub(crate) picker: Option<PickerRole>,
    pub(crate) scraper: Option<ScraperRole>,
    pub(crate) trainer: Option<Forecaster>,
    pub(crate) reporter: Option<ReporterRole>,
}

/// TickerPicker's.
pub(crate) struct PickerRole {
    pub(crate) settings: PickerSettings,
    /// Stop after this number of picks.
    pub(crate) limit: Option<u64>,
    /// Pick at these moments in place of all slots.
    pub(crate) timetable: Option<Timetable>,
}

/// Scraper's and Sentiment's, which always share a process.
pub(crate) struct ScraperRole {
    pub(crate) market: Arc<Market>,
    pub(crate) datasets: Arc<DatasetBuilder>,
}

/// Reporter's.
pub(crate) struct ReporterRole {
    pub(crate) ledger: SharedLedger,
}

/// Wires the stages from the last to the first, since each is built with the way to the next. With
/// a bridge the three boundaries go through the topics, else straight to the next stage. Returns
/// the first hop, by which picks are counted, where this process picks.
///
/// # Errors
/// When the system gives no thread for a stage, or a boundary leads nowhere.
pub(crate) fn wire(
    supervisor: &Supervisor,
    roles: Roles,
    bridge: Option<&KafkaBridge>,
) -> anyhow::Result<Option<Arc<Outbox<TickerPicked>>>> {
    let Roles {
        calendar,
        faults,
        picker,
        scraper,
        trainer,
        reporter,
    } = roles;
    let hops = Hops { supervisor, bridge };
    let context = |stage| supervisor.context(stage, faults.clone());
    let ledger = reporter.map(|role| WatchedLedger::new(role.ledger, context(stage::REPORTER)));
    let letters = ledger.clone().map(LedgerDeadLetters::new);

    // ─▶ Reporter
    let mut to_reporter = None;
    if let Some(ledger) = ledger {
        let reporter = Reporter::new(ledger, context(stage::REPORTER));
        let reporter = supervisor.spawn_stage(stage::REPORTER, reporter)?;
        if let Some(bridge) = bridge {
            let (topic, next) = (Topic::StockPredictionOutput, reporter.clone().recipient());
            bridge.from_topic(topic, stage::REPORTER, next, PickMetadata, forecast::decode)?;
            if let Some(letters) = &letters {
                bridge.from_dead_letters(Arc::new(letters.clone()))?;
            }
        }
        to_reporter = Some(reporter.recipient());
    }

    // ─▶ GruTrainer ─Prediction─▶
    let mut to_trainer = None;
    if let Some(forecaster) = trainer {
        let topic = Topic::StockPredictionOutput;
        let edge = (stage::GRU_TRAINER, stage::REPORTER);
        let forecasts = hops
            .boundary(topic, edge, to_reporter, forecast::encode)?
            .build();
        let trainer = GruTrainer::new(forecaster, forecasts, context(stage::GRU_TRAINER));
        let trainer = supervisor.spawn_stage(stage::GRU_TRAINER, trainer)?;
        if let Some(bridge) = bridge {
            let calendar = Arc::clone(&calendar);
            let decode = move |record: &_, at: &_| dataset::decode(record, at, &calendar);
            let (topic, next) = (Topic::StockModelOutput, trainer.clone().recipient());
            bridge.from_topic(topic, stage::GRU_TRAINER, next, PickMetadata, decode)?;
        }
        to_trainer = Some(trainer.recipient());
    }

    // ─▶ Scraper ─MarketScraped─▶ Sentiment ─DatasetBuilt─▶
    let mut to_scraper = None;
    if let Some(ScraperRole { market, datasets }) = scraper {
        let topic = Topic::StockModelOutput;
        let edge = (stage::SENTIMENT, stage::GRU_TRAINER);
        let built = hops
            .boundary(topic, edge, to_trainer, dataset::encode)?
            .build();
        let sentiment = Sentiment::new(datasets, built, context(stage::SENTIMENT));
        let sentiment = sentiment.keeping(Arc::clone(&market));
        let sentiment = supervisor.spawn_stage(stage::SENTIMENT, sentiment)?;

        let scrapes = supervisor
            .outbox(
                stage::SCRAPER,
                stage::SENTIMENT,
                sentiment.recipient(),
                PickMetadata,
            )
            .build();
        let scraper = Scraper::new(market, scrapes, context(stage::SCRAPER));
        let scraper = supervisor.spawn_stage(stage::SCRAPER, scraper)?;
        if let Some(bridge) = bridge {
            let (topic, next) = (Topic::StockNameSelector, scraper.clone().recipient());
            bridge.from_topic(topic, stage::SCRAPER, next, PickMetadata, pick::decode)?;
        }
        to_scraper = Some(scraper.recipient());
    }

    // TickerPicker ─TickerPicked─▶
    let Some(PickerRole {
        settings,
        limit,
        timetable,
    }) = picker
    else {
        return Ok(None);
    };
    let edge = (stage::TICKER_PICKER, stage::SCRAPER);
    let mut first_hop = hops.boundary(Topic::StockNameSelector, edge, to_scraper, pick::encode)?;
    if let (None, Some(letters)) = (bridge, letters) {
        // What a stage refuses comes back to here: a dead letter is of the process's input. The
        // picks accepted here are held by no other stage, so an orderly end leaves none open.
        first_hop = first_hop.dead_letters(Arc::new(letters)).abandon_at_exit();
    }
    let first_hop = first_hop.build();
    let picker = TickerPicker::new(
        settings,
        Arc::clone(&first_hop),
        context(stage::TICKER_PICKER),
    );
    supervisor.spawn_stage(
        stage::TICKER_PICKER,
        picker.limit(limit).timetable(timetable),
    )?;
    Ok(Some(first_hop))
}

/// Makes the hops between stages.
struct Hops<'a> {
    supervisor: &'a Supervisor,
    bridge: Option<&'a KafkaBridge>,
}

impl Hops<'_> {
    /// The way over a boundary: its topic, or the next stage itself.
    fn boundary<T: Clone + Send + Sync + 'static>(
        &self,
        topic: Topic,
        (from, to): (&str, &str),
        next: Option<actix::Recipient<Deliver<T>>>,
        encode: fn(&T) -> Result<Record, ProtocolError>,
    ) -> anyhow::Result<OutboxBuilder<T>>
    where
        PickMetadata: closecall_supervision::MessageMetadata<T>,
    {
        if let Some(bridge) = self.bridge {
            let side = bridge.to_topic(topic, encode)?;
            let name = KafkaBridge::to_name(topic);
            return Ok(self
                .supervisor
                .outbox(from, &name, side, PickMetadata)
                .window(bridge.window()));
        }
        let next = next.ok_or_else(|| {
            anyhow::anyhow!("{from} has no {to} in this process, and `kafka.brokers` is not set")
        })?;
        Ok(self.supervisor.outbox(from, to, next, PickMetadata))
    }
}
