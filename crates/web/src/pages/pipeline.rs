//! The pipeline: each stage with what waits for it, the way between them, the ledger at the end.

use closecall_charts::Glyph;
use maud::{Markup, html};

use super::context::PageContext;
use super::drawing::ring;
use super::html_page::HtmlPage;
use super::layout::{PagePanel, ago, scroll};
use super::{peers, vendors};
use crate::api::stages::{HopView, LedgerView, STAGES, StageView, StagesView, title};
use crate::text::{age, clean, count, counted, duration, hash_ends, plural};

/// Work may be silent this many times its bound before its stage counts as stuck.
const STUCK: u64 = 2;

/// The panel on the first page.
pub(crate) fn panel(context: &PageContext<'_>) -> PagePanel {
    let view = &context.stages;
    PagePanel {
        id: "pipeline",
        class: "c12",
        title: html! { "Pipeline" },
        about: html! { (summary(context)) },
        json: Some("/api/v1/stages".to_owned()),
        body: html! {
            @if view.running {
                ol.metro {
                    @for (name, title, _) in STAGES { (stop(view, name, title)) }
                    @if let Some(ledger) = &view.ledger { (end(ledger)) }
                }
            }
            (strip(view))
        },
    }
}

/// The worst of the stages, in a sentence.
fn summary(context: &PageContext<'_>) -> Markup {
    let view = &context.stages;
    if !view.running {
        let last = view
            .ledger
            .as_ref()
            .and_then(|ledger| ledger.last_recorded_at);
        return html! {
            "nothing is running"
            @if let Some(last) = last { "; last row " (ago((view.clock - last).num_seconds())) " ago" }
        };
    }
    html! { (worst(view)) }
}

pub(crate) fn worst(view: &StagesView) -> String {
    let title = |stage: &StageView| title(&stage.name);
    if view.draining {
        return "the process is ending; what is in hand is finished".to_owned();
    }
    if let Some(stage) = view.stages.iter().find(|stage| stage.is_failing()) {
        return format!("{} is failing", title(stage));
    }
    let silent = view.stages.iter().find_map(|stage| {
        let stuck = stage
            .work
            .iter()
            .find(|work| work.silent_ms > STUCK * work.bound_ms)?;
        Some((stage, stuck.silent_ms / 1_000))
    });
    if let Some((stage, seconds)) = silent {
        let silent = age(i64::try_from(seconds).unwrap_or(i64::MAX));
        return format!("{} has made no progress for {silent}", title(stage));
    }
    if let Some(stage) = view.stages.iter().find(|stage| stage.state == "unknown") {
        return format!("{} has not been heard of", title(stage));
    }
    if let Some(stage) = view.stages.iter().find(|stage| stage.state == "degraded") {
        return format!("{} is degraded", title(stage));
    }
    if let Some(stage) = view.stages.iter().find(|stage| stage.state != "running") {
        return format!("{} is {}", title(stage), words(&stage.state));
    }
    if view.stages.len() < STAGES.len() {
        return format!("every stage of this process ({}) is running", view.role);
    }
    "every stage is running".to_owned()
}

fn words(state: &str) -> String {
    state.replace('-', " ")
}

fn glyph(stage: &StageView) -> Glyph {
    match stage.state.as_str() {
        "running" | "draining" => Glyph::Running,
        "degraded" => Glyph::Degraded,
        "backing-off" | "failed" => Glyph::Failed,
        _ => Glyph::Idle,
    }
}

fn stop(view: &StagesView, name: &str, title: &str) -> Markup {
    let stage = view.stages.iter().find(|stage| stage.name == name);
    let hop = view.hops.iter().find(|hop| hop.from == name);
    let failing = stage.is_some_and(StageView::is_failing);
    let picks = view.picks.accepted.is_some_and(|accepted| accepted > 0);
    let worked = |stage: &StageView| stage.finished > 0 || (name == STAGES[0].0 && picks);
    let moving = stage.is_some_and(worked) && !failing;
    let last = name == STAGES[STAGES.len() - 1].0 && view.ledger.is_none();
    html! {
        li.stop.bad[failing] {
            @match stage {
                Some(stage) => (ring(stage.in_flight.min(12), stage.window.clamp(1, 12), glyph(stage))),
                None => (ring(0, 1, Glyph::Idle)),
            }
            @if !last { span class=(if moving { "line" } else { "line still" }) { i {} } }
            h3 { (title) }
            @match stage {
                Some(stage) => (facts(view, stage)),
                None => p.state { "not watched: set " code { "http.peers" } },
            }
            @if let Some(hop) = hop { p.topic { code { (broken_at_dashes(&hop.topic)) } } }
            p.lag { (way_out(name, hop)) }
        }
    }
}

/// A topic's name that may be broken at its dashes.
fn broken_at_dashes(topic: &str) -> Markup {
    let parts: Vec<&str> = topic.split_inclusive('-').collect();
    html! { @for (k, part) in parts.iter().enumerate() { @if k > 0 { wbr; } (part) } }
}

