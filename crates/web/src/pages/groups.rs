//! Outcomes by ticker and by how wide the bands were, of the record and of a report alike.

use maud::{Markup, html};

use super::layout::scroll;
use crate::text::{THIN, count, ratio, share, whole_share};

/// One ticker.
pub(crate) struct TickerRow {
    /// Its name, as a link where it has a page.
    pub(crate) name: Markup,
    pub(crate) outcomes: usize,
    /// Error over that of the price.
    pub(crate) error: Option<f64>,
    /// Share of closes inside the 90 % band.
    pub(crate) inside_90: Option<f64>,
    /// Mean width of that band, as a share of the last close.
    pub(crate) width: Option<f64>,
}

/// A table of the tickers.
pub(crate) fn by_ticker(rows: &[TickerRow]) -> Markup {
    let or_dash =
        |value: Option<f64>, text: fn(f64) -> String| value.map_or_else(|| "—".to_owned(), text);
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "Ticker" }
                th.r scope="col" { "Outcomes" }
                th.r scope="col" { "Error, of the price" }
                th.r scope="col" { "In 90" (THIN) "%" }
                th.r scope="col" { "Width" }
            } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { (row.name) }
                        td.r { (count(i64::try_from(row.outcomes).unwrap_or(0))) }
                        td.r.nw { (or_dash(row.error, ratio)) }
                        td.r.nw { (or_dash(row.inside_90, share)) }
                        td.r.nw { (or_dash(row.width, share)) }
                    }
                }
            }
        }
    };
    scroll("Table of the tickers", &table)
}

/// A third of the outcomes by the width of their 90 % bands.
pub(crate) struct WidthThird {
    /// Mean width, where it is known.
    pub(crate) width: Option<f64>,
    pub(crate) inside: usize,
    pub(crate) outcomes: usize,
}

/// The narrow, the middle and the wide third, in this order.
pub(crate) fn by_width(thirds: impl Iterator<Item = WidthThird>) -> Markup {
    const NAMES: [&str; 3] = [
        "Calm third (narrow bands)",
        "Middle third",
        "Stormy third (wide bands)",
    ];
    html! {
        dl.claims.gap {
            @for (name, third) in NAMES.iter().zip(thirds) {
                div {
                    dt { (name) @if let Some(width) = third.width { ", " (share(width)) } }
                    dd.v {
                        (whole_share(third.inside as f64 / third.outcomes.max(1) as f64))
                        small { "of " (count(i64::try_from(third.outcomes).unwrap_or(0))) }
                    }
                }
            }
        }
    }
}
