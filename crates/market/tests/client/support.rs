//! A scripted vendor on loopback, which can misbehave byte by byte, and the market that asks it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use closecall_calendar::{Calendar, Clock};
use closecall_market::{DataSource, Error, Market, MarketSettings};
use closecall_protocol::{MarketScraped, Pick, PickId, PickReason, Ticker, TickerPicked};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const AS_OF: &str = "2023-06-30T14:00:00Z";

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Reply of the scripted vendor to a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Status, headers and body, well-formed.
    Whole(u16, String, Vec<u8>),
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
    /// These bytes, then nothing, for ever.
    Silence(Vec<u8>),
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self::text(200, "application/json", &body.to_string())
    }

    pub(crate) fn text(status: u16, kind: &str, body: &str) -> Self {
        Self::Whole(
            status,
            format!("content-type: {kind}\r\n"),
            body.as_bytes().to_vec(),
        )
    }
}

/// A request as it came.
#[derive(Debug)]
struct Request {
    target: String,
    agent: String,
}

/// A vendor that answers by a script, and remembers what it was asked.
#[derive(Debug)]
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Scripted {
    /// Serves `script`, which is given a request's path and query and how many came before it.
    pub(crate) async fn start(
        script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Request>>>::default();
        let (log, script) = (Arc::clone(&asked), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, script) = (Arc::clone(&log), Arc::clone(&script));
                tokio::spawn(async move {
                    // A client that hangs up is no failure of the vendor's.
                    answer(stream, &log, &*script).await.ok();
                });
            }
        });
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far whose path begins so.
    pub(crate) fn asked(&self, path: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|request| request.target.starts_with(path))
            .map(|request| request.target.clone())
            .collect()
    }

    /// The agents that such requests named, each once.
    pub(crate) fn agents(&self, path: &str) -> BTreeSet<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|request| request.target.starts_with(path))
            .map(|request| request.agent.clone())
            .collect()
    }
}

/// The questions about daily prices among a vendor's so far.
pub(crate) fn charts(vendor: &Scripted) -> Vec<String> {
    let mut asked = vendor.asked("/v8/");
    asked.retain(|target| target.contains("interval=1d"));
    asked
}

async fn answer(
    mut stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    script: &(dyn Fn(&str, usize) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let agent = head
        .lines()
        .find_map(|line| line.strip_prefix("user-agent: "));
    let request = Request {
        target: target.clone(),
        agent: agent.unwrap_or_default().to_owned(),
    };
    let before = {
        let mut log = log.lock().unwrap();
        log.push(request);
        log.len() - 1
    };
    match script(&target, before) {
        Reply::Whole(status, headers, body) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
        }
        Reply::Raw(bytes) => stream.write_all(&bytes).await?,
        Reply::Silence(bytes) => {
            stream.write_all(&bytes).await?;
            std::future::pending::<()>().await;
        }
    }
    stream.shutdown().await
}

/// A chart of every session of the days, with closes rising from 100 by 1 a session.
pub(crate) fn chart(symbol: &str, first: &str, last: &str) -> Value {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let calendar = Calendar::default();
    let sessions: Vec<_> = calendar.sessions(day(first), day(last)).collect();
    let stamps: Vec<i64> = sessions
        .iter()
        .map(|session| session.open.timestamp())
        .collect();
    let closes: Vec<f64> = (0..stamps.len())
        .map(|number| 100.0 + number as f64)
        .collect();
    let volume = vec![1_000_000; closes.len()];
    json!({"chart": {"error": null, "result": [{
        "meta": {"symbol": symbol, "dataGranularity": "1d",
            "exchangeTimezoneName": "America/New_York"},
        "timestamp": stamps,
        "indicators": {"quote": [{"open": closes, "high": closes, "low": closes, "close": closes,
            "volume": volume}]}
    }]}})
}

/// A good chart for every question about prices, and no news.
pub(crate) fn good(target: &str) -> Reply {
    if target.starts_with("/v8/") {
        let symbol = target
            .trim_start_matches("/v8/finance/chart/")
            .split('?')
            .next()
            .unwrap();
        return Reply::json(&chart(symbol, "2022-08-20", "2023-07-10"));
    }
    Reply::json(&json!({"items": "0", "feed": []}))
}

pub(crate) fn article(published: &str, title: &str) -> Value {
    json!({"title": title, "url": format!("https://example.com/{title}"),
        "time_published": published, "ticker_sentiment": [{"ticker": "AAPL"}]})
}

pub(crate) fn settings(yahoo: &str, alphavantage: &str) -> MarketSettings {
    let mut settings = MarketSettings::default();
    settings.yahoo.base_url = yahoo.to_owned();
    settings.alphavantage.base_url = alphavantage.to_owned();
    settings.market.retry_base = Duration::from_millis(1);
    settings
}

/// A market whose clock stands at [`AS_OF`], with a store in `dir` that takes any of the tests'
/// vendors for one source.
pub(crate) fn market(settings: &MarketSettings, dir: &Path) -> Market {
    market_at(settings, dir, AS_OF)
}

pub(crate) fn market_at(settings: &MarketSettings, dir: &Path, now: &str) -> Market {
    let source = DataSource::Replay {
        address: "the test's vendors".to_owned(),
    };
    let clock = Clock::fixed(at(now));
    Market::open(settings, &source, dir, Calendar::default(), clock).unwrap()
}

pub(crate) fn picked(ticker: &str, as_of: &str) -> TickerPicked {
    let (ticker, slot) = (Ticker::new(ticker).unwrap(), at(as_of));
    let pick_id = PickId::of_slot(7, slot, &ticker);
    let pick = Pick {
        ticker,
        pick_id,
        slot,
        expires_at: None,
        reason: PickReason::Request,
    };
    TickerPicked { pick }
}

pub(crate) async fn gather(market: &Market, as_of: &str) -> Result<MarketScraped, Error> {
    market.gather(&picked("AAPL", as_of)).await
}

pub(crate) fn titles(scraped: &MarketScraped) -> Vec<&str> {
    scraped
        .articles
        .iter()
        .map(|article| article.title.as_str())
        .collect()
}

pub(crate) fn sessions(scraped: &MarketScraped) -> Vec<String> {
    scraped
        .bars
        .iter()
        .map(|bar| bar.session().to_string())
        .collect()
}
