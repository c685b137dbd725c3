//! Expected volatility: a blend of three exponentially weighted means of daily variances, one that
//! forgets within a week, one within a month and one within half a year.
//!
//! A variance enters the means cut at nine times what was expected of it, so that one crash does
//! not widen the bands for months; the cut itself follows an uncut mean, so that it gives way when
//! the market has really changed.

/// Share that each mean keeps from one session to the next, and its weight in the blend.
const BLEND: [(f64, f64); 3] = [(0.80, 0.25), (0.94, 0.45), (0.99, 0.30)];

/// Share that the uncut mean keeps.
const UNCUT_DECAY: f64 = 0.94;

/// A variance counts at most this many times its expectation.
const MOST: f64 = 9.0;

/// Variance assumed before any session is seen, a volatility of 2 %, weighing as much as one.
const PRIOR: f64 = 0.02 * 0.02;

/// No volatility below this: prices that never move would make every later move infinite.
const FLOOR: f64 = 1e-4;

/// Volatility (standard deviation of a log return) expected of each session whose variance is
/// given, and of the one behind them: one value more than there are variances. Each is known
/// before its session.
pub(crate) fn expected(variances: &[f64]) -> Vec<f64> {
    let mut means = BLEND.map(|(decay, _)| DecayingMean::new(decay));
    let mut uncut = DecayingMean::new(UNCUT_DECAY);
    let mut expected = Vec::with_capacity(variances.len() + 1);
    for &variance in variances {
        expected.push(blended(&means));
        let counted = variance.min(MOST * uncut.value());
        means.iter_mut().for_each(|mean| mean.add(counted));
        uncut.add(variance);
    }
    expected.push(blended(&means));
    expected
}

fn blended(means: &[DecayingMean; 3]) -> f64 {
    let terms = means.iter().zip(BLEND);
    let variance: f64 = terms.map(|(mean, (_, weight))| weight * mean.value()).sum();
    variance.sqrt().max(FLOOR)
}

/// An exponentially weighted mean; its prior decays like any value.
#[derive(Debug)]
struct DecayingMean {
    decay: f64,
    sum: f64,
    weight: f64,
}

impl DecayingMean {
    fn new(decay: f64) -> Self {
        let (sum, weight) = (PRIOR, 1.0);
        Self { decay, sum, weight }
    }

    fn value(&self) -> f64 {
        self.sum / self.weight
    }

    fn add(&mut self, value: f64) {
        self.sum = self.decay * self.sum + value;
        self.weight = self.decay * self.weight + 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatility_knows_only_what_came_before() {
        let calm = expected(&[1e-4, 1e-4, 1e-4, 1e-4]);
        let crash = expected(&[1e-4, 1e-4, 1e-4, 0.5]);
        assert_eq!(calm[..4], crash[..4]);
        assert!(crash[4] > calm[4]);
    }

    #[test]
    fn a_crash_counts_nine_times_what_was_expected_at_most() {
        let before = [1e-4; 60];
        let after = |last: f64| expected(&[&before[..], &[last]].concat())[61];
        assert_eq!(after(0.25), after(2500.0));
        assert!(after(8e-4) < after(9.5e-4));
    }

    #[test]
    fn the_prior_gives_way_to_what_is_seen() {
        assert_eq!(expected(&[]), [0.02]);
        let settled = expected(&[0.0025; 400])[400];
        assert!((settled - 0.05).abs() < 1e-3, "{settled}");
    }

    #[test]
    fn prices_that_never_move_have_a_positive_volatility() {
        let still = expected(&[0.0; 5_000]);
        assert!(still.iter().all(|&v| v >= FLOOR));
        assert_eq!(still[5_000], FLOOR);
    }
}
