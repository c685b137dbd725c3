//! Fits that are remembered: between two closes a ticker's finished sessions are the same, so the
//! picks of a session share what was learned of them.
//!
//! A fit is kept under the hash of everything it depends on: rows, kind of move, settings with the
//! seed, instruction-set path, model file. So remembering changes no number, only what it costs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use closecall_protocol::DatasetRow;
use sha2::{Digest, Sha256};

use crate::fit::Fit;
use crate::settings::ForecastSettings;
use crate::target::TargetKind;

/// Fits that are kept unless asked otherwise: two kinds of 500 tickers. One takes 10 to 30 kB.
const CAPACITY: usize = 1024;

/// Fits of earlier forecasts, the most recently used. Shared between threads.
#[derive(Debug)]
pub struct FitCache {
    capacity: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    fits: HashMap<FitKey, (u64, Arc<Fit>)>,
    /// Counts uses; the fit with the smallest number is the one longest unused.
    uses: u64,
    /// Forecasts that found their fit, and those that had to make it.
    found: u64,
    missed: u64,
}

impl Default for FitCache {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl FitCache {
    /// Keeps at most `capacity` fits; 0 remembers nothing.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, key: &FitKey) -> Option<Arc<Fit>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        let found = kept.fits.get_mut(key).map(|(used, fit)| {
            *used = now;
            Arc::clone(fit)
        });
        match found {
            Some(_) => kept.found += 1,
            None => kept.missed += 1,
        }
        found
    }

    /// Numbers of forecasts that found their fit here, and that did not.
    #[must_use]
    pub fn found_and_missed(&self) -> (u64, u64) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.found, kept.missed)
    }

    pub(crate) fn insert(&self, key: FitKey, fit: Arc<Fit>) {
        if self.capacity == 0 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.fits.len() >= self.capacity {
            let oldest = kept.fits.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(&key, _)| key) {
                kept.fits.remove(&oldest);
            }
        }
        kept.uses += 1;
        let now = kept.uses;
        kept.fits.insert(key, (now, fit));
    }
}

/// Hash of what a fit depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FitKey([u8; 32]);

impl FitKey {
    pub(crate) fn of(
        rows: &[DatasetRow],
        kind: TargetKind,
        settings: &ForecastSettings,
        file: Option<&str>,
    ) -> Self {
        let mut hasher = Sha256::new();
        let path = settings.instruction_set();
        hasher.update(format!("{kind:?}/{path}/{settings:?}/{file:?}/"));
        for row in rows {
            let (bar, news) = (row.bar(), row.news());
            let range = bar.range();
            hasher.update(news.articles.to_le_bytes());
            let numbers = [
                Some(row.close()),
                bar.open(),
                range.map(|range| range.low),
                range.map(|range| range.high),
                news.sentiment,
            ];
            for number in numbers {
                // No number of a row is NaN, so it can stand for the unknown.
                hasher.update(number.unwrap_or(f64::NAN).to_le_bytes());
            }
        }
        Self(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use closecall_protocol::{Bar, SessionDate, SessionNews};

    use super::*;

    fn row(numbers: [f64; 4], sentiment: Option<f64>, articles: u32) -> DatasetRow {
        let session = SessionDate::from_epoch_ms(1_700_006_400_000).unwrap();
        let [open, high, low, close] = numbers;
        let bar = Bar::of_close(session, close)
            .unwrap()
            .with_open(Some(open))
            .with_range(Some(low), Some(high));
        DatasetRow::new(bar, SessionNews::new(session, sentiment, articles).unwrap())
    }

    #[test]
    fn whatever_a_fit_depends_on_changes_its_key() {
        let settings = ForecastSettings::default();
        let of = |row: DatasetRow, settings: &ForecastSettings| {
            FitKey::of(&[row], TargetKind::WholeSession, settings, None)
        };
        let plain = [10.0, 12.0, 9.0, 11.0];
        let key = of(row(plain, Some(0.1), 3), &settings);
        assert_eq!(key, of(row(plain, Some(0.1), 3), &settings));
        let others = [
            row([10.1, 12.0, 9.0, 11.0], Some(0.1), 3),
            row([10.0, 12.1, 9.0, 11.0], Some(0.1), 3),
            row([10.0, 12.0, 9.1, 11.0], Some(0.1), 3),
            row([10.0, 12.0, 9.0, 11.1], Some(0.1), 3),
            row(plain, Some(0.2), 3),
            row(plain, Some(0.1), 4),
            row(plain, None, 0),
        ];
        for other in others {
            assert_ne!(key, of(other, &settings), "{other:?}");
        }
        let changes: [fn(&mut ForecastSettings); 5] = [
            |s| s.seed += 1,
            |s| s.model = crate::ModelKind::Ridge,
            |s| s.network.epochs += 1,
            |s| s.network.news_shrinkage += 1e-12,
            |s| s.path = Some("plain".parse().unwrap()),
        ];
        for change in changes {
            let mut settings = settings.clone();
            change(&mut settings);
            assert_ne!(key, of(row(plain, Some(0.1), 3), &settings), "{settings:?}");
        }
        let rows = [row(plain, Some(0.1), 3)];
        let (whole, inside) = (TargetKind::WholeSession, TargetKind::FromOpening);
        assert_ne!(key, FitKey::of(&rows, inside, &settings, None));
        assert_ne!(key, FitKey::of(&[], whole, &settings, None));
        assert_ne!(key, FitKey::of(&rows, whole, &settings, Some("a file")));
    }
}
