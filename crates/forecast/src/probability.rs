//! Probability that the close lies above a price, from the errors of the message's own past.

/// Probability that a log return expected to be `mean` comes out above zero, in (0, 1); errors are
/// in units of `scale`.
///
/// Past errors count with both signs: that they leaned to one side is a drift, which is forecast
/// by itself. The one rise and one fall added keep the probability inside its bounds.
pub(crate) fn above_zero(mean: f64, scale: f64, errors: &[f64]) -> f64 {
    let above = |x: f64| {
        if x > 0.0 {
            1.0
        } else if x < 0.0 {
            0.0
        } else {
            0.5
        }
    };
    let count: f64 = errors
        .iter()
        .map(|error| above(mean + scale * error) + above(mean - scale * error))
        .sum();
    (count + 1.0) / (2.0 * errors.len() as f64 + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERRORS: [f64; 4] = [0.01, -0.03, 0.02, 0.0];

    #[test]
    fn without_a_move_a_rise_is_as_likely_as_a_fall() {
        assert_eq!(above_zero(0.0, 1.0, &ERRORS), 0.5);
        assert_eq!(above_zero(0.0, 1.0, &[]), 0.5);
        assert_eq!(above_zero(0.015, 1.0, &ERRORS), 7.0 / 10.0);
        assert_eq!(above_zero(-0.015, 1.0, &ERRORS), 3.0 / 10.0);
    }

    #[test]
    fn a_probability_is_never_certain() {
        assert_eq!(above_zero(9.0, 1.0, &ERRORS), 0.9);
        assert_eq!(above_zero(-9.0, 1.0, &ERRORS), 0.1);
    }
}
