//! Prediction intervals beside what came: coverage, width and the Winkler score.

use serde::{Deserialize, Serialize};

use crate::bootstrap::Estimate;

/// A prediction interval, in the unit of the outcome it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Promised coverage, such as 0.8.
    pub level: f64,
    /// Lower end, itself inside.
    pub lower: f64,
    /// Upper end, itself inside.
    pub upper: f64,
}

impl Band {
    /// Whether `actual` fell inside.
    #[must_use]
    pub fn holds(&self, actual: f64) -> bool {
        self.lower <= actual && actual <= self.upper
    }

    /// Upper less lower end.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.upper - self.lower
    }
}

/// Interval score: the width, plus 2/(1 − level) times the distance by which the outcome missed
/// (Winkler 1972). It is least, on average, for the true quantiles: neither a wide band nor a
/// narrow one is rewarded.
#[must_use]
pub fn winkler(band: &Band, actual: f64) -> f64 {
    let missed_by = (band.lower - actual).max(actual - band.upper).max(0.0);
    band.width() + 2.0 / (1.0 - band.level) * missed_by
}

/// Coverage of the bands of one level over a group of outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BandScore {
    /// Promised coverage.
    pub level: f64,
    /// Outcomes with a band of this level.
    pub outcomes: usize,
    /// Number that fell inside.
    pub inside: usize,
    /// Share inside, with the 95 % interval of whole days resampled.
    pub coverage: Estimate,
    /// Mean width, as a share of the last close.
    pub width: f64,
    /// Mean Winkler score, as a share of the last close.
    pub winkler: f64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn winkler_by_hand() {
        let band = Band {
            level: 0.8,
            lower: 1.0,
            upper: 3.0,
        };
        assert_eq!(winkler(&band, 2.0), 2.0);
        assert_eq!(winkler(&band, 3.0), 2.0);
        assert!((winkler(&band, 3.5) - 7.0).abs() < 1e-12);
        assert!((winkler(&band, 0.9) - 3.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn a_miss_costs_more_than_the_width(
            lower in -5.0..0.0_f64, upper in 0.0..5.0_f64, actual in -9.0..9.0_f64,
        ) {
            let band = Band { level: 0.9, lower, upper };
            let score = winkler(&band, actual);
            prop_assert_eq!(score > band.width(), !band.holds(actual));
        }
    }
}
