//! The pages: documents that work without script, drawn from the values that the API serves.

mod api_page;
mod board;
mod context;
mod dead_letters;
mod drawing;
mod fan;
mod groups;
mod html_page;
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

use self::context::PageContext;
use self::html_page::{HtmlPage, PageTarget};
use crate::api::answer::{is_being_read, is_known};
use crate::api::stages;
use crate::assets::digest;
use crate::guard::WebRequest;
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::{HTML, WebReply};
use crate::site::Site;

/// Seconds between two looks at a record that is still being read.
const READING: i64 = 2;

/// The page at a path.
pub(crate) fn answer(site: &Site, asked: &WebRequest, segments: &[&str]) -> WebReply {
    let context = PageContext {
        site,
        stages: stages::view(site),
        asked,
    };
    let parameters: &[&'static str] = match segments {
        ["tickers", _] => &["refresh", "before"],
        ["dead-letters" | "picks"] => &["refresh", "before"],
        _ => &["refresh"],
    };
    let query = Query::parse(&asked.query, parameters)
        .and_then(|query| Ok((query.number("refresh", 10..=3600)?, query)));
    let reading = site.record.as_deref().is_some_and(is_being_read);
    let (refresh, query) = match query {
        // A page that says so is not read for long, and no event comes at its end.
        Ok((refresh, query)) => (refresh.or(reading.then_some(READING)), query),
        Err(problem) => return sent(&context, missing::problem(&problem), None),
    };
    let tag = tag(&context);
    if is_known(asked, &tag) {
        return WebReply::not_modified().with("etag", &tag);
    }
    match find(&context, segments, &query) {
        Ok(PageTarget::Here(page)) => {
            let whole = page.status == 200;
            let reply = sent(&context, page, refresh);
            if whole {
                reply.with("etag", &tag)
            } else {
                reply
            }
        }
        Ok(PageTarget::Elsewhere(path)) => WebReply::redirect(&path),
        Err(problem) => sent(&context, missing::problem(&problem), refresh),
    }
}

fn find(
    context: &PageContext<'_>,
    segments: &[&str],
    query: &Query,
) -> Result<PageTarget, Problem> {
    Ok(PageTarget::Here(match *segments {
        [""] => today::page(context)?,
        ["pipeline"] => pipeline::page(context),
        ["api"] => api_page::page(context.asked.host.as_deref().unwrap_or("127.0.0.1:8316")),
        ["report"] => report::page(context, None)?,
        ["report", name] => report::page(context, Some(name))?,
        ["record"] => record_page::page(context)?,
        ["dead-letters"] => dead_letters::page(context, query)?,
        ["tickers", ticker] => ticker::page(context, ticker, query)?,
        ["picks"] => picks::page(context, query)?,
        ["picks", id] => return pick::find(context, id),
        _ => return Err(Problem::not_found("There is no page here.")),
    }))
}

fn sent(context: &PageContext<'_>, page: HtmlPage, refresh: Option<i64>) -> WebReply {
    let status = page.status;
    let mut reply = WebReply::new(status, HTML, layout::document(context, page));
    if status != 200 {
        reply.header("cache-control", "no-store");
    }
    if let Some(seconds) = refresh {
        reply.header("refresh", &seconds.to_string());
    }
    reply
}

/// Names a state of everything that pages show, but for what changes by itself with time.
fn tag(context: &PageContext<'_>) -> String {
    let site = context.site;
    let score = site
        .record
        .as_ref()
        .map(|record| (record.score().rows, record.fault(), is_being_read(record)));
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use closecall_calendar::{Calendar, Clock};
    use closecall_protocol::Ticker;

    use super::*;
    use crate::record::TrackRecord;
    use crate::site::SiteDescription;

    fn site(record: Arc<TrackRecord>) -> Site {
        let about = SiteDescription {
            version: "0.0.0",
            commit: "abcdef",
            role: "whole pipeline".to_owned(),
            source: "a test".to_owned(),
            notice: None,
            dead_letters_on_topics: false,
        };
        Site::new(
            about,
            Clock::fixed("2025-03-03T18:00:00Z".parse().unwrap()),
            Calendar::default(),
            vec![Ticker::new("AAPL").unwrap()],
            Some(record),
            Arc::new(crate::ProcessStatus::default),
            &crate::HttpSettings::default(),
            Arc::new(|_| None),
        )
    }

    #[test]
    fn nothing_is_said_of_a_record_that_is_still_being_read() {
        let folder = tempfile::tempdir().unwrap();
        let site = site(TrackRecord::unread(folder.path(), Clock::system()));
        let asked = |path: &str| WebRequest {
            path: path.to_owned(),
            ..WebRequest::default()
        };
        for (path, status) in [
            ("/", 200),
            ("/record", 200),
            ("/tickers/AAPL", 503),
            ("/dead-letters", 503),
            ("/picks", 503),
        ] {
            let reply = crate::routes::answer(&site, &asked(path));
            assert_eq!(reply.status, status, "{path}");
            assert!(reply.has("refresh"), "{path} stays as it is");
            let page = reply.body;
            assert!(
                page.contains("<h1>The record is still being read.</h1>"),
                "{page}"
            );
            for claim in [
                "No close has come",
                "newest forecast",
                "No pick of",
                "No dead letters",
            ] {
                assert!(!page.contains(claim), "{path}: {claim}");
            }
        }
        for path in ["/api/v1/score", "/api/v1/tickers", "/api/v1/forecasts"] {
            let reply = crate::routes::answer(&site, &asked(path));
            assert_eq!(reply.status, 503, "{path}");
        }
    }
}
