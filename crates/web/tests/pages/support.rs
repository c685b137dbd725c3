//! A served ledger, and a visitor that speaks plain HTTP, so that nothing is put right on the way.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Clock};
use closecall_ledger::{DeadLetterRow, Ledger};
use closecall_protocol::{
    CloseForecast, ForecastValues, Headline, Interval, Phase, PickId, Reason, Reference,
    ReferenceKind, SessionDate, Ticker,
};
use closecall_web::{
    HttpSettings, Listening, Peers, ProcessStatus, Site, SiteDescription, TrackRecord, Web,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::record;
pub(crate) use crate::record::{Recording, at};

/// Time that anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A data directory whose ledger is served.
pub struct Served {
    pub folder: TempDir,
    pub address: SocketAddr,
    web: Option<Web>,
    ledger: Ledger,
}

impl Served {
    /// A served ledger without rows.
    pub fn new() -> Self {
        Self::filled(|_| ())
    }

    /// A served ledger that held these rows before it was served.
    pub fn filled(fill: impl FnOnce(&mut Ledger)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path(), Calendar::default()).unwrap();
        fill(&mut ledger);
        let clock = Clock::fixed(at("2025-03-03T18:00:00Z"));
        let record =
            TrackRecord::follow(folder.path(), clock.clone(), Some(ledger.watch())).unwrap();
        let (address, web) = serve(clock, Some(record), "whole pipeline");
        let served = Self {
            folder,
            address,
            web: Some(web),
            ledger,
        };
        served.until_read();
        served
    }

    /// Records more, and waits until the page has it.
    pub fn record(&mut self, fill: impl FnOnce(&mut Ledger)) {
        fill(&mut self.ledger);
        self.until_read();
    }

    fn until_read(&self) {
        let rows = *self.ledger.watch().borrow();
        until("the page to have read the ledger", || {
            let stages = self.get("/api/v1/stages").json();
            let score = self.get("/api/v1/score");
            // The score follows the rows at a pace of its own.
            stages["ledger"]["rows"] == rows
                && stages["ledger"]["ok"] == true
                && score.status == 200
                && score.json()["forecasts"] == stages["picks"]["forecasts"]
        });
    }

    pub fn get(&self, path: &str) -> Answer {
        get(self.address, path, "")
    }

    pub fn get_with(&self, path: &str, headers: &str) -> Answer {
        get(self.address, path, headers)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let web = self.web.take();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let (Some(web), Ok(runtime)) = (web, runtime) {
            runtime.block_on(web.stop());
        }
    }
}

/// Serves a record, or a role without one.
pub fn serve(clock: Clock, record: Option<Arc<TrackRecord>>, role: &str) -> (SocketAddr, Web) {
    serve_beside(clock, record, role, ProcessStatus::default(), None)
}

/// The same, of a process that knows this of its stages, beside these peers.
pub fn serve_beside(
    clock: Clock,
    record: Option<Arc<TrackRecord>>,
    role: &str,
    process: ProcessStatus,
    peers: Option<Arc<Peers>>,
) -> (SocketAddr, Web) {
    let settings = HttpSettings {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        hosts: vec!["closecall.example".to_owned()],
        ..HttpSettings::default()
    };
    let listening = Listening::bind(&settings).unwrap().unwrap();
    let address = listening.address;
    let about = SiteDescription {
        version: "0.0.0",
        commit: "abcdef",
        role: role.to_owned(),
        source: "a test".to_owned(),
        notice: Some(("Simulated market.", "Nothing here is real.".to_owned())),
        dead_letters_on_topics: false,
    };
    let site = Site::new(
        about,
        clock,
        Calendar::default(),
        ["AAPL", "MSFT"].map(ticker).to_vec(),
        record,
        Arc::new(move || process.clone()),
        &settings,
        Arc::new(|path| (path == "/healthz").then(|| (200, "application/json", "{}".to_owned()))),
    );
    let site = site.beside(peers);
    (address, Web::start(listening, Arc::new(site)).unwrap())
}

/// Ends a server.
pub fn stop(web: Web) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(web.stop());
}

#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The answer that came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub fn get(address: SocketAddr, path: &str, headers: &str) -> Answer {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    ask(address, &request)
}

