//! The vendors' clients, as the settings have them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use closecall_calendar::Clock;
use closecall_protocol::Provider;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::alphavantage::Alphavantage;
use crate::error::Error;
use crate::providers::{Alpaca, Files, PriceProvider, Tiingo};
use crate::settings::{MarketSettings, given, own_agent, vendor_of};
use crate::store::Store;
use crate::vendor::fetch::{Fetcher, FetcherParts};
use crate::vendor::http::Http;
use crate::vendor::limits::Limits;
use crate::vendor::tls::Tls;
use crate::vendor::{Vendor, VendorStats};
use crate::yahoo::Yahoo;

/// Least time between two requests to a vendor's own hosts.
fn own_interval(vendor: Vendor) -> Duration {
    Duration::from_millis(match vendor {
        Vendor::Yahoo | Vendor::Tiingo => 1_000,
        Vendor::Alphavantage => 1_200,
        Vendor::Alpaca => 300,
    })
}

/// Alpaca's names for the two halves of its key.
const ALPACA_KEY_ID: HeaderName = HeaderName::from_static("apca-api-key-id");
const ALPACA_SECRET_KEY: HeaderName = HeaderName::from_static("apca-api-secret-key");

/// The word that a market server is sent in place of a key; it is the vendor's own for
/// demonstrations.
const NO_KEY: &str = "demo";

/// The environment's variable that names a file of certificate authorities.
const CA_FILE: &str = "SSL_CERT_FILE";

/// Providers of prices in the order in which they are asked.
type Chain = Vec<Box<dyn PriceProvider>>;

/// Parts that all clients share: the counts and the clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientParts<'a> {
    pub(super) stats: &'a Arc<VendorStats>,
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
    /// Each question is asked once, whatever comes of it.
    pub(super) once: bool,
}

/// Makes the chain of providers, and the client for news where there is a key, or none is needed.
pub(super) fn open(
    settings: &MarketSettings,
    shared: &ClientParts<'_>,
) -> Result<(Chain, Option<Alphavantage>), Error> {
    let named = std::env::var_os(CA_FILE).filter(|name| !name.is_empty());
    let files: Vec<PathBuf> = settings
        .network
        .ca_file
        .clone()
        .into_iter()
        .chain(named.map(PathBuf::from))
        .collect();
    let clients = Clients {
        settings,
        shared,
        tls: Tls::new(files.iter().map(PathBuf::as_path))?,
    };
    Ok((clients.chain()?, clients.alphavantage()?))
}

/// Makes clients.
struct Clients<'a> {
    settings: &'a MarketSettings,
    shared: &'a ClientParts<'a>,
    tls: Tls,
}

impl Clients<'_> {
    fn chain(&self) -> Result<Chain, Error> {
        let own = self.settings.price_address()?.map(|(_, own)| own);
        let mut chain = Chain::new();
        for provider in self.settings.configured_providers()? {
            let hosts = self.settings.hosts_of(provider)?;
            let owns = |vendor: Vendor| hosts.first().map(|host| vendor.owns(host));
            if let Some(vendor) = vendor_of(provider)
                && owns(vendor) != own
            {
                tracing::warn!(
                    %provider,
                    "left out: a market server is not stood in for by the real market, nor it by one"
                );
                continue;
            }
            chain.push(self.provider(provider, hosts)?);
        }
        Ok(chain)
    }

    fn provider(
        &self,
        provider: Provider,
        hosts: Vec<Url>,
    ) -> Result<Box<dyn PriceProvider>, Error> {
        let MarketSettings {
            yahoo,
            alpaca,
            tiingo,
            files,
            ..
        } = self.settings;
        let mut headers = HeaderMap::new();
        Ok(match provider {
            Provider::Yahoo => {
                let interval = yahoo.min_interval;
                Box::new(Yahoo::new(self.fetcher(
                    Vendor::Yahoo,
                    hosts,
                    interval,
                    headers,
                )?))
            }
            Provider::Alpaca => {
                let [id, secret] = [&alpaca.key_id, &alpaca.secret_key].map(given);
                headers.insert(ALPACA_KEY_ID, secret_header("alpaca.key_id", id, "")?);
                headers.insert(
                    ALPACA_SECRET_KEY,
                    secret_header("alpaca.secret_key", secret, "")?,
                );
                let interval = alpaca.min_interval;
                let fetcher = self.fetcher(Vendor::Alpaca, hosts, interval, headers)?;
                Box::new(Alpaca::new(fetcher, self.shared.clock.clone(), alpaca.feed))
            }
            Provider::Tiingo => {
                let key = secret_header("tiingo.api_key", given(&tiingo.api_key), "Token ")?;
                headers.insert(AUTHORIZATION, key);
                let interval = tiingo.min_interval;
                Box::new(Tiingo::new(self.fetcher(
                    Vendor::Tiingo,
                    hosts,
                    interval,
                    headers,
                )?))
            }
            Provider::Files | Provider::Other => {
                let folder = files.folder.as_deref().ok_or_else(Error::no_provider)?;
                Box::new(Files::new(folder))
            }
        })
    }

    fn alphavantage(&self) -> Result<Option<Alphavantage>, Error> {
        let host = self.settings.alphavantage_host()?;
        let settings = &self.settings.alphavantage;
        let key = match given(&settings.api_key) {
            None if Vendor::Alphavantage.owns(&host) => return Ok(None),
            None => {
                tracing::debug!(
                    "alphavantage.api_key is not set: this market server is asked without one, the \
                     vendor would not be asked"
                );
                NO_KEY
            }
            Some(key) => key,
        };
        let (vendor, hosts) = (Vendor::Alphavantage, vec![host]);
        let fetcher = self.fetcher(vendor, hosts, settings.min_interval, HeaderMap::new())?;
        Ok(Some(Alphavantage::new(fetcher, SecretString::from(key))))
    }

    fn fetcher(
        &self,
        vendor: Vendor,
        hosts: Vec<Url>,
        interval: Option<Duration>,
        headers: HeaderMap,
    ) -> Result<Fetcher, Error> {
        let (settings, shared) = (self.settings, self.shared);
        let first = &hosts[0];
        let automatic = if vendor.owns(first) {
            own_interval(vendor)
        } else {
            Duration::ZERO
        };
        let agent = match vendor {
            Vendor::Yahoo => settings.yahoo.user_agent.clone(),
            Vendor::Alphavantage | Vendor::Alpaca | Vendor::Tiingo => own_agent(),
        };
        Ok(Fetcher::new(FetcherParts {
            vendor,
            http: Http::new(&agent, first, &self.tls, headers)?,
            interval: interval.unwrap_or(automatic),
            retry_base: settings.market.retry_base,
            once: shared.once,
            limits: Limits {
                vendor,
                store: shared.store.clone(),
                clock: shared.clock.clone(),
                requests_per_day: match vendor {
                    Vendor::Alphavantage => settings.news_budget()?,
                    Vendor::Yahoo | Vendor::Alpaca | Vendor::Tiingo => None,
                },
                stats: Arc::clone(shared.stats),
            },
            seed: settings.market.seed,
            hosts,
        }))
    }
}

/// A key as a header that no log shows.
fn secret_header(
    name: &'static str,
    key: Option<&str>,
    before: &str,
) -> Result<HeaderValue, Error> {
    let rule = "give the key in printable letters, as the vendor shows it";
    let text = format!("{before}{}", key.unwrap_or_default());
    let mut value = HeaderValue::from_str(&text).map_err(|_| Error::Settings { name, rule })?;
    value.set_sensitive(true);
    Ok(value)
}
