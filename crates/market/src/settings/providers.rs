//! Settings of where prices come from: `[prices]`, `[alpaca]`, `[tiingo]`, `[files]`.

use std::path::PathBuf;
use std::time::Duration;

use closecall_protocol::Provider;
use closecall_settings::{choice, section, span};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{MarketSettings, address, refused};
use crate::Error;
use crate::vendor::Vendor;

/// `[prices]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PricesSettings {
    /// Providers in the order in which they are asked. One without its key or folder is left out.
    #[serde(deserialize_with = "provider_names")]
    pub providers: Vec<Provider>,
}

/// Reads names of providers. A name that is not known is a mistake here, where it is a newer build's
/// elsewhere.
fn provider_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Provider>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let known = names.iter().map(|name| match Provider::named(name) {
        Provider::Other => Err(D::Error::custom(format!(
            "{name:?} is none of yahoo, alpaca, tiingo and files"
        ))),
        provider => Ok(provider),
    });
    known.collect()
}

/// `[alpaca]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlpacaSettings {
    /// Base address of the market data, or of a market server.
    pub base_url: String,
    /// The first half of the key. Without both the provider is not asked.
    #[serde(skip_serializing)]
    pub key_id: Option<SecretString>,
    /// A file that holds it.
    pub key_id_file: Option<PathBuf>,
    /// The second half of the key.
    #[serde(skip_serializing)]
    pub secret_key: Option<SecretString>,
    /// A file that holds it.
    pub secret_key_file: Option<PathBuf>,
    /// Where the price of the moment comes from.
    #[serde(with = "choice")]
    pub feed: AlpacaFeed,
    /// Least time between two requests. Left out: 0.3 s on the vendor's own hosts, none on others.
    #[serde(default, with = "span::optional")]
    pub min_interval: Option<Duration>,
}

/// A feed of bars inside a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlpacaFeed {
    /// One exchange, at once.
    Iex,
    /// All exchanges, 15 minutes late, as a free plan has them.
    Sip,
}

impl AlpacaFeed {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Iex => "iex",
            Self::Sip => "sip",
        }
    }
}

/// `[tiingo]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TiingoSettings {
    /// Base address of the service, or of a market server.
    pub base_url: String,
    /// The key. Without one the provider is not asked.
    #[serde(skip_serializing)]
    pub api_key: Option<SecretString>,
    /// A file that holds it.
    pub api_key_file: Option<PathBuf>,
    /// Least time between two requests. Left out: 1 s on the vendor's own hosts, none on others.
    #[serde(default, with = "span::optional")]
    pub min_interval: Option<Duration>,
}

/// `[files]`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilesSettings {
    /// A folder of `TICKER.csv`. Without one the provider is not asked.
    pub folder: Option<PathBuf>,
}

impl Default for PricesSettings {
    fn default() -> Self {
        section("prices")
    }
}

impl Default for AlpacaSettings {
    fn default() -> Self {
        section("alpaca")
    }
}

impl Default for TiingoSettings {
    fn default() -> Self {
        section("tiingo")
    }
}

/// A key as it is sent: a line's end or a space beside it is no part of it.
pub(crate) fn given(key: &Option<SecretString>) -> Option<&str> {
    let key = key.as_ref()?.expose_secret().trim();
    (!key.is_empty()).then_some(key)
}

impl MarketSettings {
    /// The providers that can be asked, in order.
    ///
    /// # Errors
    /// [`Error::Settings`] when a name is none, is there twice, a key is half, or none is left.
    pub fn configured_providers(&self) -> Result<Vec<Provider>, Error> {
        let mut configured = Vec::new();
        for (place, provider) in self.prices.providers.iter().enumerate() {
            let before = &self.prices.providers[..place];
            if before.contains(provider) {
                return Err(refused("prices.providers", "give each name at most once"));
            }
            let is_configured = match provider {
                Provider::Yahoo => true,
                Provider::Alpaca => self.has_alpaca_key()?,
                Provider::Tiingo => given(&self.tiingo.api_key).is_some(),
                Provider::Files => self.has_folder()?,
                Provider::Other => false,
            };
            if is_configured {
                configured.push(*provider);
            }
        }
        if configured.is_empty() {
            return Err(Error::no_provider());
        }
        Ok(configured)
    }

