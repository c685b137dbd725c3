//! Pages of things that are not there, and answers that cannot be given.

use maud::html;

use super::html_page::HtmlPage;
use crate::problem::{Kind, Problem};

/// A problem as a page with the navigation.
pub(crate) fn problem(problem: &Problem) -> HtmlPage {
    let heading = match problem.kind {
        Kind::NotFound => problem.title.to_string(),
        Kind::NoLedger => "This process keeps no ledger.".to_owned(),
        _ => "This cannot be shown.".to_owned(),
    };
    let main = html! {
        div.lede {
            h1 { (heading) }
            @if *problem.title != *heading { p { (problem.title) "." } }
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
