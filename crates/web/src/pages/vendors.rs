//! The vendors: requests by outcome, and whether one is left alone.

use maud::{Markup, html};

use super::layout::PagePanel;
use crate::api::stages::{StagesView, VendorView};
use crate::text::{clean, count, plural};

pub(crate) fn panel(view: &StagesView, class: &'static str) -> PagePanel {
    PagePanel {
        id: "vendors",
        class,
        title: html! { "Vendors" },
        about: html! { (clean(&view.source)) },
        json: Some("/api/v1/stages".to_owned()),
        body: html! {
            div.vend.one { @for vendor in &view.vendors { (one(vendor)) } }
        },
    }
}

fn one(vendor: &VendorView) -> Markup {
    let bad = vendor.requests.iter().any(|(outcome, _)| outcome != "ok");
    html! {
        div {
            h3 {
                (title(&vendor.vendor)) " "
                @if vendor.breaker_open > 0 { span.tag.warn { "left alone" } } @else { span.tag.in { "ok" } }
            }
            dl {
                dt { "requests" }
                dd {
                    @if vendor.requests.is_empty() { "none yet" }
                    @for (k, (outcome, number)) in vendor.requests.iter().enumerate() {
                        @if k > 0 { ", " }
                        (count(i64::try_from(*number).unwrap_or(i64::MAX))) " " (outcome)
                    }
                }
                @if let Some(left) = vendor.quota_remaining {
                    dt { "left today" }
                    dd { (count(left)) " request" (plural(left.into())) }
                }
                dt { "breaker" }
                dd {
                    @if vendor.breaker_open > 0 { "open for " (vendor.breaker_open) " of its hosts" }
                    @else if bad { "closed, after failures" }
                    @else { "closed" }
                }
            }
        }
    }
}

fn title(vendor: &str) -> String {
    match vendor {
        "yahoo" => "Yahoo prices".to_owned(),
        "alphavantage" => "AlphaVantage news".to_owned(),
        other => clean(other),
    }
}
