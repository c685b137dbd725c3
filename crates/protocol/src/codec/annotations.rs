//! Headers of what travels with a dataset for those who look: the stages it has passed, and some of
//! its headlines. They are shown and never used for anything else, so one that cannot be read is
//! left out and refuses no record.

use chrono::{DateTime, Utc};

use crate::codec::Record;
use crate::message::{Annotations, Headline, StageTrace};

/// Header of the stages passed, in the form of Server-Timing: `dur` in milliseconds, `n` attempts,
/// `at` the beginning in milliseconds since the epoch.
pub const TRACE: &str = "closecall-trace";
/// Header of the headlines that are kept, as JSON.
pub const HEADLINES: &str = "closecall-headlines";

/// Longest trace, in bytes.
const MAX_TRACE_BYTES: usize = 512;
/// Longest JSON of headlines, in bytes.
const MAX_HEADLINES_BYTES: usize = 16 * 1024;
/// Longest name of a stage, in bytes.
const MAX_NAME_BYTES: usize = 32;
/// Longest piece of work: a year, in milliseconds.
const MAX_MS: f64 = 365.0 * 86_400e3;

/// Adds the headers that there is something for.
pub(super) fn write(mut record: Record, annotations: &Annotations) -> Record {
    let trace = trace_text(&annotations.trace);
    if !trace.is_empty() && trace.len() <= MAX_TRACE_BYTES {
        record = record.with_header(TRACE, trace);
    }
    if !annotations.headlines.is_empty()
        && let Ok(json) = serde_json::to_string(&annotations.headlines)
        && json.len() <= MAX_HEADLINES_BYTES
    {
        record = record.with_header(HEADLINES, json);
    }
    record
}

/// Reads the headers; nothing of one that cannot be read.
pub(super) fn read(record: &Record) -> Annotations {
    let trace = record
        .header(TRACE)
        .filter(|text| text.len() <= MAX_TRACE_BYTES);
    let headlines = record
        .header(HEADLINES)
        .filter(|text| text.len() <= MAX_HEADLINES_BYTES);
    let headlines: Vec<Headline> = headlines
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    Annotations {
        trace: trace.and_then(parse_trace).unwrap_or_default(),
        headlines: Headline::extremes(
            headlines
                .into_iter()
                .filter_map(Headline::cleaned)
                .collect(),
        ),
    }
}

fn trace_text(trace: &[StageTrace]) -> String {
    let stages = trace.iter().map(|stage| {
        let StageTrace {
            stage: name,
            began_at,
            took_ms,
            attempts,
        } = stage;
        let at = began_at.map_or_else(String::new, |at| format!(";at={}", at.timestamp_millis()));
        format!("{name};dur={took_ms};n={attempts}{at}")
    });
    stages.collect::<Vec<_>>().join(", ")
}

fn parse_trace(text: &str) -> Option<Vec<StageTrace>> {
    text.split(',')
        .map(|stage| parse_stage(stage.trim()))
        .collect()
}

fn parse_stage(text: &str) -> Option<StageTrace> {
    let mut parts = text.split(';').map(str::trim);
    let stage = parts.next().filter(|name| {
        !name.is_empty()
            && name.len() <= MAX_NAME_BYTES
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    })?;
    let (mut took_ms, mut attempts, mut began_at) = (None, 1, None);
    for part in parts {
        match part.split_once('=')? {
            ("dur", text) => {
                let ms: f64 = text.parse().ok()?;
                // In range, so that it is a whole number of milliseconds after rounding.
                took_ms = (0.0..=MAX_MS).contains(&ms).then(|| ms.round() as u64);
            }
            ("n", text) => attempts = text.parse().ok()?,
            ("at", text) => began_at = Some(moment(text)?),
            // What others add to the form.
            _ => {}
        }
    }
    Some(StageTrace {
        stage: stage.to_owned(),
        began_at,
        took_ms: took_ms?,
        attempts,
    })
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(text.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_trace(text: &str) -> Vec<StageTrace> {
        let record = Record {
            key: None,
            value: None,
            headers: Vec::new(),
        };
        read(&record.with_header(TRACE, text)).trace
    }

    #[test]
    fn the_form_of_server_timing_is_read() {
        let trace = read_trace("scraper;dur=410.2;n=1, sentiment;dur=198.0;n=2;desc=x");
        let said: Vec<_> = trace
            .iter()
            .map(|stage| (stage.stage.as_str(), stage.took_ms, stage.attempts))
            .collect();
        assert_eq!(said, [("scraper", 410, 1), ("sentiment", 198, 2)]);
        assert_eq!(read_trace(&trace_text(&trace)), trace);
    }

    #[test]
    fn a_malformed_trace_is_left_out() {
        let long = format!("scraper;dur=1;n=1;x={}", "y".repeat(600));
        for text in [
            "",
            ",",
            "scraper",
            "scraper;dur=NaN;n=1",
            "scraper;dur=-1;n=1",
            "scraper;dur=1e300",
            "scraper;dur=1;n=-1",
            "Scraper<script>;dur=1;n=1",
            "scraper;dur=1;n=1;at=99999999999999999999",
            long.as_str(),
        ] {
            assert_eq!(read_trace(text), [], "{text}");
        }
    }
}
