//! The first page: the verdict, the newest forecast, all tickers, the pipeline, the record.

use maud::html;

use super::context::PageContext;
use super::fan::{ShownForecast, data_up_to};
use super::html_page::HtmlPage;
use super::layout::PagePanel;
use super::verdict::verdict_of;
use super::{board, dead_letters, picks, pipeline, record_page, vendors, verdict};
use crate::api::tickers::newest_forecast;
use crate::api::verdict::VerdictKind;
use crate::problem::Problem;
use crate::record::TrackRecord;
use crate::record::fault::LedgerFault;

pub(crate) fn page(context: &PageContext<'_>) -> Result<HtmlPage, Problem> {
    let Some(record) = context.record() else {
        return Ok(without_ledger(context));
    };
    let judged = verdict_of(record);
    if let Some(LedgerFault::Unreadable(_)) = record.fault() {
        let main = html! {
            (verdict::draw(context, record))
            div.grid { (pipeline::panel(context).draw()) }
        };
        return Ok(HtmlPage::new(
            format!("closecall: {}", judged.heading),
            "/",
            main,
        ));
    }
    let newest = record.book().newest().cloned();
    let forecast = newest_forecast(record, newest.as_ref())?;
    let news = forecast
        .as_ref()
        .and_then(|forecast| record_page::news(forecast, "c4", (360.0, 218.0)));
    let fan = newest
        .zip(forecast)
        .map(|(entry, forecast)| fan(context, record, entry, forecast));
    let score = record.score();
    let scores = judged.kind != VerdictKind::Broken;
    let phases = scores && score.outcomes > 0;
    let main = html! {
        (verdict::draw(context, record))
        div.grid { (fan.unwrap_or_else(nothing).draw()) (board::panel(context, record).draw()) }
        div.grid { (pipeline::panel(context).draw()) }
        @if phases { div.grid { (record_page::phases(&score).draw()) } }
        div.grid {
            @if scores {
                (record_page::bands(&score, "c4", (360.0, 218.0)).draw())
                (record_page::fell(&score, "c4").draw())
            }
            @if let Some(news) = news { (news.draw()) }
        }
        div.grid {
            (picks::panel(context, record)?.draw())
            div.c4.side {
                (dead_letters::panel(record)?.draw())
                @if !context.stages.vendors.is_empty() { (vendors::panel(&context.stages, "").draw()) }
            }
        }
    };
    let bands = if judged.bands.is_empty() {
        String::new()
    } else {
        format!(" {}", judged.bands)
    };
    Ok(HtmlPage::new(
        format!("closecall: {}{bands}", judged.heading),
        "/",
        main,
    ))
}

fn fan(
    context: &PageContext<'_>,
    record: &TrackRecord,
    entry: crate::api::entry::ForecastEntry,
    forecast: closecall_protocol::CloseForecast,
) -> PagePanel {
    let ticker = forecast.ticker.clone();
    let shown = ShownForecast::new(context.site, record, entry, forecast);
    PagePanel {
        id: "fan",
        class: "c7",
        title: html! { a.tk href={ "/tickers/" (ticker) } { (ticker) } },
        about: html! { "newest forecast, " (data_up_to(&shown.entry)) },
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