/// Sends these very bytes and reads to the end.
pub fn ask(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // A refusal may come as a reset once its answer was read.
    stream.read_to_end(&mut bytes).ok();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

pub fn ticker(text: &str) -> Ticker {
    Ticker::new(text).unwrap()
}

/// Closes of sessions before and with `day` of a made-up stock, the last the newest.
fn history(
    calendar: &Calendar,
    day: chrono::NaiveDate,
    close: &impl Fn(i64) -> f64,
) -> Vec<(SessionDate, f64)> {
    let mut sessions = vec![calendar.session(day).unwrap()];
    while sessions.len() < 20 {
        let before = calendar.previous(sessions[sessions.len() - 1].date);
        sessions.push(before);
    }
    let number = |date: chrono::NaiveDate| i64::from(chrono::Datelike::num_days_from_ce(&date));
    let close = |date| (SessionDate::new(date).unwrap(), close(number(date)));
    sessions
        .iter()
        .rev()
        .map(|session| close(session.date))
        .collect()
}

/// A made-up forecaster: where its point lies between the price and the close that comes,
/// and how wide its bands are.
#[derive(Clone, Copy)]
pub struct Maker {
    pub share: f64,
    pub width: f64,
}

/// Forecasts of the sessions from 3 January 2023 on, one an afternoon, each scored by the next.
pub fn afternoons(ledger: &mut Ledger, sessions: usize, maker: Maker) {
    let calendar = Calendar::default();
    // A path that no one need guess: the close of a day is a function of its number.
    let close = |day: i64| 100.0 + 7.0 * ((day * 7919 % 101) as f64 / 101.0 - 0.5);
    let mut session = calendar.next(at("2023-01-02T12:00:00Z").date_naive());
    for _ in 0..=sessions {
        let before = calendar.previous(session.date);
        let history = history(&calendar, before.date, &close);
        let last_close = history[history.len() - 1].1;
        let number = i64::from(chrono::Datelike::num_days_from_ce(&session.date));
        let actual = close(number);
        let as_of = session.open + TimeDelta::minutes(200);
        // Most of the way is known, and an error of either sign is left.
        let reference = last_close
            + 0.8 * (actual - last_close)
            + 0.4 * f64::from(u8::try_from(number % 3).unwrap())
            - 0.4;
        let values = values(as_of, "AAPL", history, reference, Phase::Afternoon);
        let prediction = reference + maker.share * (actual - reference);
        let made = with(values, |values| {
            values.prediction = prediction;
            values.probability_up = if prediction > last_close { 0.8 } else { 0.2 };
            values.intervals = [(0.8, 1.0), (0.9, 1.3)]
                .map(|(level, k)| Interval {
                    level,
                    lower: prediction - k * maker.width,
                    upper: prediction + k * maker.width,
                })
                .to_vec();
        });
        ledger
            .record_forecast(&made, as_of + TimeDelta::seconds(5))
            .unwrap();
        session = calendar.next(session.date);
    }
}

/// A forecast from a quote at `reference`.
pub fn values(
    as_of: DateTime<Utc>,
    name: &str,
    history: Vec<(SessionDate, f64)>,
    reference: f64,
    phase: Phase,
) -> ForecastValues {
    let reference = Reference {
        price: reference,
        kind: ReferenceKind::Quote,
        at: Some(as_of),
    };
    record::values(name, as_of, history, reference, phase)
}

pub fn with(mut values: ForecastValues, change: impl FnOnce(&mut ForecastValues)) -> CloseForecast {
    change(&mut values);
    CloseForecast::publish(values).unwrap()
}

/// One forecast of AAPL, waiting for its close.
pub fn one(as_of: &str, change: impl FnOnce(&mut ForecastValues)) -> CloseForecast {
    let as_of = at(as_of);
    let calendar = Calendar::default();
    let before = calendar.previous(calendar.target(as_of).date);
    let history = history(&calendar, before.date, &|day| 100.0 + (day % 7) as f64);
    with(
        values(as_of, "AAPL", history, 104.0, Phase::Morning),
        change,
    )
}

pub fn headline(title: &str, publisher: &str) -> Headline {
    Headline {
        title: title.to_owned(),
        publisher: Some(publisher.to_owned()),
        published_at: at("2025-03-03T14:00:00Z"),
        score: 0.4,
    }
}

pub fn letter(number: i64, message: &str) -> DeadLetterRow {
    let pick_id = PickId::of_record("stock-name-selector", 0, number);
    let at = at("2025-03-03T15:00:00Z");
    DeadLetterRow {
        message: message.to_owned(),
        ticker: Some(ticker("ZZZZ")),
        payload: json!({"stock_name": "ZZZZ"}),
        ..record::dead_letter(pick_id, Reason::UnknownTicker, at)
    }
}
