//! The vendors, what a call to one can end with ([`VendorFault`]), and how often it did.
//!
//! Requests lie in `http` (one of them) and `fetch` (hosts, pace and tries).

pub(crate) mod bounded;
pub(crate) mod breaker;
mod family;
pub(crate) mod fault;
pub(crate) mod fetch;
pub(crate) mod http;
pub(crate) mod limits;
pub(crate) mod number;
pub(crate) mod quota;
mod stats;
pub(crate) mod symbol;
pub(crate) mod tls;

use std::fmt;

pub use family::EndpointFamily;
pub use fault::VendorFault;
pub use stats::{RequestOutcome, VendorStats};

use reqwest::Url;

/// A source of market data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vendor {
    /// Yahoo's chart service: prices.
    Yahoo,
    /// AlphaVantage's NEWS_SENTIMENT: news.
    Alphavantage,
    /// Alpaca's market data: prices.
    Alpaca,
    /// Tiingo: prices.
    Tiingo,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Yahoo, Self::Alphavantage, Self::Alpaca, Self::Tiingo];

    /// Its name, as settings and metrics write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Yahoo => "yahoo",
            Self::Alphavantage => "alphavantage",
            Self::Alpaca => "alpaca",
            Self::Tiingo => "tiingo",
        }
    }

    /// Whether the address is one of the vendor's own, and not a market server's.
    pub(crate) fn owns(self, url: &Url) -> bool {
        let domain = match self {
            Self::Yahoo => "yahoo.com",
            Self::Alphavantage => "alphavantage.co",
            Self::Alpaca => "alpaca.markets",
            Self::Tiingo => "tiingo.com",
        };
        let host = url.host_str().unwrap_or_default();
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_hosts_are_the_vendors() {
        let own = |text: &str| Vendor::Yahoo.owns(&Url::parse(text).unwrap());
        assert!(own("https://query1.finance.yahoo.com") && own("https://yahoo.com"));
        assert!(!own("https://notyahoo.com") && !own("http://127.0.0.1:80/yahoo.com"));
    }
}
