//! Support of the bridge's tests: a pipeline of one hop around a stage that does as it is
//! told, and where a broker is found.

use std::future::Future;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::{Actor, Context, Handler, ResponseFuture, Supervised, System};
use closecall_actors::PickMetadata;
use closecall_actors::kafka_bridge::KafkaBridge;
use closecall_actors::stage::{FAULT_POINTS, SCRAPER};
use closecall_calendar::Clock;
use closecall_kafka::{KafkaSettings, KafkaStats};
use closecall_protocol::codec::pick;
use closecall_protocol::{Pick, PickId, PickReason, Ticker, TickerPicked, Topic};
use closecall_supervision::{
    Ack, Deliver, Drain, FaultPoints, StageError, SupervisionSettings, Supervisor,
};
use futures_util::future::BoxFuture;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

/// Behaviour of the stage under test towards a message.
pub(crate) type Behave<T = TickerPicked> =
    Arc<dyn Fn(T) -> BoxFuture<'static, Result<Ack, StageError>> + Send + Sync>;

/// A stage that does as it is told.
pub(crate) struct Told<T = TickerPicked>(pub(crate) Behave<T>);

impl<T: 'static> Actor for Told<T> {
    type Context = Context<Self>;
}

impl<T: 'static> Supervised for Told<T> {}

impl<T: 'static> Handler<Deliver<T>> for Told<T> {
    type Result = ResponseFuture<Result<Ack, StageError>>;

    fn handle(&mut self, told: Deliver<T>, _: &mut Self::Context) -> Self::Result {
        (self.0)(told.message)
    }
}

impl<T: 'static> Handler<Drain> for Told<T> {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

/// Messages in the order they came.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<TickerPicked>>>);

impl Seen {
    pub(crate) fn push(&self, message: TickerPicked) {
        self.0.lock().unwrap().push(message);
    }

    pub(crate) fn tickers(&self) -> Vec<String> {
        let seen = self.0.lock().unwrap();
        seen.iter()
            .map(|message| message.pick.ticker.to_string())
            .collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// A stage that only takes note.
    pub(crate) fn noting(&self) -> Behave {
        let seen = self.clone();
        Arc::new(move |message| {
            seen.push(message);
            Box::pin(async { Ok(Ack::Done) })
        })
    }

    /// A stage that takes note when it begins and then takes its time.
    pub(crate) fn slow(&self, span: Duration) -> Behave {
        let seen = self.clone();
        Arc::new(move |message| {
            seen.push(message);
            Box::pin(async move {
                tokio::time::sleep(span).await;
                Ok(Ack::Done)
            })
        })
    }
}

/// One process's worth: a supervisor, a stage and its receiving side.
pub(crate) struct Member {
    pub(crate) supervisor: Supervisor,
    pub(crate) bridge: KafkaBridge,
}

impl Member {
    /// Starts a scraper that behaves as told on the picks of the settings' cluster.
    pub(crate) fn start(settings: &KafkaSettings, faults: &[&str], behave: Behave) -> Self {
        let supervisor = supervisor();
        let faults = FaultPoints::parse(faults, FAULT_POINTS).unwrap();
        let bridge = KafkaBridge::new(settings.clone(), &supervisor, faults).unwrap();
        let stage = supervisor
            .spawn_stage(SCRAPER, Told(behave))
            .unwrap()
            .recipient();
        bridge
            .from_topic(
                Topic::StockNameSelector,
                SCRAPER,
                stage,
                PickMetadata,
                pick::decode,
            )
            .unwrap();
        Self { supervisor, bridge }
    }

    pub(crate) fn stats(&self) -> KafkaStats {
        self.bridge.stats()
    }

    pub(crate) fn assigned(&self) -> usize {
        self.stats()
            .snapshot()
            .clients
            .values()
            .map(|client| client.assigned)
            .sum()
    }

