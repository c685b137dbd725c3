//! Size of the move that is still to come: the target session's expected volatility, carried to
//! the moment at which the reference price was true.

use closecall_protocol::day_profile;

use crate::range_so_far;

/// A half day moves less than a whole one: the session alone, and with the night before it.
const HALF_DAY_SESSION: f64 = 0.73;
const HALF_DAY_WHOLE: f64 = 0.85;

/// The part of the target session that is still to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Volatility expected of the session.
    volatility: f64,
    /// Share of its variance that is left.
    variance_left: f64,
    /// Expected deviation of the log return from the reference price to the close.
    pub(crate) deviation: f64,
}

impl Scale {
    /// From the last known close, with `sessions_ahead` sessions between it and the target.
    pub(crate) fn from_last_close(volatility: f64, sessions_ahead: u32, half_day: bool) -> Self {
        let volatility = volatility * if half_day { HALF_DAY_WHOLE } else { 1.0 };
        Self {
            volatility,
            variance_left: 1.0,
            deviation: volatility * horizon(sessions_ahead),
        }
    }

    /// From a price of the running session, of whose length the share `elapsed` had passed.
    /// `range` is the logarithm of high over low so far, where known.
    pub(crate) fn from_quote(
        volatility: f64,
        elapsed: f64,
        range: Option<f64>,
        half_day: bool,
    ) -> Self {
        let volatility = volatility * if half_day { HALF_DAY_SESSION } else { 1.0 };
        Self {
            volatility,
            variance_left: day_profile::remaining_variance(elapsed),
            deviation: volatility
                * day_profile::remaining_deviation(elapsed)
                * range_so_far::factor(range, volatility, elapsed),
        }
    }

    /// A move in units of the session's volatility as a log return. It accrues with the variance,
    /// so what is left of it is what is left of that, however wide the range was so far.
    pub(crate) fn log_return(&self, standardised: f64) -> f64 {
        self.volatility * self.variance_left * standardised
    }
}

/// Deviation of a move over `sessions_ahead` sessions more than one, relative to one.
pub(crate) fn horizon(sessions_ahead: u32) -> f64 {
    (1.0 + f64::from(sessions_ahead)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_horizon_widens_the_band_and_leaves_the_move() {
        let (near, far) = (
            Scale::from_last_close(0.02, 0, false),
            Scale::from_last_close(0.02, 3, false),
        );
        assert_eq!(far.deviation, 2.0 * near.deviation);
        assert_eq!(far.log_return(0.1), near.log_return(0.1));
        let half = Scale::from_last_close(0.02, 0, true);
        assert!((half.deviation / near.deviation - 0.85).abs() < 1e-15);
    }

    #[test]
    fn a_wide_morning_widens_the_band_and_leaves_the_move() {
        let usual = Scale::from_quote(0.02, 0.5, None, false);
        let wide = Scale::from_quote(0.02, 0.5, Some(0.08), false);
        assert!(wide.deviation > 1.2 * usual.deviation);
        assert_eq!(wide.log_return(0.3), usual.log_return(0.3));
        // 12:45 of a whole day: 0.520 in the table.
        assert!((usual.deviation - 0.02 * 0.520).abs() < 1e-12);
        assert!((usual.log_return(1.0) - 0.02 * 0.520 * 0.520).abs() < 1e-12);
    }

    #[test]
    fn the_opening_is_the_whole_session() {
        let opening = Scale::from_quote(0.02, 0.0, Some(0.5), false);
        assert_eq!(opening.deviation, 0.02);
        let half = Scale::from_quote(0.02, 0.0, None, true);
        assert!((half.deviation - 0.02 * 0.73).abs() < 1e-15);
    }
}
