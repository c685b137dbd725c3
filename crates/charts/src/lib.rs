//! Every chart as a function from numbers to SVG text.
//!
//! No clock, no I/O, no outside resource. An element has classes, never a `style`, so that a page
//! may forbid inline styles; colours are the style sheet's ([`STYLE_SHEET`]). Text is escaped here
//! and a number that is not finite is drawn as 0, so whatever comes in, well-formed SVG goes out.
//!
//! | chart | what it shows |
//! |---|---|
//! | [`band`] | the sign: thick 80 %, thin 90 %, stroke for the point, diamond for what came |
//! | [`own_scale_band`] | the same, on the scale of the band itself |
//! | [`number_line`] | an interval, its value and the promise |
//! | [`fan`] | closes, earlier bands with what came, and today's band opening towards the close |
//! | [`funnel`] | coverage as outcomes add up, beside what chance allows |
//! | [`zones`] | where the closes fell in the band |
//! | [`news_bars`] | mean headline score and number of articles by session |
//! | [`ring`] | places on the way into a stage, and its state |
//! | [`forest`] | one line a model: relative error with its interval |
//! | [`cumulative`] | error added up against the reference |

mod axis;
mod band;
mod coverage;
mod fan;
mod models;
mod news;
mod ring;
mod svg;
mod text;

pub use band::{Claimed, Place, band, number_line, own_scale_band};
pub use coverage::{funnel, zones};
pub use fan::{Fan, PastBand, fan};
pub use models::{ForestRow, Series, cumulative, forest};
pub use news::{NewsBar, news_bars};
pub use ring::{Glyph, ring};
pub use text::{escape, money, percent};

/// The style sheet that gives the charts' classes their colours, and lays out the pages.
pub const STYLE_SHEET: &str = include_str!("page.css");
