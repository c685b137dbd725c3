//! Bad input at each stage's own door, in process, the real stages behind it: a message that nothing
//! can be made of ends as a dead letter that names the stage and the reason, one that says too
//! little ends as persistence that says so, the stage goes on, and nothing is lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_actors::stage::{GRU_TRAINER, REPORTER, SCRAPER, SENTIMENT};
use closecall_actors::{
    Forecaster, GruTrainer, LedgerDeadLetters, PickMetadata, Reporter, Scraper, Sentiment,
    WatchedLedger,
};
use closecall_calendar::{Calendar, Clock};
use closecall_forecast::{ForecastSettings, ModelKind, forecast};
use closecall_ledger::{Ledger, Reader, SharedLedger};
use closecall_market::{DataSource, Market, MarketSettings};
use closecall_market_server::{RunningServer, ServedMarket, Server, Simulated, SimulatedSettings};
use closecall_protocol::{
    Annotations, CloseForecast, DatasetBuilt, DatasetRow, ForecastValues, MarketScraped, NewsSums,
    Pick, PickId, PickReason, Provider, QuoteAbsent, Reason, SessionDate, SessionNews,
    SessionTimes, Ticker, TickerPicked,
};
use closecall_sentiment::{DatasetBuilder, Vader};
use closecall_supervision::{Ack, FaultPoints, Outbox, SupervisionSettings, Supervisor};

/// When every pick is made, and what time it is.
fn now() -> DateTime<Utc> {
    "2025-01-06T16:00:00Z".parse().unwrap()
}

fn pick(ticker: &str, number: u64) -> Pick {
    let ticker = Ticker::new(ticker).unwrap();
    Pick {
        pick_id: PickId::of_slot(number, now(), &ticker),
        ticker,
        slot: now(),
        expires_at: None,
        reason: PickReason::Schedule,
    }
}

/// The four stages that take messages, with a door to each.
struct Doors {
    supervisor: Supervisor,
    scraper: Arc<Outbox<TickerPicked>>,
    sentiment: Arc<Outbox<MarketScraped>>,
    trainer: Arc<Outbox<DatasetBuilt>>,
    folder: PathBuf,
    _served: RunningServer,
}

impl Doors {
    fn open(folder: &Path) -> Self {
        Self::with(folder, forecaster())
    }

    fn with(folder: &Path, forecaster: Forecaster) -> Self {
        let clock = Clock::fixed(now());
        let simulated = Simulated::new(SimulatedSettings::new(1), Calendar::default()).unwrap();
        let served = ServedMarket::simulated(simulated, clock.clone());
        let served = Server::bind(Server::loopback(0), served).unwrap();
        let served = served.spawn().unwrap();
        let mut settings = MarketSettings::default();
        settings.yahoo.base_url = format!("http://{}", served.address());
        settings.alphavantage.base_url = settings.yahoo.base_url.clone();
        let source = DataSource::of(&settings).unwrap();
        let calendar = Calendar::default();
        let market = Market::open(&settings, &source, folder, calendar, clock.clone()).unwrap();
        let ledger = Ledger::open(folder, Calendar::default()).unwrap();
        let ledger = SharedLedger::from(ledger);

        let settings = SupervisionSettings::default();
        let supervisor = Supervisor::new(settings, clock.clone(), 3).unwrap();
        let context = |name| supervisor.context(name, FaultPoints::default());
        let ledger = WatchedLedger::new(ledger, context(REPORTER));
        let sink = Arc::new(LedgerDeadLetters::new(ledger.clone()));
        let reporter = Reporter::new(ledger, context(REPORTER));
        let reporter = supervisor.spawn_stage(REPORTER, reporter).unwrap();
        let hop = supervisor.outbox(GRU_TRAINER, REPORTER, reporter.recipient(), PickMetadata);
        let trainer = GruTrainer::new(forecaster, hop.build(), context(GRU_TRAINER));
        let trainer = supervisor.spawn_stage(GRU_TRAINER, trainer).unwrap();
        let hop = supervisor.outbox(
            SENTIMENT,
            GRU_TRAINER,
            trainer.clone().recipient(),
            PickMetadata,
        );
        let datasets = Arc::new(DatasetBuilder::new(Calendar::default(), Vader::new()));
        let sentiment = Sentiment::new(datasets, hop.build(), context(SENTIMENT));
        let sentiment = supervisor.spawn_stage(SENTIMENT, sentiment).unwrap();
        let hop = supervisor.outbox(
            SCRAPER,
            SENTIMENT,
            sentiment.clone().recipient(),
            PickMetadata,
        );
        let scraper = Scraper::new(Arc::new(market), hop.build(), context(SCRAPER));
        let scraper = supervisor.spawn_stage(SCRAPER, scraper).unwrap();

        let door = "door";
        let scraper = supervisor.outbox(door, SCRAPER, scraper.recipient(), PickMetadata);
        let sentiment = supervisor.outbox(door, SENTIMENT, sentiment.recipient(), PickMetadata);
        let trainer = supervisor.outbox(door, GRU_TRAINER, trainer.recipient(), PickMetadata);
        Self {
            scraper: scraper.dead_letters(sink.clone()).build(),
            sentiment: sentiment.dead_letters(sink.clone()).build(),
            trainer: trainer.dead_letters(sink).build(),
            supervisor,
            folder: folder.to_owned(),
            _served: served,
        }
    }