fn facts(view: &StagesView, stage: &StageView) -> Markup {
    let state = words(&stage.state);
    html! {
        p.state {
            @if stage.window > 0 {
                (state) ", " (stage.in_flight) " of " (stage.window) " in flight"
            } @else { (state) }
        }
        dl {
            @if stage.name == STAGES[0].0 {
                @if let Some(accepted) = view.picks.accepted { div { dt { "picks" } dd { (count(i64::try_from(accepted).unwrap_or(i64::MAX))) } } }
                @if let Some(next) = view.picks.next_at {
                    div { dt { "next" } dd { "in " (ago((next - view.clock).num_seconds())) } }
                }
            }
            @if let Some(why) = &stage.degraded { div { dt { "why" } dd.att { (clean(why)) } } }
            @if let (Some(p50), Some(p95)) = (stage.p50_s, stage.p95_s) {
                div { dt { "typical" } dd { (duration(p50)) ", p95 " (duration(p95)) } }
            }
            @if let Some(seconds) = stage.next_try_s { div { dt { "next try" } dd.att { "in " (ago(i64::try_from(seconds).unwrap_or(i64::MAX))) } } }
            div {
                dt { "restarts" }
                @if stage.restarts == 0 { dd { "none" } } @else { dd.att { (restarts(stage)) } }
            }
            @if let Some(age) = stage.last_success_age_s { div { dt { "success" } dd { (seconds_ago(age)) } } }
            @if stage.is_failing() {
                @if let Some(error) = &stage.last_error { div { dt { "last" } dd { bdi { (clean(error)) } } } }
            }
        }
    }
}

/// Restarts: of those that are allowed in a period while some count, else all there were.
fn restarts(stage: &StageView) -> Markup {
    match (
        stage.restarts_in_period,
        stage.restarts_allowed,
        stage.restart_period_s,
    ) {
        (spent @ 1.., Some(allowed), Some(period)) => html! {
            (spent) " of " (allowed) " in " (ago(i64::try_from(period).unwrap_or(i64::MAX)))
        },
        _ => html! {
            (stage.restarts) @if let Some(age) = stage.last_restart_age_s { ", last " (seconds_ago(age)) }
        },
    }
}

fn way_out(name: &str, hop: Option<&HopView>) -> Markup {
    match (name, hop) {
        ("reporter", _) => html! { "appends" },
        (_, None) => html! { "same process" },
        (_, Some(hop)) if hop.carrier == "in-process" => html! { "in process" },
        (_, Some(hop)) => match hop.lag {
            Some(0) => html! { "lag 0" },
            Some(lag) => html! {
                span.att {
                    "lag " (count(lag))
                    @if let Some(seconds) = hop.behind_s { ", " (ago(whole(seconds))) " behind" }
                    @if let Some(trend) = &hop.lag_trend { ", " (trend) }
                }
            },
            None => html! { "its lag is known to its reader" },
        },
    }
}

fn whole(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn seconds_ago(seconds: u64) -> Markup {
    html! { (ago(whole(seconds))) " ago" }
}

fn verified(ledger: &LedgerView) -> &'static str {
    match ledger.ok {
        Some(true) => "verified",
        Some(false) => "does not verify",
        None => "not verified yet",
    }
}

fn end(ledger: &LedgerView) -> Markup {
    let state = verified(ledger);
    html! {
        li.stop.bad[ledger.ok == Some(false)] {
            (ring(0, 1, Glyph::End))
            h3 { "Ledger" }
            p.state { (state) ", " (counted(ledger.rows.unsigned_abs(), "row")) }
            dl {
                @if ledger.rows > 0 { div { dt { "head" } dd { code { (hash_ends(&ledger.head)) } } } }
                @if let Some(seconds) = ledger.verified_age_s {
                    div { dt { "checked" } dd { (ago(seconds)) " ago" } }
                }
                @if let Some(damage) = &ledger.damage { div { dt { "why" } dd.att { (clean(damage)) } } }
            }
        }
    }
}

/// Where the picks ended.
fn strip(view: &StagesView) -> Markup {
    let picks = &view.picks;
    let number = |value: u64| count(i64::try_from(value).unwrap_or(i64::MAX));
    html! {
        p.strip {
            @if let Some(accepted) = picks.accepted { span { b { (number(accepted)) } " pick" (plural(accepted)) " accepted since the start" } }
            @if let Some(forecasts) = picks.forecasts { span { b { (number(forecasts)) } " forecast" (plural(forecasts)) " in the ledger" } }
            @if let Some(dead) = picks.dead_letters { span { b { (number(dead)) } " dead letter" (plural(dead)) } }
            @if let Some(lost) = picks.lost { span { b { (number(lost)) } " lost" } }
            @if let Some(repeats) = picks.duplicates { span { b { (number(repeats)) } " repeat" (plural(repeats)) } }
            @if let Some(late) = picks.late { span { b { (number(late)) } " too late to count" } }
            @if let Some(took) = picks.pick_to_ledger {
                span { "pick to ledger: typically " b { (duration(took.p50_s)) } ", p95 " (duration(took.p95_s)) }
            }
            // Where stages run, the ledger stands at their end.
            @if let (false, Some(ledger)) = (view.running, &view.ledger) {
                span { "ledger " b { (verified(ledger)) } @if ledger.ok == Some(true) { ", " (counted(ledger.rows.unsigned_abs(), "row")) } }
            }
            @if view.ledger.is_none() { span { "the record is kept by the reporter" } }
        }
    }
}

