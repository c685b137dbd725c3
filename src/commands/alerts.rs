//! `closecall alerts test`: one alert of each kind to the receiver that is set.

use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;
use closecall_alerts::{Alert, Client};
use closecall_calendar::Clock;

use crate::exit::{Code, CodedError, OrExit as _};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Send one alert of each kind that is on, and say whether it was taken
    Test,
}

pub(super) fn run(settings: &Settings, command: &AlertsCommand) -> anyhow::Result<ExitCode> {
    let AlertsCommand::Test = command;
    let alerts = &settings.alerts;
    let Some(url) = &alerts.url else {
        let error =
            anyhow!("no receiver is set: put its address into `alerts.url_file` or `alerts.url`");
        return Err(CodedError::new(Code::Configuration, error).into());
    };
    if alerts.on.is_empty() {
        let error = anyhow!("no kind of alert is on: name some in `alerts.on`");
        return Err(CodedError::new(Code::Configuration, error).into());
    }
    let page = alerts.page.as_deref().unwrap_or("http://127.0.0.1:8316/");
    let client = Client::new(url, alerts.format, page).or_exit(Code::Configuration)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let now = Clock::system().now();
    let mut refused = 0;
    for kind in &alerts.on {
        match runtime.block_on(client.send(&Alert::sample(*kind, now))) {
            Ok(()) => crate::stdout::print(format_args!("{kind}: taken"))?,
            Err(error) => {
                refused += 1;
                crate::stdout::print(format_args!("{kind}: not taken: {error}"))?;
            }
        }
    }
    if refused == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let all = alerts.on.len();
    Err(anyhow!("{refused} of {all} alerts were not taken")).or_exit(Code::Unavailable)
}
