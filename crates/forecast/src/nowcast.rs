//! The forecast in log returns: how far the close is expected from the reference price, within
//! which bands, and on which side of the last close.

use chrono::TimeDelta;
use closecall_protocol::SessionTimes;

use crate::conformal;
use crate::point_forecast::PointForecast;
use crate::probability;
use crate::scale::Scale;
use crate::settings::IntervalSettings;

/// Sessions shorter than this are half days; whole ones last six and a half hours.
const WHOLE_DAY: TimeDelta = TimeDelta::hours(6);

/// No interval reaches further than this log return: a factor of about 10¹³.
const FURTHEST: f64 = 30.0;

/// A forecast before it is put in prices.
#[derive(Debug)]
pub(crate) struct Nowcast {
    /// Expected log return of the close on the reference price.
    pub(crate) log_return: f64,
    /// Expected deviation from it.
    pub(crate) scale: f64,
    /// Level and half-width of each interval around it, in log returns.
    pub(crate) half_widths: Vec<(f64, f64)>,
    /// Probability that the close is above the last close.
    pub(crate) probability_up: f64,
    /// Probability that it is above the reference price.
    pub(crate) probability_up_from_here: f64,
    /// The network's move before its share, as a log return.
    pub(crate) asked: Option<f64>,
}

impl Nowcast {
    /// `since_last_close` is the log return of the reference price on the last close; `errors` are
    /// those of past forecasts.
    pub(crate) fn of(
        point: PointForecast,
        scale: Scale,
        since_last_close: f64,
        errors: &[f64],
        settings: &IntervalSettings,
    ) -> Self {
        let (log_return, asked) = match point {
            PointForecast::FromReference {
                standardised,
                asked,
            } => (
                scale.log_return(standardised),
                asked.map(|asked| scale.log_return(asked)),
            ),
            PointForecast::OwnClose(log_return) => (log_return - since_last_close, None),
        };
        let deviation = scale.deviation;
        let half_widths = conformal::half_widths(errors, settings).into_iter();
        let above = |mean| probability::above_zero(mean, deviation, errors);
        Self {
            log_return,
            scale: deviation,
            half_widths: half_widths
                .map(|(level, width)| (level, (width * deviation).min(FURTHEST)))
                .collect(),
            probability_up: above(since_last_close + log_return),
            probability_up_from_here: above(log_return),
            asked,
        }
    }
}

/// Whether the exchange closes early.
pub(crate) fn is_half_day(session: &SessionTimes) -> bool {
    session.close() - session.open() < WHOLE_DAY
}
