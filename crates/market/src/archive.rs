//! Archive of the picks' data: bars by their vintages, articles by the time at which they were first
//! seen, the price of the moment as it was taken. Asks no vendor.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use closecall_calendar::Calendar;
use closecall_protocol::{Bar, MarketScraped, NewsSums, Pick, SessionDate};

use crate::error::Error;
use crate::gather::{PickWindow, ScrapeParts};
use crate::repair::{Repaired, repair, rescaled};
use crate::store::{Series, Store};

/// The store of a data directory, whichever source it belongs to.
#[derive(Debug)]
pub struct MarketArchive {
    store: Store,
    calendar: Calendar,
    window_days: u32,
}

/// Reason for which a pick's data cannot be had again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// The store does not know of the pick.
    Gather,
    /// None of the bars that it had is left.
    Bars,
    /// The bars that are left cannot be what it had.
    Unsound(String),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gather => f.write_str(
                "the store does not know what was gathered for it: that was done elsewhere, or by an \
                 earlier version",
            ),
            Self::Bars => f.write_str("no bar that had been seen by then is in the store"),
            Self::Unsound(why) => write!(f, "the bars in the store are not those that it had: {why}"),
        }
    }
}

impl MarketArchive {
    /// Opens the store in `data_dir`; `None` where there is none. `window_days` as the gathers had
    /// it.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be read.
    pub fn open(
        data_dir: &Path,
        calendar: Calendar,
        window_days: u32,
    ) -> Result<Option<Self>, Error> {
        Ok(Store::open_existing(data_dir)?.map(|store| Self {
            store,
            calendar,
            window_days,
        }))
    }

    /// Data of a pick as they were gathered, with the articles themselves in place of their sums.
    ///
    /// # Errors
    /// [`Error::Store`] when the store cannot be read.
    pub async fn recall(&self, pick: &Pick) -> Result<Result<MarketScraped, Missing>, Error> {
        let Some(gathered) = self.store.gathered(pick.pick_id).await? else {
            return Ok(Err(Missing::Gather));
        };
        let window = PickWindow::of(pick, &self.calendar, gathered.cut, self.window_days);
        let series = Series::new(gathered.provider, &pick.ticker);
        let sessions = (window.first.date, window.last.date);
        let (stored, splits) = self
            .store
            .bars_seen_by(&series, sessions, gathered.seen_by)
            .await?;
        let Repaired { mut bars, .. } = match repair(&stored, &splits, &self.calendar) {
            Ok(repaired) if repaired.bars.is_empty() => return Ok(Err(Missing::Bars)),
            Ok(repaired) => repaired,
            Err(why) => return Ok(Err(Missing::Unsound(why.to_string()))),
        };
        let previous = SessionDate::new(self.calendar.previous(window.target.date).date);
        if let (Some(close), Ok(session)) = (gathered.provisional, previous) {
            bars.extend(Bar::of_close(session, close).ok());
        }
        if gathered.factor != 1.0 {
            for bar in &mut bars {
                *bar = rescaled(bar, gathered.factor);
            }
        }
        let articles = self
            .store
            .articles_seen_by(&pick.ticker, window.news, gathered.seen_by)
            .await?;
        let parts = ScrapeParts {
            provider: gathered.provider,
            provider_switched: gathered.provider_switched,
            bars: Arc::from(bars),
            provisional: gathered.provisional.is_some(),
            repairs: gathered.repairs.into(),
            quote: gathered.quote,
            articles,
            news_sums: NewsSums::default(),
            fetched_at: gathered.fetched_at,
        };
        let scraped = parts.of(pick.clone(), &window, &self.calendar);
        Ok(scraped.ok_or(Missing::Bars))
    }
}
