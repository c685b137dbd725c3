//! Mean and deviation of the values seen so far.

/// No deviation below this: such values do not vary.
const STILL: f64 = 1e-9;

/// A running mean and population deviation (Welford's sums, which lose no digits to a large mean).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RunningMoments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl RunningMoments {
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }

    /// Deviations of `value` from the mean; 0 while the values seen do not vary.
    pub(crate) fn standardise(&self, value: f64) -> f64 {
        let deviation = (self.squares / self.count).sqrt();
        // Also false for the NaN of no value at all.
        if deviation >= STILL {
            (value - self.mean) / deviation
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_measured_by_those_before() {
        let mut moments = RunningMoments::default();
        assert_eq!(moments.standardise(5.0), 0.0);
        moments.add(1.0);
        assert_eq!(moments.standardise(5.0), 0.0);
        moments.add(3.0);
        assert_eq!(moments.standardise(5.0), 3.0);
    }

    #[test]
    fn a_large_mean_takes_no_digits() {
        let mut moments = RunningMoments::default();
        for k in 0..1000 {
            moments.add(1e9 + f64::from(k % 2));
        }
        assert!((moments.standardise(1e9 + 1.0) - 1.0).abs() < 1e-6);
    }
}
