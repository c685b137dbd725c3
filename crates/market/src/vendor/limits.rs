//! Whether a vendor's host may be asked now: its breaker and the day's quota, kept in the store.
//!
//! The store may fail; that is no reason not to ask a vendor that counts no requests, and the reader
//! or writer of data says so.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Clock;
use reqwest::Url;

use crate::store::Store;
use crate::vendor::breaker::{Breaker, Contact};
use crate::vendor::quota::Quota;
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
        self.note_left(quota);
        if !quota.allows(self.requests_per_day) {
            return Err(VendorFault::Quota("not asked again today".to_owned()));
        }
        if let Some(until) = self.take_turn(family, host, now).await {
            // Known from before a restart, too.
            self.stats.set_open(family, &key(host), true);
            return Err(VendorFault::LeftAlone { until });
        }
        let limit = self.requests_per_day;
        let take = move |quota: &mut Quota| {
            let allowed = quota.allows(limit);
            if allowed {
                *quota = quota.used();
            }
            (allowed, *quota)
        };
        let taken = self.store.change_quota(name, now, take).await;
        match taken.map(|(allowed, quota)| {
            self.note_left(quota);
            allowed
        }) {
            Ok(true) => Ok(()),
            Ok(false) => Err(VendorFault::Quota("not asked again today".to_owned())),
            // What cannot be counted is not asked for, where it is counted by the vendor.
            Err(_) if limit.is_some() => Err(VendorFault::Quota(
                "not asked while requests cannot be counted".to_owned(),
            )),
            Err(_) => Ok(()),
        }
    }

    fn note_left(&self, quota: Quota) {
        let left = quota.left(self.requests_per_day);
        self.stats.set_left(self.vendor, quota.day, left);
    }

    /// Until when the host is left alone; `None` for a request that may be made now. Of those that come
    /// at once when a pause ends, one is let through.
    async fn take_turn(
        &self,
        family: EndpointFamily,
        host: &Url,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let breaker = self.breaker(family, host).await;
        let shut = breaker.shut_until(now);
        if shut.is_some() || breaker.asking(now) == breaker {
            return shut;
        }
        let take = move |breaker: &mut Breaker| {
            let shut = breaker.shut_until(now);
            if shut.is_none() {
                *breaker = breaker.asking(now);
            }
            shut
        };
        let taken = self.store.change_breaker(family, key(host), take).await;
        taken.unwrap_or(shut)
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
            let spend = |quota: &mut Quota| {
                quota.spent = true;
                *quota
            };
            let spent = self.store.change_quota(name, now, spend).await.ok();
            spent.into_iter().for_each(|quota| self.note_left(quota));
        }
        let Some(contact) = contact(result) else {
            return;
        };
        let before = self.breaker(family, host).await;
        if before.after(contact, now) == before {
            return;
        }
        let note = move |breaker: &mut Breaker| {
            let before = *breaker;
            *breaker = breaker.after(contact, now);
            (before, *breaker)
        };
        let noted = self.store.change_breaker(family, key(host), note).await;
        let (before, after) = noted.unwrap_or_else(|_| (before, before.after(contact, now)));
        if after != before {
            self.report(family, host, before, after, now);
        }
    }

    async fn breaker(&self, family: EndpointFamily, host: &Url) -> Breaker {
        let stored = self.store.breaker(family, key(host)).await;
        stored.unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::DataSource;

    fn limits(folder: &std::path::Path, requests_per_day: Option<u32>) -> Limits {
        Limits {
            vendor: Vendor::Alphavantage,
            // A store of its own, as another process has.
            store: Store::open(folder, &DataSource::Live).unwrap(),
            clock: Clock::fixed("2023-06-30T14:00:00Z".parse().unwrap()),
            requests_per_day,
            stats: Arc::default(),
        }
    }

    /// Those of this number of requests at once, by several processes, that are admitted.
    async fn admitted(folder: &std::path::Path, limit: Option<u32>, requests: usize) -> usize {
        let asked = (0..requests).map(|_| {
            let limits = limits(folder, limit);
            tokio::spawn(async move {
                let host = Url::parse("https://vendor.example").unwrap();
                limits
                    .admit(EndpointFamily::AlphavantageNews, &host)
                    .await
                    .is_ok()
            })
        });
        let asked: Vec<_> = asked.collect();
        let mut admitted = 0;
        for request in asked {
            admitted += usize::from(request.await.unwrap());
        }
        admitted
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn requests_at_once_all_count() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(admitted(folder.path(), Some(25), 60).await, 25);
        let store = limits(folder.path(), None).store;
        assert_eq!(store.quota("alphavantage").await.unwrap().used, 25);
    }

    #[tokio::test]
    async fn what_is_left_of_the_day_is_known_until_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let limits = limits(folder.path(), Some(3));
        let (now, host) = (
            limits.clock.now(),
            Url::parse("https://vendor.example").unwrap(),
        );
        let left = |now| limits.stats.left_of_day(Vendor::Alphavantage, now);
        assert_eq!(left(now), None);
        for expected in [2, 1, 0, 0] {
            let news = EndpointFamily::AlphavantageNews;
            let admitted = limits.admit(news, &host).await;
            assert_eq!(left(now), Some(expected), "{admitted:?}");
        }
        assert_eq!(left(now + TimeDelta::days(1)), None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn one_request_is_let_through_when_a_pause_ends() {
        let folder = tempfile::tempdir().unwrap();
        let limits = limits(folder.path(), None);
        let now = limits.clock.now();
        let open = move |breaker: &mut Breaker| {
            breaker.openings = 1;
            breaker.open_until = Some(now);
        };
        let host = "vendor.example".to_owned();
        let opened = limits
            .store
            .change_breaker(EndpointFamily::AlphavantageNews, host, open);
        opened.await.unwrap();
        assert_eq!(admitted(folder.path(), None, 30).await, 1);
    }
}
