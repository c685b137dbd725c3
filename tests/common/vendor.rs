//! Both vendors on one loopback address, answering by a script: what a real one does on a bad day.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use chrono::NaiveDate;
use closecall_calendar::Calendar;
use serde_json::{Value, json};

/// One answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self::text(200, &body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            kind: "application/json",
            body: body.to_owned(),
        }
    }
}

/// Answers every request by its path and query; ends with the test.
pub(crate) struct Vendor {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Vendor {
    pub(crate) fn start(script: impl Fn(&str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::<AtomicBool>::default();
        let end = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                // A client that hangs up is no failure of the vendor's.
                stream.and_then(|stream| answer(stream, &script)).ok();
            }
        });
        Self {
            address,
            ended,
            thread: Some(thread),
        }
    }

    /// Good prices from `chart`, and for news what `news` says.
    pub(crate) fn with_news(news: Reply) -> Self {
        Self::start(move |target| match symbol(target) {
            Some(symbol) => Reply::json(&chart(&symbol, &closes(300, 100.0))),
            None => news.clone(),
        })
    }

    /// The prices that `chart` makes of these closes, and no news.
    pub(crate) fn with_closes(closes: Vec<Value>) -> Self {
        Self::start(move |target| match symbol(target) {
            Some(symbol) => Reply::json(&chart(&symbol, &closes)),
            None => Reply::json(&json!({"items": "0", "feed": []})),
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn answer(mut stream: TcpStream, script: &impl Fn(&str) -> Reply) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let Reply { status, kind, body } = script(head.split(' ').nth(1).unwrap_or_default());
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The symbol that a question about prices is about.
pub(crate) fn symbol(target: &str) -> Option<String> {
    let rest = target.strip_prefix("/v8/finance/chart/")?;
    rest.split('?').next().map(str::to_owned)
}

/// `count` closes that rise and fall around `level`.
pub(crate) fn closes(count: usize, level: f64) -> Vec<Value> {
    let close = |n: usize| level + f64::from((n * 37 % 23) as u32) / 10.0;
    (0..count).map(|n| json!(close(n))).collect()
}

/// The last session before the as-of time that the tests use.
pub(crate) const LAST: &str = "2023-06-29";

/// A chart whose newest session is [`LAST`], one close a session; null where it is no number.
pub(crate) fn chart(symbol: &str, closes: &[Value]) -> Value {
    chart_until(LAST, symbol, closes)
}

/// A chart whose newest session is `last`.
pub(crate) fn chart_until(last: &str, symbol: &str, closes: &[Value]) -> Value {
    let last: NaiveDate = last.parse().unwrap();
    let first = last - chrono::Days::new(500);
    let calendar = Calendar::default();
    let sessions: Vec<_> = calendar.sessions(first, last).collect();
    let skipped = sessions.len() - closes.len();
    let stamps: Vec<i64> = sessions[skipped..]
        .iter()
        .map(|session| session.open.timestamp())
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
