//! `closecall topics`: makes the topics that are missing and lists how those there are differ.

use std::process::ExitCode;

use clap::Subcommand;
use closecall_kafka::admin::{KafkaAdmin, TopicReport};

use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    /// Make the topics that are missing, and tell how those there are differ; alters nothing
    Create {
        /// One JSON object a topic
        #[arg(long)]
        json: bool,
    },
    /// Tell how the topics are
    Describe {
        /// One JSON object a topic
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(settings: &Settings, command: &TopicsCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let admin = KafkaAdmin::new(&settings.kafka)?;
    let (reports, json) = match command {
        TopicsCommand::Create { json } => (runtime.block_on(admin.create_topics()), *json),
        TopicsCommand::Describe { json } => (runtime.block_on(admin.describe_topics()), *json),
    };
    for report in reports? {
        if json {
            crate::stdout::print(serde_json::to_string(&report)?)?;
        } else {
            crate::stdout::print(line(&report))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(report: &TopicReport) -> String {
    let name = &report.wanted.name;
    let state = match (&report.found, report.created) {
        (_, true) => "made".to_owned(),
        (None, false) => "missing: `closecall topics create` makes it".to_owned(),
        (Some(_), false) if report.drift.is_empty() => "as it should be".to_owned(),
        (Some(_), false) => format!("differs: {}", report.drift.join("; ")),
    };
    format!("{name:<32} {state}")
}
