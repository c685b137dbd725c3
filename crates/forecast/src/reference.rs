//! The price that a forecast starts from: the quote of the running session where there is one that
//! can be used, the last close where there is none.

use closecall_protocol::{DatasetBuilt, Phase, Quote, QuoteAbsent, Reference, ReferenceKind};

use crate::price_series::PriceSeries;
use crate::scale;
use crate::target::TargetKind;

/// No move beyond this log return since the last close, for each session's worth of deviation: a
/// price so far away is of another basis, or of another stock.
const FURTHEST: f64 = 0.4;

/// Price that a forecast starts from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartingPrice {
    /// The price.
    pub(crate) reference: Reference,
    /// The quote that it is of, or why there is none.
    pub(crate) quote: Result<Quote, QuoteAbsent>,
}

impl StartingPrice {
    /// The quote's, unless it is not one of the target session known at the as-of time, lies too
    /// far from the last close, or fewer than `min_rows` sessions have an opening to learn from.
    pub(crate) fn of(dataset: &DatasetBuilt, series: &PriceSeries, min_rows: usize) -> Self {
        let openings = (1..series.len()).filter(|&k| series.gap(k).is_some());
        let learnable = || openings.take(min_rows).count() == min_rows;
        let quote = dataset
            .quote
            .and_then(|quote| quote.accepted(&dataset.session, dataset.pick.as_of()))
            .and_then(|quote| plausible(quote, series.last_close(), dataset.sessions_ahead))
            .and_then(|quote| learnable().then_some(quote).ok_or(QuoteAbsent::NoQuote));
        let reference = match quote {
            Ok(quote) => Reference {
                price: quote.price,
                kind: if quote.at == dataset.session.open() {
                    ReferenceKind::Opening
                } else {
                    ReferenceKind::Quote
                },
                at: Some(quote.at),
            },
            Err(_) => Reference {
                price: series.last_close(),
                kind: ReferenceKind::LastClose,
                at: None,
            },
        };
        Self { reference, quote }
    }

    /// The move that is left from here.
    pub(crate) fn target_kind(&self) -> TargetKind {
        match self.quote {
            Ok(_) => TargetKind::FromOpening,
            Err(_) => TargetKind::WholeSession,
        }
    }

    /// The part of the day, by the time at which the price was true.
    pub(crate) fn phase(&self, dataset: &DatasetBuilt) -> Phase {
        Phase::of(self.reference.at, &dataset.session)
    }
}

fn plausible(quote: Quote, last_close: f64, sessions_ahead: u32) -> Result<Quote, QuoteAbsent> {
    let furthest = FURTHEST * scale::horizon(sessions_ahead);
    let near = |price: f64| (price / last_close).ln().abs() <= furthest;
    if near(quote.price) {
        Ok(quote)
    } else {
        Err(QuoteAbsent::Implausible)
    }
}