    /// The stage that refused this pick, and why.
    #[track_caller]
    fn refusal(&self, pick: &Pick) -> (String, Reason) {
        let ledger = Reader::open(&self.folder).unwrap();
        let row = ledger.dead_letter(pick.pick_id).unwrap().unwrap();
        assert!(!row.message.is_empty());
        (row.stage, row.reason)
    }

    /// Nothing was restarted on the way.
    async fn shut(self) {
        for (name, stage) in self.supervisor.board().health().stages {
            assert_eq!(stage.restarts, 0, "{name} was restarted");
        }
        assert!(self.supervisor.drain().await.is_empty());
        assert!(self.supervisor.stop().await.is_empty());
    }
}

/// Ours, with a network that is trained in no time.
fn forecaster() -> Forecaster {
    let mut settings = ForecastSettings::default();
    (settings.network.epochs, settings.network.members) = (2, 1);
    Arc::new(move |dataset, on_epoch| forecast(dataset, &settings, now(), on_epoch))
}

/// A dataset of closes on consecutive sessions up to the last one closed.
fn dataset(pick: Pick, closes: &[f64]) -> DatasetBuilt {
    let calendar = Calendar::default();
    let mut days = vec![calendar.last_closed(now())];
    while days.len() < closes.len() {
        let earlier = calendar.previous(days[days.len() - 1].date);
        days.push(earlier);
    }
    let mut rows: Vec<DatasetRow> = days
        .iter()
        .zip(closes.iter().rev())
        .map(|(day, &close)| {
            let session = SessionDate::new(day.date).unwrap();
            DatasetRow::with_close(session, close, SessionNews::default()).unwrap()
        })
        .collect();
    rows.reverse();
    DatasetBuilt {
        pick,
        target: SessionDate::new(calendar.target(now()).date).unwrap(),
        session: SessionTimes::from(&calendar.target(now())),
        sessions_ahead: 0,
        quote: Err(QuoteAbsent::NoQuote),
        provider: None,
        provider_switched: None,
        provisional: false,
        repairs: Arc::new([]),
        rows: rows.into(),
        live: SessionNews::default(),
        fetched_at: Some(now()),
        annotations: Annotations::default(),
    }
}

/// Reason by which each pick was given up; nothing for one that was forecast.
fn ends(folder: &Path) -> BTreeMap<PickId, Option<Reason>> {
    let reader = Reader::open(folder).unwrap();
    reader.verify().unwrap();
    let entries = reader.entries().unwrap();
    let ends: BTreeMap<_, _> = entries.iter().map(|e| (e.pick_id, e.reason)).collect();
    assert_eq!(ends.len(), entries.len(), "one state a pick");
    ends
}

#[test]
fn the_scraper_refuses_what_no_vendor_knows_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    actix::System::new().block_on(async {
        let doors = Doors::open(folder.path());
        let unknown = pick("NOSUCH", 1);
        let expired = Pick {
            expires_at: Some(now() - TimeDelta::seconds(1)),
            ..pick("AAPL", 3)
        };
        let good = pick("AAPL", 4);
        for (pick, ack) in [
            (&unknown, Ack::DeadLettered),
            (&expired, Ack::DeadLettered),
            (&good, Ack::Done),
        ] {
            let picked = TickerPicked { pick: pick.clone() };
            assert_eq!(
                doors.scraper.deliver(picked).await.unwrap(),
                ack,
                "{pick:?}"
            );
        }
        let scraper = |reason| (SCRAPER.to_owned(), reason);
        assert_eq!(doors.refusal(&unknown), scraper(Reason::UnknownTicker));
        assert_eq!(doors.refusal(&expired), scraper(Reason::Expired));
        doors.shut().await;
        let ends = ends(folder.path());
        assert_eq!((ends.len(), ends[&good.pick_id]), (3, None));
    });
}

