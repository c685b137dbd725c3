//! One pick: what was said and came, how it came about, and how to make it again.

mod short_id;
mod steps;

use closecall_protocol::{CloseForecast, Direction, PickId};
use maud::html;

use self::short_id::{DIGITS, short};
use self::steps::steps;
use super::board::is_over;
use super::context::PageContext;
use super::fan::{NOT_KNOWN, ShownForecast, data_up_to, rests_on};
use super::html_page::{HtmlPage, PageTarget};
use super::layout::PagePanel;
use super::{picks, record_page};
use crate::api::entry::{Fell, ForecastEntry};
use crate::api::forecasts::{ForecastDetail, detail};
use crate::problem::Problem;
use crate::query;
use crate::record::TrackRecord;
use crate::text::{THIN, change, dated, price};

/// The page of a pick, or where a short id leads.
pub(crate) fn find(context: &PageContext<'_>, id: &str) -> Result<PageTarget, Problem> {
    let record = context.need_record()?;
    let digits = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits && (DIGITS..32).contains(&id.len()) {
        let digits = id.to_ascii_lowercase();
        let picks = record.read(|reader| reader.picks_beginning(&digits, 20))?;
        return match picks.as_slice() {
            [] => Err(Problem::not_found("No pick begins with these digits.")),
            [one] => Ok(PageTarget::Elsewhere(format!("/picks/{one}"))),
            several => Ok(PageTarget::Here(choice(&digits, several))),
        };
    }
    let pick_id = query::pick_id(id)?;
    let detail = detail(record, pick_id).map_err(|problem| match problem.status() {
        404 => Problem::not_found("No pick has this id."),
        _ => problem,
    })?;
    Ok(PageTarget::Here(page(context, record, detail)?))
}

/// Several picks begin so.
fn choice(digits: &str, several: &[PickId]) -> HtmlPage {
    let main = html! {
        div.lede {
            h1 { (several.len()) " picks begin with " (digits) "." }
            ul { @for pick in several { li { a href={ "/picks/" (pick) } { code { (pick) } } } } }
        }
    };
    HtmlPage {
        status: 300,
        ..HtmlPage::new("Which pick?", "", main)
    }
}

fn page(
    context: &PageContext<'_>,
    record: &TrackRecord,
    detail: ForecastDetail,
) -> Result<HtmlPage, Problem> {
    let heading = heading(context, &detail.entry);
    let forecast = detail.forecast.clone();
    let shown = forecast
        .map(|forecast| ShownForecast::new(context, record, detail.entry.clone(), forecast));
    let news = shown
        .as_ref()
        .and_then(|shown| record_page::news(&shown.forecast, "", (330.0, 200.0)));
    let id = detail.entry.pick_id.to_string();
    let main = html! {
        div.lede {
            p.crumb {
                a href="/" { "Today" } " / "
                @if let Some(ticker) = &detail.entry.ticker { a href={ "/tickers/" (ticker) } { (ticker) } " / " }
                "pick " code { (short(&id)) }
            }
            h1 { (heading) }
        }
        @if let Some(shown) = &shown { div.grid { (said(context, &id, shown).draw()) } }
        div.grid {
            (PagePanel {
                id: "steps",
                class: "c8",
                title: html! { "How it came about" },
                about: html! {},
                json: Some(format!("/api/v1/forecasts/{id}")),
                body: steps(&detail),
            }.draw())
            div.c4.side {
                (in_short(context, &detail.entry).draw())
                @if let Some(news) = news { (news.draw()) }
                @if let Some(forecast) = &detail.forecast { (again(forecast).draw()) }
                @if let Some(beside) = beside(record, &detail.entry)? { (beside.draw()) }
            }
        }
    };
    Ok(HtmlPage::new(heading, "", main))
}

