//! Inputs of tests: recorded answers, which lie beside the repository and not in it, and how many are
//! made up.

use serde_json::Value;

use crate::vendor::http::HttpAnswer;

/// A recorded file, where there are recorded data.
pub(crate) fn file(name: &str) -> Option<Vec<u8>> {
    let folder = testing::recorded_data()?;
    Some(std::fs::read(folder.join(name)).unwrap())
}

/// A recorded body as the answer that brought it.
pub(crate) fn answer(name: &str) -> Option<HttpAnswer> {
    file(name).map(|body| HttpAnswer::of(200, "application/json", body))
}

/// The refusals of a list of them, by name.
pub(crate) fn refusals(name: &str) -> Vec<(String, HttpAnswer)> {
    let Some(list) = file(name) else {
        return Vec::new();
    };
    let list: Vec<Value> = serde_json::from_slice(&list).unwrap();
    assert!(!list.is_empty());
    list.iter()
        .map(|entry| {
            let body = match &entry["body"] {
                Value::String(text) => text.clone().into_bytes(),
                json => serde_json::to_vec(json).unwrap(),
            };
            let status = u16::try_from(entry["http_status"].as_u64().unwrap()).unwrap();
            let content_type = entry["content_type"].as_str().unwrap_or("application/json");
            let mut answer = HttpAnswer::of(status, content_type, body);
            answer.location = entry["location"]
                .as_str()
                .map(|_| "consent.yahoo.com".to_owned());
            (entry["name"].as_str().unwrap().to_owned(), answer)
        })
        .collect()
}

/// Random and mutated bodies that a parser is tried with.
pub(crate) fn mutations() -> u32 {
    u32::try_from(testing::mutations()).unwrap_or(u32::MAX)
}