/// `/pipeline`: every stage with its histogram, the partitions, the vendors. Every role has it.
pub(crate) fn page(context: &PageContext<'_>) -> HtmlPage {
    let view = &context.stages;
    let sentence = if view.running {
        worst(view)
    } else {
        "nothing is running".to_owned()
    };
    let mut heading = sentence.clone();
    if let Some(first) = heading.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let main = html! {
        div.lede {
            h1 { (heading) "." }
            p { "This process runs the " (view.role) ". Its data come from " (clean(&view.source)) "." }
        }
        div.grid { (panel(context).draw()) }
        @if view.running { div.grid { (stages(context).draw()) } }
        @if view.hops.iter().any(|hop| !hop.partitions.is_empty()) { div.grid { (partitions(view).draw()) } }
        @if !view.peers.is_empty() { div.grid { (peers::panel(view).draw()) } }
        @if !view.vendors.is_empty() { div.grid { (vendors::panel(view, "c12").draw()) } }
    };
    HtmlPage::new(format!("Pipeline: {sentence}"), "/pipeline", main)
}

fn stages(context: &PageContext<'_>) -> PagePanel {
    let view = &context.stages;
    let bounds: Vec<Option<f64>> = view
        .stages
        .iter()
        .find(|stage| stage.finished > 0)
        .map(|stage| stage.buckets.iter().map(|bucket| bucket.0).collect())
        .unwrap_or_default();
    let title_of = |stage: &StageView| title(&stage.name);
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "Stage" }
                th scope="col" { "State" }
                th.r scope="col" { "Restarts" }
                th.r scope="col" { "Last success" }
                th.r scope="col" { "Work" }
                @for bound in &bounds {
                    th.r.hide-s scope="col" {
                        @match bound { Some(bound) => { "≤ " (duration(*bound)) }, None => "longer" }
                    }
                }
                th scope="col" { "In hand, last error" }
            } }
            tbody {
                @for stage in &view.stages {
                    tr {
                        th scope="row" { (title_of(stage)) }
                        td.nw {
                            @if stage.is_failing() { span.tag.miss { (words(&stage.state)) } }
                            @else if stage.state == "degraded" { span.tag.warn { "degraded" } }
                            @else { (words(&stage.state)) }
                        }
                        td.r.nw { (restarts(stage)) }
                        td.r.nw { @if let Some(age) = stage.last_success_age_s { (seconds_ago(age)) } @else { "—" } }
                        td.r { (count(i64::try_from(stage.finished).unwrap_or(i64::MAX))) }
                        @for k in 0..bounds.len() { td.r.hide-s { (bucket(stage, k)) } }
                        td {
                            @for work in &stage.work { (work.what) " for " (ago(i64::try_from(work.running_ms / 1_000).unwrap_or(0))) " " }
                            @if let Some(error) = &stage.last_error { bdi { (clean(error)) } }
                        }
                    }
                }
            }
        }
    };
    PagePanel {
        id: "stages",
        class: "c12",
        title: html! { "Stages" },
        about: html! { "pieces of work by how long they took" },
        json: Some("/api/v1/stages".to_owned()),
        body: scroll("Table of the stages", &table),
    }
}

/// Pieces of work that fell into a bucket; the buckets are cumulative.
fn bucket(stage: &StageView, k: usize) -> u64 {
    let up_to = |k: usize| stage.buckets.get(k).map_or(0, |bucket| bucket.1);
    up_to(k) - k.checked_sub(1).map_or(0, up_to)
}

fn partitions(view: &StagesView) -> PagePanel {
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "Topic" }
                th.r scope="col" { "Partition" }
                th.r scope="col" { "Records behind" }
                th.r scope="col" { "Time behind" }
                th scope="col" { "Trend" }
            } }
            tbody {
                @for hop in &view.hops {
                    @for partition in &hop.partitions {
                        tr {
                            td { code { (clean(&hop.topic)) } }
                            td.r { (partition.partition) }
                            td.r { (count(partition.lag)) }
                            td.r.nw { @if let Some(seconds) = partition.behind_s { (ago(whole(seconds))) } @else { "—" } }
                            td { (partition.lag_trend.as_deref().unwrap_or("—")) }
                        }
                    }
                }
            }
        }
    };
    PagePanel {
        id: "partitions",
        class: "c12",
        title: html! { "Partitions" },
        about: html! { "of those assigned to this process" },
        json: None,
        body: scroll("Table of the partitions", &table),
    }
}
