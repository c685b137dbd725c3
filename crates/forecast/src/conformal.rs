//! Prediction intervals and the probability of a rise, from the errors of the message's own past.
//!
//! Errors are divided by the volatility that was expected of their session, so that a calm year
//! says something about a wild week. Each level keeps a working miss rate, moved after every hit
//! and miss (adaptive conformal inference, Gibbs and Candès 2021). All of it is computed anew by
//! walking through the sessions of the message: nothing is remembered between messages.

use crate::point_forecast::Past;
use crate::price_series::PriceSeries;
use crate::settings::IntervalSettings;

/// Sessions before this one expected a volatility of little more than the prior.
const SETTLED: usize = 10;

/// Errors before their quantiles are believed; with fewer, those of a normal distribution are.
const ENOUGH: usize = 20;

/// No interval reaches further than this log return: a factor of about 10¹³.
const FURTHEST: f64 = 30.0;

/// How far the close may land from where it is forecast, in log returns.
#[derive(Debug)]
pub(crate) struct PredictionIntervals {
    /// Half-width of each level's interval, not falling.
    widths: Vec<(f64, f64)>,
    /// Past errors, scaled to the target session's volatility.
    errors: Vec<f64>,
}

impl PredictionIntervals {
    pub(crate) fn of(series: &PriceSeries, past: &Past, settings: &IntervalSettings) -> Self {
        let sessions = past.first.max(SETTLED)..series.len();
        let error =
            |k: usize| (series.log_return(k) - past.moves[k - past.first]) / series.volatility(k);
        let errors: Vec<f64> = sessions.map(error).collect();
        let volatility = series.volatility(series.len());
        let mut width = 0.0_f64;
        let widths = settings.levels.iter().map(|&level| {
            // An adaptive level may overtake the next; a wider claim is never a narrower interval.
            width = width.max(reach(&errors, level, settings.step) * volatility);
            (level, width.min(FURTHEST))
        });
        Self {
            widths: widths.collect(),
            errors: errors.iter().map(|e| e * volatility).collect(),
        }
    }

    /// Level and half-width of each interval, in log returns around the forecast one.
    pub(crate) fn widths(&self) -> &[(f64, f64)] {
        &self.widths
    }

    /// Probability that a session forecast to return `step` closes above the last close, in (0, 1).
    /// Past errors count with both signs: that they leaned to one side is a drift, and a drift
    /// would have to pass the gate like any other forecast.
    pub(crate) fn probability_up(&self, step: f64) -> f64 {
        let above = |x: f64| {
            if x > 0.0 {
                1.0
            } else if x < 0.0 {
                0.0
            } else {
                0.5
            }
        };
        let count: f64 = self
            .errors
            .iter()
            .map(|e| above(step + e) + above(step - e))
            .sum();
        (count + 1.0) / (2.0 * self.errors.len() as f64 + 2.0)
    }
}

/// How many expected deviations the interval of `level` reaches to either side, after walking
/// through `errors` in the order of time.
fn reach(errors: &[f64], level: f64, step: f64) -> f64 {
    let mut miss_rate = 1.0 - level;
    let mut sizes: Vec<f64> = Vec::with_capacity(errors.len());
    for error in errors {
        let size = error.abs();
        if sizes.len() >= ENOUGH {
            let missed = f64::from(u8::from(size > quantile(&sizes, miss_rate)));
            miss_rate += step * ((1.0 - level) - missed);
        }
        let place = sizes.partition_point(|&smaller| smaller < size);
        sizes.insert(place, size);
    }
    if sizes.len() < ENOUGH {
        normal_quantile(level)
    } else {
        quantile(&sizes, miss_rate)
    }
}

/// The conformal quantile of ascending `sizes`: a new one exceeds it with probability `miss_rate`
/// at most, were they exchangeable. The largest where there are too few to say.
fn quantile(sizes: &[f64], miss_rate: f64) -> f64 {
    let rank = ((sizes.len() + 1) as f64 * (1.0 - miss_rate)).ceil();
    // Saturates below 1, which a miss rate above 1 asks for.
    sizes[(rank as usize).clamp(1, sizes.len()) - 1]
}

/// Deviations within which a normal distribution lies with probability `level` (Tukey's lambda,
/// within 0.01 up to a level of 0.98).
fn normal_quantile(level: f64) -> f64 {
    let p = 0.5 + level / 2.0;
    4.91 * (p.powf(0.14) - (1.0 - p).powf(0.14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_is_the_conformal_one() {
        let sizes: Vec<f64> = (1..=19).map(f64::from).collect();
        assert_eq!(quantile(&sizes, 0.1), 18.0);
        assert_eq!(quantile(&sizes, 0.2), 16.0);
        assert_eq!(quantile(&sizes, -0.3), 19.0);
        assert_eq!(quantile(&sizes, 1.3), 1.0);
    }

    #[test]
    fn few_errors_fall_back_on_the_normal_distribution() {
        assert!((reach(&[9.0; 5], 0.8, 0.02) - 1.2816).abs() < 0.01);
        assert!((reach(&[], 0.9, 0.02) - 1.6449).abs() < 0.01);
    }

    #[test]
    fn misses_widen_and_hits_narrow() {
        let calm: Vec<f64> = (0..200_u32)
            .map(|k| f64::from(k * 37 % 100) / 100.0)
            .collect();
        let plain = reach(&calm, 0.8, 0.0);
        let wild: Vec<f64> = calm.iter().copied().chain([5.0; 10]).collect();
        let quiet: Vec<f64> = calm.iter().copied().chain([0.0; 30]).collect();
        assert!((plain - 0.8).abs() < 0.02);
        assert!(reach(&wild, 0.8, 0.02) > reach(&wild, 0.8, 0.0));
        assert!(reach(&quiet, 0.8, 0.02) < reach(&quiet, 0.8, 0.0));
    }

    #[test]
    fn without_a_move_a_rise_is_as_likely_as_a_fall() {
        let spread = PredictionIntervals {
            widths: vec![],
            errors: vec![0.01, -0.03, 0.02, 0.0],
        };
        assert_eq!(spread.probability_up(0.0), 0.5);
        assert!(spread.probability_up(0.015) > 0.5);
        assert!(spread.probability_up(-0.015) < 0.5);
        let (low, high) = (spread.probability_up(-9.0), spread.probability_up(9.0));
        assert!(low > 0.0 && high < 1.0, "{low} {high}");
    }
}
