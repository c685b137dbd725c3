//! Random walks as vendors' files of daily prices.

use std::fmt::Write as _;
use std::path::Path;

use closecall_calendar::Calendar;

const TICKERS: [&str; 3] = ["AAPL", "MSFT", "PG"];
const SESSIONS: usize = 300;

/// A session's open, high, low and close as texts of two decimals.
type Day = (String, [String; 4]);

/// The sessions of a ticker from 2022 on.
fn walk(number: usize) -> Vec<Day> {
    let mut state = 7 + number as u64;
    let mut close = 100.0_f64;
    let sessions = Calendar::default();
    let sessions = sessions.sessions("2022-01-03".parse().unwrap(), "2024-01-01".parse().unwrap());
    let day = |session: closecall_calendar::Session| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let step = (state >> 40) as f64 / f64::from(1 << 24) - 0.5;
        let open = close;
        close *= (0.04 * step).exp();
        let (high, low) = (open.max(close) * 1.004, open.min(close) * 0.996);
        let texts = [open, high, low, close].map(|price| format!("{price:.2}"));
        (session.date.to_string(), texts)
    };
    sessions.take(SESSIONS).map(day).collect()
}

/// Writes the files into `folder`, in the form of Yahoo's own download.
pub(crate) fn yahoo(folder: &Path) {
    write(folder, |_, days| {
        let mut text = "Date,Open,High,Low,Close,Adj Close,Volume\n".to_owned();
        for (date, [open, high, low, close]) in days {
            writeln!(text, "{date},{open},{high},{low},{close},{close},1000000").unwrap();
        }
        text
    });
}

/// The same prices as yfinance writes a frame.
pub(crate) fn yfinance(folder: &Path) {
    write(folder, |ticker, days| {
        let names = [ticker; 6].join(",");
        let mut text =
            format!("Price,Adj Close,Close,High,Low,Open,Volume\nTicker,{names}\nDate,,,,,,\n");
        for (date, [open, high, low, close]) in days {
            writeln!(text, "{date},{close},{close},{high},{low},{open},1000000").unwrap();
        }
        text
    });
}

fn write(folder: &Path, text: impl Fn(&str, &[Day]) -> String) {
    std::fs::create_dir_all(folder).unwrap();
    for (number, ticker) in TICKERS.into_iter().enumerate() {
        let file = folder.join(format!("{ticker}.csv"));
        std::fs::write(file, text(ticker, &walk(number))).unwrap();
    }
}
