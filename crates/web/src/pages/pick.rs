//! One pick: what was said and came, how it came about, and how to make it again.

use chrono::{DateTime, Utc};
use closecall_protocol::{CloseForecast, Direction, PickId};
use maud::{Markup, html};

use super::fan::{Shown, rests_on};
use super::layout::{Panel, at};
use super::{Context, Found, Page, picks, record_page};
use crate::api::dead_letters::DeadLetterEntry;
use crate::api::entry::ForecastEntry;
use crate::api::forecasts::{ForecastDetail, detail};
use crate::problem::Problem;
use crate::query;
use crate::record::Record;
use crate::text::{
    THIN, change, clean, count, day, duration, error, hash_ends, price, ratio, whole_share,
};

/// Digits of a short id.
const SHORT: usize = 8;

/// The page of a pick, or where a short id leads.
pub(crate) fn find(context: &Context<'_>, id: &str) -> Result<Found, Problem> {
    let record = context.need_record()?;
    let digits = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits && (SHORT..32).contains(&id.len()) {
        let digits = id.to_ascii_lowercase();
        let picks = record.read(|reader| reader.picks_beginning(&digits, 20))?;
        return match picks.as_slice() {
            [] => Err(Problem::not_found("No pick begins with these digits.")),
            [one] => Ok(Found::Elsewhere(format!("/picks/{one}"))),
            several => Ok(Found::Page(choice(&digits, several))),
        };
    }
    let pick_id = query::pick_id(id)?;
    let detail = detail(record, pick_id).map_err(|problem| match problem.status() {
        404 => Problem::not_found("No pick has this id."),
        _ => problem,
    })?;
    Ok(Found::Page(page(context, record, detail)))
}

/// Several picks begin so.
fn choice(digits: &str, several: &[PickId]) -> Page {
    let main = html! {
        div.lede {
            h1 { (several.len()) " picks begin with " (digits) "." }
            ul { @for pick in several { li { a href={ "/picks/" (pick) } { code { (pick) } } } } }
        }
    };
    Page {
        status: 300,
        ..Page::new("Which pick?", "", main)
    }
}

fn page(context: &Context<'_>, record: &Record, detail: ForecastDetail) -> Page {
    let heading = heading(&detail.entry);
    let forecast = detail.forecast.clone();
    let shown =
        forecast.map(|forecast| Shown::new(context.site, record, detail.entry.clone(), forecast));
    let news = shown
        .as_ref()
        .and_then(|shown| record_page::news(&shown.forecast, "", (330.0, 200.0)));
    let id = detail.entry.pick_id.to_string();
    let main = html! {
        div.lede {
            p.crumb {
                a href="/" { "Today" } " / "
                @if let Some(ticker) = &detail.entry.ticker { a href={ "/tickers/" (ticker) } { (ticker) } " / " }
                "pick " code { (id.get(..SHORT).unwrap_or(&id)) }
            }
            h1 { (heading) }
        }
        @if let Some(shown) = &shown { div.grid { (said(&id, shown).draw()) } }
        div.grid {
            (Panel {
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
            }
        }
    };
    Page::new(heading, "", main)
}

/// The pick in a sentence.
fn heading(entry: &ForecastEntry) -> String {
    let ticker = entry
        .ticker
        .as_ref()
        .map_or("A pick", |ticker| ticker.as_str());
    let when = entry
        .session
        .map(|session| format!(" on {}", day(session.date())))
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
        return format!("{ticker} {}{when}.", said.replacen("was", "is", 1));
    };
    let came = match score.actual.partial_cmp(&close) {
        Some(std::cmp::Ordering::Greater) => format!("It rose {}", size(score.actual)),
        Some(std::cmp::Ordering::Less) => format!("It fell {}", size(score.actual)),
        _ => "It did not move".to_owned(),
    };
    let words = match fell.words() {
        "outside" => "outside the bands".to_owned(),
        inside => inside.to_string(),
    };
    format!("{ticker} {said}{when}. {came}, {words}.")
}

fn said(id: &str, shown: &Shown) -> Panel {
    Panel {
        id: "fan",
        class: "c12",
        title: html! { "Said and came" },
        about: super::fan::data_up_to(&shown.entry),
        json: Some(format!("/api/v1/forecasts/{id}")),
        body: shown.figure("fan", 1130.0),
    }
}

/// One step of the way.
struct Step {
    at: Option<DateTime<Utc>>,
    /// Milliseconds that it took.
    took: Option<u64>,
    title: &'static str,
    body: Markup,
}