    /// The orderly end.
    pub(crate) async fn end(self) {
        let missed = self.supervisor.drain().await;
        assert!(missed.is_empty(), "{missed:?}");
        self.supervisor.abandon().await;
        let unjoined = self.supervisor.stop().await;
        assert!(unjoined.is_empty(), "{unjoined:?}");
    }
}

/// A supervisor that does not keep a test waiting.
pub(crate) fn supervisor() -> Supervisor {
    let mut settings = SupervisionSettings::default();
    for backoff in [
        &mut settings.restart.backoff,
        &mut settings.delivery.backoff,
    ] {
        backoff.first = Duration::from_millis(50);
        backoff.max = Duration::from_secs(1);
    }
    Supervisor::new(settings, Clock::system(), 7).unwrap()
}

/// Runs a test within an actix system.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let filter = std::env::var("CLOSECALL_TEST_LOG").unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_test_writer()
        .try_init()
        .ok();
    System::new().block_on(test)
}

/// Waits until something holds; how long is bounded, but nothing is measured.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..3600 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come to pass within three minutes: {what}");
}

/// Settings with topics and groups that no other test has.
pub(crate) fn settings(brokers: &str) -> KafkaSettings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let own = format!(
        "t{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    KafkaSettings {
        brokers: brokers.into(),
        group_prefix: own.clone(),
        topic_prefix: format!("{own}."),
        session_timeout: Duration::from_secs(6),
        heartbeat_interval: Duration::from_secs(2),
        ..KafkaSettings::default()
    }
}

/// A pick of `ticker`, which never expires.
pub(crate) fn picked(ticker: &str) -> TickerPicked {
    let (ticker, slot) = (
        Ticker::new(ticker).unwrap(),
        "2026-11-23T15:03:00Z".parse().unwrap(),
    );
    let pick_id = PickId::of_slot(7, slot, &ticker);
    TickerPicked {
        pick: Pick {
            ticker,
            pick_id,
            slot,
            expires_at: None,
            reason: PickReason::Schedule,
        },
    }
}

/// Writes records as a foreign program would, confirmed.
pub(crate) struct Foreign(BaseProducer);

impl Foreign {
    pub(crate) fn new(brokers: &str) -> Self {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", brokers)
            .set("message.max.bytes", "20000000");
        Self(config.create().unwrap())
    }

    pub(crate) fn send(&self, record: BaseRecord<'_, [u8], [u8]>) {
        self.0.send(record).map_err(|(error, _)| error).unwrap();
        self.0.flush(Duration::from_secs(120)).unwrap();
    }

    /// A pick in the original's form: no key, no headers.
    pub(crate) fn pick(&self, topic: &str, partition: i32, ticker: &str) {
        let value = format!("{{\"stock_name\": \"{ticker}\"}}");
        self.send(
            BaseRecord::to(topic)
                .partition(partition)
                .payload(value.as_bytes()),
        );
    }
}

/// The broker of the tests, or `None` when there is none and that is allowed.
pub(crate) fn broker() -> Option<String> {
    if let Ok(broker) = std::env::var("CLOSECALL_TEST_KAFKA") {
        return Some(broker);
    }
    // One for all test programs; it goes some seconds after the last of them.
    let own = std::process::id().to_string();
    match script(&["start", "--name", "tests", "--while", &own]) {
        Ok(broker) => Some(broker),
        Err(why) => {
            let required = testing::is_required("CLOSECALL_REQUIRE_KAFKA");
            assert!(!required, "a Kafka broker is required: {why}");
            testing::skip(&format!("no Kafka broker ({why})"));
            None
        }
    }
}

/// Runs `scripts/kafka`; gives what it printed.
pub(crate) fn script(arguments: &[&str]) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/kafka");
    let done = Command::new(script)
        .args(arguments)
        .output()
        .map_err(|error| error.to_string())?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr)
            .trim()
            .replace('\n', "; "));
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}
