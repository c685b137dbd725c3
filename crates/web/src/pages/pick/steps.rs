//! History of a pick, step by step.

use chrono::{DateTime, Utc};
use closecall_protocol::CloseForecast;
use maud::{Markup, html};

use super::short_id::short;
use crate::api::dead_letters::DeadLetterEntry;
use crate::api::entry::{Fell, ForecastEntry};
use crate::api::forecasts::ForecastDetail;
use crate::pages::layout::at;
use crate::pages::record_page;
use crate::text::{
    change, clean, count, day, duration, error, hash_ends, price, ratio, whole_share,
};

/// One step of the way.
struct Step {
    at: Option<DateTime<Utc>>,
    /// Milliseconds that it took.
    took: Option<u64>,
    title: &'static str,
    body: Markup,
    /// It has not happened, and may never.
    waits: bool,
}

pub(super) fn steps(detail: &ForecastDetail) -> Markup {
    let mut steps = vec![picked(&detail.entry)];
    match (&detail.forecast, &detail.dead_letter) {
        (Some(forecast), _) => {
            steps.push(gathered(forecast));
            steps.extend(scored_headlines(forecast));
            steps.push(forecast_step(forecast));
            steps.push(recorded(detail));
            steps.push(scored(detail));
        }
        (None, Some(letter)) => steps.push(given_up(letter)),
        (None, None) => steps.push(recorded(detail)),
    }
    html! {
        ol.steps {
            @for step in steps {
                li class=(if step.waits { "wait" } else { "" }) {
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

/// Time that a stage worked on the pick, where that travelled with the forecast.
fn traced(forecast: &CloseForecast, stage: &str) -> Option<u64> {
    let trace = forecast.trace.as_ref()?;
    let found = trace.iter().find(|step| step.stage == stage);
    found.map(|step| step.took_ms)
}

fn picked(entry: &ForecastEntry) -> Step {
    Step {
        at: entry.as_of,
        took: None,
        title: "Picked",
        waits: false,
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
    let took = traced(forecast, "scraper");
    let quote = forecast
        .quote
        .map(|quote| price(quote.price, forecast.last_close));
    Step {
        at: None,
        took,
        title: "Prices and news gathered",
        waits: false,
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

/// Nothing where neither headlines nor a trace travelled with the forecast.
fn scored_headlines(forecast: &CloseForecast) -> Option<Step> {
    let took = traced(forecast, "sentiment");
    let headlines = forecast.headlines.as_deref().unwrap_or_default();
    if took.is_none() && headlines.is_empty() {
        return None;
    }
    Some(Step {
        at: None,
        took,
        title: "Headlines scored",
        waits: false,
        body: html! {
            @if !headlines.is_empty() {
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
    })
}

fn forecast_step(forecast: &CloseForecast) -> Step {
    let took = traced(forecast, "gru-trainer");
    let close = forecast.last_close;
    let model = &forecast.model;
    let spec: Vec<&str> = model.spec.split_inclusive('/').collect();
    Step {
        at: None,
        took,
        title: "Forecast",
        waits: false,
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
        waits: false,
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
            waits: true,
            body: html! { p { (body) } },
        };
    };
    let close = entry.close.unwrap_or(score.actual);
    let by_id = by.pick_id.map(|pick_id| pick_id.to_string());
    Step {
        at: Some(by.at),
        took: None,
        title: "Scored",
        waits: false,
        body: html! {
            p {
                "It closed at " (price(score.actual, close)) ", " (change(score.actual / close - 1.0)) ": "
                (entry.fell().map_or("", Fell::words))
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
                dt { "close known from" } dd {
                    @match &by_id {
                        Some(id) => { "the history of pick " a href={ "/picks/" (id) } { code { (short(id)) } } },
                        None => { code { "closecall ledger score" } ", which fetched it" },
                    }
                }
            }
        },
    }
}

fn given_up(letter: &DeadLetterEntry) -> Step {
    Step {
        at: Some(letter.at),
        took: None,
        title: "Given up",
        waits: false,
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
