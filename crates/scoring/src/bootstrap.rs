//! Intervals that resample whole days.
//!
//! Ten stocks of one day move together, so a day is one draw, not ten. Every share and ratio here
//! is Σ numerator / Σ denominator over days; days are drawn with replacement and the percentiles of
//! the redrawn ratios are the interval (cluster bootstrap, percentile method; Efron and Tibshirani
//! 1993, chapters 8 and 13).

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

/// A value with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value itself.
    pub value: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
}

/// Settings of a bootstrap interval. The same numbers give the same interval, to the bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// Seed of the draws.
    pub seed: u64,
    /// Number of times that all days are drawn again.
    pub draws: usize,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            seed: 1,
            draws: 2_000,
        }
    }
}

/// Share of redrawn ratios on either side of a 95 % interval.
const TAIL: f64 = 0.025;

impl Bootstrap {
    /// 95 % interval of Σ numerator / Σ denominator. Each item is (day, numerator, denominator) of
    /// one outcome; the order of outcomes of one day does not matter to the interval's meaning.
    ///
    /// `None` where there is nothing to divide by. With one day the interval is the value itself:
    /// there is nothing to resample, and callers say how many days there were.
    #[must_use]
    pub fn ratio(self, outcomes: impl IntoIterator<Item = (i32, f64, f64)>) -> Option<Estimate> {
        let mut days = BTreeMap::<i32, (f64, f64)>::new();
        for (day, numerator, denominator) in outcomes {
            let sums = days.entry(day).or_default();
            sums.0 += numerator;
            sums.1 += denominator;
        }
        let days: Vec<(f64, f64)> = days.into_values().collect();
        let value = quotient(days.iter().copied())?;
        let mut redrawn = self.redrawn(&days);
        redrawn.sort_by(f64::total_cmp);
        let rank = |share: f64| (share * redrawn.len().saturating_sub(1) as f64).round() as usize;
        let at = |share: f64| redrawn.get(rank(share)).copied().unwrap_or(value);
        Some(Estimate {
            value,
            lower: at(TAIL),
            upper: at(1.0 - TAIL),
        })
    }

    fn redrawn(self, days: &[(f64, f64)]) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut any = || {
            // High half of a 128-bit product: uniform up to 2⁻⁶⁴ × the number of days.
            let product = u128::from(random.next_u64()) * days.len() as u128;
            days[(product >> 64) as usize]
        };
        // A draw whose denominators are all 0 says nothing and is left out.
        (0..self.draws)
            .filter_map(|_| quotient((0..days.len()).map(|_| any())))
            .collect()
    }
}

fn quotient(days: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (above, below) = days.fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    let ratio = above / below;
    ratio.is_finite().then_some(ratio)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_interval_of_a_share_of_independent_days_is_the_normal_one() {
        // 400 days, half of them 1: standard error 0.025, so 0.5 ± 0.049.
        let days = (0..400).map(|day| (day, f64::from(day % 2), 1.0));
        let share = Bootstrap::default().ratio(days).unwrap();
        assert_eq!(share.value, 0.5);
        assert!((share.lower - 0.451).abs() < 0.006, "{share:?}");
        assert!((share.upper - 0.549).abs() < 0.006, "{share:?}");
    }

    #[test]
    fn outcomes_of_one_day_are_one_draw() {
        let alone = (0..400).map(|day| (day, f64::from(day % 2), 1.0));
        let tenfold = (0..4_000).map(|k| (k / 10, f64::from(k / 10 % 2), 1.0));
        assert_eq!(
            Bootstrap::default().ratio(alone),
            Bootstrap::default().ratio(tenfold)
        );
    }

    #[test]
    fn nothing_to_divide_by_is_no_estimate() {
        assert_eq!(Bootstrap::default().ratio([]), None);
        assert_eq!(Bootstrap::default().ratio([(1, 0.0, 0.0)]), None);
        let one = Bootstrap::default().ratio([(1, 1.0, 2.0)]).unwrap();
        assert_eq!((one.lower, one.value, one.upper), (0.5, 0.5, 0.5));
    }

    proptest! {
        #[test]
        fn repeats_to_the_bit_and_stays_within_the_days(
            days in prop::collection::vec((0.0..5.0_f64, 0.1..5.0_f64), 1..40),
            seed in any::<u64>(),
        ) {
            let bootstrap = Bootstrap { seed, draws: 200 };
            let items = || days.iter().zip(0..).map(|(&(a, b), day)| (day, a, b));
            let found = bootstrap.ratio(items()).unwrap();
            prop_assert_eq!(Some(found), bootstrap.ratio(items()));
            let ratios = || days.iter().map(|(a, b)| a / b);
            let least = ratios().fold(f64::INFINITY, f64::min);
            let greatest = ratios().fold(0.0, f64::max);
            prop_assert!(least - 1e-9 <= found.lower && found.lower <= found.upper);
            prop_assert!(found.upper <= greatest + 1e-9);
        }
    }
}
