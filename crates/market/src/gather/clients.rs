//! The two vendors' clients, as the settings have them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use closecall_calendar::Clock;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::alphavantage::Alphavantage;
use crate::error::Error;
use crate::settings::{AlphavantageSettings, MarketSettings};
use crate::store::Store;
use crate::vendor::fetch::{Fetcher, FetcherParts};
use crate::vendor::http::Http;
use crate::vendor::limits::Limits;
use crate::vendor::tls::Tls;
use crate::vendor::{Vendor, VendorStats};
use crate::yahoo::Yahoo;

/// Least time between two requests to the vendors' own hosts.
const YAHOO_INTERVAL: Duration = Duration::from_millis(1_000);
const ALPHAVANTAGE_INTERVAL: Duration = Duration::from_millis(1_200);

/// The word that a market server is sent in place of a key; it is the vendor's own for
/// demonstrations.
const NO_KEY: &str = "demo";

/// The environment's variable that names a file of certificate authorities.
const CA_FILE: &str = "SSL_CERT_FILE";

/// Parts that both clients share: the counts and the clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientParts<'a> {
    pub(super) stats: &'a Arc<VendorStats>,
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
}

/// Makes both clients; that for news only where there is a key, or none is needed.
pub(super) fn open(
    settings: &MarketSettings,
    shared: &ClientParts<'_>,
) -> Result<(Yahoo, Option<Alphavantage>), Error> {
    let named = std::env::var_os(CA_FILE).filter(|name| !name.is_empty());
    let files: Vec<PathBuf> = settings
        .network
        .ca_file
        .clone()
        .into_iter()
        .chain(named.map(PathBuf::from))
        .collect();
    let tls = Tls::new(files.iter().map(PathBuf::as_path))?;
    let yahoo = Yahoo::new(yahoo(settings, shared, &tls)?);
    Ok((yahoo, alphavantage(settings, shared, &tls)?))
}

fn yahoo(settings: &MarketSettings, shared: &ClientParts<'_>, tls: &Tls) -> Result<Fetcher, Error> {
    let hosts = settings.yahoo_hosts()?;
    fetcher(
        settings,
        shared,
        tls,
        Vendor::Yahoo,
        hosts,
        settings.yahoo.min_interval,
        YAHOO_INTERVAL,
    )
}

fn alphavantage(
    settings: &MarketSettings,
    shared: &ClientParts<'_>,
    tls: &Tls,
) -> Result<Option<Alphavantage>, Error> {
    let host = settings.alphavantage_host()?;
    let AlphavantageSettings {
        api_key,
        min_interval,
        ..
    } = &settings.alphavantage;
    // Wherever it comes from, a line's end or a space beside it is no part of it.
    let key = api_key
        .as_ref()
        .map(|key| key.expose_secret().trim())
        .filter(|key| !key.is_empty())
        .map(SecretString::from);
    let key = match key {
        None if Vendor::Alphavantage.owns(&host) => return Ok(None),
        None => {
            tracing::debug!(
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
        shared,
        tls,
        vendor,
        hosts,
        *min_interval,
        ALPHAVANTAGE_INTERVAL,
    )?;
    Ok(Some(Alphavantage::new(fetcher, key)))
}

fn fetcher(
    settings: &MarketSettings,
    shared: &ClientParts<'_>,
    tls: &Tls,
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
        http: Http::new(&settings.yahoo.user_agent, first, tls)?,
        interval: interval.unwrap_or(automatic),
        retry_base: settings.market.retry_base,
        limits: Limits {
            vendor,
            store: shared.store.clone(),
            clock: shared.clock.clone(),
            requests_per_day: match vendor {
                Vendor::Alphavantage => settings.alphavantage.requests_per_day,
                Vendor::Yahoo | Vendor::Alpaca | Vendor::Tiingo => None,
            },
            stats: Arc::clone(shared.stats),
        },
        seed: settings.market.seed,
        hosts,
    }))
}
