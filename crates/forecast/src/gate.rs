//! The gate: how much of a model's move is let through, by what it gained on sessions that it had
//! not been fitted on. No gain, no move.

use crate::evaluation::relative_mae;

/// Share of the model's moves to publish, in [0, 1]; 0 is persistence.
///
/// `moves` are forecasts made before their `outcomes` were known, in the same unit. The gate opens
/// when the mean of their products is positive beyond luck (its t-statistic above `threshold`) and
/// the moves, as they would have been published, had a smaller mean absolute error than staying
/// put. It opens by the least-squares slope of the outcomes on the moves, shrunk by 1 − 1/t², what
/// is left of a squared gain after its noise.
pub(crate) fn share(moves: &[f64], outcomes: &[f64], threshold: f64) -> f64 {
    let n = moves.len().min(outcomes.len()) as f64;
    let products: Vec<f64> = moves.iter().zip(outcomes).map(|(m, y)| m * y).collect();
    let mean = products.iter().sum::<f64>() / n;
    let variance = products
        .iter()
        .map(|p| (p - mean) * (p - mean))
        .sum::<f64>()
        / (n - 1.0);
    let t = mean / (variance / n).sqrt();
    // Also refuses the NaN of moves that are all zero, and of too few to have a variance.
    if !(t > threshold && t.is_finite()) {
        return 0.0;
    }
    let slope = products.iter().sum::<f64>() / moves.iter().map(|m| m * m).sum::<f64>();
    let share = (slope * (1.0 - 1.0 / (t * t))).clamp(0.0, 1.0);
    let published: Vec<f64> = moves.iter().map(|m| share * m).collect();
    if relative_mae(&published, outcomes).is_some_and(|ratio| ratio < 1.0) {
        share
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outcomes of mixed sign and size, without a pattern.
    fn outcomes() -> Vec<f64> {
        (0..80_u32)
            .map(|k| f64::from(k * 7919 % 101) / 50.0 - 1.0)
            .collect()
    }

    #[test]
    fn moves_that_were_right_are_let_through() {
        let share = share(&outcomes(), &outcomes(), 1.64);
        assert!(share > 0.95 && share <= 1.0, "{share}");
    }

    #[test]
    fn moves_that_were_too_bold_are_shrunk() {
        let bold: Vec<f64> = outcomes().iter().map(|y| 4.0 * y).collect();
        let share = share(&bold, &outcomes(), 1.64);
        assert!(share > 0.2 && share <= 0.25, "{share}");
    }

    #[test]
    fn moves_that_were_wrong_absent_or_few_are_stopped() {
        let wrong: Vec<f64> = outcomes().iter().map(|y| -y).collect();
        assert_eq!(share(&wrong, &outcomes(), 1.64), 0.0);
        assert_eq!(share(&[0.0; 80], &outcomes(), 1.64), 0.0);
        assert_eq!(share(&[1.0], &[1.0], 1.64), 0.0);
        assert_eq!(share(&[], &[], 1.64), 0.0);
        // The same product each time has no variance: nothing is known of its noise.
        assert_eq!(share(&[1.0, 1.0], &[1.0, 1.0], 1.64), 0.0);
    }
}
