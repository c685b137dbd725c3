//! Every fault of the script, at every vendor: its class, how often it was asked for (counted by the
//! server), its words, and what the pipeline does next. No key is in any of it.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use closecall_calendar::{Calendar, Clock};
use closecall_market::{DataSource, Market, MarketSettings};
use closecall_market_server::{
    FaultScript, RunningServer, ServedMarket, Server, Simulated, SimulatedSettings,
};
use closecall_protocol::{ErrorClass, Provider};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{AS_OF, at, gather, settings};

const CANARY: &str = "CANARY";

/// Lines that are logged meanwhile.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

pub(crate) fn serve(fault: &str) -> RunningServer {
    let simulated = Simulated::new(SimulatedSettings::new(3), Calendar::default()).unwrap();
    let market = ServedMarket::simulated(simulated, Clock::fixed(at(AS_OF)));
    Server::bind(Server::loopback(0), market)
        .unwrap()
        .with_faults(FaultScript::parse([fault]).unwrap())
        .spawn()
        .unwrap()
}

/// One provider at a server that misbehaves, with a canary for every key.
pub(crate) fn only(provider: Provider, server: &RunningServer) -> MarketSettings {
    let url = format!("http://{}", server.address());
    let mut settings = settings(&url, &url);
    settings.market.window_days = 60;
    settings.prices.providers = vec![provider];
    settings.alpaca.base_url = url.clone();
    settings.tiingo.base_url = url;
    let key = || Some(CANARY.into());
    settings.alpaca.key_id = key();
    settings.alpaca.secret_key = key();
    settings.tiingo.api_key = key();
    settings.alphavantage.api_key = key();
    settings
}

pub(crate) fn open(settings: &MarketSettings, dir: &Path) -> Market {
    let source = DataSource::Replay {
        address: "the test's vendors".to_owned(),
    };
    let clock = Clock::fixed(at(AS_OF));
    Market::open(settings, &source, dir, Calendar::default(), clock).unwrap()
}

fn assert_no_key(what: &str, bytes: &[u8]) {
    let found = bytes
        .windows(CANARY.len())
        .any(|some| some == CANARY.as_bytes());
    assert!(!found, "{what} holds a key");
}

/// Every file of the store.
fn assert_none_stored(fault: &str, dir: &Path) {
    for file in std::fs::read_dir(dir).unwrap() {
        assert_no_key(fault, &std::fs::read(file.unwrap().path()).unwrap());
    }
}

