//! The frame of every page: head, navigation, panels, foot.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::{Calendar, Session};
use maud::{DOCTYPE, Markup, html};

use super::context::PageContext;
use super::drawing::brand;
use super::html_page::HtmlPage;
use crate::assets::{address, digest};
use crate::site::Site;
use crate::text::{age, day, left, moment, time, utc};

const NAVIGATION: [(&str, &str); 5] = [
    ("/", "Today"),
    ("/record", "Record"),
    ("/pipeline", "Pipeline"),
    ("/dead-letters", "Dead letters"),
    ("/report", "Report"),
];

/// A page as a document.
pub(crate) fn document(context: &PageContext<'_>, page: HtmlPage) -> String {
    let site = context.site;
    let now = context.stages.clock;
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (page.title) }
                meta name="description" content="Forecasts of today's close with their intervals, and the record of how they turned out.";
                meta name="color-scheme" content="light dark";
                link rel="icon" href=(address("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(address("page.css"));
                script src=(address("live.js")) defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    div.wrap {
                        a.brand href="/" { (brand()) "closecall" }
                        nav aria-label="Pages" {
                            ul {
                                @for (path, name) in NAVIGATION {
                                    li {
                                        @if path == page.current {
                                            a href=(path) aria-current="page" { (name) }
                                        } @else {
                                            a href=(path) { (name) }
                                        }
                                    }
                                }
                            }
                        }
                        (clock(site, now))
                    }
                }
                @if let Some((what, about)) = &site.about.notice {
                    div.sim role="region" aria-label="About this market" {
                        div.wrap { b { (what) } " " (about) }
                    }
                }
                main.wrap #main { (page.main) }
                footer.wrap {
                    div.foot {
                        p {
                            "No skill beyond the price it starts from has been shown on real data. Not investment advice. "
                            "Times are New York time, the exchange's."
                        }
                        ul {
                            li { a href="/api" { "API" } }
                            li { a href="/openapi.json" { "openapi.json" } }
                            li { a href="/metrics" { "metrics" } }
                            li { "closecall " (site.about.version) }
                        }
                    }
                }
            }
        }
    };
    markup.into_string()
}

/// The product's clock, what the session does, and whether the page is live.
fn clock(site: &Site, now: DateTime<Utc>) -> Markup {
    let local = Calendar::wall_clock(now);
    let shown = format!(
        "{} {} {}, {}",
        local.format("%a"),
        day(local.date()),
        local.format("%Y"),
        time(now)
    );
    let does = session(&site.calendar, now);
    html! {
        div.now {
            p #clock data-live=(digest(&shown)) {
                time datetime=(utc(now)) { b { (shown) } } " New York"
            }
            p {
                span #session data-live=(digest(&does)) { (does) }
                " · "
                span role="status" data-live-state { "as of then" }
                " · "
                a href="" { "reload" }
            }
        }
    }
}

/// State of the session.
fn session(calendar: &Calendar, now: DateTime<Utc>) -> String {
    let short = |span: TimeDelta| left(span.num_seconds());
    if let Some(session) = calendar.in_progress(now) {
        return format!("closes in {}", short(session.close - now));
    }
    let today = Calendar::date_at(now);
    match calendar.session(today) {
        Some(session) if now < session.open => format!("opens in {}", short(session.open - now)),
        Some(session) => format!("closed since {}", time(session.close)),
        None => {
            let next: Session = calendar.target(now);
            format!("no session today; opens {}", moment(next.open))
        }
    }
}

/// A part of a page that is exchanged when it changes.
pub(crate) struct PagePanel {
    pub(crate) id: &'static str,
    /// Its width, in classes.
    pub(crate) class: &'static str,
    pub(crate) title: Markup,
    /// Beside the title.
    pub(crate) about: Markup,
    /// Where the same can be had as JSON.
    pub(crate) json: Option<String>,
    pub(crate) body: Markup,
}

impl PagePanel {
    pub(crate) fn draw(self) -> Markup {
        let heading = format!("h-{}", self.id);
        let inner = html! {
            header {
                h2 id=(heading) { (self.title) }
                @if !self.about.0.is_empty() { p { (self.about) } }
                @if let Some(path) = &self.json {
                    p.src { a href=(path) { span.vh { "This panel as " } "JSON" } }
                }
            }
            (self.body)
        };
        let hash = digest(&without_ages(&inner.0));
        html! {
            section class={ "panel " (self.class) } id=(self.id) aria-labelledby=(heading) data-live=(hash) { (inner) }
        }
    }
}

/// Time since something was: it changes by itself, and does not make a part of a page another.
pub(crate) fn ago(seconds: i64) -> Markup {
    html! { span data-age { (age(seconds)) } }
}

const AGE: &str = "<span data-age>";

fn without_ages(markup: &str) -> String {
    let mut parts = markup.split(AGE);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once("</span>").map_or(part, |(_, rest)| rest));
    }
    kept
}

/// A moment in New York, and in UTC for machines.
pub(crate) fn at(moment_shown: DateTime<Utc>) -> Markup {
    html! { time datetime=(utc(moment_shown)) { (moment(moment_shown)) } }
}

/// Words with names between backticks.
pub(crate) fn words(text: &str) -> Markup {
    html! {
        @for (k, part) in text.split('`').enumerate() {
            @if k % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A table that may be wider than a phone: it scrolls by itself, and can be reached with Tab.
pub(crate) fn scroll(label: &str, table: &Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { (table) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_alone_makes_no_difference() {
        let panel = |seconds: i64| html! { p { "last " (ago(seconds)) " before" } }.into_string();
        assert_ne!(panel(1), panel(2));
        assert_eq!(without_ages(&panel(1)), without_ages(&panel(2)));
        assert_eq!(
            without_ages("a<span data-age>1</span>b<span data-age>2</span>c"),
            "abc"
        );
    }
}
