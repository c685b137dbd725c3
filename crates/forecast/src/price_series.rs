//! The dataset as a price series: closes, log returns, and what volatility was expected of each.
//!
//! Sessions are counted from 0; the target session is number `len()`. Everything at index `k` that
//! is called expected was known before session `k`.

use closecall_protocol::DatasetBuilt;

/// Daily volatility that is assumed before any return is seen: 2 %, weighing as much as one return.
const PRIOR: f64 = 0.02;

/// No volatility below this: closes that never move would make every later move infinite.
const FLOOR: f64 = 1e-6;

#[derive(Debug)]
pub(crate) struct PriceSeries {
    closes: Vec<f64>,
    returns: Vec<f64>,
    volatility: Vec<f64>,
}

impl PriceSeries {
    /// `decay` is what the volatility's moving average keeps from one session to the next.
    pub(crate) fn of(dataset: &DatasetBuilt, decay: f64) -> Self {
        Self::of_closes(dataset.rows.iter().map(|row| row.close()).collect(), decay)
    }

    pub(crate) fn of_closes(closes: Vec<f64>, decay: f64) -> Self {
        let mut returns = vec![0.0; closes.len()];
        for (k, pair) in closes.windows(2).enumerate() {
            returns[k + 1] = (pair[1] / pair[0]).ln();
        }
        Self {
            volatility: expected_volatility(&returns, decay),
            closes,
            returns,
        }
    }

    /// Finished sessions, which is also the number of the target session.
    pub(crate) fn len(&self) -> usize {
        self.closes.len()
    }

    pub(crate) fn closes(&self) -> &[f64] {
        &self.closes
    }

    /// Log return of session `k` on the one before; 0 for the first, which has none.
    pub(crate) fn log_return(&self, k: usize) -> f64 {
        self.returns[k]
    }

    /// Volatility (standard deviation of the log return) expected of session `k`, positive;
    /// `k` may be the target session.
    pub(crate) fn volatility(&self, k: usize) -> f64 {
        self.volatility[k]
    }

    /// Log return of session `k` in units of its expected volatility.
    pub(crate) fn standardised(&self, k: usize) -> f64 {
        self.returns[k] / self.volatility[k]
    }

    /// Sessions from `first` on whose close differs from the one before.
    pub(crate) fn moved_since(&self, first: usize) -> usize {
        self.returns
            .iter()
            .skip(first.max(1))
            .filter(|&&r| r != 0.0)
            .count()
    }
}

/// Exponentially weighted root mean square of the earlier returns, for each session and for the
/// target session behind them.
fn expected_volatility(returns: &[f64], decay: f64) -> Vec<f64> {
    let (mut sum, mut weight) = (PRIOR * PRIOR, 1.0);
    let mut expected = Vec::with_capacity(returns.len() + 1);
    for (k, r) in returns.iter().enumerate() {
        expected.push(f64::max((sum / weight).sqrt(), FLOOR));
        if k > 0 {
            sum = decay * sum + r * r;
            weight = decay * weight + 1.0;
        }
    }
    expected.push(f64::max((sum / weight).sqrt(), FLOOR));
    expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatility_knows_only_what_came_before() {
        let calm = PriceSeries::of_closes(vec![100.0, 101.0, 100.0, 101.0, 100.0], 0.94);
        let crash = PriceSeries::of_closes(vec![100.0, 101.0, 100.0, 101.0, 50.0], 0.94);
        for k in 0..=4 {
            assert_eq!(calm.volatility(k), crash.volatility(k));
        }
        assert!(crash.volatility(5) > 5.0 * calm.volatility(5));
    }

    #[test]
    fn the_prior_gives_way_to_the_returns() {
        let closes: Vec<f64> = (0..80)
            .map(|k| {
                if k % 2 == 0 {
                    100.0
                } else {
                    100.0 * 0.05_f64.exp()
                }
            })
            .collect();
        let series = PriceSeries::of_closes(closes, 0.94);
        assert!((series.volatility(80) - 0.05).abs() < 1e-4);
        assert_eq!(series.volatility(1), PRIOR);
        assert_eq!(series.moved_since(0), 79);
    }

    #[test]
    fn closes_that_never_move_have_a_positive_volatility() {
        let series = PriceSeries::of_closes(vec![42.0; 20_000], 0.94);
        assert_eq!(series.volatility(20_000), FLOOR);
        assert_eq!(series.moved_since(0), 0);
    }
}
