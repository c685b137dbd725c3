//! `closecall dead-letters`: refused records on the dead-letter topics: list, show, send again.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;
use closecall_calendar::Clock;
use closecall_kafka::KafkaSettings;
use closecall_kafka::admin::KafkaAdmin;
use closecall_kafka::peek::{PeekFrom, peek};
use closecall_protocol::codec::dead_letter::{self, DeadLetterHeaders, REPLAYED_FROM};
use closecall_protocol::codec::{Arrival, Record};
use closecall_protocol::{PickId, Reason, Topic};
use serde_json::json;

use super::peek::{as_json, decode};
use crate::exit::{Code, CodedError};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// One line a refused record
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// A refused record in full, by its pick id
    Show {
        /// The pick id
        pick_id: PickId,
    },
    /// Send refused records to their topics again, with a new expiry
    Retry {
        /// Only that of this pick
        #[arg(long, value_name = "PICK_ID")]
        pick_id: Option<PickId>,
        /// Only those with this reason, such as unavailable
        #[arg(long, value_name = "REASON")]
        reason: Option<Reason>,
        /// At most this number
        #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
        count: usize,
        /// Do it without asking; needed where there is no terminal
        #[arg(long)]
        yes: bool,
    },
}

/// A refused record where it lies.
struct Letter {
    record: Record,
    arrival: Arrival,
    says: DeadLetterHeaders,
}

pub(super) fn run(settings: &Settings, command: &DeadLettersCommand) -> anyhow::Result<ExitCode> {
    let letters = all(&settings.kafka)?;
    match command {
        DeadLettersCommand::List { json } => list(&letters, *json)?,
        DeadLettersCommand::Show { pick_id } => show(&letters, *pick_id)?,
        DeadLettersCommand::Retry {
            pick_id,
            reason,
            count,
            yes,
        } => {
            if !yes && !std::io::stdin().is_terminal() {
                let error = anyhow!("dead-letters retry sends records again: say --yes");
                return Err(CodedError::new(Code::Usage, error).into());
            }
            retry(settings, &chosen(&letters, *pick_id, *reason, *count))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn all(kafka: &KafkaSettings) -> anyhow::Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for topic in Topic::ALL {
        peek(
            kafka,
            &kafka.dead_letters(topic),
            PeekFrom::Beginning,
            |record, arrival| {
                let says = dead_letter::decode(&record, &arrival);
                letters.push(Letter {
                    record,
                    arrival,
                    says,
                });
                ControlFlow::Continue(())
            },
        )?;
    }
    letters.sort_by_key(|letter| letter.arrival.timestamp);
    Ok(letters)
}

fn list(letters: &[Letter], json: bool) -> anyhow::Result<()> {
    for Letter {
        record,
        arrival,
        says,
    } in letters
    {
        let ticker = record.key.as_deref().map(String::from_utf8_lossy);
        if json {
            crate::stdout::print(json!({"dead_letter": {
                "pick_id": says.pick_id,
                "stage": says.stage,
                "reason": says.reason,
                "message": says.message,
                "ticker": ticker,
                "at": arrival.timestamp,
                "topic": says.topic,
                "partition": says.partition,
                "offset": says.offset,
            }}))?;
        } else {
            let ticker: String = ticker
                .unwrap_or_else(|| "-".into())
                .chars()
                .flat_map(char::escape_debug)
                .collect();
            let message: String = says.message.chars().flat_map(char::escape_debug).collect();
            crate::stdout::print(format_args!(
                "{} {ticker:<6} {} at {}: {message}",
                says.pick_id, says.reason, says.stage
            ))?;
        }
    }
    Ok(())
}

fn show(letters: &[Letter], pick_id: PickId) -> anyhow::Result<()> {
    let mut found = letters
        .iter()
        .filter(|letter| letter.says.pick_id == pick_id)
        .peekable();
    if found.peek().is_none() {
        let error = anyhow!("no dead letter of pick {pick_id}: `closecall dead-letters list`");
        return Err(CodedError::new(Code::Data, error).into());
    }
    for Letter {
        record, arrival, ..
    } in found
    {
        let value = decode(record.value.as_deref());
        crate::stdout::print(format_args!("{:#}", as_json(record, arrival, &value)))?;
    }
    Ok(())
}

/// The records to be sent again: each refused one once, however often it was refused, and none that
/// was sent again from where it lies already.
fn chosen(
    letters: &[Letter],
    pick_id: Option<PickId>,
    reason: Option<Reason>,
    count: usize,
) -> Vec<&Letter> {
    let mut seen = std::collections::HashSet::new();
    letters
        .iter()
        .rev()
        .filter(|letter| pick_id.is_none_or(|id| letter.says.pick_id == id))
        .filter(|letter| reason.is_none_or(|reason| letter.says.reason == reason))
        .filter(|letter| seen.insert(letter.says.pick_id))
        .take(count)
        .collect()
}

fn retry(settings: &Settings, letters: &[&Letter]) -> anyhow::Result<()> {
    let admin = KafkaAdmin::new(&settings.kafka)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let expires_at = settings
        .picker
        .expiry()
        .map(|after| Clock::system().now() + after);
    let (mut sent, mut stubs) = (0, 0);
    for Letter {
        record,
        arrival,
        says,
    } in letters
    {
        let Some(again) = dead_letter::replay(record, arrival, expires_at) else {
            stubs += 1;
            continue;
        };
        let (partition, offset) = runtime.block_on(admin.send(&says.topic, &again))?;
        let from = again.header(REPLAYED_FROM).unwrap_or_default();
        crate::stdout::print(format_args!(
            "{} sent to {}/{partition}/{offset}, from {from}",
            says.pick_id, says.topic
        ))?;
        sent += 1;
    }
    crate::stdout::print(format_args!(
        "{sent} sent again, {stubs} stubs left, of which nothing can be sent"
    ))
}
