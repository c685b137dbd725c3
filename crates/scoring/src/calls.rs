//! Calls of rise or fall: how many were right, beside what the reference alone would have called.

use serde::{Deserialize, Serialize};

/// Standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// A share of a count, with its 95 % Wilson interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// The share itself.
    pub value: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
}

/// Share of `hits` in `trials` with its 95 % score interval (Wilson 1927): centre
/// (p + z²/2n)/(1 + z²/n), half-width z √(p(1 − p)/n + z²/4n²)/(1 + z²/n). It is right for few
/// trials and near 0 and 1, where the textbook's ± z √(p(1 − p)/n) is not. `None` without trials.
///
/// Trials count as independent here; outcomes of one day are not, so the interval is the least
/// uncertainty there is.
#[must_use]
pub fn wilson(hits: usize, trials: usize) -> Option<Proportion> {
    if trials == 0 {
        return None;
    }
    let (n, p) = (trials as f64, hits.min(trials) as f64 / trials as f64);
    let shrink = 1.0 + Z * Z / n;
    let centre = (p + Z * Z / (2.0 * n)) / shrink;
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / shrink;
    Some(Proportion {
        value: p,
        // At p = 0 and 1 the ends are 0 and 1 but for rounding.
        lower: (centre - half).clamp(0.0, p),
        upper: (centre + half).clamp(p, 1.0),
    })
}

/// Calls of a group of outcomes. A close equal to the last close, to the cent, counts neither way,
/// and a forecast that says "same" calls nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// Forecasts of rise or fall whose close moved.
    pub calls: usize,
    /// Those that were right.
    pub right: usize,
    /// Outcomes on which the reference, too, lay on one side of the last close.
    pub baseline_calls: usize,
    /// Those on which its side was right.
    pub baseline_right: usize,
    /// Forecasts that said "same".
    pub same: usize,
    /// Closes equal to the last close.
    pub unmoved: usize,
    /// Closes above the last close.
    pub rises: usize,
    /// Closes below the last close.
    pub falls: usize,
}

impl Calls {
    /// Share of calls that were right.
    #[must_use]
    pub fn hit_rate(&self) -> Option<Proportion> {
        wilson(self.right, self.calls)
    }

    /// Share that the price alone called right: on which side of the last close it stood.
    #[must_use]
    pub fn baseline_hit_rate(&self) -> Option<Proportion> {
        wilson(self.baseline_right, self.baseline_calls)
    }

    /// Base rate of rises: what a caller who always says "rise" gets. It is what stands beside the
    /// hit rate where the reference is the last close and so calls nothing.
    #[must_use]
    pub fn base_rate(&self) -> Option<Proportion> {
        wilson(self.rises, self.rises + self.falls)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn intervals_of_the_literature() {
        // Newcombe 1998, Statistics in Medicine 17, table I, method 3.
        for (hits, trials, lower, upper) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let share = wilson(hits, trials).unwrap();
            assert!((share.lower - lower).abs() < 5e-5, "{share:?}");
            assert!((share.upper - upper).abs() < 5e-5, "{share:?}");
        }
        assert_eq!(wilson(0, 0), None);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_share(trials in 1_usize..10_000, part in 0.0..=1.0_f64) {
            let hits = (trials as f64 * part) as usize;
            let share = wilson(hits, trials).unwrap();
            prop_assert!(0.0 <= share.lower && share.lower <= share.value);
            prop_assert!(share.value <= share.upper && share.upper <= 1.0);
        }
    }
}
