//! Share of a network's move that is let through: the posterior mean of a factor between 0 and 1,
//! by what the network's earlier moves were worth. Half of the prior says that it is worth nothing,
//! so without evidence most of the move is kept back, and nothing is ever a matter of a threshold.

/// Shares considered: 0, and steps of equal length up to 1.
const STEPS: usize = 20;

/// Prior probability that the network's moves are worth nothing.
const WORTHLESS: f64 = 0.5;

/// Outcomes count at most this much.
const CUT: f64 = 3.0;

/// Evidence so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SoftShare {
    /// Sum of products of outcome and move.
    products: f64,
    /// Sum of the moves' squares.
    squares: f64,
}

impl SoftShare {
    /// Adds a move that was made before its `outcome` was known, in the same unit.
    pub(crate) fn add(&mut self, outcome: f64, forecast: f64) {
        self.products += outcome.clamp(-CUT, CUT) * forecast;
        self.squares += forecast * forecast;
    }

    /// Posterior mean, given the variance of what no move explains.
    pub(crate) fn mean(&self, noise: f64) -> f64 {
        let share = |k: usize| k as f64 / STEPS as f64;
        let log_likelihood = |b: f64| b * (self.products - 0.5 * b * self.squares) / noise;
        let greatest = (0..=STEPS)
            .map(|k| log_likelihood(share(k)))
            .fold(f64::NEG_INFINITY, f64::max);
        let (mut total, mut mean) = (0.0, 0.0);
        for k in 0..=STEPS {
            let prior = if k == 0 {
                WORTHLESS
            } else {
                (1.0 - WORTHLESS) / STEPS as f64
            };
            let weight = prior * (log_likelihood(share(k)) - greatest).exp();
            total += weight;
            mean += weight * share(k);
        }
        mean / total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
        let mut evidence = SoftShare::default();
        pairs.for_each(|(outcome, forecast)| evidence.add(outcome, forecast));
        evidence.mean(1.0)
    }

    /// Moves of mixed sign and size, without a pattern.
    fn moves() -> impl Iterator<Item = f64> {
        (0..80_u32).map(|k| f64::from(k * 7919 % 101) / 50.0 - 1.0)
    }

    #[test]
    fn moves_that_were_right_are_let_through() {
        let right = share(moves().map(|m| (m, m)));
        assert!(right > 0.8, "{right}");
    }

    #[test]
    fn moves_that_were_too_bold_are_shrunk() {
        let bold = share(moves().map(|m| (0.5 * m, m)));
        assert!(bold > 0.3 && bold < 0.6, "{bold}");
        // Of the right side, and four times too large.
        let bolder = share(moves().map(|m| (m / 2.0, 2.0 * m)));
        assert!(bolder > 0.15 && bolder < 0.3, "{bolder}");
    }

    #[test]
    fn moves_that_were_wrong_are_kept_back() {
        let wrong = share(moves().map(|m| (-m, m)));
        assert!(wrong < 0.01, "{wrong}");
    }

    #[test]
    fn without_evidence_the_prior_speaks() {
        assert!((share(std::iter::empty()) - 0.2625).abs() < 1e-15);
        let little = share([(0.3, 1e-6)].into_iter());
        assert!((little - 0.2625).abs() < 1e-6, "{little}");
    }
}
