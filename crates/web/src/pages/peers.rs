//! The other roles' processes: which were heard, and what they said.

use maud::html;

use super::layout::{PagePanel, ago, scroll};
use crate::api::stages::{StagesView, title};
use crate::text::clean;

pub(crate) fn panel(view: &StagesView) -> PagePanel {
    let table = html! {
        table {
            thead { tr {
                th scope="col" { "Role" }
                th scope="col" { "Address" }
                th scope="col" { "Last heard" }
                th scope="col" { "Stages" }
                th.r scope="col" { "Restarts" }
                th.hide-s scope="col" { "Version" }
            } }
            tbody {
                @for peer in &view.peers {
                    tr {
                        th scope="row" { (clean(&peer.role)) }
                        td.nw { code { (clean(&peer.address)) } }
                        td.nw {
                            (ago(i64::try_from(peer.age_s).unwrap_or(i64::MAX))) " ago"
                            @if !peer.known { " " span.tag.warn { "unknown" } }
                        }
                        td {
                            @for (k, stage) in peer.stages.iter().enumerate() {
                                @if k > 0 { ", " }
                                (title(&stage.name)) " "
                                @if stage.is_failing() { span.tag.miss { (stage.state) } } @else { (clean(&stage.state)) }
                            }
                        }
                        td.r { (peer.stages.iter().map(|stage| stage.restarts).sum::<u64>()) }
                        td.hide-s { (clean(&peer.version)) }
                    }
                }
            }
        }
    };
    PagePanel {
        id: "peers",
        class: "c12",
        title: html! { "Processes" },
        about: html! { "of the other roles, asked every 5 s" },
        json: Some("/api/v1/stages".to_owned()),
        body: scroll("Table of the processes", &table),
    }
}
