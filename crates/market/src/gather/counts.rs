//! Counts of what gathers came to, for metrics: prices of the moment, and prices that were repaired.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use closecall_protocol::{Provider, Quote, QuoteAbsent, Repair};

/// A price of the moment that was used.
const TAKEN: &str = "taken";

/// Quotes and repairs of the gathers so far.
#[derive(Debug, Default)]
pub struct GatherCounts {
    quotes: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    repairs: Mutex<BTreeMap<&'static str, u64>>,
}

impl GatherCounts {
    /// Gathers by the source of the price of the moment and by what came of it: `taken`, or why
    /// there was none.
    #[must_use]
    pub fn quotes(&self) -> Vec<((&'static str, &'static str), u64)> {
        copy(&self.quotes)
    }

    /// Repairs of prices as they were fetched, by rule.
    #[must_use]
    pub fn repairs(&self) -> Vec<(&'static str, u64)> {
        copy(&self.repairs)
    }

    pub(super) fn quote(&self, asked: Provider, quote: &Result<Quote, QuoteAbsent>) {
        let (source, outcome) = match quote {
            Ok(quote) => (quote.source, TAKEN),
            Err(absent) => (asked, absent.into()),
        };
        add(&self.quotes, (source.into(), outcome));
    }

    pub(super) fn repairs_made(&self, repairs: &[Repair]) {
        for repair in repairs {
            add(&self.repairs, repair.rule.into());
        }
    }
}

fn add<K: Ord>(counts: &Mutex<BTreeMap<K, u64>>, key: K) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry(key).or_default() += 1;
}

fn copy<K: Ord + Copy>(counts: &Mutex<BTreeMap<K, u64>>) -> Vec<(K, u64)> {
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    counts.iter().map(|(key, count)| (*key, *count)).collect()
}
