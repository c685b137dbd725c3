//! Variance of the moves that nothing explains, in units of their expected volatility.

/// Moves count at most this much where something is learned of them: a crash teaches a direction,
/// not a size.
pub(crate) const OUTCOME_CUT: f64 = 2.5;

/// Rows of variance 1 that stand beside what is seen.
const PRIOR_ROWS: f64 = 20.0;

/// A mean square, shrunken to 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoiseVariance {
    squares: f64,
    rows: f64,
}

impl Default for NoiseVariance {
    fn default() -> Self {
        Self {
            squares: PRIOR_ROWS,
            rows: PRIOR_ROWS,
        }
    }
}

impl NoiseVariance {
    /// Of the moves added so far.
    pub(crate) fn value(&self) -> f64 {
        self.squares / self.rows
    }

    /// Adds a move.
    pub(crate) fn add(&mut self, standardised: f64) {
        let cut = standardised.clamp(-OUTCOME_CUT, OUTCOME_CUT);
        self.squares += cut * cut;
        self.rows += 1.0;
    }
}