/// The pick in a sentence.
fn heading(context: &PageContext<'_>, entry: &ForecastEntry) -> String {
    let ticker = entry
        .ticker
        .as_ref()
        .map_or("A pick", |ticker| ticker.as_str());
    let when = entry
        .session
        .map(|session| format!(" on {}", dated(session.date(), context.stages.clock)))
        .unwrap_or_default();
    let (Some(close), Some(prediction)) = (entry.close, entry.prediction) else {
        let reason = entry.reason.map(|reason| reason.code()).unwrap_or_default();
        return format!("{ticker} was not forecast: {reason}.");
    };
    let size = |price: f64| change((price / close - 1.0).abs()).replace('+', "");
    let said = match entry.direction() {
        Some(Direction::Rise) => format!("was to rise {}", size(prediction)),
        Some(Direction::Fall) => format!("was to fall {}", size(prediction)),
        _ => "was to stay".to_owned(),
    };
    let Some((score, fell)) = entry.score.zip(entry.fell()) else {
        if !is_over(context, entry) {
            return format!("{ticker} {}{when}.", said.replacen("was", "is", 1));
        }
        let scored = !entry.late && !entry.foreign;
        let end = if scored {
            format!("; {NOT_KNOWN}")
        } else {
            String::new()
        };
        return format!("{ticker} {said}{when}{end}.");
    };
    let came = match score.actual.partial_cmp(&close) {
        Some(std::cmp::Ordering::Greater) => format!("It rose {}", size(score.actual)),
        Some(std::cmp::Ordering::Less) => format!("It fell {}", size(score.actual)),
        _ => "It did not move".to_owned(),
    };
    let words = match fell {
        Fell::Outside => "outside the bands".to_owned(),
        fell => format!("{} band", fell.words().replacen("inside", "inside the", 1)),
    };
    format!("{ticker} {said}{when}. {came}, {words}.")
}

fn said(context: &PageContext<'_>, id: &str, shown: &ShownForecast) -> PagePanel {
    PagePanel {
        id: "fan",
        class: "c12",
        title: html! { "Said and came" },
        about: data_up_to(context, &shown.entry),
        json: Some(format!("/api/v1/forecasts/{id}")),
        body: shown.figure("fan", 1130.0),
    }
}

fn in_short(context: &PageContext<'_>, entry: &ForecastEntry) -> PagePanel {
    let written = |value: f64| price(value, entry.close.unwrap_or(value));
    PagePanel {
        id: "short",
        class: "",
        title: html! { "In short" },
        about: html! {},
        json: None,
        body: html! {
            dl.duo.d1 {
                @if let Some(prediction) = entry.prediction { div { dt { "Said" } dd.bignum { (written(prediction)) } } }
                @if let Some(score) = entry.score { div { dt { "Came" } dd.bignum { (written(score.actual)) } } }
            }
            p.say { (picks::outcome(context, entry)) }
            @if entry.prediction.is_some() { p.say { (rests_on(entry)) "." } }
        },
    }
}

/// The way to the picks of the same ticker before and after.
fn beside(record: &TrackRecord, entry: &ForecastEntry) -> Result<Option<PagePanel>, Problem> {
    let Some(ticker) = &entry.ticker else {
        return Ok(None);
    };
    let (earlier, later) = record.read(|reader| {
        let earlier = reader.newest_of(ticker, Some(entry.seq), 1)?.pop();
        Ok((earlier, reader.next_of(ticker, entry.seq)?))
    })?;
    if earlier.is_none() && later.is_none() {
        return Ok(None);
    }
    Ok(Some(PagePanel {
        id: "beside",
        class: "",
        title: html! { "Beside it" },
        about: html! {},
        json: Some(format!("/api/v1/forecasts?ticker={ticker}")),
        body: html! {
            ul.key {
                @for (word, other) in [("Earlier", earlier), ("Later", later)] {
                    @if let Some(other) = other { li { a href={ "/picks/" (other.pick_id) } { (word) " pick of " (ticker) } } }
                }
            }
        },
    }))
}

fn again(forecast: &CloseForecast) -> PagePanel {
    let as_of = forecast
        .as_of
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    PagePanel {
        id: "again",
        class: "",
        title: html! { "Make it again" },
        about: html! {},
        json: None,
        body: html! {
            p.say { "A forecast is a pure function of its data, settings and seed. Where this market is at hand, this gives the same numbers" (THIN) ":" }
            p.key { code { "closecall predict " (forecast.ticker) " --as-of " (as_of) } }
        },
    }
}
