//! Pages of things that are not there, and answers that cannot be given.

use maud::html;

use super::html_page::HtmlPage;
use crate::problem::{Kind, Problem};
use crate::text::sentence;

/// A problem as a page with the navigation.
pub(crate) fn problem(problem: &Problem) -> HtmlPage {
    let why = Some(&problem.title);
    let (heading, why) = match problem.kind {
        Kind::NotFound => (problem.title.to_string(), None),
        Kind::Starting => (format!("{}.", sentence(&problem.title)), None),
        Kind::NoLedger => ("This process keeps no ledger.".to_owned(), why),
        _ => ("This cannot be shown.".to_owned(), why),
    };
    let main = html! {
        div.lede {
            h1 { (heading) }
            @if let Some(why) = why { p { (sentence(why)) "." } }
            @if let Some(detail) = &problem.detail { p { bdi { (detail) } "." } }
            p { "What there is: " a href="/" { "today" } ", " a href="/record" { "the record" } ", " a href="/pipeline" { "the pipeline" } ", " a href="/api" { "the API" } "." }
        }
    };
    HtmlPage {
        status: problem.status(),
        title: heading,
        current: "",
        main,
    }
}
