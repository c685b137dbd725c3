//! Picks as a table: what was said, what came.

use closecall_charts::own_scale_band;
use closecall_protocol::Ticker;
use maud::{Markup, html};

use super::board::{call, is_over};
use super::context::PageContext;
use super::drawing::{claimed, svg};
use super::html_page::HtmlPage;
use super::layout::{PagePanel, at, scroll};
use crate::api::entry::{EntryState, Fell, ForecastEntry};
use crate::problem::Problem;
use crate::query::Query;
use crate::record::TrackRecord;
use crate::text::{counted, day, error, price, ratio};

const SIZE: (f64, f64) = (120.0, 20.0);

/// Rows of the page of all picks.
const ROWS: u32 = 50;

/// The newest picks.
pub(crate) fn panel(context: &PageContext<'_>, record: &TrackRecord) -> Result<PagePanel, Problem> {
    let rows = record.book().rows;
    let found = record.read(|reader| reader.newest(Some(rows + 1), 10))?;
    let entries: Vec<ForecastEntry> = found.iter().map(ForecastEntry::of).collect();
    let body = html! {
        @if entries.is_empty() {
            p.empty { b { "None yet." } "Each pick stands here as soon as it is forecast." }
        } @else {
            (scroll("Table of recent picks", &table(context, &entries, None)))
            p.key { a href="/picks" { "All picks" } }
        }
    };
    Ok(PagePanel {
        id: "picks",
        class: "c8",
        title: html! { "Recent picks" },
        about: html! { "drawn so that every 90 % band is equally long" },
        json: Some("/api/v1/forecasts?limit=10".to_owned()),
        body,
    })
}

/// The `/picks` page: all of them, the newest first.
pub(crate) fn page(context: &PageContext<'_>, query: &Query) -> Result<HtmlPage, Problem> {
    let record = context.need_record()?;
    let before = query.number("before", 1..=i64::MAX)?;
    let before = before.unwrap_or_else(|| record.book().rows + 1);
    let found = record.read(|reader| reader.newest(Some(before), ROWS))?;
    let entries: Vec<ForecastEntry> = found.iter().map(ForecastEntry::of).collect();
    let (forecasts, letters) = {
        let book = record.book();
        (book.forecasts, book.dead.len() as u64)
    };
    let last = entries
        .last()
        .filter(|_| entries.len() == ROWS as usize)
        .map(|entry| entry.seq);
    let panel = PagePanel {
        id: "picks",
        class: "c12",
        title: html! { "By time, the newest first" },
        about: html! { "drawn so that every 90 % band is equally long" },
        json: Some("/api/v1/forecasts".to_owned()),
        body: html! {
            @if entries.is_empty() { p.empty { b { "None yet." } } } @else {
                (scroll("Table of picks", &table(context, &entries, None)))
                @if let Some(last) = last { p.key { a href={ "/picks?before=" (last) } { "Earlier picks" } } }
            }
        },
    };
    let main = html! {
        div.lede {
            p.crumb { a href="/" { "Today" } " / picks" }
            h1 { (counted(forecasts, "forecast")) ", " (counted(letters, "dead letter")) "." }
            p { "How good the forecasts are is on " a href="/record" { "the page of the record" } "." }
        }
        div.grid { (panel.draw()) }
    };
    Ok(HtmlPage::new("Picks", "", main))
}

/// A table of picks. Those of one ticker have the close that came in its place.
pub(crate) fn table(
    context: &PageContext<'_>,
    entries: &[ForecastEntry],
    of: Option<&Ticker>,
) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Picked" }
                @if of.is_none() { th scope="col" { "Ticker" } }
                th.hide-s scope="col" { "Session" }
                th.hide-s scope="col" { "Call" }
                th.hide-s.r scope="col" { "Forecast" }
                @if of.is_some() { th.r scope="col" { "Came" } }
                th scope="col" { "Said and came" }
                th.r.hide-s scope="col" { "Error" }
                th.r.hide-s scope="col" { "Of the price's" }
                th scope="col" { "Outcome" }
            } }
            tbody { @for entry in entries { (row(context, entry, of)) } }
        }
    }
}

fn row(context: &PageContext<'_>, entry: &ForecastEntry, of: Option<&Ticker>) -> Markup {
    let id = entry.pick_id.to_string();
    let actual = entry.score.map(|score| score.actual);
    html! {
        tr {
            td.nw { a href={ "/picks/" (id.get(..8).unwrap_or(&id)) } { (at(entry.as_of.unwrap_or(entry.recorded_at))) } }
            @if of.is_none() {
                td { @if let Some(ticker) = &entry.ticker { a.tk href={ "/tickers/" (ticker) } { (ticker) } } @else { "?" } }
            }
            td.nw.hide-s { @if let Some(session) = entry.session { (day(session.date())) } }
            td.nw.hide-s { @if entry.prediction.is_some() && !entry.foreign { (call(entry)) } }
            td.hide-s.r { (written(entry, entry.prediction)) }
            @if of.is_some() { td.r { (written(entry, actual)) } }
            td.own { @if let Some(claimed) = claimed(entry) { (svg(own_scale_band(&claimed, actual, SIZE))) } }
            td.r.hide-s.nw { (entry.score.map_or_else(|| "—".to_owned(), |score| error(score.error))) }
            td.r.hide-s.nw {
                @match entry.score.filter(|score| score.baseline_error > 0.0) {
                    Some(score) => (ratio(score.error / score.baseline_error)),
                    None => "—",
                }
            }
            td { (outcome(context, entry)) }
        }
    }
}

fn written(entry: &ForecastEntry, value: Option<f64>) -> String {
    value.map_or_else(
        || "—".to_owned(),
        |value| price(value, entry.close.unwrap_or(value)),
    )
}

/// End of a pick, or what it waits for.
pub(crate) fn outcome(context: &PageContext<'_>, entry: &ForecastEntry) -> Markup {
    let plain = |words: &str| html! { span.tag.in { (words) } };
    if entry.state == EntryState::DeadLetter {
        let reason = entry.reason.map(|reason| reason.code()).unwrap_or_default();
        return html! { span.tag.warn { "dead letter: " (reason) } };
    }
    match entry.fell() {
        Some(Fell::Outside) => html! { span.tag.miss { "outside" } },
        Some(fell) => plain(fell.words()),
        None if entry.late => html! { span.tag { "too late, not scored" } },
        None if entry.foreign => html! { span.tag { "foreign, not scored" } },
        None if is_over(context, entry) => html! { span.tag.in.dim { "close not seen yet" } },
        None => html! { span.tag.in.dim { "waits for the close" } },
    }
}
