//! The gather: prices and news of one pick, fetched into the store, read back from it, and cut at
//! the pick's as-of time whatever the vendors showed.
//!
//! * `counts`: quotes and repairs, for metrics.
//! * `clients`: the vendors, as the settings have them.
//! * `window`: which sessions and which moments belong to a pick.
//! * `schedule`: when the daily chart is asked for.
//! * `chain`: whose prices a pick rests on.
//! * `prices`: a provider's answer into the store, and whether what the store then has is usable.
//! * `provisional`: the last close until the daily bar is there.
//! * `price_now`: the price of the running session.
//! * `intraday_recording`: the bars of a session, for a recording.
//! * `news`: the gaps in what is known of a ticker's news, page by page; `news_plan`: what the day's
//!   requests are spent on.
//! * `scrape`: what is known for a pick, put together; `noted`: its parts, noted in the store.

mod chain;
mod check;
mod clients;
mod counts;
mod fetched;
mod intraday_recording;
mod news;
mod news_plan;
mod noted;
mod price_now;
mod prices;
mod provisional;
mod schedule;
mod scrape;
mod window;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use closecall_calendar::{Calendar, Clock};
use closecall_protocol::{MarketScraped, Pick, SessionDate, Ticker, TickerPicked};
use tokio::time::{Instant, timeout_at};

use crate::alphavantage::Alphavantage;
use crate::error::Error;
use crate::providers::PriceProvider;
use crate::settings::MarketSettings;
use crate::source::DataSource;
use crate::store::{KeptScorer, Store};
use crate::vendor::VendorStats;
use noted::NotedPrices;

pub(crate) use scrape::ScrapeParts;
pub(crate) use window::PickWindow;

pub use check::VendorCheck;
pub use counts::GatherCounts;
pub use intraday_recording::SessionBars;

/// Asking for prices ends this long after a gather began, then for the price of the moment, then for
/// news. Together they stay below the bound of a whole scrape, so that a silent vendor leaves time to
/// answer from the store.
const PRICES_WITHIN: Duration = Duration::from_secs(40);
const QUOTE_WITHIN: Duration = Duration::from_secs(50);
const NEWS_WITHIN: Duration = Duration::from_secs(80);

/// Market data: vendors over HTTP, and the store between them and the pipeline. Used by
/// reference or in an `Arc`; gathers may run at once, those of one ticker take turns.
#[derive(Debug)]
pub struct Market {
    /// Providers of prices in the order in which they are asked, at least one.
    chain: Vec<Box<dyn PriceProvider>>,
    /// `None` without a key: then there are prices only.
    alphavantage: Option<Alphavantage>,
    store: Store,
    calendar: Calendar,
    clock: Clock,
    /// Requests for news a UTC day, and the tickers that they are for.
    news_budget: Option<u32>,
    tickers: usize,
    /// Held from a look at the plan for news until the request counts in it.
    news_turn: tokio::sync::Mutex<()>,
    window_days: u32,
    max_age: u32,
    stats: Arc<VendorStats>,
    counts: Arc<GatherCounts>,
    turns: Mutex<HashMap<Ticker, Arc<tokio::sync::Mutex<()>>>>,
    /// The scorer whose scores and sums of articles are kept; without one, a gather brings all
    /// articles.
    scorer: Option<KeptScorer>,
}

impl Market {
    /// Opens the store in `data_dir`, which belongs to `source`, and makes the clients. Blocks for
    /// a moment; needs no network.
    ///
    /// # Errors
    /// [`Error::Settings`], [`Error::Store`], [`Error::OtherSource`] or [`Error::Client`].
    pub fn open(
        settings: &MarketSettings,
        source: &DataSource,
        data_dir: &Path,
        calendar: Calendar,
        clock: Clock,
    ) -> Result<Self, Error> {
        Self::open_with(settings, source, data_dir, calendar, clock, false)
    }

    /// As [`Market::open`], to ask each question once.
    ///
    /// # Errors
    /// As [`Market::open`].
    pub fn open_to_check(
        settings: &MarketSettings,
        source: &DataSource,
        data_dir: &Path,
        calendar: Calendar,
        clock: Clock,
    ) -> Result<Self, Error> {
        Self::open_with(settings, source, data_dir, calendar, clock, true)
    }

    fn open_with(
        settings: &MarketSettings,
        source: &DataSource,
        data_dir: &Path,
        calendar: Calendar,
        clock: Clock,
        once: bool,
    ) -> Result<Self, Error> {
        settings.validate()?;
        let stats = Arc::<VendorStats>::default();
        let store = Store::open(data_dir, source)?;
        let shared = clients::ClientParts {
            stats: &stats,
            store: &store,
            clock: &clock,
            once,
        };
        let (chain, alphavantage) = clients::open(settings, &shared)?;
        if alphavantage.is_none() {
            tracing::warn!("alphavantage.api_key is not set: forecasts rest on prices only");
        }
        Ok(Self {
            chain,
            alphavantage,
            store,
            calendar,
            clock,
            news_budget: settings.news_budget()?,
            tickers: 1,
            news_turn: tokio::sync::Mutex::default(),
            window_days: settings.market.window_days,
            max_age: settings.market.max_age,
            stats,
            counts: Arc::default(),
            turns: Mutex::default(),
            scorer: None,
        })
    }