    fn has_alpaca_key(&self) -> Result<bool, Error> {
        let halves = [&self.alpaca.key_id, &self.alpaca.secret_key].map(|half| given(half));
        match halves {
            [Some(_), Some(_)] => Ok(true),
            [None, None] => Ok(false),
            [Some(_), None] => Err(refused("alpaca.secret_key", "give it beside alpaca.key_id")),
            [None, Some(_)] => Err(refused("alpaca.key_id", "give it beside alpaca.secret_key")),
        }
    }

    fn has_folder(&self) -> Result<bool, Error> {
        match &self.files.folder {
            None => Ok(false),
            Some(folder) if folder.is_dir() => Ok(true),
            Some(_) => Err(refused("files.folder", "give a folder that exists")),
        }
    }

    /// The hosts of a provider, in order; none of one that is not asked over the network.
    pub(crate) fn hosts_of(&self, provider: Provider) -> Result<Vec<Url>, Error> {
        match provider {
            Provider::Yahoo => self.yahoo_hosts(),
            Provider::Alpaca => Ok(vec![address("alpaca.base_url", &self.alpaca.base_url)?]),
            Provider::Tiingo => Ok(vec![address("tiingo.base_url", &self.tiingo.base_url)?]),
            Provider::Files | Provider::Other => Ok(Vec::new()),
        }
    }

    /// The first address that prices come from, and whether it is a vendor's own; `None` when they
    /// come from files alone.
    pub(crate) fn price_address(&self) -> Result<Option<(Url, bool)>, Error> {
        for provider in self.configured_providers()? {
            if let Some(host) = self.hosts_of(provider)?.into_iter().next() {
                let own = vendor_of(provider).is_some_and(|vendor| vendor.owns(&host));
                return Ok(Some((host, own)));
            }
        }
        Ok(None)
    }
}

/// The vendor behind a provider; files have none.
pub(crate) fn vendor_of(provider: Provider) -> Option<Vendor> {
    match provider {
        Provider::Yahoo => Some(Vendor::Yahoo),
        Provider::Alpaca => Some(Vendor::Alpaca),
        Provider::Tiingo => Some(Vendor::Tiingo),
        Provider::Files | Provider::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(providers: &[Provider]) -> MarketSettings {
        MarketSettings {
            prices: PricesSettings {
                providers: providers.to_vec(),
            },
            ..MarketSettings::default()
        }
    }

    #[test]
    fn what_has_no_key_and_no_folder_is_left_out() {
        let mut settings = MarketSettings::default();
        assert_eq!(settings.prices.providers.len(), 4);
        assert_eq!(settings.configured_providers().unwrap(), [Provider::Yahoo]);
        settings.tiingo.api_key = Some("KEY".into());
        settings.alpaca.key_id = Some("ID".into());
        let half = settings.configured_providers().unwrap_err().to_string();
        assert!(half.contains("alpaca.secret_key"), "{half}");
        settings.alpaca.secret_key = Some(" SECRET\n".into());
        let configured = settings.configured_providers().unwrap();
        assert_eq!(
            configured,
            [Provider::Yahoo, Provider::Alpaca, Provider::Tiingo]
        );
    }

    #[test]
    fn a_chain_that_cannot_be_asked_is_refused_by_name() {
        for (providers, says) in [
            (&[][..], "none of them can be asked"),
            (&[Provider::Alpaca], "none of them can be asked"),
            (&[Provider::Yahoo, Provider::Yahoo], "at most once"),
        ] {
            let error = chain(providers).validate().unwrap_err().to_string();
            assert!(
                error.contains("prices.providers") && error.contains(says),
                "{error}"
            );
        }
        let mut files = chain(&[Provider::Files]);
        files.files.folder = Some("/nowhere/at/all".into());
        let error = files.validate().unwrap_err().to_string();
        assert!(error.contains("files.folder"), "{error}");
    }
}
