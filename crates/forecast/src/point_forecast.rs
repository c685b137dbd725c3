//! A fit's forecast of the target session, before it is put in prices.

/// A forecast move, by the kind of model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PointForecast {
    /// A move from the reference price, in units of the session's volatility.
    FromReference {
        /// The move.
        standardised: f64,
        /// The network's move before its share, where it was asked.
        asked: Option<f64>,
    },
    /// A close by itself, whatever the reference price: its log return on the last close.
    OwnClose(f64),
}
