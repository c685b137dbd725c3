//! `closecall peek`: the records of a topic, decoded, without being a member of any group.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use closecall_kafka::peek::{PeekFrom, peek};
use closecall_protocol::Ticker;
use closecall_protocol::codec::{Arrival, Record};
use serde_json::{Value, json};

use crate::exit::{Code, OrExit};
use crate::settings::Settings;

/// Read the records of a topic.
#[derive(Debug, Args)]
pub(crate) struct PeekArgs {
    /// The topic, such as stock-prediction-output
    pub(crate) topic: String,
    /// Only records of this ticker
    #[arg(long, value_parser = |text: &str| Ticker::new(text))]
    pub(crate) ticker: Option<Ticker>,
    /// Where to begin: `beginning`, or a time (RFC 3339)
    #[arg(long, value_name = "beginning|TIME", default_value = "beginning")]
    pub(crate) from: String,
    /// At most this number of records
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) count: Option<usize>,
    /// One JSON object a record
    #[arg(long)]
    pub(crate) json: bool,
}

/// Characters of a value that a line for people shows.
const SHOWN: usize = 160;

pub(super) fn run(settings: &Settings, args: &PeekArgs) -> anyhow::Result<ExitCode> {
    let from = begin(&args.from).or_exit(Code::Usage)?;
    let wanted = args
        .ticker
        .as_ref()
        .map(|ticker| ticker.as_str().as_bytes());
    let mut left = args.count.unwrap_or(usize::MAX);
    let mut printed = Ok(());
    peek(&settings.kafka, &args.topic, from, |record, arrival| {
        if wanted.is_some() && record.key.as_deref() != wanted {
            return ControlFlow::Continue(());
        }
        if left == 0 {
            return ControlFlow::Break(());
        }
        left -= 1;
        printed = print_record(&record, &arrival, args.json);
        if printed.is_err() || left == 0 {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    printed?;
    Ok(ExitCode::SUCCESS)
}

fn begin(from: &str) -> anyhow::Result<PeekFrom> {
    if from == "beginning" {
        return Ok(PeekFrom::Beginning);
    }
    let moment = from.parse::<DateTime<Utc>>();
    moment
        .map(PeekFrom::Time)
        .context("--from takes `beginning` or an RFC 3339 time")
}

fn print_record(record: &Record, arrival: &Arrival, json: bool) -> anyhow::Result<()> {
    let value = decode(record.value.as_deref());
    if json {
        return crate::stdout::print(as_json(record, arrival, &value));
    }
    let text: String = value.to_string().chars().take(SHOWN).collect();
    let key = record
        .key
        .as_deref()
        .map_or_else(|| "-".into(), String::from_utf8_lossy);
    let key: String = key.chars().flat_map(char::escape_debug).collect();
    let time = arrival.timestamp.to_rfc3339_opts(SecondsFormat::Secs, true);
    let (partition, offset) = (arrival.partition, arrival.offset);
    crate::stdout::print(format_args!(
        "{partition:>2}/{offset:<6} {time} {key:<6} {text}"
    ))
}

/// One record as `peek --json` prints it.
pub(super) fn as_json(record: &Record, arrival: &Arrival, value: &Value) -> Value {
    let text = |bytes: &Option<Vec<u8>>| {
        bytes
            .as_deref()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let headers: BTreeMap<&str, Option<String>> = record
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect();
    json!({
        "topic": arrival.topic,
        "partition": arrival.partition,
        "offset": arrival.offset,
        "timestamp": arrival.timestamp,
        "key": text(&record.key),
        "headers": headers,
        "value": value,
    })
}

/// JSON, whether it was encoded once or twice; else the text; null for a tombstone.
pub(super) fn decode(value: Option<&[u8]>) -> Value {
    let Some(bytes) = value else {
        return Value::Null;
    };
    match serde_json::from_slice(bytes) {
        Ok(Value::String(inner)) => serde_json::from_str(&inner).unwrap_or(Value::String(inner)),
        Ok(value) => value,
        Err(_) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
    }
}
