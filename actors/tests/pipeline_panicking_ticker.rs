//! A domain function that panics on one ticker, behind all five stages: that ticker's picks become
//! dead letters, the others are forecast, and no stage is restarted for it.

use std::sync::Arc;
use std::time::Duration;

use closecall_actors::stage::{GRU_TRAINER, REPORTER, SCRAPER, SENTIMENT, TICKER_PICKER};
use closecall_actors::{
    Forecaster, GruTrainer, LedgerDeadLetters, PickMetadata, PickerMode, PickerSettings, Reporter,
    Scraper, Sentiment, TickerPicker, WatchedLedger,
};
use closecall_calendar::{Calendar, Clock};
use closecall_forecast::{ForecastSettings, ModelKind};
use closecall_ledger::{Ledger, Reader, SharedLedger};
use closecall_market::{DataSource, Market, MarketSettings};
use closecall_market_server::{ServedMarket, Server, Simulated, SimulatedSettings};
use closecall_protocol::{Reason, Ticker};
use closecall_sentiment::{DatasetBuilder, Vader};
use closecall_supervision::{Cause, FaultPoints, Signals, SupervisionSettings, Supervisor};

/// Enough that the one ticker is among them whichever slots a slow machine misses.
const PICKS: u64 = 24;

/// Real forecasts, but for the one ticker.
fn forecaster(cursed: &str, clock: Clock) -> Forecaster {
    let cursed = Ticker::new(cursed).unwrap();
    let settings = ForecastSettings {
        model: ModelKind::Persistence,
        ..ForecastSettings::default()
    };
    Arc::new(move |dataset, on_epoch| {
        assert!(dataset.pick.ticker != cursed, "no such thing as {cursed}");
        closecall_forecast::forecast(dataset, &settings, clock.now(), on_epoch)
    })
}

#[test]
fn a_domain_function_that_panics_on_one_ticker_does_not_disturb_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let start = "2025-01-06T12:00:00Z".parse().unwrap();
    let clock = Clock::simulated(start, 3_600.0).unwrap();
    let simulated = Simulated::new(SimulatedSettings::new(1), Calendar::default()).unwrap();
    let served = ServedMarket::simulated(simulated, clock.clone());
    let server = Server::bind(Server::loopback(0), served).unwrap();
    let server = server.spawn().unwrap();

    let mut settings = MarketSettings::default();
    settings.yahoo.base_url = format!("http://{}", server.address());
    settings.alphavantage.base_url = settings.yahoo.base_url.clone();
    let source = DataSource::of(&settings).unwrap();
    let market = Market::open(
        &settings,
        &source,
        folder.path(),
        Calendar::default(),
        clock.clone(),
    );
    let market = Arc::new(market.unwrap());
    let ledger = Ledger::open(folder.path(), Calendar::default()).unwrap();
    let ledger = SharedLedger::from(ledger);

    let mut supervision = SupervisionSettings::default();
    supervision.delivery.backoff.first = Duration::from_millis(10);
    let picker = PickerSettings {
        mode: PickerMode::Random,
        tickers_file: None,
        tickers: ["AAPL", "MSFT", "TSLA"]
            .map(|t| Ticker::new(t).unwrap())
            .into(),
        every: Duration::from_secs(360),
        seed: 3,
        expires_after: Duration::ZERO,
    };
    let exit = actix::System::new().block_on(async {
        let supervisor = Supervisor::new(supervision, clock.clone(), 3).unwrap();
        let context = |name| supervisor.context(name, FaultPoints::default());
        let ledger = WatchedLedger::new(ledger, context(REPORTER));
        let letters = LedgerDeadLetters::new(ledger.clone());
        let reporter = Reporter::new(ledger, context(REPORTER));
        let reporter = supervisor.spawn_stage(REPORTER, reporter).unwrap();
        let hop = supervisor.outbox(GRU_TRAINER, REPORTER, reporter.recipient(), PickMetadata);
        let forecaster = forecaster("TSLA", clock.clone());
        let trainer = GruTrainer::new(forecaster, hop.build(), context(GRU_TRAINER));
        let trainer = supervisor.spawn_stage(GRU_TRAINER, trainer).unwrap();
        let datasets = Arc::new(DatasetBuilder::new(Calendar::default(), Vader::new()));
        let hop = supervisor.outbox(SENTIMENT, GRU_TRAINER, trainer.recipient(), PickMetadata);
        let sentiment = Sentiment::new(datasets, hop.build(), context(SENTIMENT));
        let sentiment = supervisor.spawn_stage(SENTIMENT, sentiment).unwrap();
        let hop = supervisor.outbox(SCRAPER, SENTIMENT, sentiment.recipient(), PickMetadata);
        let scraper = Scraper::new(market, hop.build(), context(SCRAPER));
        let scraper = supervisor.spawn_stage(SCRAPER, scraper).unwrap();
        let hop = supervisor.outbox(TICKER_PICKER, SCRAPER, scraper.recipient(), PickMetadata);
        let hop = hop
            .dead_letters(Arc::new(letters))
            .abandon_at_exit()
            .build();
        let picker = TickerPicker::new(picker, Arc::clone(&hop), context(TICKER_PICKER));
        let picker = picker.limit(Some(PICKS));
        supervisor.spawn_stage(TICKER_PICKER, picker).unwrap();

        let settled = async {
            while hop.stats().accepted < PICKS || hop.stats().in_flight > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let (_source, mut signals) = Signals::manual();
        let exit = supervisor.run(&mut signals, settled).await;
        for (name, stage) in supervisor.board().health().stages {
            assert_eq!(stage.restarts, 0, "{name} was restarted");
        }
        exit
    });
    server.stop().unwrap();
    assert_eq!((exit.code, exit.cause), (0, Cause::Finished));

    let reader = Reader::open(folder.path()).unwrap();
    reader.verify().unwrap();
    let entries = reader.entries().unwrap();
    assert_eq!(entries.len() as u64, PICKS);
    let cursed = |ticker: &Option<Ticker>| ticker.as_ref().is_some_and(|t| t.as_str() == "TSLA");
    for entry in &entries {
        let reason = cursed(&entry.ticker).then_some(Reason::Panic);
        assert_eq!(entry.reason, reason, "{entry:?}");
    }
    let dead = entries.iter().filter(|entry| cursed(&entry.ticker)).count();
    assert!(0 < dead && dead < entries.len(), "{dead} of the one ticker");
}
