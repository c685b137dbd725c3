//! AlphaVantage's answers in place of data, with HTTP status 200. A refusal is never "no news".

use std::time::Duration;

use crate::vendor::VendorFault;
use crate::vendor::fault::shown;

/// Pause that the vendor asks for between two requests, with a margin.
const BURST_WAIT: Duration = Duration::from_millis(1_200);

/// The class of a message, by what it asks for and not by what else it mentions: the message about
/// bursts names the daily quota and the paid plans too, and that about the quota names the key.
pub(super) fn classify(message: &str, key: &str) -> VendorFault {
    let message = &redact(message, key);
    let lower = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let text = || shown(message);
    if says(&[
        "apikey is invalid",
        "apikey is missing",
        "invalid api key",
        "demo purposes",
    ]) {
        return VendorFault::Credential(text());
    }
    // Slower: the same request goes through in a moment.
    if says(&[
        "spreading out",
        "more sparingly",
        "per second",
        "per minute",
        "burst",
    ]) {
        return VendorFault::Throttled {
            retry_after: Some(BURST_WAIT),
        };
    }
    if says(&["invalid inputs"]) {
        return VendorFault::InvalidInputs;
    }
    if says(&["invalid api call"]) {
        return VendorFault::BadRequest(text());
    }
    // The day is spent.
    if says(&["per day", "rate limit"]) {
        return VendorFault::Quota(text());
    }
    // Not covered by the key.
    if says(&["premium"]) {
        return VendorFault::NotEntitled(text());
    }
    VendorFault::Malformed(text())
}

/// The text without the key, and without whatever the vendor takes for it.
fn redact(text: &str, key: &str) -> String {
    const MASK: &str = "[redacted]";
    const PHRASE: &str = "key as ";
    let text = if key.is_empty() {
        text.to_owned()
    } else {
        text.replace(key, MASK)
    };
    let Some(at) = text.to_ascii_lowercase().find(PHRASE) else {
        return text;
    };
    let (head, tail) = text.split_at(at + PHRASE.len());
    let rest = tail.split_once(' ').map_or("", |(_, rest)| rest);
    format!("{head}{MASK} {rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_and_what_stands_in_its_place_are_redacted() {
        let text = "We have detected your API key as CANARY and our limit is 25 requests per day";
        for key in ["CANARY", "OTHER", ""] {
            let shown = redact(text, key);
            assert!(!shown.contains("CANARY"), "{shown}");
            assert!(
                shown.ends_with("and our limit is 25 requests per day"),
                "{shown}"
            );
        }
        assert_eq!(redact("a CANARYb", "CANARY"), "a [redacted]b");
    }

    #[test]
    fn an_unknown_message_is_not_taken_for_data_or_for_final() {
        assert!(matches!(classify("Hello", ""), VendorFault::Malformed(_)));
    }
}
