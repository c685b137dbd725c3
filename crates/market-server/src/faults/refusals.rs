//! AlphaVantage's refusals, which come with HTTP 200 and repeat the key.

use hyper::StatusCode;
use serde_json::json;

use crate::answer::Answer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NewsRefusal {
    /// The day's requests are spent.
    DailyQuota,
    /// Two requests within a second.
    Burst,
}

impl NewsRefusal {
    pub(super) fn answer(self, key: &str) -> Answer {
        let text = match self {
            Self::DailyQuota => format!(
                "We have detected your API key as {key} and our standard API rate limit is 25 requests per day. Please subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to instantly remove all daily rate limits."
            ),
            Self::Burst => "Please consider spreading out your free API requests more sparingly (1 request per second). You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to lift the free key rate limit (25 requests per day), raise the per-second burst limit, and instantly unlock all premium endpoints".to_owned(),
        };
        (StatusCode::OK, json!({ "Information": text }))
    }
}
