//! Requests so far, by what they were about.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::faults::Service;

/// A count by service.
#[derive(Debug, Default)]
pub struct RequestCounts(Mutex<BTreeMap<Service, u64>>);

impl RequestCounts {
    pub(crate) fn count(&self, service: Service) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(service).or_default() += 1;
    }

    /// Requests about `daily`, `intraday`, `alpaca-daily`, `news` or another that a fault can strike.
    #[must_use]
    pub fn of(&self, service: &str) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_service = counts.iter().filter(|(of, _)| of.name() == service);
        of_service.map(|(_, count)| count).sum()
    }
}
