//! The values that are served as JSON, a file a resource.

pub(crate) mod answer;
pub(crate) mod dead_letters;
pub(crate) mod entry;
pub(crate) mod forecasts;
pub(crate) mod openapi;
pub(crate) mod score;
pub(crate) mod stages;
pub(crate) mod tickers;
pub(crate) mod verdict;
