//! Paths and their answers. Everything here is synchronous: it runs on a thread that may wait for
//! the disk.

use percent_encoding::percent_decode_str;

use crate::api::{self, openapi};
use crate::assets;
use crate::guard::WebRequest;
use crate::pages;
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::{JSON, WebReply};
use crate::site::Site;

/// The answer to an admitted request.
pub(crate) fn answer(site: &Site, asked: &WebRequest) -> WebReply {
    let segments: Option<Vec<String>> = asked
        .path
        .trim_start_matches('/')
        .split('/')
        .map(decoded)
        .collect();
    let segments = segments.unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if asked.is_api() {
        let found = api(site, asked, &segments);
        return found.unwrap_or_else(|problem| problem.reply(&asked.path));
    }
    if let [name] = segments[..] {
        let version = Query::parse(&asked.query, &["v"]).ok();
        let version = version.as_ref().and_then(|query| query.text("v"));
        if let Some(file) = assets::file(name, version) {
            return file;
        }
    }
    pages::answer(site, asked, &segments)
}

/// A path's segment; none where it is no text.
fn decoded(segment: &str) -> Option<String> {
    percent_decode_str(segment)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

fn api(site: &Site, asked: &WebRequest, segments: &[&str]) -> Result<WebReply, Problem> {
    match *segments {
        ["openapi.json"] => {
            Query::parse(&asked.query, &[])?;
            let text = openapi::document().to_pretty_json().unwrap_or_default();
            Ok(WebReply::new(200, JSON, text))
        }
        ["api", "v1", "forecasts"] => api::forecasts::list(site, asked),
        ["api", "v1", "forecasts", id] => api::forecasts::one(site, asked, id),
        ["api", "v1", "tickers"] => api::tickers::list(site, asked),
        ["api", "v1", "tickers", ticker] => api::tickers::one(site, asked, ticker),
        ["api", "v1", "score"] => api::score::get(site, asked),
        ["api", "v1", "stages"] => api::stages::get(site, asked),
        ["api", "v1", "dead-letters"] => api::dead_letters::list(site, asked),
        _ => Err(Problem::not_found(
            "there is nothing at this path: /api lists what there is",
        )),
    }
}