    /// Keeps the scores and sums of `scorer`, and brings the sums in place of their articles.
    #[must_use]
    pub fn scored_by(mut self, scorer: KeptScorer) -> Self {
        self.scorer = Some(scorer);
        self
    }

    /// Brings all articles whole, whatever is kept of them: for one who keeps them elsewhere.
    #[must_use]
    pub fn with_whole_articles(mut self) -> Self {
        self.scorer = None;
        self
    }

    /// Plans the day's requests for news for this number of tickers; of further ones it learns as they are
    /// picked.
    #[must_use]
    pub fn for_tickers(mut self, tickers: usize) -> Self {
        self.tickers = tickers.max(1);
        self
    }

    /// Reason why the data are worse than they could be, for the health of the stages;
    /// `None` when all vendors are asked.
    #[must_use]
    pub fn impairment(&self) -> Option<String> {
        let left_alone = self.stats.families_left_alone();
        let names: Vec<String> = left_alone
            .into_iter()
            .map(|family| format!("{} {}", family.vendor(), family.name()))
            .collect();
        (!names.is_empty()).then(|| format!("left alone after faults: {}", names.join(", ")))
    }

    /// Counts of the quotes and repairs so far.
    #[must_use]
    pub fn counts(&self) -> &Arc<GatherCounts> {
        &self.counts
    }

    /// Counts of the requests so far.
    #[must_use]
    pub fn stats(&self) -> &Arc<VendorStats> {
        &self.stats
    }

    /// Prices and news of a pick as they were known at its as-of time: the finished sessions of the
    /// window, and the articles published since the close before the first of them. Ends within
    /// about 80 s of asking vendors. When they are down, the store answers alone while its prices
    /// are recent enough; trouble with news is logged and never stands in the way.
    ///
    /// # Cancel safety
    /// What was fetched before a cancellation stays in the store.
    ///
    /// # Errors
    /// [`Error::UnknownTicker`], [`Error::OtherMarket`], [`Error::Unsound`] and [`Error::NoData`]
    /// for good, [`Error::Unavailable`] and [`Error::Stale`] for now, [`Error::Store`] when the
    /// store fails.
    pub async fn gather(&self, picked: &TickerPicked) -> Result<MarketScraped, Error> {
        let began = Instant::now();
        let pick = picked.pick.clone();
        let window = PickWindow::of(&pick, &self.calendar, self.clock.now(), self.window_days);
        let turn = self.turn(&pick.ticker);
        let turn = timeout_at(began + PRICES_WITHIN, turn.lock_owned()).await;
        let mut prices = self.prices(&pick, &window, turn.is_ok(), began).await?;
        self.add_provisional(&pick, &window, &mut prices, began + PRICES_WITHIN)
            .await?;
        let quoted = self
            .price_now(&pick, &window, &prices, began + QUOTE_WITHIN)
            .await?;
        let mut noted = NotedPrices::of(&prices.bars, prices.provisional);
        let quote = quoted.map(|quoted| {
            if quoted.factor != 1.0 {
                noted.factor = quoted.factor;
                prices.rescale(quoted.factor);
            }
            quoted.quote
        });
        self.counts.quote(prices.provider, &quote);
        if turn.is_ok() {
            self.fetch_news(&pick, &window, began + NEWS_WITHIN).await?;
        }
        drop(turn);
        let (articles, news_sums) = self.news(&pick, &window, &prices.bars).await?;
        let (fetched_at, provisional) = (prices.fetched_at, prices.provisional);
        let (provider, provider_switched) = (prices.provider, prices.switched);
        let (bars, repairs) = prices.shared();
        let parts = ScrapeParts {
            provider,
            provider_switched,
            bars,
            provisional,
            repairs,
            quote,
            articles,
            news_sums,
            fetched_at: fetched_at.unwrap_or_else(|| self.clock.now()),
        };
        let no_session = Error::NoData {
            ticker: pick.ticker.clone(),
            from: window.first.date,
            to: window.target.date,
            unusable: 0,
        };
        let scraped = parts.of(pick, &window, &self.calendar).ok_or(no_session)?;
        self.note(&scraped, &window, noted).await;
        Ok(scraped)
    }

    /// Closes of the finished sessions of a pick's window, on one basis; nothing else is asked for.
    ///
    /// # Errors
    /// As [`Market::gather`].
    pub async fn closes(&self, pick: &Pick) -> Result<Vec<(SessionDate, f64)>, Error> {
        let began = Instant::now();
        let window = PickWindow::of(pick, &self.calendar, self.clock.now(), self.window_days);
        let turn = self.turn(&pick.ticker);
        let turn = timeout_at(began + PRICES_WITHIN, turn.lock_owned()).await;
        let prices = self.prices(pick, &window, turn.is_ok(), began).await?;
        let bars = prices.bars.iter();
        Ok(bars.map(|bar| (bar.session(), bar.close())).collect())
    }

    /// The lock by which gathers of a ticker take turns: a second one finds what the first has
    /// fetched.
    fn turn(&self, ticker: &Ticker) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(ticker.clone()).or_default())
    }
}
