//! A confidence sequence: bounds of a mean that hold at every look, however often and whenever one
//! looks.
//!
//! Observations d_1, d_2, … have conditional means δ_t and are bounded by |d_t| ≤ c_t, where c_t is
//! known before d_t. (For the difference of two absolute errors that is the distance between the
//! two forecasts.) Let C_t be the largest bound so far, κ in (0, 1) and λ_t = κ c_t / C_t. For
//! ξ ≥ −1 and 0 ≤ λ < 1, with ψ(λ) = −ln(1 − λ) − λ,
//!
//! ```text
//! exp(λ ξ − ψ(λ) ξ²) ≤ 1 + λ ξ            (Fan, Grama and Liu 2015, eq. 4.11)
//! ```
//!
//! With ξ = −d_t / c_t it follows that Π exp(κ/C_t (δ_t − d_t) − ψ(λ_t) (d_t/c_t)²) is a
//! non-negative supermartingale that starts at 1, and so is every mixture over κ. By Ville's
//! inequality a mixture ever exceeds 1/α with probability at most α. The upper bound is the mean at
//! which it does just that; the lower bound comes from the same with −d. This is the empirical
//! Bernstein sequence of Howard, Ramdas, McAuliffe and Sekhon (2021, theorem 4), for differences of
//! scores as in Choe and Ramdas (2023, "Comparing sequential forecasters"), with a discrete mixture
//! in place of their conjugate one so that the bounds may change from day to day.
//!
//! The bounded number is the mean of the δ_t, each weighted by 1/C_t: the plain mean from the
//! largest bound on.

/// The κ of the mixture are `STEEPEST` / 2^k: from the best after a few observations to the best
/// after some hundred thousand.
const STEEPEST: f64 = 0.9;
const MEMBERS: usize = 10;

/// Halvings of [−C, C]: beyond double precision.
const HALVINGS: u32 = 60;

/// Bounds of a mean; see the module.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidenceSequence {
    /// ln(1/α), and the weight of each member of the mixture is the same.
    threshold: f64,
    largest_bound: f64,
    members: [Member; MEMBERS],
}

/// Exponent of one member at mean μ: `slope` μ ∓ `sum` − `spread`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Member {
    slope: f64,
    sum: f64,
    spread: f64,
}

/// A side of the sequence.
#[derive(Debug, Clone, Copy)]
enum Side {
    Upper,
    Lower,
}

impl ConfidenceSequence {
    /// Each of the two bounds fails, ever, with probability at most `alpha`.
    #[must_use]
    pub fn new(alpha: f64) -> Self {
        Self {
            threshold: -alpha.clamp(f64::MIN_POSITIVE, 1.0).ln(),
            largest_bound: 0.0,
            members: [Member::default(); MEMBERS],
        }
    }

    /// Adds an observation, |`value`| ≤ `bound`, with a bound that was known before it. Numbers
    /// that are not finite are left out.
    pub fn push(&mut self, value: f64, bound: f64) {
        // Rounding may put a value just beyond its bound.
        let bound = bound.max(value.abs());
        if !bound.is_finite() || value.is_nan() {
            return;
        }
        self.largest_bound = self.largest_bound.max(bound);
        if self.largest_bound == 0.0 {
            return;
        }
        let share = value / bound.max(f64::MIN_POSITIVE);
        for (k, member) in self.members.iter_mut().enumerate() {
            let kappa = STEEPEST * 0.5_f64.powi(i32::try_from(k).unwrap_or(i32::MAX));
            let lambda = kappa * bound / self.largest_bound;
            member.slope += kappa / self.largest_bound;
            member.sum += kappa / self.largest_bound * value;
            member.spread += (-(-lambda).ln_1p() - lambda) * share * share;
        }
    }

    /// Upper bound of the mean; infinite before any observation with a bound above 0.
    #[must_use]
    pub fn upper(&self) -> f64 {
        self.bound(Side::Upper)
    }

    /// Lower bound of the mean.
    #[must_use]
    pub fn lower(&self) -> f64 {
        -self.bound(Side::Lower)
    }

    /// Whether the whole sequence lies below 0 by now.
    #[must_use]
    pub fn is_below_zero(&self) -> bool {
        self.evidence(Side::Upper, 0.0) > self.threshold
    }

    /// Whether the whole sequence lies above 0 by now.
    #[must_use]
    pub fn is_above_zero(&self) -> bool {
        self.evidence(Side::Lower, 0.0) > self.threshold
    }

