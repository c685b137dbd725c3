//! The description of the API, OpenAPI 3.1, made from the types that are served.

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

use super::dead_letters::DeadLetterPage;
use super::forecasts::{ForecastDetail, ForecastPage};
use super::score::ScoreView;
use super::stages::StagesView;
use super::tickers::{TickerDetail, TickerList};
use crate::problem::ProblemBody;

/// The whole description.
#[must_use]
pub fn document() -> OpenApi {
    Description::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "closecall",
        description = "Forecasts of today's closing price, and the record of how they turned out. Read only. Errors are RFC 9457 problems. `v1` only grows.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        forecasts,
        forecast,
        tickers,
        ticker,
        score,
        stages,
        dead_letters,
        events
    ),
    components(schemas(super::entry::EventEntry))
)]
struct Description;

// What is described here is answered by `routes`; the functions only carry the description.

#[utoipa::path(
    get,
    path = "/api/v1/forecasts",
    summary = "Picks, the newest first",
    params(
        ("ticker" = Option<String>, Query, description = "Only of this ticker", pattern = "^[A-Z0-9][A-Z0-9.\\-]{0,9}$"),
        ("session" = Option<String>, Query, description = "Only of this session, among the newest 2,000 rows from `before` on", format = Date),
        ("limit" = Option<i64>, Query, description = "At most this number, 50 unless given", minimum = 1, maximum = 200),
        ("before" = Option<i64>, Query, description = "Only rows before this one: stable while rows are appended", minimum = 1),
    ),
    responses(
        (status = 200, description = "A page", body = ForecastPage),
        (status = 400, description = "A parameter that is unknown or has a bad value", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No ledger in this process, or not at this moment", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries a description")]
fn forecasts() {}

#[utoipa::path(
    get,
    path = "/api/v1/forecasts/{pick_id}",
    summary = "One pick with everything that is known of it",
    params(("pick_id" = String, Path, description = "32 hexadecimal digits", pattern = "^[0-9a-fA-F]{32}$")),
    responses(
        (status = 200, description = "The pick", body = ForecastDetail),
        (status = 400, description = "Not an id", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such pick", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No ledger in this process, or not at this moment", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries a description")]
fn forecast() {}

#[utoipa::path(
    get,
    path = "/api/v1/tickers",
    summary = "What is picked from, each with its newest forecast",
    responses(
        (status = 200, description = "The tickers", body = TickerList),
        (status = 400, description = "A parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No ledger in this process, or not at this moment", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries a description")]
fn tickers() {}

#[utoipa::path(
    get,
    path = "/api/v1/tickers/{ticker}",
    summary = "One ticker with its closes, news and earlier forecasts",
    params(("ticker" = String, Path, description = "A ticker", pattern = "^[A-Z0-9][A-Z0-9.\\-]{0,9}$")),
    responses(
        (status = 200, description = "The ticker", body = TickerDetail),
        (status = 400, description = "Not a ticker", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Not picked from", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No ledger in this process, or not at this moment", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries a description")]
fn ticker() {}

#[utoipa::path(
    get,
    path = "/api/v1/score",
    summary = "How good the forecasts are, against the price that each starts from",
    params(("ticker" = Option<String>, Query, description = "Only of this ticker", pattern = "^[A-Z0-9][A-Z0-9.\\-]{0,9}$")),
    responses(
        (status = 200, description = "The score", body = ScoreView),
        (status = 400, description = "A parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The ledger does not verify", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No ledger in this process, or it is still being read", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries a description")]
fn score() {}

#[utoipa::path(
    get,
    path = "/api/v1/stages",
    summary = "The pipeline as this process knows it",
    responses(
        (status = 200, description = "The pipeline", body = StagesView),
        (status = 400, description = "A parameter", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries a description")]
fn stages() {}

#[utoipa::path(
    get,
    path = "/api/v1/dead-letters",
    summary = "Picks that were given up, the newest first",
    params(
        ("stage" = Option<String>, Query, description = "Only of this stage", pattern = "^[a-z\\-]{1,40}$"),
        ("reason" = Option<String>, Query, description = "Only for this reason", pattern = "^(undecodable|unsupported-version|too-large|invalid-ticker|unknown-ticker|no-data|unavailable|expired|panic|took-too-long|diverged|abandoned)$"),
        ("limit" = Option<i64>, Query, description = "At most this number, 50 unless given", minimum = 1, maximum = 200),
        ("before" = Option<i64>, Query, description = "Only rows before this one", minimum = 1),
    ),
    responses(
        (status = 200, description = "A page", body = DeadLetterPage),
        (status = 400, description = "A parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "No ledger in this process, or not at this moment", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries a description")]
fn dead_letters() {}

#[utoipa::path(
    get,
    path = "/api/v1/events",
    summary = "What happens, as it happens, as server-sent events",
    description = "`forecast`, `dead-letter` and `score` carry the entry and have the row's number as id; `stage` carries a stage; `reset` asks to fetch all again.",
    params(("Last-Event-ID" = Option<i64>, Header, description = "Row after which to go on", minimum = 0)),
    responses(
        (status = 200, description = "A stream that does not end", body = String, content_type = "text/event-stream"),
        (status = 400, description = "A parameter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "32 readers are there already", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(dead_code, reason = "carries a description")]
fn events() {}
