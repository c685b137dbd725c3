//! The values that are served as JSON, a file a resource.

pub(crate) mod dead_letters;
pub(crate) mod entry;
pub(crate) mod forecasts;
pub(crate) mod openapi;
pub(crate) mod score;
pub(crate) mod stages;
pub(crate) mod tickers;
pub(crate) mod verdict;

use std::sync::Arc;

use serde::Serialize;

use crate::guard::Asked;
use crate::problem::{Kind, Problem};
use crate::record::TrackRecord;
use crate::reply::{JSON, Reply};
use crate::site::Site;

/// The record, where this role has one.
pub(crate) fn record(site: &Site) -> Result<&Arc<TrackRecord>, Problem> {
    site.record.as_ref().ok_or_else(|| {
        let title = format!(
            "this process runs the {} and keeps no ledger: ask the reporter",
            site.about.role
        );
        Problem::new(Kind::NoLedger, title)
    })
}

/// An answer that changes with the ledger alone; 304 to a reader that has it.
pub(crate) fn of_ledger<T: Serialize>(
    site: &Site,
    asked: &Asked,
    head: &str,
    view: impl FnOnce() -> Result<T, Problem>,
) -> Result<Reply, Problem> {
    let tag = format!(
        "\"{}-{}\"",
        head.get(..16).unwrap_or("empty"),
        site.about.commit
    );
    if is_known(asked, &tag) {
        return Ok(Reply::not_modified().with("etag", &tag));
    }
    Ok(json(&view()?).with("etag", &tag))
}

/// Whether the reader has what this tag names.
pub(crate) fn is_known(asked: &Asked, tag: &str) -> bool {
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = weak(tag);
    let given = asked.if_none_match.as_deref().unwrap_or_default();
    given
        .split(',')
        .any(|given| given.trim() == "*" || weak(given) == wanted)
}

pub(crate) fn json(view: &impl Serialize) -> Reply {
    Reply::new(200, JSON, serde_json::to_string(view).unwrap_or_default())
}
