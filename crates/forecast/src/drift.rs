//! Mean move of a session, shrunken: prices rise more often than they fall, by little.

/// Mean assumed before any move is seen, in units of the expected volatility.
const PRIOR: f64 = 0.03;

/// Moves that the prior weighs as much as.
const PRIOR_ROWS: f64 = 1000.0;

/// Moves count at most this much.
const CUT: f64 = 2.0;

/// The mean of the moves so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drift {
    sum: f64,
    rows: f64,
}

impl Default for Drift {
    fn default() -> Self {
        Self {
            sum: PRIOR_ROWS * PRIOR,
            rows: PRIOR_ROWS,
        }
    }
}

impl Drift {
    pub(crate) fn value(&self) -> f64 {
        self.sum / self.rows
    }

    pub(crate) fn add(&mut self, standardised: f64) {
        self.sum += standardised.clamp(-CUT, CUT);
        self.rows += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_moves_the_prior_a_little() {
        let mut drift = Drift::default();
        assert_eq!(drift.value(), 0.03);
        (0..250).for_each(|_| drift.add(50.0));
        assert!((drift.value() - 530.0 / 1250.0).abs() < 1e-12);
    }
}
