//! Settings of the market: where prices and news come from, and the window.
//!
//! Each section is a struct with its defaults; those of the providers beside Yahoo are in
//! `providers`. Reading them from files and the environment is the binary's part.

mod providers;

use std::path::PathBuf;
use std::time::Duration;

use closecall_protocol::Provider;
use closecall_settings::{section, span};
use reqwest::Url;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::vendor::Vendor;
use crate::vendor::tls::Tls;

pub use providers::{AlpacaFeed, AlpacaSettings, FilesSettings, PricesSettings, TiingoSettings};
pub(crate) use providers::{given, vendor_of};

/// All sections.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MarketSettings {
    /// `[prices]`: whose prices are taken.
    pub prices: PricesSettings,
    /// `[yahoo]`: prices, without a key.
    pub yahoo: YahooSettings,
    /// `[alpaca]`: prices, with a key of two halves.
    pub alpaca: AlpacaSettings,
    /// `[tiingo]`: prices, with a key.
    pub tiingo: TiingoSettings,
    /// `[files]`: prices from a folder.
    pub files: FilesSettings,
    /// `[alphavantage]`: where news come from.
    pub alphavantage: AlphavantageSettings,
    /// `[network]`: how both are reached.
    pub network: ConnectionSettings,
    /// `[market]`: what is gathered and how faults are met.
    pub market: WindowSettings,
}

/// `[yahoo]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YahooSettings {
    /// Base address of the chart service, or of a market server.
    pub base_url: String,
    /// Asked when the first fails; none by default when it is left out. The vendor's own host is
    /// never the fallback of another's: a market server is not stood in for by the real market.
    #[serde(default)]
    pub fallback_url: Option<String>,
    /// The agent that requests name; closecall where it is left out. Some libraries' default agents
    /// are refused.
    #[serde(default = "own_agent")]
    pub user_agent: String,
    /// Least time between two requests. Left out: 1 s on the vendor's own hosts, none on others.
    #[serde(default, with = "span::optional")]
    pub min_interval: Option<Duration>,
}

impl Default for YahooSettings {
    fn default() -> Self {
        section("yahoo")
    }
}

/// `[alphavantage]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlphavantageSettings {
    /// Base address of the news service, or of a market server.
    pub base_url: String,
    /// The key. Without one the vendor's own host is not asked, and forecasts rest on prices only;
    /// a market server needs none.
    #[serde(skip_serializing)]
    pub api_key: Option<SecretString>,
    /// A file that holds the key, for mounted secrets; the reader of the configuration reads it.
    pub api_key_file: Option<PathBuf>,
    /// Requests a UTC day that the key allows. Left out: 25 on the vendor's own hosts, as of a free
    /// key, and no limit on others.
    #[serde(default)]
    pub requests_per_day: Option<u32>,
    /// The share of them that this program takes, above 0 and up to 1, where several share a key.
    pub share: f64,
    /// Least time between two requests. Left out: 1.2 s on the vendor's own hosts, none on others.
    #[serde(default, with = "span::optional")]
    pub min_interval: Option<Duration>,
}

impl Default for AlphavantageSettings {
    fn default() -> Self {
        section("alphavantage")
    }
}

/// `[network]`. Proxies are taken from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, and
/// never used for this machine's own addresses.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionSettings {
    /// A PEM file of certificate authorities that are trusted beside the compiled-in ones, as where
    /// a proxy signs for the vendors. The file that `SSL_CERT_FILE` names is trusted too.
    pub ca_file: Option<PathBuf>,
}

/// `[market]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSettings {
    /// Calendar days of prices and news before the as-of time; 300 are about 206 sessions.
    pub window_days: u32,
    /// Stored prices are used while their newest session is at most this number of sessions behind.
    pub max_age: u32,
    /// First wait before a request is repeated; each further one doubles.
    #[serde(with = "span")]
    pub retry_base: Duration,
    /// Decides the jitter of the waits.
    pub seed: u64,
}

impl Default for WindowSettings {
    fn default() -> Self {
        section("market")
    }
}

impl MarketSettings {
    /// Checks the settings and names the one that breaks a rule.
    ///
    /// # Errors
    /// [`Error::Settings`] for an address, agent or number that cannot be used.
    pub fn validate(&self) -> Result<(), Error> {
        self.yahoo_hosts()?;
        self.alphavantage_host()?;
        for provider in [Provider::Alpaca, Provider::Tiingo] {
            self.hosts_of(provider)?;
        }
        self.configured_providers()?;
        if reqwest::header::HeaderValue::from_str(&self.yahoo.user_agent).is_err()
            || self.yahoo.user_agent.trim().is_empty()
        {
            return Err(refused("yahoo.user_agent", "give a line of printable text"));
        }
        Tls::new(self.network.ca_file.as_deref())?;
        let share = self.alphavantage.share;
        if !(share > 0.0 && share <= 1.0) {
            return Err(refused(
                "alphavantage.share",
                "give a number above 0 and up to 1",
            ));
        }
        if !(30..=3_650).contains(&self.market.window_days) {
            return Err(refused(
                "market.window_days",
                "give 30 to 3650 calendar days",
            ));
        }
        if self.market.max_age > 250 {
            return Err(refused("market.max_age", "give at most 250 sessions"));
        }
        Ok(())
    }