/// A fault, the service that the server counts, and the requests, class and words that follow.
type Row = (&'static str, &'static str, u64, ErrorClass, &'static str);

const YAHOO: [Row; 17] = [
    (
        "daily:status=500",
        "daily",
        3,
        ErrorClass::Unavailable,
        "HTTP status 500",
    ),
    (
        "daily:status=502",
        "daily",
        3,
        ErrorClass::Unavailable,
        "HTTP status 502",
    ),
    (
        "daily:status=503",
        "daily",
        3,
        ErrorClass::Unavailable,
        "HTTP status 503",
    ),
    (
        "daily:status=429",
        "daily",
        1,
        ErrorClass::TryLater,
        "refuses requests at this rate",
    ),
    (
        "daily:status=429,retry-after=3600",
        "daily",
        1,
        ErrorClass::TryLater,
        "asks for 3600 s",
    ),
    (
        "daily:status=401",
        "daily",
        1,
        ErrorClass::Refused,
        "refuses the credential",
    ),
    (
        "daily:status=404",
        "daily",
        1,
        ErrorClass::BadData,
        "does not know the ticker",
    ),
    (
        "daily:truncate=100",
        "daily",
        3,
        ErrorClass::Unavailable,
        "the connection failed",
    ),
    (
        "daily:abort=40",
        "daily",
        3,
        ErrorClass::Unavailable,
        "the connection failed",
    ),
    (
        "daily:length=+10",
        "daily",
        3,
        ErrorClass::Unavailable,
        "the connection failed",
    ),
    (
        "daily:garbage",
        "daily",
        2,
        ErrorClass::Garbled,
        "not JSON but other text",
    ),
    (
        "daily:html",
        "daily",
        2,
        ErrorClass::Garbled,
        "not JSON but a page",
    ),
    (
        "daily:text",
        "daily",
        2,
        ErrorClass::Garbled,
        "not JSON but other text",
    ),
    (
        "daily:encoding=br",
        "daily",
        2,
        ErrorClass::Garbled,
        "a coding that was not asked for",
    ),
    (
        "daily:bomb=gzip,1",
        "daily",
        1,
        ErrorClass::Unavailable,
        "larger than 8388608 bytes",
    ),
    (
        "daily:bomb=deflate,1",
        "daily",
        2,
        ErrorClass::Garbled,
        "a coding that was not asked for",
    ),
    (
        "daily:redirect=http://169.254.169.254/latest",
        "daily",
        1,
        ErrorClass::Unavailable,
        "redirects to 169.254.169.254",
    ),
];

const ALPACA: [Row; 6] = [
    (
        "alpaca:status=401",
        "alpaca-daily",
        1,
        ErrorClass::Refused,
        "unauthorized",
    ),
    (
        "alpaca:status=403",
        "alpaca-daily",
        1,
        ErrorClass::Refused,
        "recent SIP data",
    ),
    (
        "alpaca:status=429",
        "alpaca-daily",
        1,
        ErrorClass::TryLater,
        "refuses requests at this rate",
    ),
    (
        "alpaca:status=500",
        "alpaca-daily",
        3,
        ErrorClass::Unavailable,
        "HTTP status 500",
    ),
    (
        "alpaca:html",
        "alpaca-daily",
        2,
        ErrorClass::Garbled,
        "a page",
    ),
    (
        "alpaca:truncate=100",
        "alpaca-daily",
        3,
        ErrorClass::Unavailable,
        "connection failed",
    ),
];

const TIINGO: [Row; 6] = [
    (
        "tiingo:status=401",
        "tiingo-daily",
        1,
        ErrorClass::Refused,
        "Invalid token",
    ),
    (
        "tiingo:status=404",
        "tiingo-daily",
        1,
        ErrorClass::BadData,
        "does not know the ticker",
    ),
    (
        "tiingo:status=429",
        "tiingo-daily",
        1,
        ErrorClass::TryLater,
        "refuses requests at this rate",
    ),
    (
        "tiingo:status=503",
        "tiingo-daily",
        3,
        ErrorClass::Unavailable,
        "HTTP status 503",
    ),
    (
        "tiingo:garbage",
        "tiingo-daily",
        2,
        ErrorClass::Garbled,
        "other text",
    ),
    (
        "tiingo:abort=40",
        "tiingo-daily",
        3,
        ErrorClass::Unavailable,
        "connection failed",
    ),
];

async fn fails(provider: Provider, rows: &[Row]) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for (fault, service, requests, class, words) in rows {
        let server = serve(fault);
        let dir = tempfile::tempdir().unwrap();
        let market = open(&only(provider, &server), dir.path());
        let error = gather(&market, AS_OF).await.unwrap_err();
        let text = error.to_string();
        assert_eq!(server.requests().of(service), *requests, "{fault}: {text}");
        assert_eq!(error.class(), *class, "{fault}: {text}");
        assert!(text.contains(words), "{fault}: {text}");
        assert_no_key(fault, text.as_bytes());
        assert_none_stored(fault, dir.path());
    }
    assert_no_key("the log", &log.0.lock().unwrap());
}

#[tokio::test]
async fn what_yahoo_does_wrong_is_classed_and_repeated_as_the_table_says() {
    fails(Provider::Yahoo, &YAHOO).await;
}

#[tokio::test]
async fn what_alpaca_does_wrong_is_classed_and_repeated_as_the_table_says() {
    fails(Provider::Alpaca, &ALPACA).await;
}

#[tokio::test]
async fn what_tiingo_does_wrong_is_classed_and_repeated_as_the_table_says() {
    fails(Provider::Tiingo, &TIINGO).await;
}

#[tokio::test]
async fn what_the_vendor_of_news_does_wrong_costs_no_forecast() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for (fault, requests, news) in [
        ("news:quota-note", 1, false),
        ("news:quota=0", 1, false),
        ("news:burst-note:first=1", 2, true),
        ("news:status=503", 3, false),
        ("news:status=503:first=2", 3, true),
        ("news:status=429", 1, false),
        ("news:html", 2, false),
        ("news:garbage", 2, false),
        ("news:truncate=100", 3, false),
        ("news:encoding=br", 2, false),
        ("news:bomb=gzip,1", 1, false),
        ("news:redirect=http://127.0.0.1:1/", 1, false),
    ] {
        let server = serve(fault);
        let dir = tempfile::tempdir().unwrap();
        let market = open(&only(Provider::Yahoo, &server), dir.path());
        let scraped = gather(&market, AS_OF).await.unwrap();
        let asked = server.requests().of("news");
        // With news there may be further pages.
        assert!(
            asked == requests || news && asked > requests,
            "{fault}: {asked}"
        );
        assert_eq!(!scraped.articles.is_empty(), news, "{fault}");
        assert_none_stored(fault, dir.path());
    }
    assert_no_key("the log", &log.0.lock().unwrap());
}
