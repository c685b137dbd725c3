//! Recorded data of a folder as the backtest takes them: bars, articles, and the quotes that the
//! pipeline would have accepted.

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use closecall_backtest::{History, Quotes};
use closecall_calendar::Calendar;
use closecall_market_server::Replay;
use closecall_protocol::{PriceRange, Provider, Quote, QuoteAbsent, SessionTimes, Ticker};

use crate::exit::{Code, OrExit};

/// Content of a folder for the tickers asked for.
#[derive(Debug)]
pub(in crate::commands) struct RecordedMarket {
    histories: Vec<History>,
    replay: Replay,
}

impl RecordedMarket {
    /// Reads `folder`. Without tickers it takes all that have prices.
    pub(in crate::commands) fn load(
        folder: &Path,
        tickers: &[Ticker],
        calendar: &Calendar,
    ) -> anyhow::Result<Self> {
        let replay = Replay::load(folder, calendar).or_exit(Code::Data)?;
        let mut tickers = tickers.to_vec();
        if tickers.is_empty() {
            tickers = replay.tickers().cloned().collect();
        }
        tickers.sort();
        tickers.dedup();
        let history = |ticker: Ticker| {
            let bars = replay.bars(&ticker);
            if bars.is_empty() {
                let folder = folder.display();
                let error = anyhow::anyhow!("no prices of {ticker} in {folder}");
                return Err(error).or_exit(Code::Data);
            }
            Ok(History {
                articles: replay.news(&ticker).to_vec(),
                revisions: Vec::new(),
                bars,
                ticker,
            })
        };
        let histories = tickers
            .into_iter()
            .map(history)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { histories, replay })
    }

    pub(in crate::commands) fn histories(&self) -> &[History] {
        &self.histories
    }

    /// The newest session of any ticker.
    pub(in crate::commands) fn last_session(&self) -> Option<NaiveDate> {
        let last = self.histories.iter().filter_map(|h| h.bars.last());
        last.map(|bar| bar.session().date()).max()
    }
}

/// Largest log return from the last close that is believed.
const BELIEVED: f64 = 0.4;

impl Quotes for RecordedMarket {
    /// All recorded prices of a ticker are on one basis, so of the pipeline's rules those for a
    /// session's own prices are left.
    fn quote(
        &self,
        ticker: &Ticker,
        session: &SessionTimes,
        as_of: DateTime<Utc>,
        last_close: f64,
    ) -> Result<Quote, QuoteAbsent> {
        let absent = || QuoteAbsent::at(as_of, session);
        let date = Calendar::date_at(session.open());
        let known = self
            .replay
            .price_at(ticker, date, as_of)
            .ok_or_else(absent)?;
        let quote = Quote {
            price: known.price,
            at: known.at,
            open: known.open,
            range: PriceRange::new(known.low, known.high),
            source: Provider::Files,
        };
        if (quote.price / last_close).ln().abs() > BELIEVED {
            return Err(QuoteAbsent::Implausible);
        }
        quote.accepted(session, as_of)
    }

    fn inside(&self, ticker: &Ticker, session: &SessionTimes) -> bool {
        let date = Calendar::date_at(session.open());
        self.replay.has_inside(ticker, date)
    }
}