    /// The least mean, as seen from `side`, against which there is evidence enough.
    fn bound(&self, side: Side) -> f64 {
        if self.largest_bound == 0.0 {
            return f64::INFINITY;
        }
        let (mut low, mut high) = (-self.largest_bound, self.largest_bound);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.evidence(side, middle) > self.threshold {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    /// Logarithm of the mixture at a mean of `mean`, rising in it.
    fn evidence(&self, side: Side, mean: f64) -> f64 {
        let exponents = self.members.map(|m| match side {
            Side::Upper => m.slope * mean - m.sum - m.spread,
            Side::Lower => m.slope * mean + m.sum - m.spread,
        });
        let greatest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = exponents.iter().map(|e| (e - greatest).exp()).sum();
        greatest + (sum / MEMBERS as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    /// A coin with values ±1 whose mean is `mean`.
    fn coin(random: &mut ChaCha8Rng, mean: f64) -> f64 {
        let uniform = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        if uniform < 0.5 * (1.0 + mean) {
            1.0
        } else {
            -1.0
        }
    }

    #[test]
    fn a_single_observation_by_hand() {
        // One member alone: exp(κ(μ − d) − ψ(κ) d²) = 1/α at μ = d + (ln(1/α) + ψ(κ) d²)/κ. The
        // mixture lies between its best member and that divided by their number.
        let mut sequence = ConfidenceSequence::new(0.05);
        for _ in 0..100 {
            sequence.push(-0.5, 1.0);
        }
        let bound = |extra: f64| {
            (0..MEMBERS)
                .map(|k| STEEPEST * 0.5_f64.powi(k as i32))
                .map(|kappa| {
                    let psi = -(1.0 - kappa).ln() - kappa;
                    -0.5 + (20.0_f64.ln() + extra + 100.0 * psi * 0.25) / (100.0 * kappa)
                })
                .fold(f64::INFINITY, f64::min)
        };
        let upper = sequence.upper();
        assert!(bound(0.0) <= upper && upper <= bound((MEMBERS as f64).ln()));
        assert!(sequence.is_below_zero() && !sequence.is_above_zero());
    }

    #[test]
    fn looked_at_after_each_of_2000_flips_it_fails_no_more_often_than_promised() {
        // Means that change with time, and bounds too: what a product's own life is like.
        let runs = 400;
        let failed = (0..runs).filter(|&seed| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let mut sequence = ConfidenceSequence::new(0.05);
            (0..2_000).any(|t| {
                let bound = if t % 7 == 0 { 0.2 } else { 1.0 };
                sequence.push(bound * coin(&mut random, 0.0), bound);
                sequence.is_below_zero()
            })
        });
        let failed = failed.count();
        // 5 % of 400 is 20; a fair sequence exceeds 32 once in 200 tests. This one is below 5 %.
        assert!(failed <= 20, "{failed} of {runs}");
    }

    #[test]
    fn a_true_difference_is_found() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut sequence = ConfidenceSequence::new(0.01);
        for _ in 0..2_000 {
            sequence.push(coin(&mut random, -0.2), 1.0);
        }
        assert!(sequence.is_below_zero());
        assert!(sequence.lower() < -0.2 && -0.2 < sequence.upper());
        assert!(sequence.upper() - sequence.lower() < 0.2);
    }

    #[test]
    fn forecasts_equal_to_the_reference_show_nothing() {
        let mut sequence = ConfidenceSequence::new(0.05);
        assert_eq!(sequence.upper(), f64::INFINITY);
        for _ in 0..1_000 {
            sequence.push(0.0, 0.0);
        }
        assert!(!sequence.is_below_zero() && !sequence.is_above_zero());
        sequence.push(f64::NAN, 1.0);
        sequence.push(-0.1, f64::INFINITY);
        assert_eq!(sequence.upper(), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn it_is_an_interval_in_the_unit_of_the_observations(
            values in prop::collection::vec((-1.0..1.0_f64, 0.0..1.0_f64), 1..80),
            unit in 1e-4..1e4_f64,
        ) {
            let (mut one, mut scaled) = (ConfidenceSequence::new(0.05), ConfidenceSequence::new(0.05));
            for (value, slack) in values {
                one.push(value, value.abs() + slack);
                scaled.push(value * unit, (value.abs() + slack) * unit);
            }
            prop_assert!(one.lower() <= one.upper());
            prop_assert!((scaled.upper() / unit - one.upper()).abs() < 1e-9);
            prop_assert!((scaled.lower() / unit - one.lower()).abs() < 1e-9);
            prop_assert_eq!(one.is_below_zero(), one.upper() < 0.0);
        }
    }
}
