//! One ticker: its fan, its news, its record, its picks.

use std::sync::Arc;

use closecall_protocol::Ticker;
use maud::{Markup, html};

use super::context::PageContext;
use super::fan::{NOT_KNOWN, ShownForecast, call, data_up_to, rests_on};
use super::html_page::HtmlPage;
use super::layout::{PagePanel, scroll};
use super::{picks, record_page, verdict};
use crate::api::entry::ForecastEntry;
use crate::api::score::ScoreView;
use crate::api::tickers::newest_forecast;
use crate::problem::Problem;
use crate::query::{self, Query};
use crate::record::TrackRecord;
use crate::record::fault::LedgerFault;
use crate::text::{THIN, counted, dated, price, ratio, share, whole_share};

/// Picks of a page.
const PICKS: u32 = 25;

pub(crate) fn page(
    context: &PageContext<'_>,
    ticker: &str,
    query: &Query,
) -> Result<HtmlPage, Problem> {
    let ticker = query::ticker(ticker)?;
    let record = context.need_record()?;
    let before = query.number("before", 1..=i64::MAX)?;
    let newest = record
        .book()
        .tickers
        .get(&ticker)
        .and_then(|book| book.newest.clone());
    let known =
        context.site.tickers.contains(&ticker) || record.book().tickers.contains_key(&ticker);
    if !known {
        return Err(unknown(context, &ticker));
    }
    let forecast = newest_forecast(record, newest.as_ref())?;
    let news = forecast
        .as_ref()
        .and_then(|forecast| record_page::news(forecast, "c7", (620.0, 218.0)));
    let shown = newest
        .zip(forecast)
        .map(|(entry, forecast)| ShownForecast::new(context, record, entry, forecast));
    let score = match record.fault() {
        Some(fault) => Err(fault),
        None => Ok(record.score_of(&ticker)),
    };
    let main = html! {
        div.lede {
            p.crumb { a href="/" { "Today" } " / " (ticker) }
            (lede(context, &ticker, shown.as_ref()))
        }
        @if let Some(shown) = &shown {
            div.grid { (fan(context, &ticker, shown).draw()) }
            div.grid {
                @if let Some(news) = news { (news.draw()) }
                (scores(&ticker, &score).draw())
            }
            @if let Some(score) = score.ok().filter(|score| score.outcomes > 0) {
                div.grid {
                    (PagePanel {
                        id: "phases",
                        class: "c12",
                        title: html! { "By the part of the day" },
                        about: html! { (counted(score.outcomes as u64, "outcome")) },
                        json: Some(format!("/api/v1/score?ticker={ticker}")),
                        body: scroll("Table of the parts of the day", &verdict::phases(&score.phases)),
                    }.draw())
                }
            }
        }
        div.grid { (its_picks(context, record, &ticker, before)?.draw()) }
        div.grid { (others(context, &ticker).draw()) }
    };
    Ok(HtmlPage::new(
        format!("{ticker}: forecast and record"),
        "/",
        main,
    ))
}

fn unknown(context: &PageContext<'_>, ticker: &Ticker) -> Problem {
    let known: Vec<&str> = context.site.tickers.iter().map(Ticker::as_str).collect();
    let mut problem = Problem::not_found(format!("No pick of {ticker} yet."));
    problem.detail = Some(format!("Picked from: {}", known.join(", ")).into());
    problem
}

fn lede(context: &PageContext<'_>, ticker: &Ticker, shown: Option<&ShownForecast>) -> Markup {
    let bands =
        shown.and_then(|shown| Some((shown, shown.entry.band(0.8)?, shown.entry.band(0.9)?)));
    let Some((shown, inner, outer)) = bands else {
        return html! { h1 { "No pick of " (ticker) " yet." } };
    };
    let close = shown.forecast.last_close;
    let written = |value: f64| price(value, close);
    let when = dated(shown.forecast.target.date(), context.stages.clock);
    let came = shown.entry.score.map(|score| written(score.actual));
    html! {
        h1 {
            @match came {
                Some(came) => { (ticker) " closed at " (came) " on " (when) "; said was " (written(inner.0)) " to " (written(inner.1)) "." }
                None if shown.over => { (ticker) " was to close between " (written(inner.0)) " and " (written(inner.1)) " on " (when) "; " (NOT_KNOWN) "." }
                None => { (ticker) " should close between " (written(inner.0)) " and " (written(inner.1)) " on " (when) "." }
            }
        }
        p {
            @if shown.over {
                "That was to hold four times in five, " (written(outer.0)) " to " (written(outer.1)) " nine times in ten. The forecast itself was "
            } @else {
                "That holds four times in five; nine times in ten it is " (written(outer.0)) " to " (written(outer.1)) ". The forecast itself is "
            }
            (written(shown.forecast.prediction)) ", " (call(&shown.entry)) ". " (rests_on(&shown.entry)) "."
        }
    }
}

