//! Recorded data of a folder as the backtest takes them: bars, articles, and the quotes that the
//! pipeline would have accepted.

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use closecall_backtest::{History, Quotes};
use closecall_calendar::Calendar;
use closecall_market_server::Replay;
use closecall_protocol::{
    PriceRange, Provider, Quote, QuoteAbsent, SessionDate, SessionTimes, Ticker,
};

use crate::exit::{Code, OrExit};

/// What a folder holds of the tickers asked for.
#[derive(Debug)]
pub(super) struct Recorded {
    histories: Vec<History>,
}

impl Recorded {
    /// Reads `folder`. Without tickers it takes all that have prices.
    pub(super) fn load(
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
                let error = anyhow::anyhow!("no prices of {ticker} in {folder}/prices");
                return Err(error).or_exit(Code::Data);
            }
            Ok(History {
                articles: replay.news(&ticker).to_vec(),
                bars,
                ticker,
            })
        };
        let histories = tickers
            .into_iter()
            .map(history)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { histories })
    }

    pub(super) fn histories(&self) -> &[History] {
        &self.histories
    }

    /// The newest session of any ticker.
    pub(super) fn last_session(&self) -> Option<NaiveDate> {
        let last = self.histories.iter().filter_map(|h| h.bars.last());
        last.map(|bar| bar.session().date()).max()
    }
}

impl Quotes for Recorded {
    fn quote(
        &self,
        ticker: &Ticker,
        session: &SessionTimes,
        as_of: DateTime<Utc>,
        _last_close: f64,
    ) -> Result<Quote, QuoteAbsent> {
        if as_of < session.open() {
            return Err(QuoteAbsent::at(as_of, session));
        }
        let date = SessionDate::new(Calendar::date_at(session.open()))
            .map_err(|_| QuoteAbsent::NoQuote)?;
        let history = self.histories.iter().find(|h| h.ticker == *ticker);
        let bar = history.and_then(|h| h.bars.iter().find(|bar| bar.session() == date));
        let open = bar.and_then(|bar| bar.open()).ok_or(QuoteAbsent::NoQuote)?;
        Quote {
            price: open,
            at: session.open(),
            open,
            range: PriceRange::new(open, open),
            source: Provider::Files,
        }
        .accepted(session, as_of)
    }

    fn inside(&self, _ticker: &Ticker, _session: &SessionTimes) -> bool {
        false
    }
}
