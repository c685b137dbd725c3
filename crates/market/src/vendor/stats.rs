//! Counts of calls, by vendor and outcome, for metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};

use crate::vendor::{EndpointFamily, Vendor, VendorFault};

/// End of a single request, as metrics label it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestOutcome {
    /// Data, perhaps none of it.
    Ok,
    /// No connection, or one that broke.
    Network,
    /// No whole answer in time.
    Timeout,
    /// A server's error.
    Server,
    /// Too many requests.
    Throttled,
    /// The day's requests are spent.
    Quota,
    /// The key is missing, refused, or does not cover the request.
    Credential,
    /// The request or its symbol is refused.
    Refused,
    /// An answer that cannot be used.
    Garbage,
}

impl RequestOutcome {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ok,
        Self::Network,
        Self::Timeout,
        Self::Server,
        Self::Throttled,
        Self::Quota,
        Self::Credential,
        Self::Refused,
        Self::Garbage,
    ];

    /// Its name, as metrics write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::Throttled => "throttled",
            Self::Quota => "quota",
            Self::Credential => "credential",
            Self::Refused => "refused",
            Self::Garbage => "garbage",
        }
    }

    fn of<T>(result: &Result<T, VendorFault>) -> Self {
        let Err(fault) = result else { return Self::Ok };
        match fault {
            VendorFault::Network(_) | VendorFault::UntrustedCertificate(_) => Self::Network,
            VendorFault::Timeout => Self::Timeout,
            VendorFault::Status(_) => Self::Server,
            VendorFault::Throttled { .. }
            | VendorFault::LeftAlone { .. }
            | VendorFault::Blocked(_) => Self::Throttled,
            VendorFault::Quota(_) => Self::Quota,
            VendorFault::Credential(_) | VendorFault::NotEntitled(_) => Self::Credential,
            VendorFault::UnknownSymbol(_)
            | VendorFault::InvalidInputs
            | VendorFault::BadRequest(_) => Self::Refused,
            _ => Self::Garbage,
        }
    }
}

/// Requests so far, by vendor and outcome, and the hosts that are left alone.
#[derive(Debug, Default)]
pub struct VendorStats {
    requests: [[AtomicU64; RequestOutcome::ALL.len()]; Vendor::ALL.len()],
    left_alone: Mutex<BTreeSet<(EndpointFamily, String)>>,
    /// Requests that are left of a UTC day, where there is a limit.
    left: Mutex<BTreeMap<Vendor, (NaiveDate, u32)>>,
}

impl VendorStats {
    /// Number of requests to this vendor that ended so.
    #[must_use]
    pub fn requests(&self, vendor: Vendor, outcome: RequestOutcome) -> u64 {
        self.requests[vendor as usize][outcome as usize].load(Ordering::Relaxed)
    }

    /// Number of requests to this vendor.
    #[must_use]
    pub fn total(&self, vendor: Vendor) -> u64 {
        RequestOutcome::ALL
            .into_iter()
            .map(|outcome| self.requests(vendor, outcome))
            .sum()
    }

    /// Number of hosts of this family that are left alone after they failed or refused.
    #[must_use]
    pub fn left_alone(&self, family: EndpointFamily) -> usize {
        let hosts = self
            .left_alone
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        hosts.iter().filter(|(of, _)| *of == family).count()
    }

    /// Requests to this vendor that are left of the day of `now`; `None` where it has no limit, or was not
    /// asked on that day.
    #[must_use]
    pub fn left_of_day(&self, vendor: Vendor, now: DateTime<Utc>) -> Option<u32> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, left) = left.get(&vendor)?;
        (*day == now.date_naive()).then_some(*left)
    }

    pub(crate) fn set_left(&self, vendor: Vendor, day: NaiveDate, left: Option<u32>) {
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match left {
            Some(left) => all.insert(vendor, (day, left)),
            None => all.remove(&vendor),
        };
    }

    /// The families of which a host is left alone.
    pub(crate) fn families_left_alone(&self) -> BTreeSet<EndpointFamily> {
        let hosts = self
            .left_alone
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        hosts.iter().map(|(family, _)| *family).collect()
    }

    pub(crate) fn set_open(&self, family: EndpointFamily, host: &str, open: bool) {
        let entry = (family, host.to_owned());
        let mut hosts = self
            .left_alone
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if open {
            hosts.insert(entry);
        } else {
            hosts.remove(&entry);
        }
    }

    pub(crate) fn count<T>(&self, vendor: Vendor, result: &Result<T, VendorFault>) {
        self.requests[vendor as usize][RequestOutcome::of(result) as usize]
            .fetch_add(1, Ordering::Relaxed);
    }
}
