//! Validated building blocks. Each has a constructor that refuses what the protocol does not
//! allow, and deserialising goes through it, so a value that exists is a value that holds.

mod article;
mod bar;
mod dataset_row;
mod news;
mod provenance;
mod quote;
mod session_date;
mod session_times;
mod ticker;

pub use article::Article;
pub(crate) use article::readable;
pub use bar::{Bar, Ohlcv, PriceRange};
pub use dataset_row::{DatasetRow, SessionNews};
pub use news::{ArticleIdentities, NewsScored, NewsSpanSum, NewsSum, NewsSums, TitleScore};
pub use provenance::{Provider, Repair, RepairField, RepairRule, Vintage};
pub use quote::{Quote, QuoteAbsent};
pub use session_date::SessionDate;
pub use session_times::SessionTimes;
pub use ticker::Ticker;

use crate::Error;

/// A finite number in `(0, 1e9]`: what a price can be.
pub(crate) fn price(field: &'static str, value: f64, session: SessionDate) -> Result<f64, Error> {
    within(
        field,
        value,
        session,
        f64::MIN_POSITIVE,
        1e9,
        "a price is above 0 and at most 1e9",
    )
}

pub(crate) fn within(
    field: &'static str,
    value: f64,
    session: SessionDate,
    low: f64,
    high: f64,
    rule: &'static str,
) -> Result<f64, Error> {
    // Also false for NaN.
    if value >= low && value <= high {
        return Ok(value);
    }
    Err(Error::Number {
        field,
        value: value.to_string(),
        session: session.to_string(),
        rule,
    })
}
