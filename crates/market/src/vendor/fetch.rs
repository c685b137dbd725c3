//! Asking a vendor: its hosts in turn, at its pace, again where that can help, within a deadline.
//!
//! The meaning of an answer is the caller's to say; the consequence of a fault is said here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use closecall_settings::{Backoff, Share};
use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Url;
use tokio::time::{Instant, sleep, sleep_until};

use crate::vendor::http::{Http, HttpAnswer};
use crate::vendor::limits::Limits;
use crate::vendor::{EndpointFamily, Vendor, VendorFault};

/// Tries of a request, the first included.
const TRIES: u32 = 3;
/// Tries of a request whose answer could not be read.
const TRIES_OF_GARBAGE: u32 = 2;
/// The longest wait that is waited because a vendor asks for it.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Each wait is drawn from 1 ± this share of it.
const JITTER: Share = Share::percent(20);

/// A vendor as it can be asked.
#[derive(Debug)]
pub(crate) struct Fetcher {
    vendor: Vendor,
    http: Http,
    /// At least one.
    hosts: Vec<Url>,
    pace: Pace,
    retries: Backoff,
    /// A request is made once, whatever comes of it.
    once: bool,
    limits: Limits,
    rng: Mutex<ChaCha8Rng>,
}

/// Parts of a fetcher.
#[derive(Debug)]
pub(crate) struct FetcherParts {
    pub(crate) vendor: Vendor,
    pub(crate) http: Http,
    pub(crate) hosts: Vec<Url>,
    pub(crate) interval: Duration,
    pub(crate) retry_base: Duration,
    pub(crate) once: bool,
    pub(crate) limits: Limits,
    pub(crate) seed: u64,
}

impl Fetcher {
    pub(crate) fn new(parts: FetcherParts) -> Self {
        let FetcherParts {
            vendor,
            http,
            hosts,
            interval,
            retry_base,
            once,
            limits,
            seed,
        } = parts;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(vendor as u64);
        let pace = Pace {
            interval,
            next: Mutex::new(None),
        };
        Self {
            vendor,
            http,
            hosts,
            pace,
            retries: Backoff {
                first: retry_base,
                factor: 2.0,
                max: MAX_WAIT.max(retry_base),
                jitter: JITTER,
            },
            once,
            limits,
            rng: Mutex::new(rng),
        }
    }

