//! The pages: documents that work without script, drawn from the values that the API serves.

mod api_page;
mod board;
mod dead_letters;
mod drawing;
mod fan;
mod layout;
mod missing;
mod peers;
mod pick;
mod picks;
mod pipeline;
mod record_page;
mod report;
mod ticker;
mod today;
mod vendors;
mod verdict;

use maud::Markup;

pub(crate) use self::pipeline::title as stage_title;

use crate::api::stages::{self, StagesView};
use crate::api::{is_known, verdict as judged};
use crate::assets::digest;
use crate::guard::Asked;
use crate::problem::Problem;
use crate::query::Query;
use crate::record::TrackRecord;
use crate::reply::{HTML, Reply};
use crate::site::Site;

/// Content of a page, in the frame that all of them share.
pub(crate) struct Page {
    pub(crate) status: u16,
    /// The document's title.
    pub(crate) title: String,
    /// The path that is marked in the navigation.
    pub(crate) current: &'static str,
    pub(crate) main: Markup,
}

impl Page {
    pub(crate) fn new(title: impl Into<String>, current: &'static str, main: Markup) -> Self {
        Self {
            status: 200,
            title: title.into(),
            current,
            main,
        }
    }
}

/// Sources that every page is drawn from.
pub(crate) struct Context<'a> {
    pub(crate) site: &'a Site,
    pub(crate) stages: StagesView,
    pub(crate) asked: &'a Asked,
}

/// Target of a path.
pub(crate) enum Found {
    Page(Page),
    /// Another path, as of a short id.
    Elsewhere(String),
}

/// The page at a path.
pub(crate) fn answer(site: &Site, asked: &Asked, segments: &[&str]) -> Reply {
    let context = Context {
        site,
        stages: stages::view(site),
        asked,
    };
    let parameters: &[&'static str] = match segments {
        ["tickers", _] => &["refresh", "before"],
        ["dead-letters"] => &["refresh", "before"],
        _ => &["refresh"],
    };
    let query = Query::parse(&asked.query, parameters)
        .and_then(|query| Ok((query.number("refresh", 10..=3600)?, query)));
    let (refresh, query) = match query {
        Ok(query) => query,
        Err(problem) => return sent(&context, missing::problem(&problem), None),
    };
    let tag = tag(&context);
    if is_known(asked, &tag) {
        return Reply::not_modified().with("etag", &tag);
    }
    match find(&context, segments, &query) {
        Ok(Found::Page(page)) => {
            let whole = page.status == 200;
            let reply = sent(&context, page, refresh);
            if whole {
                reply.with("etag", &tag)
            } else {
                reply
            }
        }
        Ok(Found::Elsewhere(path)) => Reply::redirect(&path),
        Err(problem) => sent(&context, missing::problem(&problem), None),
    }
}

fn find(context: &Context<'_>, segments: &[&str], query: &Query) -> Result<Found, Problem> {
    Ok(Found::Page(match *segments {
        [""] => today::page(context)?,
        ["pipeline"] => pipeline::page(context),
        ["api"] => api_page::page(),
        ["report"] => report::page(context, None)?,
        ["report", name] => report::page(context, Some(name))?,
        ["record"] => record_page::page(context)?,
        ["dead-letters"] => dead_letters::page(context, query)?,
        ["tickers", ticker] => ticker::page(context, ticker, query)?,
        ["picks", id] => return pick::find(context, id),
        _ => return Err(Problem::not_found("There is no page here.")),
    }))
}

fn sent(context: &Context<'_>, page: Page, refresh: Option<i64>) -> Reply {
    let status = page.status;
    let mut reply = Reply::new(status, HTML, layout::document(context, page));
    if status != 200 {
        reply.header("cache-control", "no-store");
    }
    if let Some(seconds) = refresh {
        reply.header("refresh", &seconds.to_string());
    }
    reply
}

/// Names a state of everything that pages show, but for what changes by itself with time.
fn tag(context: &Context<'_>) -> String {
    let site = context.site;
    let score = site
        .record
        .as_ref()
        .map(|record| (record.score().rows, record.damage()));
    let minute = context.stages.clock.timestamp() / 60;
    let state = format!(
        "{} {} {} {score:?} {minute} {}",
        context.asked.path,
        context.asked.query,
        stages::essence(&context.stages),
        site.about.commit,
    );
    format!("W/\"{}\"", digest(&state))
}

impl<'a> Context<'a> {
    /// The record, where this role has one.
    pub(crate) fn record(&self) -> Option<&'a TrackRecord> {
        self.site.record.as_deref()
    }

    /// The record, or the problem that there is none here.
    pub(crate) fn need_record(&self) -> Result<&'a TrackRecord, Problem> {
        Ok(crate::api::record(self.site)?)
    }
}

/// The verdict as a page shows it: that of the score, unless the ledger does not verify.
pub(crate) fn verdict_of(record: &TrackRecord) -> judged::Verdict {
    match record.damage() {
        Some(damage) => judged::broken(&damage),
        None => record.score().verdict.clone(),
    }
}
