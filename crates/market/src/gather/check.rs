//! One question to each vendor, to know whether a run would have data.

use chrono::TimeDelta;
use closecall_protocol::Ticker;
use tokio::time::{Duration, Instant};

use super::Market;
use crate::alphavantage::Alphavantage;
use crate::error::Error;
use crate::providers::PriceProvider;
use crate::vendor::{Vendor, VendorFault};

/// Days of bars and news that a check asks for.
const DAYS: TimeDelta = TimeDelta::days(14);
const WITHIN: Duration = Duration::from_secs(20);

/// A vendor's answer to a check.
#[derive(Debug, Clone, PartialEq)]
pub struct VendorCheck {
    /// Its name.
    pub vendor: String,
    /// Prices, and not news.
    pub prices: bool,
    /// It answered with usable data.
    pub ok: bool,
    /// Its answer and the age of it, or the fault and the next step.
    pub says: String,
}

impl Market {
    /// Asks each vendor once about `ticker`; one that is left alone is not asked.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn check(&self, ticker: &Ticker) -> Result<Vec<VendorCheck>, Error> {
        let mut checks = Vec::new();
        for provider in &self.chain {
            checks.push(self.check_prices(&**provider, ticker).await);
        }
        if let Some(vendor) = &self.alphavantage {
            checks.push(self.check_news(vendor, ticker).await?);
        }
        Ok(checks)
    }

    async fn check_prices(&self, provider: &dyn PriceProvider, ticker: &Ticker) -> VendorCheck {
        let now = self.clock.now();
        let (from, to) = (now - DAYS, now + TimeDelta::days(1));
        let answer = provider
            .daily(ticker, from, to, Instant::now() + WITHIN)
            .await;
        let vendor = provider.provider().to_string();
        let last = self.calendar.last_closed(now).date;
        let (ok, says) = match answer {
            Err(fault) => (false, with_next_step(&fault, &vendor)),
            Ok(chart) => match chart.finished(&self.calendar, now).last() {
                None => (
                    false,
                    format!("it answers, and has no bar of {ticker} of two weeks"),
                ),
                Some(bar) => {
                    let newest = bar.session().date();
                    let behind = self.calendar.sessions_between(newest, last);
                    let age = match behind {
                        0 => "the last session".to_owned(),
                        1 => "1 session behind".to_owned(),
                        _ => format!("{behind} sessions behind"),
                    };
                    let close = bar.close();
                    (
                        true,
                        format!("{ticker} closed at {close:.2} on {newest}, {age}"),
                    )
                }
            },
        };
        VendorCheck {
            vendor,
            prices: true,
            ok,
            says,
        }
    }

    async fn check_news(
        &self,
        vendor: &Alphavantage,
        ticker: &Ticker,
    ) -> Result<VendorCheck, Error> {
        let now = self.clock.now();
        let deadline = Instant::now() + WITHIN;
        let answer = vendor.page(ticker, now - DAYS, now, deadline).await;
        let name = Vendor::Alphavantage.name();
        let (ok, mut says) = match answer {
            Err(fault) => (false, with_next_step(&fault, name)),
            Ok(feed) => {
                let newest = feed.newest.map_or(String::new(), |newest| {
                    format!(", the newest {} min old", (now - newest).num_minutes())
                });
                let articles = feed.received;
                (
                    true,
                    format!("{articles} articles about {ticker} of two weeks{newest}"),
                )
            }
        };
        let quota = self.store.quota(name).await?.at(now);
        if let Some(budget) = self.news_budget {
            let left = match quota.spent {
                true => 0,
                false => budget.saturating_sub(quota.used),
            };
            says.push_str(&format!("; {left} of {budget} requests are left today"));
        }
        Ok(VendorCheck {
            vendor: name.to_owned(),
            prices: false,
            ok,
            says,
        })
    }
}

/// A fault with what to do about it.
fn with_next_step(fault: &VendorFault, vendor: &str) -> String {
    let step = match fault {
        VendorFault::Credential(_) | VendorFault::NotEntitled(_) => {
            format!("check the key in [{vendor}]")
        }
        VendorFault::Throttled { .. } | VendorFault::Blocked(_) | VendorFault::LeftAlone { .. } => {
            "wait; addresses of clouds are refused as a whole: give a provider with a key ([alpaca], \
             [tiingo])"
                .to_owned()
        }
        VendorFault::Quota(_) => "wait for the next day of UTC".to_owned(),
        VendorFault::Network(_) | VendorFault::Timeout => {
            format!("check the network, HTTPS_PROXY and {vendor}.base_url")
        }
        VendorFault::File(_) => "correct the file".to_owned(),
        VendorFault::UnknownSymbol(_) => "check picker.tickers".to_owned(),
        VendorFault::UntrustedCertificate(_) => return fault.to_string(),
        _ => "try again later".to_owned(),
    };
    format!("{fault}: {step}")
}
