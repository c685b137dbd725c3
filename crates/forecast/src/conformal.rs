//! Adaptive conformal prediction intervals (Gibbs and Candès 2021) from the errors of the
//! message's own past.
//!
//! Errors are in units of the volatility that was expected of their session, so that a calm year
//! says something about a wild week. Each level keeps a working miss rate, moved a little after
//! every hit and miss. All of it follows from walking through the sessions of the message: nothing
//! is kept between messages.

use crate::settings::IntervalSettings;

/// Errors before their quantiles are believed; with fewer, those of a normal distribution are.
const ENOUGH: usize = 20;

/// Bounds of the working miss rate.
const LEAST_RATE: f64 = 0.001;
const MOST_RATE: f64 = 0.999;

/// Level and half-width of each interval, in units of the scale. A wider claim is never a narrower
/// interval, which adaptive levels could otherwise make of it.
pub(crate) fn half_widths(errors: &[f64], settings: &IntervalSettings) -> Vec<(f64, f64)> {
    let mut widest = 0.0_f64;
    let widths = settings.levels.iter().map(|&level| {
        widest = widest.max(half_width(errors, level, settings.step));
        (level, widest)
    });
    widths.collect()
}

/// Half-width of the interval of `level` after walking through `errors` in the order of time.
fn half_width(errors: &[f64], level: f64, step: f64) -> f64 {
    if errors.len() < ENOUGH {
        return normal_quantile(level);
    }
    let mut miss_rate = 1.0 - level;
    let mut sizes: Vec<f64> = Vec::with_capacity(errors.len());
    for error in errors {
        let size = error.abs();
        // With few errors the rank asked for may lie beyond them, and nothing is a miss.
        let rank = rank(sizes.len(), miss_rate);
        let missed = rank <= sizes.len() && size > sizes[rank.max(1) - 1];
        miss_rate += step * ((1.0 - level) - f64::from(u8::from(missed)));
        miss_rate = miss_rate.clamp(LEAST_RATE, MOST_RATE);
        let place = sizes.partition_point(|&smaller| smaller < size);
        sizes.insert(place, size);
    }
    sizes[rank(sizes.len(), miss_rate).clamp(1, sizes.len()) - 1]
}

/// Rank, from 1 on, of the size among `count` that another one exceeds with probability
/// `miss_rate` at most, were they exchangeable.
fn rank(count: usize, miss_rate: f64) -> usize {
    ((count + 1) as f64 * (1.0 - miss_rate)).ceil() as usize
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
    fn the_rank_is_the_conformal_one() {
        assert_eq!(rank(19, 0.1), 18);
        assert_eq!(rank(19, 0.2), 16);
        assert_eq!(rank(0, 0.2), 1);
        assert_eq!(rank(19, LEAST_RATE), 20);
    }

    #[test]
    fn few_errors_fall_back_on_the_normal_distribution() {
        assert!((half_width(&[9.0; 5], 0.8, 0.005) - 1.2816).abs() < 0.01);
        assert!((half_width(&[], 0.9, 0.005) - 1.6449).abs() < 0.01);
    }

    #[test]
    fn misses_widen_and_hits_narrow() {
        let calm: Vec<f64> = (0..200_u32)
            .map(|k| f64::from(k * 37 % 100) / 100.0)
            .collect();
        let plain = half_width(&calm, 0.8, 0.0);
        let wild: Vec<f64> = calm.iter().copied().chain([5.0; 10]).collect();
        let quiet: Vec<f64> = calm.iter().copied().chain([0.0; 30]).collect();
        assert!((plain - 0.8).abs() < 0.02);
        assert!(half_width(&wild, 0.8, 0.02) > half_width(&wild, 0.8, 0.0));
        assert!(half_width(&quiet, 0.8, 0.02) < half_width(&quiet, 0.8, 0.0));
    }

    #[test]
    fn a_higher_level_is_never_narrower() {
        let settings = IntervalSettings {
            levels: vec![0.5, 0.500_001, 0.9],
            step: 0.2,
        };
        for seed in 1..50_u32 {
            let errors: Vec<f64> = (0..60).map(|k| f64::from(k * seed % 61) - 30.0).collect();
            let widths = half_widths(&errors, &settings);
            assert!(widths.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        }
    }
}
