//! All tickers on one scale: how sure the call is, the move so far, the band.

use closecall_charts::{band, percent};
use closecall_protocol::{Direction, Ticker};
use maud::{Markup, html};

use super::context::PageContext;
use super::drawing::{claimed_pct, svg};
use super::layout::{PagePanel, scroll};
use crate::api::entry::ForecastEntry;
use crate::record::TrackRecord;
use crate::text::{change, day, price, time, whole_share};

const SIZE: (f64, f64) = (120.0, 18.0);

pub(crate) fn panel(context: &PageContext<'_>, record: &TrackRecord) -> PagePanel {
    let rows = rows(context, record);
    let reach = reach(&rows);
    let count = rows.len();
    let title = match count {
        10 => "All ten".to_owned(),
        count => format!("All {count}"),
    };
    PagePanel {
        id: "board",
        class: "c5",
        title: html! { (title) },
        about: html! { "in per cent from the close before" },
        json: Some("/api/v1/tickers".to_owned()),
        body: html! {
            (scroll("Table of the newest forecasts", &table(context, &rows, reach)))
            (in_words(context, &rows))
        },
    }
}

/// Every ticker with its newest forecast: sessions under way first, then by how sure the call is.
fn rows(context: &PageContext<'_>, record: &TrackRecord) -> Vec<(Ticker, Option<ForecastEntry>)> {
    let book = record.book();
    let mut rows: Vec<(Ticker, Option<ForecastEntry>)> = context
        .site
        .tickers
        .iter()
        .map(|ticker| {
            let newest = book
                .tickers
                .get(ticker)
                .and_then(|book| book.newest.clone());
            (ticker.clone(), newest)
        })
        .collect();
    drop(book);
    rows.sort_by(|a, b| {
        let key = |row: &Option<ForecastEntry>| {
            row.as_ref().map_or((2, 0.0), |entry| {
                (u8::from(is_over(context, entry)), -sure(entry))
            })
        };
        let (a, b) = (key(&a.1), key(&b.1));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    rows
}

fn sure(entry: &ForecastEntry) -> f64 {
    (entry.probability_up.unwrap_or(0.5) - 0.5).abs()
}

/// Whether the session that it forecasts has closed.
pub(crate) fn is_over(context: &PageContext<'_>, entry: &ForecastEntry) -> bool {
    let session = entry
        .session
        .and_then(|session| context.site.calendar.session(session.date()));
    session.is_some_and(|session| session.close <= context.stages.clock)
}

/// Half of the scale: the widest 90 % band, rounded up.
fn reach(rows: &[(Ticker, Option<ForecastEntry>)]) -> f64 {
    let bands = rows
        .iter()
        .filter_map(|(_, entry)| claimed_pct(entry.as_ref()?));
    let widest = bands.fold(0.0_f64, |far, band| {
        far.max(band.outer.0.abs()).max(band.outer.1.abs())
    });
    [3.0, 6.0, 9.0, 12.0]
        .into_iter()
        .find(|reach| widest <= *reach)
        .unwrap_or(3.0 * (widest / 3.0).ceil())
}

/// The narrowest and the widest of the bands in words, and the meaning of a faded row.
fn in_words(context: &PageContext<'_>, rows: &[(Ticker, Option<ForecastEntry>)]) -> Markup {
    let over = |entry: &ForecastEntry| is_over(context, entry);
    let entries = || {
        rows.iter()
            .filter_map(|(ticker, entry)| Some((ticker, entry.as_ref()?)))
    };
    let mut widths: Vec<(f64, &Ticker)> = entries()
        .filter(|(_, entry)| !over(entry))
        .filter_map(|(ticker, entry)| {
            let band = claimed_pct(entry)?;
            Some((
                (band.point - band.outer.0).max(band.outer.1 - band.point),
                ticker,
            ))
        })
        .collect();
    widths.sort_by(|a, b| a.0.total_cmp(&b.0));
    html! {
        @if widths.is_empty() && entries().next().is_none() {} @else {
            p.say.foot-say {
                @if let (Some(least), Some(most)) = (widths.first(), widths.last()) {
                    "Nine closes in ten should fall within " (percent(least.0, 1, false)) " of the forecast for " (least.1)
                    @if least.1 != most.1 { ", within " (percent(most.0, 1, false)) " for " (most.1) }
                    ". "
                }
                @if entries().any(|(_, entry)| over(entry)) { "Faded: a session that is over; its next pick is to come." }
            }
        }
    }
}

fn table(
    context: &PageContext<'_>,
    rows: &[(Ticker, Option<ForecastEntry>)],
    reach: f64,
) -> Markup {
    html! {
        table.board {
            thead { tr {
                th scope="col" { "Ticker" }
                th scope="col" { "Call" }
                th.r.hide-s scope="col" { "So far" }
                th.g scope="col" { "Band, ±" (percent(reach, 0, false)) }
                th.r scope="col" { "From" }
            } }
            tbody {
                @for (ticker, entry) in rows {
                    @match entry {
                        Some(entry) => (row(context, ticker, entry, reach)),
                        None => tr.old {
                            td { a.tk href={ "/tickers/" (ticker) } { (ticker) } }
                            td colspan="4" { "not picked yet" }
                        },
                    }
                }
            }
        }
    }
}

fn row(context: &PageContext<'_>, ticker: &Ticker, entry: &ForecastEntry, reach: f64) -> Markup {
    let class = if is_over(context, entry) { "old" } else { "" };
    let band_pct = claimed_pct(entry);
    html! {
        tr class=(class) {
            td { a.tk href={ "/tickers/" (ticker) } { (ticker) } }
            td.nw { (call(entry)) }
            td.r.nw.hide-s { (so_far(entry)) }
            td.g {
                @if let Some(claimed) = band_pct {
                    span.vh {
                        "90 %: " (percent(claimed.outer.0, 1, true)) " to " (percent(claimed.outer.1, 1, true))
                    }
                    (svg(band(&claimed, 0.0, None, (-reach, reach), SIZE)))
                }
            }
            td.r.nw { (from(context, entry)) }
        }
    }
}

/// "rise 87 %".
pub(crate) fn call(entry: &ForecastEntry) -> String {
    let up = entry.probability_up.unwrap_or(0.5);
    match entry.direction() {
        Some(Direction::Rise) => format!("rise {}", whole_share(up)),
        Some(Direction::Fall) => format!("fall {}", whole_share(1.0 - up)),
        _ => "same".to_owned(),
    }
}

/// The move from yesterday's close to the price that the forecast starts from.
fn so_far(entry: &ForecastEntry) -> String {
    match (entry.reference, entry.close, entry.reference_at) {
        (Some(reference), Some(close), Some(_)) if close > 0.0 => change(reference / close - 1.0),
        _ => "—".to_owned(),
    }
}

/// "488.95 at 14:01"; before the opening and of a session that is over, which session it is.
fn from(context: &PageContext<'_>, entry: &ForecastEntry) -> String {
    let session = entry
        .session
        .map(|session| day(session.date()))
        .unwrap_or_default();
    match (entry.reference, entry.close, entry.reference_at) {
        _ if is_over(context, entry) => format!("{session}, over"),
        (Some(reference), Some(close), Some(at)) => {
            format!("{} at {}", price(reference, close), time(at))
        }
        (Some(reference), Some(close), None) => {
            format!("{} for {session}", price(reference, close))
        }
        _ => session,
    }
}