    /// The hosts to ask for prices, in order.
    pub(crate) fn yahoo_hosts(&self) -> Result<Vec<Url>, Error> {
        let base = address("yahoo.base_url", &self.yahoo.base_url)?;
        let fallback = match self.yahoo.fallback_url.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(text) => Some(address("yahoo.fallback_url", text)?),
        };
        let same_kind = |url: &Url| Vendor::Yahoo.owns(url) == Vendor::Yahoo.owns(&base);
        let fallback = fallback.filter(|url| same_kind(url) && *url != base);
        Ok(std::iter::once(base).chain(fallback).collect())
    }

    /// Requests for news a UTC day; `None` without a limit.
    pub(crate) fn news_budget(&self) -> Result<Option<u32>, Error> {
        let own = Vendor::Alphavantage.owns(&self.alphavantage_host()?);
        let of_key = self.alphavantage.requests_per_day;
        let of_key = of_key.or(own.then_some(FREE_REQUESTS));
        // A share of something is something.
        Ok(of_key.map(|requests| ((f64::from(requests) * self.alphavantage.share) as u32).max(1)))
    }

    /// The host to ask for news.
    pub(crate) fn alphavantage_host(&self) -> Result<Url, Error> {
        address("alphavantage.base_url", &self.alphavantage.base_url)
    }
}

/// Requests a day of a free key for news.
const FREE_REQUESTS: u32 = 25;

/// Agent that says what it is.
pub(crate) fn own_agent() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("Mozilla/5.0 (compatible; closecall/{version})")
}

fn address(name: &'static str, text: &str) -> Result<Url, Error> {
    let rule = "give an http or https address such as http://127.0.0.1:8080";
    let url = Url::parse(text.trim()).map_err(|_| refused(name, rule))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !plain {
        return Err(refused(name, rule));
    }
    Ok(url)
}

fn refused(name: &'static str, rule: &'static str) -> Error {
    Error::Settings { name, rule }
}

#[cfg(test)]
mod tests {
    use closecall_settings::changed;

    use super::*;

    fn with_yahoo(base: &str, fallback: Option<&str>) -> MarketSettings {
        let mut settings = MarketSettings::default();
        settings.yahoo.base_url = base.to_owned();
        settings.yahoo.fallback_url = fallback.map(str::to_owned);
        settings
    }

    #[test]
    fn the_defaults_hold_and_name_two_hosts() {
        let settings = MarketSettings::default();
        settings.validate().unwrap();
        assert_eq!(settings.yahoo_hosts().unwrap().len(), 2);
    }

    #[test]
    fn a_market_server_never_falls_back_to_the_real_market() {
        let vendor = Some("https://query2.finance.yahoo.com");
        let hosts = with_yahoo("http://127.0.0.1:1", vendor)
            .yahoo_hosts()
            .unwrap();
        assert_eq!(hosts.len(), 1);
        let local = with_yahoo("http://127.0.0.1:1", Some("http://127.0.0.1:2"));
        assert_eq!(local.yahoo_hosts().unwrap().len(), 2);
        assert_eq!(
            with_yahoo("http://127.0.0.1:1", Some(""))
                .yahoo_hosts()
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn unusable_settings_are_refused_by_name() {
        for base in [
            "",
            "query1",
            "ftp://x",
            "http://",
            "http://user:key@x/",
            "http://x/?apikey=1",
        ] {
            let error = with_yahoo(base, None).validate().unwrap_err().to_string();
            assert!(error.contains("yahoo.base_url"), "{base}: {error}");
        }
        let mut settings = MarketSettings::default();
        settings.market.window_days = 0;
        assert!(
            settings
                .validate()
                .unwrap_err()
                .to_string()
                .contains("market.window_days")
        );
        settings = MarketSettings::default();
        settings.yahoo.user_agent = "a\r\nX: y".to_owned();
        assert!(
            settings
                .validate()
                .unwrap_err()
                .to_string()
                .contains("yahoo.user_agent")
        );
    }

    #[test]
    fn the_key_is_neither_shown_nor_written() {
        let settings = MarketSettings {
            alphavantage: changed("alphavantage", r#"api_key = "CANARY""#).unwrap(),
            ..MarketSettings::default()
        };
        let written = serde_json::to_string(&settings).unwrap();
        assert!(!format!("{settings:?}{written}").contains("CANARY"));
    }
}
