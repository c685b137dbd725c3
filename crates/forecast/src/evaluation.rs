//! Error arithmetic: a model against staying put, on sessions it was not fitted on.

use smartcore::metrics::mean_absolute_error;

/// Mean absolute error of `moves` divided by that of persistence, whose every move is 0. `None`
/// without sessions, or where nothing moved.
#[must_use]
pub fn relative_mae(moves: &[f64], outcomes: &[f64]) -> Option<f64> {
    let n = moves.len().min(outcomes.len());
    let outcomes = outcomes[..n].to_vec();
    let still = mean_absolute_error(&outcomes, &vec![0.0; n]);
    let ratio = mean_absolute_error(&outcomes, &moves[..n].to_vec()) / still;
    ratio.is_finite().then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_to_persistence() {
        let outcomes = [0.01, -0.02, 0.03];
        assert_eq!(relative_mae(&[0.0; 3], &outcomes), Some(1.0));
        assert_eq!(relative_mae(&outcomes, &outcomes), Some(0.0));
        let ratio = relative_mae(&[-0.01, 0.02, -0.03], &outcomes);
        assert!((ratio.unwrap() - 2.0).abs() < 1e-12);
        assert_eq!(relative_mae(&[0.1], &[0.0]), None);
        assert_eq!(relative_mae(&[], &[]), None);
    }
}
