//! Common parts of the answers: the record they are made from, their tags, their form as JSON.

use std::sync::Arc;

use serde::Serialize;

use crate::guard::WebRequest;
use crate::problem::{Kind, Problem};
use crate::record::TrackRecord;
use crate::record::fault::LedgerFault;
use crate::reply::{JSON, WebReply};
use crate::site::Site;

/// The record, where this role has one.
pub(crate) fn kept(site: &Site) -> Result<&Arc<TrackRecord>, Problem> {
    site.record.as_ref().ok_or_else(|| {
        let title = format!(
            "this process runs the {} and keeps no ledger: ask the reporter",
            site.about.role
        );
        Problem::new(Kind::NoLedger, title)
    })
}

/// The same once all of it has been read: before, what is known of it is its beginning.
pub(crate) fn record(site: &Site) -> Result<&Arc<TrackRecord>, Problem> {
    let record = kept(site)?;
    if is_being_read(record) {
        let title = "the record is still being read";
        return Err(Problem::new(Kind::Starting, title));
    }
    if !has_been_read(record) {
        return Err(Problem::unreadable());
    }
    Ok(record)
}

/// Whether only the beginning of the record is known so far.
pub(crate) fn is_being_read(record: &TrackRecord) -> bool {
    !record.is_caught_up() && record.fault().is_none()
}

/// Whether all of the record is known, be it believed or not.
pub(crate) fn has_been_read(record: &TrackRecord) -> bool {
    let unreadable = matches!(record.fault(), Some(LedgerFault::Unreadable(_)));
    record.is_caught_up() && !unreadable
}

/// An answer that changes with the ledger alone, and with whether that verifies; 304 to a reader
/// that has it.
pub(crate) fn of_ledger<T: Serialize>(
    site: &Site,
    asked: &WebRequest,
    head: &str,
    view: impl FnOnce() -> Result<T, Problem>,
) -> Result<WebReply, Problem> {
    let faulty = site
        .record
        .as_ref()
        .is_some_and(|record| record.fault().is_some());
    let tag = format!(
        "\"{}{}-{}\"",
        if faulty { "faulty-" } else { "" },
        head.get(..16).unwrap_or("empty"),
        site.about.commit
    );
    if is_known(asked, &tag) {
        return Ok(WebReply::not_modified().with("etag", &tag));
    }
    Ok(json(&view()?).with("etag", &tag))
}

/// Whether the reader has what this tag names.
pub(crate) fn is_known(asked: &WebRequest, tag: &str) -> bool {
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = weak(tag);
    let given = asked.if_none_match.as_deref().unwrap_or_default();
    given
        .split(',')
        .any(|given| given.trim() == "*" || weak(given) == wanted)
}

pub(crate) fn json(view: &impl Serialize) -> WebReply {
    WebReply::new(200, JSON, serde_json::to_string(view).unwrap_or_default())
}
