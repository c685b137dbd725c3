//! One forecast beside the close that came of it.

use std::cmp::Ordering;

use crate::bands::Band;

/// Claim of a forecast, in prices, as it was published.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The last close known when it was made.
    pub last_close: f64,
    /// The price it started from: the best trivial forecast at that moment.
    pub reference: f64,
    /// The close it forecast.
    pub prediction: f64,
    /// Expected size of the move from the reference to the close, as a log return.
    pub scale: f64,
    /// Probability of a close above the last one.
    pub probability_up: f64,
    /// Its intervals, in prices.
    pub bands: &'a [Band],
}

/// A forecast and the close that came. Errors, bands and moves are shares of the last close, so
/// that those of different stocks can be added.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The day that it belongs to; outcomes of one day are resampled together.
    pub day: i32,
    /// |prediction − close|.
    pub error: f64,
    /// |reference − close|.
    pub reference_error: f64,
    /// |last close − close|.
    pub last_close_error: f64,
    /// |prediction − reference|: the most by which the two errors can differ.
    pub moved: f64,
    /// Expected size of the move from the reference.
    pub scale: f64,
    /// The close, where 1 is the last close.
    pub actual: f64,
    /// The forecast close, likewise.
    pub prediction: f64,
    /// Where the close came, against the last close.
    pub came: Ordering,
    /// Where it was forecast, against the last close.
    pub called: Ordering,
    /// Whether the call was right; `None` where there was no call or the close did not move.
    pub hit: Option<bool>,
    /// The same for the side on which the reference stood.
    pub reference_hit: Option<bool>,
    /// Probability that was given to a rise.
    pub probability_up: f64,
    /// Its intervals.
    pub bands: Vec<Band>,
}

/// Whether `called`, against the last close, was right about `actual`. `None` where it calls
/// nothing (the last close itself) or the close did not move: neither is a miss.
#[must_use]
pub fn hit(called: f64, last_close: f64, actual: f64) -> Option<bool> {
    judge(side(called, last_close), side(actual, last_close))
}

fn judge(called: Ordering, came: Ordering) -> Option<bool> {
    (called.is_ne() && came.is_ne()).then_some(called == came)
}

fn side(price: f64, last_close: f64) -> Ordering {
    price.partial_cmp(&last_close).unwrap_or(Ordering::Equal)
}

impl Outcome {
    /// Scores a claim by the close that came, both on the price basis of the claim.
    ///
    /// `None` where a number is not finite, or the last close or the scale is not above 0: such a
    /// claim can be compared with nothing.
    #[must_use]
    pub fn of(claim: &Claim<'_>, day: i32, actual: f64) -> Option<Self> {
        let close = claim.last_close;
        let positive = [close, claim.scale, actual]
            .iter()
            .all(|x| *x > 0.0 && x.is_finite());
        let finite = [claim.reference, claim.prediction, claim.probability_up]
            .iter()
            .all(|x| x.is_finite());
        let bands_finite = claim.bands.iter().all(|b| b.width().is_finite());
        if !(positive && finite && bands_finite) {
            return None;
        }
        let apart = |a: f64, b: f64| (a - b).abs() / close;
        let (came, called) = (side(actual, close), side(claim.prediction, close));
        let share = |band: &Band| Band {
            level: band.level,
            lower: band.lower / close,
            upper: band.upper / close,
        };
        Some(Self {
            day,
            error: apart(claim.prediction, actual),
            reference_error: apart(claim.reference, actual),
            last_close_error: apart(close, actual),
            moved: apart(claim.prediction, claim.reference),
            scale: claim.scale,
            actual: actual / close,
            prediction: claim.prediction / close,
            came,
            called,
            hit: judge(called, came),
            reference_hit: judge(side(claim.reference, close), came),
            probability_up: claim.probability_up,
            bands: claim.bands.iter().map(share).collect(),
        })
    }

    /// The quantiles that the forecast published, ascending in probability: its point as the
    /// median, between the ends of its bands.
    #[must_use]
    pub fn quantiles(&self) -> Vec<(f64, f64)> {
        let ends = |b: &Band| {
            let tail = 0.5 * (1.0 - b.level);
            [(tail, b.lower), (1.0 - tail, b.upper)]
        };
        let mut grid: Vec<(f64, f64)> = self.bands.iter().flat_map(ends).collect();
        grid.push((0.5, self.prediction));
        grid.sort_by(|a, b| a.0.total_cmp(&b.0));
        grid
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claim(bands: &[Band]) -> Claim<'_> {
        Claim {
            last_close: 100.0,
            reference: 102.0,
            prediction: 102.5,
            scale: 0.01,
            probability_up: 0.9,
            bands,
        }
    }

    #[test]
    fn errors_are_shares_of_the_last_close() {
        let band = Band {
            level: 0.8,
            lower: 101.0,
            upper: 104.0,
        };
        let outcome = Outcome::of(&claim(&[band]), 7, 103.0).unwrap();
        assert!((outcome.error - 0.005).abs() < 1e-12);
        assert!((outcome.reference_error - 0.01).abs() < 1e-12);
        assert!((outcome.last_close_error - 0.03).abs() < 1e-12);
        assert!((outcome.moved - 0.005).abs() < 1e-12);
        assert_eq!(
            (outcome.hit, outcome.reference_hit),
            (Some(true), Some(true))
        );
        assert!(outcome.bands[0].holds(outcome.actual));
        let taus: Vec<f64> = outcome.quantiles().iter().map(|q| q.0).collect();
        assert!((taus[0] - 0.1).abs() < 1e-12 && taus[1] == 0.5);
    }

    #[test]
    fn same_is_no_call_and_an_unmoved_close_no_miss() {
        assert_eq!(hit(100.0, 100.0, 101.0), None);
        assert_eq!(hit(101.0, 100.0, 100.0), None);
        assert_eq!(hit(101.0, 100.0, 100.01), Some(true));
        assert_eq!(hit(101.0, 100.0, 99.0), Some(false));
    }

    #[test]
    fn numbers_without_meaning_are_no_outcome() {
        for (actual, scale) in [(f64::NAN, 0.01), (0.0, 0.01), (103.0, 0.0)] {
            let claim = Claim {
                scale,
                ..claim(&[])
            };
            assert_eq!(Outcome::of(&claim, 1, actual), None);
        }
    }

    proptest! {
        #[test]
        fn two_errors_differ_by_no_more_than_the_move(
            reference in 50.0..150.0_f64, prediction in 50.0..150.0_f64, actual in 50.0..150.0_f64,
        ) {
            let claim = Claim { reference, prediction, ..claim(&[]) };
            let outcome = Outcome::of(&claim, 0, actual).unwrap();
            let difference = (outcome.error - outcome.reference_error).abs();
            prop_assert!(difference <= outcome.moved + 1e-12);
        }
    }
}
