//! The first page: the verdict, the newest forecast, all tickers, the pipeline, the record.

use maud::html;

use super::context::PageContext;
use super::fan::{ShownForecast, data_up_to};
use super::html_page::HtmlPage;
use super::layout::PagePanel;
use super::verdict::Standing;
use super::{board, dead_letters, picks, pipeline, record_page, vendors, verdict};
use crate::api::answer::has_been_read;
use crate::api::tickers::newest_forecast;
use crate::problem::Problem;
use crate::record::TrackRecord;

pub(crate) fn page(context: &PageContext<'_>) -> Result<HtmlPage, Problem> {
    let Some(record) = context.record() else {
        return Ok(without_ledger(context));
    };
    let standing = Standing::of(record);
    let (heading, bands) = standing.heading();
    let title = format!("closecall: {heading} {bands}");
    let title = title.trim_end();
    if !has_been_read(record) {
        let main = html! {
            (verdict::draw(context, &standing))
            div.grid { (pipeline::panel(context).draw()) }
        };
        return Ok(HtmlPage::new(title, "/", main));
    }
    let score = standing.score();
    let newest = record.book().newest().cloned();
    let forecast = newest_forecast(record, newest.as_ref())?;
    // Without scores beside it, it has the row to itself.
    let (class, size) = match score {
        Some(_) => ("c4", (360.0, 218.0)),
        None => ("c12", (1130.0, 218.0)),
    };
    let news = forecast
        .as_ref()
        .and_then(|forecast| record_page::news(forecast, class, size));
    let fan = newest
        .zip(forecast)
        .map(|(entry, forecast)| fan(context, record, entry, forecast));
    let main = html! {
        (verdict::draw(context, &standing))
        div.grid { (fan.unwrap_or_else(nothing).draw()) (board::panel(context, record).draw()) }
        div.grid { (pipeline::panel(context).draw()) }
        @if let Some(score) = score.filter(|score| score.outcomes > 0) {
            div.grid { (record_page::phases(score).draw()) }
        }
        @if score.is_some() || news.is_some() {
            div.grid {
                @if let Some(score) = score {
                    (record_page::bands(score, "c4", size).draw())
                    (record_page::fell(score, "c4").draw())
                }
                @if let Some(news) = news { (news.draw()) }
            }
        }
        div.grid {
            (picks::panel(context, record)?.draw())
            div.c4.side {
                (dead_letters::panel(record)?.draw())
                @if !context.stages.vendors.is_empty() { (vendors::panel(&context.stages, "").draw()) }
            }
        }
    };
    Ok(HtmlPage::new(title, "/", main))
}

fn fan(
    context: &PageContext<'_>,
    record: &TrackRecord,
    entry: crate::api::entry::ForecastEntry,
    forecast: closecall_protocol::CloseForecast,
) -> PagePanel {
    let ticker = forecast.ticker.clone();
    let shown = ShownForecast::new(context, record, entry, forecast);
    PagePanel {
        id: "fan",
        class: "c7",
        title: html! { a.tk href={ "/tickers/" (ticker) } { (ticker) } },
        about: html! { "newest forecast, " (data_up_to(context, &shown.entry)) },
        json: Some("/api/v1/forecasts?limit=1".to_owned()),
        body: html! { (shown.sentence()) (shown.figure("fan", 660.0)) },
    }
}

fn nothing() -> PagePanel {
    PagePanel {
        id: "fan",
        class: "c7",
        title: html! { "Newest forecast" },
        about: html! {},
        json: Some("/api/v1/forecasts?limit=1".to_owned()),
        body: html! { p.empty { b { "None yet." } "It is drawn here over the closes before it." } },
    }
}

/// A role that keeps no record: what it is, and where to look.
fn without_ledger(context: &PageContext<'_>) -> HtmlPage {
    let role = &context.site.about.role;
    let main = html! {
        div.lede {
            h1 { "This process runs the " (role) "." }
            p {
                "Its stages are on " a href="/pipeline" { "the page of the pipeline" }
                "; forecasts and the record are kept by the reporter."
            }
        }
        div.grid { (pipeline::panel(context).draw()) }
    };
    HtmlPage::new(format!("closecall: {role}"), "/", main)
}
