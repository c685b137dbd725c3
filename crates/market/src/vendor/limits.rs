//! Whether a vendor's host may be asked now: its breaker and the day's quota, kept in the store.
//!
//! The store may fail; that is no reason not to ask, and the reader or writer of data says so.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Clock;
use reqwest::Url;

use crate::store::Store;
use crate::vendor::breaker::{Breaker, Contact};
use crate::vendor::{EndpointFamily, Vendor, VendorFault, VendorStats};

/// A vendor asks for shorter waits in the ordinary course of requests.
const ORDINARY_WAIT: TimeDelta = TimeDelta::seconds(30);

/// The limits of one vendor.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) vendor: Vendor,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    /// Requests a UTC day, where there is such a limit.
    pub(crate) requests_per_day: Option<u32>,
    pub(crate) stats: Arc<VendorStats>,
}

impl Limits {
    /// Admits a request to this host, and counts it.
    ///
    /// # Errors
    /// [`VendorFault::Quota`] when the day is spent, [`VendorFault::LeftAlone`] while the host's
    /// breaker is open.
    pub(crate) async fn admit(
        &self,
        family: EndpointFamily,
        host: &Url,
    ) -> Result<(), VendorFault> {
        let (name, now) = (self.vendor.name(), self.clock.now());
        let quota = self.store.quota(name).await.unwrap_or_default().at(now);
        if !quota.allows(self.requests_per_day) {
            return Err(VendorFault::Quota("not asked again today".to_owned()));
        }
        let breaker = self.breaker(family, host).await;
        if let Some(until) = breaker.shut_until(now) {
            // Known from before a restart, too.
            self.stats.set_open(family, &key(host), true);
            return Err(VendorFault::LeftAlone { until });
        }
        let probing = breaker.asking(now);
        if probing != breaker {
            self.keep(family, host, probing).await;
        }
        self.store.put_quota(name, quota.used()).await.ok();
        Ok(())
    }

    /// Takes note of what a request ended with.
    pub(crate) async fn record<T>(
        &self,
        family: EndpointFamily,
        host: &Url,
        result: &Result<T, VendorFault>,
    ) {
        let (name, now) = (self.vendor.name(), self.clock.now());
        if let Err(VendorFault::Quota(_)) = result {
            let mut quota = self.store.quota(name).await.unwrap_or_default().at(now);
            quota.spent = true;
            self.store.put_quota(name, quota).await.ok();
        }
        let before = self.breaker(family, host).await;
        let after = match contact(result) {
            Some(contact) => before.after(contact, now),
            None => before,
        };
        if after != before {
            self.report(family, host, before, after, now);
            self.keep(family, host, after).await;
        }
    }

    async fn breaker(&self, family: EndpointFamily, host: &Url) -> Breaker {
        let stored = self.store.breaker(family, key(host)).await;
        stored.unwrap_or_default()
    }

    async fn keep(&self, family: EndpointFamily, host: &Url, breaker: Breaker) {
        self.store
            .put_breaker(family, key(host), breaker)
            .await
            .ok();
    }

    /// Logs a change once.
    fn report(
        &self,
        family: EndpointFamily,
        host: &Url,
        before: Breaker,
        after: Breaker,
        now: DateTime<Utc>,
    ) {
        let (vendor, host, endpoints) = (self.vendor, key(host), family.name());
        match (before.openings, after.shut_until(now)) {
            (_, Some(until)) => {
                self.stats.set_open(family, &host, true);
                tracing::warn!(%vendor, endpoints, %host, until = %until.to_rfc3339(), "the host is left alone");
            }
            (1.., None) if after.openings == 0 => {
                self.stats.set_open(family, &host, false);
                tracing::info!(%vendor, endpoints, %host, "the host answers again");
            }
            _ => {}
        }
    }
}

/// A host as its breaker is kept: the port keeps market servers apart.
fn key(host: &Url) -> String {
    let name = host.host_str().unwrap_or_default();
    match host.port() {
        Some(port) => format!("{name}:{port}"),
        None => name.to_owned(),
    }
}

/// Bearing of a request's end on the host; `None` where it has none.
fn contact<T>(result: &Result<T, VendorFault>) -> Option<Contact> {
    let Err(fault) = result else {
        return Some(Contact::Answered);
    };
    match fault {
        VendorFault::Network(_)
        | VendorFault::Timeout
        | VendorFault::Status(500..)
        | VendorFault::Redirected(_)
        | VendorFault::NotJson(_) => Some(Contact::Faulty),
        VendorFault::Blocked(_) => Some(Contact::Refused(None)),
        VendorFault::Throttled { retry_after } => {
            let asked = retry_after.and_then(|after| TimeDelta::from_std(after).ok());
            let ordinary = asked.is_some_and(|asked| asked <= ORDINARY_WAIT);
            (!ordinary).then_some(Contact::Refused(asked))
        }
        VendorFault::LeftAlone { .. } | VendorFault::UntrustedCertificate(_) => None,
        _ => Some(Contact::Answered),
    }
}
