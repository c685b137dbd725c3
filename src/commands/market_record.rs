//! `closecall market record`: what the vendors answer today, kept in the layout that
//! `market serve --replay` reads. No key is part of it.
//!
//! A session's bars are kept as they were when they were asked for, so a recording that is made each
//! evening, or several times a session, grows into a replay.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use closecall_calendar::{Clock, Session};
use closecall_market::Market;
use closecall_market_server::ReplayWriter;
use closecall_protocol::{Pick, PickId, PickReason, Ticker, TickerPicked};

use crate::exit::{Code, OrExit};
use crate::settings::Settings;

/// Data to record, and their folder.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// Folder to write into; what it holds already is added to
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// Stocks to record, such as AAPL; the configured tickers by default
    #[arg(value_parser = |text: &str| Ticker::new(text))]
    pub(crate) tickers: Vec<Ticker>,
}

pub(super) fn run(settings: &Settings, args: &RecordArgs) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let market = settings.open_market(&clock)?.with_whole_articles();
    let recorder = Recorder {
        market: &market,
        recording: ReplayWriter::new(&args.directory),
        seed: settings.picker.seed,
        newest: {
            let calendar = settings.calendar.calendar();
            let now = clock.now();
            let running = calendar.in_progress(now);
            running.unwrap_or_else(|| calendar.last_closed(now))
        },
        clock,
    };
    let tickers = if args.tickers.is_empty() {
        &settings.picker.tickers
    } else {
        &args.tickers
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut failure = None;
    for ticker in tickers {
        match runtime.block_on(recorder.record(ticker)) {
            Ok(line) => crate::stdout::print(line)?,
            // The others are recorded all the same.
            Err(error) => {
                let error = error.context(ticker.to_string());
                match failure {
                    None => failure = Some(error),
                    Some(_) => eprintln!("{error:#}"),
                }
            }
        }
    }
    // The first is said last, with its code: later ones may follow from it.
    failure.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// Records one ticker after the other.
struct Recorder<'a> {
    market: &'a Market,
    recording: ReplayWriter,
    clock: Clock,
    seed: u64,
    /// The session in progress, else the one that closed last.
    newest: Session,
}

impl Recorder<'_> {
    /// Records a ticker and says what was written.
    async fn record(&self, ticker: &Ticker) -> anyhow::Result<String> {
        let slot = self.clock.now();
        let pick = Pick {
            pick_id: PickId::of_slot(self.seed, slot, ticker),
            ticker: ticker.clone(),
            slot,
            expires_at: None,
            reason: PickReason::Request,
        };
        let scraped = self.market.gather(&TickerPicked { pick }).await;
        let scraped = scraped?;
        let sessions = self
            .recording
            .prices(ticker, &scraped.bars)
            .or_exit(Code::Data)?;
        self.recording
            .news(ticker, &scraped.articles)
            .or_exit(Code::Data)?;
        let inside = self.market.session_bars(ticker, &self.newest).await;
        let bars = match inside.or_exit(Code::Unavailable)? {
            Some(inside) => {
                let count = inside.bars.len();
                self.recording
                    .intraday(ticker, inside.minutes, inside.bars)
                    .or_exit(Code::Data)?;
                count
            }
            None => 0,
        };
        let articles = scraped.articles.len();
        Ok(format!(
            "{ticker}: {sessions} sessions, {articles} articles, {bars} bars of {}",
            self.newest.date
        ))
    }
}
