//! Families of endpoints: what a vendor refuses is one of them, while its others go on answering.

use crate::vendor::Vendor;

/// A family of a vendor's endpoints, which fails and refuses as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndpointFamily {
    /// Yahoo's chart service.
    YahooChart,
    /// AlphaVantage's NEWS_SENTIMENT.
    AlphavantageNews,
    /// Alpaca's historical bars, of a day and of a minute.
    AlpacaBars,
    /// Tiingo's end-of-day prices.
    TiingoDaily,
    /// Tiingo's prices of IEX.
    TiingoIex,
}

impl EndpointFamily {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::YahooChart,
        Self::AlphavantageNews,
        Self::AlpacaBars,
        Self::TiingoDaily,
        Self::TiingoIex,
    ];

    /// The vendor it belongs to.
    #[must_use]
    pub fn vendor(self) -> Vendor {
        match self {
            Self::YahooChart => Vendor::Yahoo,
            Self::AlphavantageNews => Vendor::Alphavantage,
            Self::AlpacaBars => Vendor::Alpaca,
            Self::TiingoDaily | Self::TiingoIex => Vendor::Tiingo,
        }
    }

    /// Its name, as the store, logs and metrics write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::YahooChart => "chart",
            Self::AlphavantageNews => "news",
            Self::AlpacaBars => "bars",
            Self::TiingoDaily => "daily",
            Self::TiingoIex => "iex",
        }
    }
}
