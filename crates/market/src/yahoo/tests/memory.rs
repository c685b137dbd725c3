//! Memory that hostile bodies take while they are read, at the limit of what is taken from a vendor.

use serde_json::Value;

use super::{read as read_daily, ticker};
use crate::alphavantage::codec as news;
use crate::vendor::http::{HttpAnswer, MAX_BODY};
use crate::yahoo::intraday;

/// Bytes that reading a body may take beside the body, however it is made.
const CAP: u64 = 2 * MAX_BODY as u64;

/// One unit after the other up to the limit, between two ends.
fn filled(start: &str, unit: &str, end: &str) -> String {
    let room = MAX_BODY - start.len() - end.len();
    format!("{start}{}{end}", unit.repeat(room / unit.len()))
}

fn chart(inside: &str, unit: &str, end: &str) -> String {
    let start = format!(
        r#"{{"chart":{{"error":null,"result":[{{"meta":{{"symbol":"AAPL","dataGranularity":"1d"}},{inside}"#
    );
    filled(&start, unit, &format!("{end}}}]}}}}"))
}

/// Bodies of the greatest size that are valid JSON, or nearly.
fn hostile() -> Vec<String> {
    let quote = r#""indicators":{"quote":[{"close":["#;
    let mut bodies = vec![
        chart(r#""timestamp":["#, "1,", "1]"),
        chart(r#""timestamp":["#, "\"\",", "1]"),
        chart(r#""timestamp":["#, "[],", "1]"),
        chart(quote, "0.1,", "1]}]}"),
        chart(quote, "null,", "1]}]}"),
        chart(
            r#""events":{"splits":{"#,
            r#""a":{"date":1,"numerator":1,"denominator":1},"#,
            r#""a":1}}"#,
        ),
        chart(r#""indicators":{"quote":["#, "{},", "{}]}"),
        chart(r#""indicators":{"quote":[{"open":[""#, "\\u0041", "\"]}]}"),
        chart(r#""x":"#, r#"{"a":[1],"b":"#, "1"),
        filled(r#"{"chart":{"result":["#, "{},", "{}]}}"),
        filled(r#"{"chart":{"error":{"description":""#, "\\n", "\"}}}"),
        filled(r#"{"feed":["#, "{},", "{}]}"),
        filled(r#"{"feed":["#, "1,", "1]}"),
        filled(r#"{"feed":[{"ticker_sentiment":["#, "{},", "{}]}]}"),
        filled(r#"{"feed":[{"title":""#, "&amp;", "\"}]}"),
        filled(r#"{"Note":""#, "\\u00e9", "\"}"),
        filled("{", r#""k":1,"#, r#""k":1}"#),
        "[".repeat(MAX_BODY),
        "{\"a\":".repeat(MAX_BODY / 5),
    ];
    // Cut off, as a connection leaves it.
    bodies.push(bodies[3][..MAX_BODY - 40].to_owned());
    bodies
}

#[test]
fn no_body_takes_more_than_the_cap_while_it_is_read() {
    if !testing::alone("yahoo::tests::memory::no_body_takes_more_than_the_cap_while_it_is_read") {
        return;
    }
    let bodies = hostile();
    let valid = bodies
        .iter()
        .filter(|body| serde_json::from_str::<Value>(body).is_ok());
    assert!(valid.count() > 10);
    let ticker = ticker("AAPL");
    let mut most = 0;
    for body in &bodies {
        let answer = HttpAnswer::of(200, "application/json", body.as_str());
        let charts: [&dyn Fn() -> bool; 2] = [&|| read_daily(&answer, &ticker).is_ok(), &|| {
            intraday::read(&answer, &ticker).is_ok()
        }];
        let news: [&dyn Fn() -> bool; 1] = [&|| news::read(&answer, &ticker, "CANARY").is_ok()];
        let is_chart = body.starts_with("{\"chart\"");
        for read in if is_chart { &charts[..] } else { &news } {
            let Some((_, grown)) = testing::growth(read) else {
                return;
            };
            let begins = &body[..body.len().min(120)];
            assert!(grown <= CAP, "{grown} bytes for {begins}");
            most = most.max(grown);
        }
    }
    println!("at most {most} bytes beside a body of {MAX_BODY}");
}
