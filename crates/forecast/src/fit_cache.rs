//! Fits that are remembered: between two closes a ticker's finished sessions are the same, so the
//! picks of a session share what was learned of them.
//!
//! A fit is kept under the hash of everything it depends on: rows, kind of move, settings with the
//! seed, instruction-set path, model file. So remembering changes no number, only what it costs.
//!
//! Of a ticker and kind of move the newest fit alone is kept: one whose rows have changed since is
//! never asked for again, and memory follows the tickers instead of the days.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use closecall_protocol::{DatasetRow, Ticker};
use sha2::{Digest, Sha256};

use crate::fit::Fit;
use crate::settings::ForecastSettings;
use crate::target::TargetKind;

/// Fits that are kept unless asked otherwise: two kinds of 500 tickers. One takes 10 to 30 kB.
const CAPACITY: usize = 1024;

/// Newest fits of the subjects most recently used. Shared between threads.
#[derive(Debug)]
pub struct FitCache(Mutex<Kept<Fit>>);

impl Default for FitCache {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl FitCache {
    /// Keeps at most `capacity` fits; 0 remembers nothing.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Mutex::new(Kept::with_capacity(capacity)))
    }

    pub(crate) fn get(&self, key: &FitKey) -> Option<Arc<Fit>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(key);
        match found {
            Some(_) => kept.found += 1,
            None => kept.missed += 1,
        }
        found
    }

    /// Numbers of forecasts that found their fit here, and that did not.
    #[must_use]
    pub fn found_and_missed(&self) -> (u64, u64) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.found, kept.missed)
    }

    pub(crate) fn insert(&self, key: FitKey, fit: Arc<Fit>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(key, fit);
    }
}

#[derive(Debug)]
struct Kept<F> {
    capacity: usize,
    /// The newest fit of each subject.
    newest: HashMap<Hash, Remembered<F>>,
    /// Counts uses.
    uses: u64,
    /// Forecasts that found their fit, and those that had to make it.
    found: u64,
    missed: u64,
}

#[derive(Debug)]
struct Remembered<F> {
    rows: Hash,
    /// Number of its last use; the fit with the smallest is the one longest unused.
    used: u64,
    fit: Arc<F>,
}

impl<F> Kept<F> {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            newest: HashMap::new(),
            uses: 0,
            found: 0,
            missed: 0,
        }
    }

    fn get(&mut self, key: &FitKey) -> Option<Arc<F>> {
        self.uses += 1;
        let newest = self.newest.get_mut(&key.subject);
        newest
            .filter(|newest| newest.rows == key.rows)
            .map(|newest| {
                newest.used = self.uses;
                Arc::clone(&newest.fit)
            })
    }

    fn insert(&mut self, key: FitKey, fit: Arc<F>) {
        if self.capacity == 0 {
            return;
        }
        if self.newest.len() >= self.capacity && !self.newest.contains_key(&key.subject) {
            let oldest = self.newest.iter().min_by_key(|(_, newest)| newest.used);
            if let Some(oldest) = oldest.map(|(&subject, _)| subject) {
                self.newest.remove(&oldest);
            }
        }
        self.uses += 1;
        let (rows, used) = (key.rows, self.uses);
        self.newest
            .insert(key.subject, Remembered { rows, used, fit });
    }
}

type Hash = [u8; 32];

/// Hashes of everything that a fit depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FitKey {
    /// All but the rows: the ticker, the kind of move, and how it is fitted.
    subject: Hash,
    rows: Hash,
}

impl FitKey {
    pub(crate) fn of(
        ticker: &Ticker,
        rows: &[DatasetRow],
        kind: TargetKind,
        settings: &ForecastSettings,
        file: Option<&str>,
    ) -> Self {
        let path = settings.instruction_set();
        let subject = format!("{ticker}/{kind:?}/{path}/{settings:?}/{file:?}");
        Self {
            subject: Sha256::digest(subject).into(),
            rows: hash_of(rows),
        }
    }
}

fn hash_of(rows: &[DatasetRow]) -> Hash {
    let mut hasher = Sha256::new();
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
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use closecall_protocol::{Bar, SessionDate, SessionNews};

    use super::*;

    fn ticker() -> Ticker {
        "AAPL".parse().unwrap()
    }

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
            FitKey::of(&ticker(), &[row], TargetKind::WholeSession, settings, None)
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
        assert_ne!(key, FitKey::of(&ticker(), &rows, inside, &settings, None));
        assert_ne!(key, FitKey::of(&ticker(), &[], whole, &settings, None));
        assert_ne!(
            key,
            FitKey::of(&ticker(), &rows, whole, &settings, Some("a file"))
        );
    }

    #[test]
    fn the_newest_fit_of_each_subject_is_kept_and_the_longest_unused_leaves() {
        let key = |subject, rows| FitKey {
            subject: [subject; 32],
            rows: [rows; 32],
        };
        let mut kept = Kept::with_capacity(2);
        for day in 0..100 {
            kept.insert(key(1, day), Arc::new(day));
            assert_eq!(kept.get(&key(1, day)).as_deref(), Some(&day));
        }
        assert_eq!(kept.get(&key(1, 98)), None);
        assert_eq!(kept.newest.len(), 1);
        kept.insert(key(2, 0), Arc::new(0));
        assert!(kept.get(&key(1, 99)).is_some());
        kept.insert(key(3, 0), Arc::new(0));
        let left = [1, 2, 3].map(|subject| kept.newest.contains_key(&[subject; 32]));
        assert_eq!(left, [true, false, true]);
        let mut nothing = Kept::with_capacity(0);
        nothing.insert(key(1, 0), Arc::new(0));
        assert_eq!(nothing.get(&key(1, 0)), None);
    }
}
