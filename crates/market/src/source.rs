//! Source of the data in a data directory.

use std::fmt;

use crate::error::Error;
use crate::settings::MarketSettings;
use crate::vendor::Vendor;

/// The one source that a data directory belongs to. Data of two sources never meet in one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataSource {
    /// The vendors themselves.
    Live,
    /// A simulated market with this seed.
    Simulated {
        /// Its seed.
        seed: u64,
    },
    /// Market servers at these addresses.
    Replay {
        /// As configured.
        address: String,
    },
}

impl DataSource {
    /// The source that the addresses point to: the vendors' own, or market servers.
    ///
    /// # Errors
    /// [`Error::Settings`] for an address that cannot be used.
    pub fn of(settings: &MarketSettings) -> Result<Self, Error> {
        let news = settings.alphavantage_host()?;
        let own_news = Vendor::Alphavantage.owns(&news);
        let address = match settings.price_address()? {
            Some((_, true)) | None if own_news => return Ok(Self::Live),
            Some((prices, _)) if prices != news => format!("{prices} and {news}"),
            _ => news.to_string(),
        };
        Ok(Self::Replay { address })
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("the live vendors"),
            Self::Simulated { seed } => write!(f, "the simulated market of seed {seed}"),
            Self::Replay { address } => write!(f, "the market server at {address}"),
        }
    }
}
