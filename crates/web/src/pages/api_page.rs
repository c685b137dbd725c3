//! The API in words, made from its description.

use maud::{Markup, html};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};

use super::html_page::HtmlPage;
use super::layout::{PagePanel, words};
use crate::api::openapi::document;
use crate::problem::Kind;

/// `host` is what the reader asked for, so that the examples work where they are read.
pub(crate) fn page(host: &str) -> HtmlPage {
    let description = document();
    let main = html! {
        div.lede {
            h1 { "Whatever a page shows can be had as JSON." }
            p {
                "Read only: GET and HEAD. " code { "v1" } " only grows. Answers carry an ETag; errors are RFC 9457 problems. The whole description is "
                a href="/openapi.json" { "openapi.json" } ", OpenAPI 3.1."
            }
        }
        div.grid {
            (PagePanel {
                id: "paths",
                class: "c8 paths",
                title: html! { "Paths" },
                about: html! {},
                json: Some("/openapi.json".to_owned()),
                body: html! {
                    @for (path, item) in &description.paths.paths {
                        @if let Some(operation) = &item.get { (operation_body(host, path, operation)) }
                    }
                },
            }.draw())
            (PagePanel {
                id: "problems",
                class: "c4",
                title: html! { "Problems" },
                about: html! {},
                json: None,
                body: html! {
                    dl.kv {
                        @for kind in Kind::ALL {
                            dt id=(kind.name()) { code { (kind.name()) } }
                            dd { (kind.status()) ": " (kind.meaning()) }
                        }
                    }
                },
            }.draw())
        }
    };
    HtmlPage::new("closecall: the API", "", main)
}

fn operation_body(host: &str, path: &str, operation: &Operation) -> Markup {
    let summary = operation.summary.as_deref().unwrap_or_default();
    let parameters = operation.parameters.as_deref().unwrap_or_default();
    // None of them is a reference: each is written where it is used.
    let parameters: Vec<&Parameter> = parameters
        .iter()
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
        .collect();
    let example = path
        .replace("{pick_id}", "9f2c41d07be6a85301cc7d2e4f90ab16")
        .replace("{ticker}", "AAPL");
    html! {
        h3 { code { (path) } }
        p.say { (words(summary)) "." @if let Some(more) = &operation.description { " " (words(more)) } }
        @if !parameters.is_empty() {
            dl.kv {
                @for parameter in &parameters {
                    dt { code { (parameter.name) } @if matches!(parameter.parameter_in, ParameterIn::Header) { " (header)" } }
                    dd { (words(parameter.description.as_deref().unwrap_or_default())) }
                }
            }
        }
        p.quote { code { "curl -s http://" (host) (example) } }
    }
}