fn fan(context: &PageContext<'_>, ticker: &Ticker, shown: &ShownForecast) -> PagePanel {
    PagePanel {
        id: "fan",
        class: "c12",
        title: html! { (ticker) },
        about: html! { "last " (shown.forecast.history.len()) " closes, in US dollars; " (data_up_to(context, &shown.entry)) },
        json: Some(format!("/api/v1/tickers/{ticker}")),
        body: shown.figure("fan", 1130.0),
    }
}

fn scores(ticker: &Ticker, score: &Result<Arc<ScoreView>, LedgerFault>) -> PagePanel {
    PagePanel {
        id: "score",
        class: "c5",
        title: html! { "Its record" },
        about: html! { @if let Ok(score) = score { (counted(score.forecasts, "forecast")) } },
        json: Some(format!("/api/v1/score?ticker={ticker}")),
        body: match score {
            Err(fault) => verdict::no_scores(fault),
            Ok(score) if score.outcomes == 0 => {
                html! { p.empty { b { "No close has come yet." } } }
            }
            Ok(score) => figures(score),
        },
    }
}

fn figures(score: &ScoreView) -> Markup {
    html! {
        dl.claims {
            @if let Some(relative) = score.relative_mae {
                div { dt { "Error (the price it starts from is 1)" } dd.v { (ratio(relative.value)) small { "of " (counted(score.outcomes as u64, "outcome")) } } }
            }
            @for band in score.coverage.iter().rev() {
                div {
                    dt { "Closes inside the " (whole_share(band.level)) " band" }
                    dd.v { (share(band.value)) small { (band.inside) " of " (band.outcomes) } }
                }
            }
            @if let Some(width) = score.width_90 {
                div { dt { "Mean width of the 90" (THIN) "% band" } dd.v { (share(width)) } }
            }
        }
    }
}

/// The way to the other tickers.
fn others(context: &PageContext<'_>, ticker: &Ticker) -> PagePanel {
    let others = context.site.tickers.iter().filter(|other| *other != ticker);
    PagePanel {
        id: "others",
        class: "c12",
        title: html! { "Others" },
        about: html! {},
        json: Some("/api/v1/tickers".to_owned()),
        body: html! {
            ul.key { @for other in others { li { a.tk href={ "/tickers/" (other) } { (other) } } } }
        },
    }
}

fn its_picks(
    context: &PageContext<'_>,
    record: &TrackRecord,
    ticker: &Ticker,
    before: Option<i64>,
) -> Result<PagePanel, Problem> {
    let before = before.unwrap_or_else(|| record.book().rows + 1);
    let found = record.read(|reader| reader.newest_of(ticker, Some(before), PICKS))?;
    let entries: Vec<ForecastEntry> = found.iter().map(ForecastEntry::of).collect();
    let last = entries
        .last()
        .filter(|_| entries.len() == PICKS as usize)
        .map(|entry| entry.seq);
    Ok(PagePanel {
        id: "picks",
        class: "c12",
        title: html! { "Its picks" },
        about: html! { "the newest first; drawn so that every 90" (THIN) "% band is equally long" },
        json: Some(format!("/api/v1/forecasts?ticker={ticker}")),
        body: html! {
            @if entries.is_empty() { p.empty { b { "None yet." } } } @else {
                (scroll("Table of its picks", &picks::table(context, &entries, Some(ticker))))
                @if let Some(last) = last { p.key { a href={ "/tickers/" (ticker) "?before=" (last) } { "Earlier picks" } } }
            }
        },
    })
}
