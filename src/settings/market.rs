//! The market client and the scorer of its news, as the settings describe them.

use std::path::Path;

use anyhow::Context;
use closecall_calendar::{Calendar, Clock};
use closecall_market::{DataSource, KeptScorer, Market, MarketSettings};
use closecall_sentiment::{ArticleScorer, ScorerChoice};

use super::Settings;
use crate::exit::{Code, OrExit};

/// A way to open the market.
type OpenMarket = fn(
    &MarketSettings,
    &DataSource,
    &Path,
    Calendar,
    Clock,
) -> Result<Market, closecall_market::Error>;

impl Settings {
    /// The sections of the market client.
    pub(crate) fn market_settings(&self) -> MarketSettings {
        MarketSettings {
            prices: self.prices.clone(),
            yahoo: self.yahoo.clone(),
            alpaca: self.alpaca.clone(),
            tiingo: self.tiingo.clone(),
            files: self.files.clone(),
            alphavantage: self.alphavantage.clone(),
            network: self.network.clone(),
            market: self.market.clone(),
        }
    }

    /// The scorer of articles.
    pub(crate) fn scorer(&self) -> ArticleScorer {
        ArticleScorer::new(&self.news)
    }

    /// Its name, without its lexicon.
    pub(crate) fn scorer_name(&self) -> &'static str {
        ArticleScorer::name_of(&self.news)
    }

    /// The market client over the store in the data directory, which belongs to the source that the
    /// addresses point to.
    pub(crate) fn open_market(&self, clock: &Clock) -> anyhow::Result<Market> {
        self.market_by(Market::open, clock)
    }

    /// The same, to ask each question once.
    pub(crate) fn open_market_to_check(&self, clock: &Clock) -> anyhow::Result<Market> {
        self.market_by(Market::open_to_check, clock)
    }

    fn market_by(&self, open: OpenMarket, clock: &Clock) -> anyhow::Result<Market> {
        std::fs::create_dir_all(&self.data_dir)
            .with_context(|| {
                let folder = self.data_dir.display();
                format!("cannot make the data directory {folder}: set `data_dir` to a folder that can be written")
            })
            .or_exit(Code::CannotCreate)?;
        let market = self.market_settings();
        let tickers = self.picker.tickers.len() as f64 * market.alphavantage.share;
        let tickers = tickers.ceil() as usize;
        let source = DataSource::of(&market)?;
        let market = open(
            &market,
            &source,
            &self.data_dir,
            self.calendar.calendar(),
            clock.clone(),
        )?;
        Ok(market
            .scored_by(KeptScorer {
                name: self.scorer_name(),
                reads_summaries: self.news.scorer == ScorerChoice::VaderTitleSummary,
            })
            .for_tickers(tickers))
    }
}
