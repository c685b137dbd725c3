//! Providers of prices: where daily bars and the price of the moment come from.
//!
//! A provider has two answers. Which of them are asked, and in which order, is the configuration's
//! chain; what a forecast then rests on is decided in `crate::gather`, by the same rules for all.
//!
//! * `answer`: daily bars, and bars inside a session, as every provider gives them.
//! * `alpaca`, `tiingo`: the two that need a key; `files`: a folder of CSV. Yahoo's is `crate::yahoo`.

mod alpaca;
mod answer;
mod files;
mod tiingo;

use std::fmt::Debug;
use std::pin::Pin;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::{Provider, Ticker};
use tokio::time::Instant;

use crate::vendor::VendorFault;

pub(crate) use alpaca::Alpaca;
pub(crate) use answer::{ASKED_AHEAD, Chart, IntradayAnswer, IntradayRow, SETTLED_AFTER};
pub(crate) use files::Files;
pub(crate) use tiingo::Tiingo;

/// Window of bars inside a session that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum IntradayWindow {
    /// Those of the session in progress, which opened at `from`, up to a moment.
    Running {
        from: DateTime<Utc>,
        as_of: DateTime<Utc>,
    },
    /// Those of a session that opened at `from`, up to a moment.
    Past {
        from: DateTime<Utc>,
        as_of: DateTime<Utc>,
    },
}

impl IntradayWindow {
    /// The opening that the window begins with, and the moment that it ends with.
    pub(crate) fn bounds(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        match *self {
            Self::Running { from, as_of } | Self::Past { from, as_of } => (from, as_of),
        }
    }
}

/// An answer that is under way.
pub(crate) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, VendorFault>> + Send + 'a>>;

/// A source of prices.
pub(crate) trait PriceProvider: Debug + Send + Sync {
    /// Its name, under which its history is kept and its forecasts are marked.
    fn provider(&self) -> Provider;

    /// Time by which its price of the moment lies behind the market.
    fn delay(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    /// Whether it is asked at every pick, since an answer costs no request.
    fn is_local(&self) -> bool {
        false
    }

    /// The bars of the days from `from` to just before `to`, which lies a day after what may be known;
    /// empty when there are none.
    fn daily<'a>(
        &'a self,
        ticker: &'a Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        deadline: Instant,
    ) -> Asked<'a, Chart>;

    /// Bars of a minute inside one session, or coarser ones where it has no finer; `None` when it
    /// has none. The last that ended gives the price of the moment and its time.
    fn intraday<'a>(
        &'a self,
        ticker: &'a Ticker,
        window: IntradayWindow,
        deadline: Instant,
    ) -> Asked<'a, Option<IntradayAnswer>>;
}
