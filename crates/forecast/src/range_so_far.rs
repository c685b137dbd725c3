//! Range of the running session so far against the usual one at that time of the day: a wild
//! morning widens what is to come, a quiet one narrows it.

/// Geometric mean of the range so far, ln(high / low), over the session's expected volatility at
/// u = k / 26, k = 1 to 25. Measured on the bars that the profile of the day was measured on.
const USUAL: [f64; 25] = [
    0.66, 0.79, 0.89, 0.95, 1.00, 1.05, 1.08, 1.11, 1.14, 1.16, 1.18, 1.20, 1.21, 1.22, 1.24, 1.25,
    1.27, 1.28, 1.30, 1.32, 1.33, 1.35, 1.36, 1.38, 1.39,
];

/// Intervals of the day that the table is made of.
const INTERVALS: f64 = 26.0;

/// Power of the surprise that is carried on.
const POWER: f64 = 0.2;

/// The factor's bounds.
const LEAST: f64 = 0.6;
const MOST: f64 = 1.8;

/// Factor for the expected deviation of the rest of a session. 1 before the table
/// begins, and where the range is unknown or the price has not moved.
pub(crate) fn factor(range: Option<f64>, volatility: f64, elapsed: f64) -> f64 {
    let position = elapsed * INTERVALS;
    match range {
        Some(range) if range > 0.0 && position >= 1.0 => (range / (volatility * usual(position)))
            .powf(POWER)
            .clamp(LEAST, MOST),
        _ => 1.0,
    }
}

/// Linear between the table's points, constant behind its last.
fn usual(position: f64) -> f64 {
    let last = USUAL.len() - 1;
    let place = (position - 1.0).clamp(0.0, last as f64);
    let before = (place as usize).min(last - 1);
    let weight = place - before as f64;
    USUAL[before] * (1.0 - weight) + USUAL[before + 1] * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_range_changes_nothing() {
        for (k, rho) in (1..=25).zip(USUAL) {
            let factor = factor(Some(0.02 * rho), 0.02, f64::from(k) / 26.0);
            assert!((factor - 1.0).abs() < 1e-12, "{k}: {factor}");
        }
        assert!((usual(1.5) - 0.725).abs() < 1e-12);
        assert_eq!(usual(25.9), 1.39);
    }

    #[test]
    fn a_surprise_counts_by_its_fifth_root_and_within_bounds() {
        let at_noon = |range| factor(Some(range), 0.02, 10.0 / 26.0);
        assert!((at_noon(2.0 * 0.02 * 1.16) - 2.0_f64.powf(0.2)).abs() < 1e-12);
        assert_eq!(at_noon(1.0), MOST);
        assert_eq!(at_noon(1e-9), LEAST);
    }

    #[test]
    fn what_says_nothing_changes_nothing() {
        assert_eq!(factor(None, 0.02, 0.5), 1.0);
        assert_eq!(factor(Some(0.0), 0.02, 0.5), 1.0);
        assert_eq!(factor(Some(0.5), 0.02, 0.9 / 26.0), 1.0);
    }
}