#[test]
fn sentiment_refuses_a_scrape_without_prices_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    actix::System::new().block_on(async {
        let doors = Doors::open(folder.path());
        let empty = pick("AAPL", 1);
        let scraped = MarketScraped {
            pick: empty.clone(),
            target: SessionDate::new(Calendar::default().target(now()).date).unwrap(),
            session: SessionTimes::from(&Calendar::default().target(now())),
            sessions_ahead: 0,
            quote: Err(QuoteAbsent::NoQuote),
            provider: Provider::Yahoo,
            provider_switched: false,
            provisional: false,
            repairs: Arc::new([]),
            bars: Arc::new([]),
            articles: Arc::default(),
            news_sums: NewsSums::default(),
            fetched_at: now(),
            annotations: Annotations::default(),
        };
        let refused = doors.sentiment.deliver(scraped).await.unwrap();
        assert_eq!(refused, Ack::DeadLettered);
        let sentiment = (SENTIMENT.to_owned(), Reason::NoData);
        assert_eq!(doors.refusal(&empty), sentiment);
        let good = pick("AAPL", 2);
        let picked = TickerPicked { pick: good.clone() };
        assert_eq!(doors.scraper.deliver(picked).await.unwrap(), Ack::Done);
        doors.shut().await;
        let ends = ends(folder.path());
        assert_eq!((ends.len(), ends[&good.pick_id]), (2, None));
    });
}

#[test]
fn the_trainer_refuses_no_rows_and_makes_persistence_of_too_little() {
    let folder = tempfile::tempdir().unwrap();
    actix::System::new().block_on(async {
        let doors = Doors::open(folder.path());
        let none = pick("AAPL", 1);
        let refused = doors.trainer.deliver(dataset(none.clone(), &[])).await;
        assert_eq!(refused.unwrap(), Ack::DeadLettered);
        let trainer = (GRU_TRAINER.to_owned(), Reason::NoData);
        assert_eq!(doors.refusal(&none), trainer);

        let few: Vec<f64> = (0..11).map(|n| 100.0 + f64::from(n)).collect();
        for (number, closes) in [(2, few), (3, vec![42.0; 205]), (4, vec![7.0])] {
            let done = doors
                .trainer
                .deliver(dataset(pick("AAPL", number), &closes));
            assert_eq!(done.await.unwrap(), Ack::Done);
        }
        doors.shut().await;
        let reader = Reader::open(folder.path()).unwrap();
        for (number, last) in [(2, 110.0), (3, 42.0), (4, 7.0)] {
            let id = pick("AAPL", number).pick_id;
            let entries = reader.entries().unwrap();
            let entry = entries.iter().find(|entry| entry.pick_id == id).unwrap();
            assert_eq!((entry.reason, entry.close), (None, Some(last)));
            assert_eq!(entry.prediction, Some(last), "persistence");
        }
        assert_eq!(ends(folder.path()).len(), 4);
    });
}

#[test]
fn a_forecast_of_numbers_that_are_none_is_never_made() {
    type Spoil = fn(&mut ForecastValues);
    let spoilt: [Spoil; 4] = [
        |values| values.prediction = f64::NAN,
        |values| values.intervals[0].upper = f64::INFINITY,
        |values| values.history[0].1 = f64::NEG_INFINITY,
        |values| values.last_close = 0.0,
    ];
    let settings = ForecastSettings {
        model: ModelKind::Persistence,
        ..ForecastSettings::default()
    };
    let forecaster: Forecaster = Arc::new(move |dataset, on_epoch| {
        let good = forecast(dataset, &settings, now(), on_epoch)?;
        let number = dataset.rows[0].close() as usize;
        let Some(spoil) = spoilt.get(number - 1) else {
            return Ok(good);
        };
        let mut values = good.into_values();
        spoil(&mut values);
        Ok(CloseForecast::publish(values)?)
    });
    let folder = tempfile::tempdir().unwrap();
    actix::System::new().block_on(async {
        let doors = Doors::with(folder.path(), forecaster);
        for number in 1..=4_u32 {
            let pick = pick("AAPL", u64::from(number));
            let dataset = dataset(pick.clone(), &[f64::from(number), 42.0]);
            let refused = doors.trainer.deliver(dataset).await.unwrap();
            assert_eq!(refused, Ack::DeadLettered);
            let trainer = (GRU_TRAINER.to_owned(), Reason::Diverged);
            assert_eq!(doors.refusal(&pick), trainer);
        }
        let good = dataset(pick("AAPL", 5), &[5.0, 42.0]);
        assert_eq!(doors.trainer.deliver(good).await.unwrap(), Ack::Done);
        doors.shut().await;
        let ends = ends(folder.path());
        assert_eq!((ends.len(), ends[&pick("AAPL", 5).pick_id]), (5, None));
    });
}
