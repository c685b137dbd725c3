//! The gather: prices and news of one pick, fetched into the store, read back from it, and cut at
//! the pick's as-of time whatever the vendors showed.
//!
//! * `window`: which sessions and which moments belong to a pick.
//! * `prices`: the chart into the store, and whether what the store then has is usable.
//! * `news`: the gaps in what is known of a ticker's news, page by page.

mod news;
mod prices;
mod window;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use closecall_calendar::{Calendar, Clock};
use closecall_protocol::{
    MarketScraped, Provider, QuoteAbsent, SessionDate, SessionTimes, Ticker, TickerPicked,
};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};

use crate::alphavantage::Alphavantage;
use crate::error::Error;
use crate::settings::{AlphavantageSettings, MarketSettings};
use crate::source::DataSource;
use crate::store::Store;
use crate::vendor::fetch::{Fetcher, FetcherParts};
use crate::vendor::http::Http;
use crate::vendor::{Vendor, VendorFault, VendorStats};
use crate::yahoo::Yahoo;

use window::Window;

/// Asking for prices ends so long after a gather began, asking for news so long. Together they stay
/// below the bound of a whole scrape, so that a silent vendor leaves time to answer from the store.
const PRICES_WITHIN: Duration = Duration::from_secs(40);
const NEWS_WITHIN: Duration = Duration::from_secs(80);

/// Least time between two requests to the vendors' own hosts.
const YAHOO_INTERVAL: Duration = Duration::from_millis(1_000);
const ALPHAVANTAGE_INTERVAL: Duration = Duration::from_millis(1_200);

/// What a market server is sent in place of a key; it is the vendor's own for demonstrations.
const NO_KEY: &str = "demo";

/// Market data: two vendors over HTTP, and the store between them and the pipeline. Shared by
/// reference or in an `Arc`; gathers may run at once, those of one ticker take turns.
#[derive(Debug)]
pub struct Market {
    yahoo: Yahoo,
    /// `None` without a key: then there are prices only.
    alphavantage: Option<Alphavantage>,
    store: Store,
    calendar: Calendar,
    clock: Clock,
    window_days: u32,
    max_age: u32,
    stats: Arc<VendorStats>,
    turns: Mutex<HashMap<Ticker, Arc<tokio::sync::Mutex<()>>>>,
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
        settings.validate()?;
        let stats = Arc::<VendorStats>::default();
        let yahoo = Yahoo::new(yahoo(settings, &stats)?);
        let alphavantage = alphavantage(settings, &stats)?;
        if alphavantage.is_none() {
            tracing::warn!("alphavantage.api_key is not set: forecasts rest on prices only");
        }
        Ok(Self {
            yahoo,
            alphavantage,
            store: Store::open(data_dir, source)?,
            calendar,
            clock,
            window_days: settings.market.window_days,
            max_age: settings.market.max_age,
            stats,
            turns: Mutex::default(),
        })
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
    /// [`Error::UnknownTicker`] and [`Error::NoData`] for good, [`Error::Unavailable`] and
    /// [`Error::Stale`] for now, [`Error::Store`] when the store fails.
    pub async fn gather(&self, picked: &TickerPicked) -> Result<MarketScraped, Error> {
        let began = Instant::now();
        let pick = picked.pick.clone();
        let window = Window::of(&pick, &self.calendar, self.clock.now(), self.window_days);
        let turn = self.turn(&pick.ticker);
        let turn = timeout_at(began + PRICES_WITHIN, turn.lock_owned()).await;
        let fetched = match &turn {
            Ok(_) => {
                self.fetch_prices(&pick, &window, began + PRICES_WITHIN)
                    .await?
            }
            Err(_) => Err(VendorFault::Timeout),
        };
        let prices = self.usable_prices(&pick, &window, fetched).await?;
        if turn.is_ok() {
            self.fetch_news(&pick, &window, began + NEWS_WITHIN).await?;
        }
        drop(turn);
        let articles = self.store.articles(&pick.ticker, window.news).await?;
        let target = SessionDate::new(window.target.date).map_err(|_| Error::NoData {
            ticker: pick.ticker.clone(),
            from: window.first.date,
            to: window.target.date,
            unusable: 0,
        })?;
        let session = SessionTimes::from(&window.target);
        let newest = prices.bars.last().map(|bar| bar.session().date());
        let ahead = newest.map_or(0, |newest| {
            let until = self.calendar.sessions_between(newest, window.target.date);
            until.saturating_sub(1)
        });
        Ok(MarketScraped {
            target,
            session,
            sessions_ahead: u32::try_from(ahead).unwrap_or(u32::MAX),
            quote: Err(QuoteAbsent::at(pick.as_of(), &session)),
            provider: Provider::Yahoo,
            provisional: false,
            repairs: Arc::new([]),
            bars: prices.bars.into(),
            articles: articles.into(),
            fetched_at: prices.fetched_at.unwrap_or_else(|| self.clock.now()),
            pick,
        })
    }

    /// What the gathers of a ticker take turns by: a second one finds what the first has fetched.
    fn turn(&self, ticker: &Ticker) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(ticker.clone()).or_default())
    }
}

fn yahoo(settings: &MarketSettings, stats: &Arc<VendorStats>) -> Result<Fetcher, Error> {
    let hosts = settings.yahoo_hosts()?;
    fetcher(
        settings,
        stats,
        Vendor::Yahoo,
        hosts,
        settings.yahoo.min_interval,
        YAHOO_INTERVAL,
    )
}

fn alphavantage(
    settings: &MarketSettings,
    stats: &Arc<VendorStats>,
) -> Result<Option<Alphavantage>, Error> {
    let host = settings.alphavantage_host()?;
    let AlphavantageSettings {
        api_key,
        min_interval,
        ..
    } = &settings.alphavantage;
    let key = api_key
        .clone()
        .filter(|key| !key.expose_secret().trim().is_empty());
    let key = match key {
        None if Vendor::Alphavantage.owns(&host) => return Ok(None),
        None => {
            tracing::warn!(
                "alphavantage.api_key is not set: this market server is asked without one, the \
                 vendor would not be asked"
            );
            SecretString::from(NO_KEY)
        }
        Some(key) => key,
    };
    let (vendor, hosts) = (Vendor::Alphavantage, vec![host]);
    let fetcher = fetcher(
        settings,
        stats,
        vendor,
        hosts,
        *min_interval,
        ALPHAVANTAGE_INTERVAL,
    )?;
    Ok(Some(Alphavantage::new(fetcher, key)))
}

fn fetcher(
    settings: &MarketSettings,
    stats: &Arc<VendorStats>,
    vendor: Vendor,
    hosts: Vec<Url>,
    interval: Option<Duration>,
    own_interval: Duration,
) -> Result<Fetcher, Error> {
    let first = &hosts[0];
    let automatic = if vendor.owns(first) {
        own_interval
    } else {
        Duration::ZERO
    };
    Ok(Fetcher::new(FetcherParts {
        vendor,
        http: Http::new(&settings.yahoo.user_agent, first)?,
        interval: interval.unwrap_or(automatic),
        retry_base: settings.market.retry_base,
        stats: Arc::clone(stats),
        seed: settings.market.seed,
        hosts,
    }))
}