    /// Asks for `path` with `query` until `read` makes something of an answer, a fault is final,
    /// or `deadline` comes.
    pub(crate) async fn fetch<T>(
        &self,
        family: EndpointFamily,
        path: &[&str],
        query: &[(&str, &str)],
        deadline: Instant,
        read: impl Fn(&HttpAnswer) -> Result<T, VendorFault>,
    ) -> Result<T, VendorFault> {
        let (mut tried, mut last) = (0, None);
        loop {
            self.pace.wait(deadline).await?;
            let host = match self.host(family, tried).await {
                Ok(host) => host,
                // What the host was left alone for says more than that it is.
                Err(shut) => return Err(last.unwrap_or(shut)),
            };
            let answer = self.http.get(address(host, path, query), deadline).await;
            let result = answer.and_then(|answer| read(&answer));
            self.limits.stats.count(self.vendor, &result);
            self.limits.record(family, host, &result).await;
            tried += 1;
            let fault = match result {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            let Some(wait) = self.wait_after(&fault, tried) else {
                return Err(fault);
            };
            if Instant::now() + wait >= deadline {
                return Err(fault);
            }
            tracing::warn!(
                vendor = %self.vendor, attempt = tried, %fault, wait_ms = wait.as_millis() as u64,
                "request failed, trying again"
            );
            last = Some(fault);
            sleep(wait).await;
        }
    }

    /// The host to ask next: in turn, but none that is left alone.
    async fn host(&self, family: EndpointFamily, tried: u32) -> Result<&Url, VendorFault> {
        let mut refusal = VendorFault::Timeout;
        for number in 0..self.hosts.len() {
            let host = &self.hosts[(tried as usize + number) % self.hosts.len()];
            match self.limits.admit(family, host).await {
                Ok(()) => return Ok(host),
                Err(fault) => refusal = fault,
            }
        }
        Err(refusal)
    }

    /// Wait before the next try; `None` when there is to be none.
    fn wait_after(&self, fault: &VendorFault, tried: u32) -> Option<Duration> {
        if self.once {
            return None;
        }
        let again = match fault {
            VendorFault::Throttled {
                retry_after: Some(after),
            } if *after <= MAX_WAIT => return (tried < TRIES).then_some(*after),
            // It refuses this machine, and repeating makes it worse: one try on the other host.
            VendorFault::Throttled { .. }
            // One host's word about the symbol or this machine is not the vendor's.
            | VendorFault::Blocked(_)
            | VendorFault::Credential(_)
            | VendorFault::Redirected(_)
            | VendorFault::UnknownSymbol(_)
            | VendorFault::Status(..500) => (tried as usize) < self.hosts.len(),
            VendorFault::Network(_) | VendorFault::Timeout | VendorFault::Status(500..) => {
                tried < TRIES
            }
            VendorFault::NotJson(_) | VendorFault::Malformed(_) => tried < TRIES_OF_GARBAGE,
            _ => false,
        };
        again.then(|| {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            self.retries.wait(tried.saturating_sub(1), rng.random())
        })
    }
}

fn address(host: &Url, path: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = host.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url.query_pairs_mut().extend_pairs(query);
    url
}

/// Keeps requests apart, over all tasks that share it.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    async fn wait(&self, deadline: Instant) -> Result<(), VendorFault> {
        if self.interval.is_zero() {
            return Ok(());
        }
        let start = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let start = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            if start >= deadline {
                return Err(VendorFault::Timeout);
            }
            *next = Some(start + self.interval);
            start
        };
        sleep_until(start).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use closecall_calendar::Clock;

    use super::*;
    use crate::source::DataSource;
    use crate::store::Store;
    use crate::vendor::tls::Tls;

    fn fetcher(hosts: usize) -> Fetcher {
        let dir = tempfile::tempdir().unwrap();
        let host = Url::parse("http://127.0.0.1:1/base/").unwrap();
        Fetcher::new(FetcherParts {
            vendor: Vendor::Yahoo,
            http: Http::new("test", &host, &Tls::new([]).unwrap(), Default::default()).unwrap(),
            hosts: vec![host; hosts],
            interval: Duration::ZERO,
            retry_base: Duration::from_millis(500),
            once: false,
            limits: Limits {
                vendor: Vendor::Yahoo,
                store: Store::open(dir.path(), &DataSource::Live).unwrap(),
                clock: Clock::system(),
                requests_per_day: None,
                stats: Arc::default(),
            },
            seed: 7,
        })
    }

    #[test]
    fn waits_double_with_jitter_and_end() {
        let fetcher = fetcher(2);
        for (tried, base) in [(1, 500.0), (2, 1_000.0)] {
            let wait = fetcher
                .wait_after(&VendorFault::Status(503), tried)
                .unwrap();
            let share = wait.as_secs_f64() * 1e3 / base;
            assert!((0.8..1.2).contains(&share), "{wait:?}");
        }
        assert_eq!(fetcher.wait_after(&VendorFault::Status(503), 3), None);
        assert!(
            fetcher
                .wait_after(&VendorFault::Malformed(String::new()), 1)
                .is_some()
        );
        assert_eq!(
            fetcher.wait_after(&VendorFault::Malformed(String::new()), 2),
            None
        );
        // One host's word is not the vendor's: the other one is asked.
        for hearsay in [
            VendorFault::Status(404),
            VendorFault::Blocked(String::new()),
            VendorFault::Redirected(String::new()),
            VendorFault::UnknownSymbol(String::new()),
        ] {
            assert!(fetcher.wait_after(&hearsay, 1).is_some());
            assert_eq!(fetcher.wait_after(&hearsay, 2), None);
        }
        let untrusted = VendorFault::UntrustedCertificate(String::new());
        assert_eq!(fetcher.wait_after(&untrusted, 1), None);
    }

    #[test]
    fn a_throttle_is_honoured_or_tried_once_elsewhere() {
        let asked = |seconds| VendorFault::Throttled {
            retry_after: Some(Duration::from_secs(seconds)),
        };
        let unasked = VendorFault::Throttled { retry_after: None };
        assert_eq!(
            fetcher(1).wait_after(&asked(9), 1),
            Some(Duration::from_secs(9))
        );
        assert_eq!(fetcher(1).wait_after(&asked(3_600), 1), None);
        assert!(fetcher(2).wait_after(&asked(3_600), 1).is_some());
        assert_eq!(fetcher(2).wait_after(&asked(3_600), 2), None);
        assert!(fetcher(2).wait_after(&unasked, 1).is_some());
        assert_eq!(fetcher(2).wait_after(&unasked, 2), None);
        assert_eq!(fetcher(1).wait_after(&unasked, 1), None);
    }

    #[test]
    fn symbols_and_keys_cannot_leave_their_place() {
        let host = Url::parse("http://h/base").unwrap();
        let url = address(&host, &["v8", "../a?b#c"], &[("apikey", "k&x=1#y")]);
        assert_eq!(
            url.as_str(),
            "http://h/base/v8/..%2Fa%3Fb%23c?apikey=k%26x%3D1%23y"
        );
    }
}
