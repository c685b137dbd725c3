//! The chart service's refusals, in its own words where they are known.

use hyper::StatusCode;
use serde_json::json;

use crate::answer::Answer;

pub(super) fn unknown_symbol() -> Answer {
    error(
        StatusCode::NOT_FOUND,
        "Not Found",
        "No data found, symbol may be delisted".to_owned(),
    )
}

pub(super) fn bad_request(description: String) -> Answer {
    error(StatusCode::BAD_REQUEST, "Bad Request", description)
}

pub(super) fn unprocessable(description: String) -> Answer {
    error(
        StatusCode::UNPROCESSABLE_ENTITY,
        "Unprocessable Entity",
        description,
    )
}

fn error(status: StatusCode, code: &str, description: String) -> Answer {
    let error = json!({ "code": code, "description": description });
    (
        status,
        json!({ "chart": { "result": null, "error": error } }),
    )
}