fn steps(detail: &ForecastDetail) -> Markup {
    let mut steps = vec![picked(&detail.entry)];
    match (&detail.forecast, &detail.dead_letter) {
        (Some(forecast), _) => {
            steps.extend([
                gathered(forecast),
                scored_headlines(forecast),
                forecast_step(forecast),
            ]);
            steps.push(recorded(detail));
            steps.push(scored(detail));
        }
        (None, Some(letter)) => steps.push(given_up(letter)),
        (None, None) => steps.push(recorded(detail)),
    }
    html! {
        ol.steps {
            @for step in steps {
                li class=(if step.at.is_none() && step.took.is_none() { "wait" } else { "" }) {
                    p.at {
                        @if let Some(when) = step.at { b { (at(when)) } }
                        @if let Some(took) = step.took { "took " (duration(took as f64 / 1_000.0)) }
                    }
                    span.rail aria-hidden="true" {}
                    div.body { h3 { (step.title) } (step.body) }
                }
            }
        }
    }
}

/// When a stage began on a pick, and how long it took, where that travelled with the forecast.
fn traced(forecast: &CloseForecast, stage: &str) -> (Option<DateTime<Utc>>, Option<u64>) {
    let trace = forecast.trace.as_ref();
    let found = trace.and_then(|trace| trace.iter().find(|step| step.stage == stage));
    (None, found.map(|step| step.took_ms))
}

fn picked(entry: &ForecastEntry) -> Step {
    Step {
        at: entry.as_of,
        took: None,
        title: "Picked",
        body: html! {
            p { "Slot and seed decide the ticker, so a restarted picker would pick the same again." }
            dl.kv {
                dt { "pick" } dd { code { (entry.pick_id) } }
                @if let Some(as_of) = entry.as_of { dt { "data cut at" } dd { (at(as_of)) " ET; nothing later was used" } }
            }
        },
    }
}

fn gathered(forecast: &CloseForecast) -> Step {
    let (began, took) = traced(forecast, "scraper");
    let quote = forecast
        .quote
        .map(|quote| price(quote.price, forecast.last_close));
    Step {
        at: began,
        took,
        title: "Prices and news gathered",
        body: html! {
            dl.kv {
                dt { "prices" }
                dd {
                    (forecast.sessions) " sessions up to " (day(forecast.last_session.date())) ", close " (price(forecast.last_close, forecast.last_close))
                    "; fetched " (crate::text::age(forecast.data_age_s)) " before"
                }
                dt { "price now" }
                dd {
                    @match (&quote, forecast.quote_absent) {
                        (Some(quote), _) => (quote),
                        (None, Some(absent)) => { "none: " (absent) }
                        (None, None) => "none",
                    }
                }
                dt { "news" } dd { (count(i64::try_from(forecast.articles).unwrap_or(0))) " articles in 300 days" }
                @if !forecast.repairs.is_empty() { dt { "repairs" } dd { (forecast.repairs.len()) " numbers were not taken as they came" } }
                @if let Some(provider) = forecast.provider { dt { "provider" } dd { (provider) } }
            }
        },
    }
}

fn scored_headlines(forecast: &CloseForecast) -> Step {
    let (began, took) = traced(forecast, "sentiment");
    Step {
        at: began,
        took,
        title: "Headlines scored",
        body: html! {
            @if let Some(headlines) = forecast.headlines.as_ref().filter(|headlines| !headlines.is_empty()) {
                p { "The most positive and the most negative:" }
                ul.heads {
                    @for headline in headlines {
                        li {
                            span.tm.dim { (at(headline.published_at)) }
                            span.sc { (record_page::signed(headline.score)) }
                            span {
                                bdi { (clean(&headline.title)) }
                                @if let Some(publisher) = &headline.publisher { " " span.dim { bdi { (clean(publisher)) } } }
                            }
                        }
                    }
                }
            }
        },
    }
}

