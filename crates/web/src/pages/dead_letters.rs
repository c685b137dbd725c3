//! Dead letters: the picks that were given up, where, and why.

use maud::{Markup, html};

use super::context::PageContext;
use super::html_page::HtmlPage;
use super::layout::{PagePanel, at, scroll};
use crate::api::dead_letters::{
    DeadLetterCount, DeadLetterEntry, DeadLetterPage, Wanted, page as api_page,
};
use crate::problem::Problem;
use crate::query::Query;
use crate::record::TrackRecord;
use crate::text::{clean, count, counted};

/// Rows of the page.
const ROWS: usize = 50;

/// The panel on the first page.
pub(crate) fn panel(record: &TrackRecord) -> Result<PagePanel, Problem> {
    let page = api_page(
        record,
        &Wanted {
            limit: 1,
            ..Wanted::default()
        },
    )?;
    let picks = {
        let book = record.book();
        book.forecasts + book.dead.len() as u64
    };
    Ok(PagePanel {
        id: "dead",
        class: "",
        title: html! { "Dead letters" },
        about: html! {},
        json: Some("/api/v1/dead-letters".to_owned()),
        body: body(&page, picks),
    })
}

fn body(page: &DeadLetterPage, picks: u64) -> Markup {
    let total: u64 = page.counts.iter().map(|one| one.count).sum();
    html! {
        @match page.items.first() {
            None => p.empty { b { "None." } "Every pick so far ended in a forecast." },
            Some(newest) => {
                p.say {
                    b { (number(total)) } " of " (counted(picks, "pick")) " were given up: " (reasons(&page.counts)) "."
                }
                p.quote { bdi { (clean(&newest.message)) } }
                p.key { a href="/dead-letters" { "Look at them" } }
            }
        }
    }
}

fn number(value: u64) -> String {
    count(i64::try_from(value).unwrap_or(i64::MAX))
}

fn reasons(counts: &[DeadLetterCount]) -> Markup {
    html! {
        @for (k, one) in counts.iter().enumerate() {
            @if k > 0 { ", " }
            (number(one.count)) " at " (clean(&one.stage)) " " code { (one.reason.code()) }
        }
    }
}

/// The `/dead-letters` page.
pub(crate) fn page(context: &PageContext<'_>, query: &Query) -> Result<HtmlPage, Problem> {
    let record = context.need_record()?;
    let before = query.number("before", 1..=i64::MAX)?;
    let page = api_page(
        record,
        &Wanted {
            before,
            limit: ROWS,
            ..Wanted::default()
        },
    )?;
    let total: u64 = page.counts.iter().map(|one| one.count).sum();
    let heading = match total {
        0 => "No dead letters: every pick so far ended in a forecast.".to_owned(),
        1 => "One pick was given up.".to_owned(),
        total => format!("{} picks were given up.", number(total)),
    };
    let last = page.items.last().map(|letter| letter.seq);
    let main = html! {
        div.lede {
            h1 { (heading) }
            p { "A dead letter is a pick that a stage refused or failed on for good. It is kept with its reason, and nothing waits for it." }
        }
        @if total > 0 {
            div.grid {
                (PagePanel {
                    id: "dead-letters",
                    class: "c12",
                    title: html! { "By time, the newest first" },
                    about: reasons(&page.counts),
                    json: Some("/api/v1/dead-letters".to_owned()),
                    body: html! {
                        (scroll("Table of dead letters", &table(&page.items)))
                        @if let (Some(last), true) = (last, page.next.is_some()) {
                            p.key { a href={ "/dead-letters?before=" (last) } { "Earlier ones" } }
                        }
                        (what_to_do(context))
                    },
                }.draw())
            }
        }
    };
    Ok(HtmlPage::new("Dead letters", "/dead-letters", main))
}

fn table(letters: &[DeadLetterEntry]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Given up" }
                th scope="col" { "Ticker" }
                th.hide-s scope="col" { "Stage" }
                th scope="col" { "What happened" }
                th.hide-s scope="col" { "Pick" }
            } }
            tbody {
                @for letter in letters {
                    tr {
                        td.nw { a href={ "/picks/" (letter.pick_id) } { (at(letter.at)) } }
                        td { @if let Some(ticker) = &letter.ticker { (ticker) } @else { "?" } }
                        td.hide-s { (clean(&letter.stage)) }
                        td { span.tag.warn { (letter.reason.code()) } " " bdi { (clean(&letter.message)) } }
                        td.nw.hide-s { (pick(letter)) }
                    }
                }
            }
        }
    }
}

fn pick(letter: &DeadLetterEntry) -> Markup {
    let id = letter.pick_id.to_string();
    let short = id.get(..8).unwrap_or(&id).to_owned();
    html! { a href={ "/picks/" (short) } { code { (short) } } }
}

fn what_to_do(context: &PageContext<'_>) -> Markup {
    html! {
        @if context.site.about.dead_letters_on_topics {
            p.say {
                "The refused records lie on the dead-letter topics. " code { "closecall dead-letters list" } " reads them, "
                code { "closecall dead-letters retry --reason unavailable" } " sends them again."
            }
        } @else {
            p.say { "Within one process nothing is sent again: the next slot picks anyway." }
        }
    }
}
