//! Serve and fetch: a simulated market on a free port, asked over HTTP in both vendors' forms.
//!
//! ```text
//! cargo run -p closecall-market-server --example serve_and_fetch
//! ```

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use chrono::{DateTime, Utc};
use closecall_calendar::{Calendar, Clock};
use closecall_market_server::{ServedMarket, Server, Simulated, SimulatedSettings};

/// The body of a plain HTTP GET.
fn get(address: SocketAddr, path: &str) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("no body")?;
    Ok(body.chars().take(400).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    // The market's time: nothing later than this is shown.
    let now: DateTime<Utc> = "2026-01-06T16:00:00Z".parse()?;
    let market = Simulated::new(SimulatedSettings::new(7), Calendar::default())?;
    let market = ServedMarket::simulated(market, Clock::fixed(now));
    let server = Server::bind(Server::loopback(0), market)?.spawn()?;
    let address = server.address();

    for path in [
        "/v8/finance/chart/AAPL?range=5d&interval=1d",
        "/v8/finance/chart/AAPL?range=1d&interval=5m",
        "/query?function=NEWS_SENTIMENT&tickers=AAPL&limit=1&apikey=any",
    ] {
        println!("http://{address}{path}\n{} …\n", get(address, path)?);
    }
    Ok(server.stop()?)
}