fn forecast_step(forecast: &CloseForecast) -> Step {
    let (began, took) = traced(forecast, "gru-trainer");
    let close = forecast.last_close;
    let model = &forecast.model;
    let spec: Vec<&str> = model.spec.split_inclusive('/').collect();
    Step {
        at: began,
        took,
        title: "Forecast",
        body: html! {
            p {
                @if let Some(asked) = model.asked_change_pct {
                    "The network wanted " (change(asked / 100.0)) "; on its own past it had earned " (whole_share(model.gate)) " of its move."
                } @else {
                    "On its own past the network had earned " (whole_share(model.gate)) " of its move."
                }
                @if let Some(reason) = &model.reason { " " bdi { (clean(reason)) } "." }
            }
            dl.kv {
                dt { "forecast" } dd { (price(forecast.prediction, close)) ", from " (price(forecast.reference_price(), close)) }
                dt { "a rise has" } dd { (whole_share(forecast.probability_up)) " probability" }
                @for interval in &forecast.intervals {
                    dt { (whole_share(interval.level)) " band" } dd { (price(interval.lower, close)) " to " (price(interval.upper, close)) }
                }
                dt { "model" } dd { (clean(&model.name)) ", " (model.rows) " training rows, seed " (model.seed) ", " (clean(&model.path)) }
                dt { "spec" } dd { code { @for (k, part) in spec.iter().enumerate() { @if k > 0 { wbr; } (clean(part)) } } }
            }
        },
    }
}

fn recorded(detail: &ForecastDetail) -> Step {
    let entry = &detail.entry;
    Step {
        at: Some(entry.recorded_at),
        took: None,
        title: "Recorded",
        body: html! {
            p {
                "Row " (detail.ledger.seq) " of the ledger, "
                @if entry.late { "when the close was known already: it is never scored. " }
                @else if entry.foreign { "from the original's trainer: it is never scored. " }
                @else { "before the close: it counts. " }
                code { "closecall ledger verify" } " names any row that was changed since."
            }
            dl.kv { dt { "hash" } dd { code { (hash_ends(&detail.ledger.hash)) } ", after " code { (hash_ends(&detail.ledger.previous)) } } }
        },
    }
}

fn scored(detail: &ForecastDetail) -> Step {
    let entry = &detail.entry;
    let Some((score, by)) = entry.score.zip(detail.scored_by.as_ref()) else {
        let body = if entry.late || entry.foreign {
            "It is never scored."
        } else {
            "The first later forecast of this ticker that knows the close scores it."
        };
        return Step {
            at: None,
            took: None,
            title: "Not scored",
            body: html! { p { (body) } },
        };
    };
    let close = entry.close.unwrap_or(score.actual);
    let by_id = by.pick_id.to_string();
    Step {
        at: Some(by.at),
        took: None,
        title: "Scored",
        body: html! {
            p {
                "It closed at " (price(score.actual, close)) ", " (change(score.actual / close - 1.0)) ": "
                (entry.fell().map_or("", crate::api::entry::Fell::words))
                @match score.hit { Some(true) => ", and the call was right.", Some(false) => ", and the call was wrong.", None => "; there was no call to judge." }
            }
            dl.kv {
                dt { "error" } dd { (error(score.error)) " of the as-of close" }
                dt { "the price it starts from" }
                dd {
                    (error(score.baseline_error))
                    @if score.baseline_error > 0.0 { ", so " (ratio(score.error / score.baseline_error)) " its error" }
                }
                dt { "yesterday's close" } dd { (error(score.last_close_error)) }
                dt { "close known from" } dd { "the history of pick " a href={ "/picks/" (by_id) } { code { (by_id.get(..SHORT).unwrap_or(&by_id)) } } }
            }
        },
    }
}

fn given_up(letter: &DeadLetterEntry) -> Step {
    Step {
        at: Some(letter.at),
        took: None,
        title: "Given up",
        body: html! {
            p { bdi { (clean(&letter.message)) } }
            dl.kv {
                dt { "stage" } dd { (clean(&letter.stage)) }
                dt { "reason" } dd { code { (letter.reason.code()) } }
                dt { "attempts" } dd { (letter.attempts) }
                @if let (Some(topic), Some(partition), Some(offset)) = (&letter.topic, letter.partition, letter.offset) {
                    dt { "record" } dd { (clean(topic)) " [" (partition) "] @ " (offset) }
                }
            }
        },
    }
}

fn in_short(context: &Context<'_>, entry: &ForecastEntry) -> Panel {
    let written = |value: f64| price(value, entry.close.unwrap_or(value));
    Panel {
        id: "short",
        class: "",
        title: html! { "In short" },
        about: html! {},
        json: None,
        body: html! {
            dl.duo {
                @if let Some(prediction) = entry.prediction { div { dt { "Said" } dd.bignum { (written(prediction)) } } }
                @if let Some(score) = entry.score { div { dt { "Came" } dd.bignum { (written(score.actual)) } } }
            }
            p.say { (picks::outcome(context, entry)) }
            @if entry.prediction.is_some() { p.say { (rests_on(entry)) "." } }
        },
    }
}

fn again(forecast: &CloseForecast) -> Panel {
    let as_of = forecast
        .as_of
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Panel {
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
