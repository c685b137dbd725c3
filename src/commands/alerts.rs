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
    let page = alerts.page.as_deref().unwrap_or("http://127.0.0.1:8316/");
    let client = Client::new(url, alerts.format, page).or_exit(Code::Configuration)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let now = Clock::system().now();
    for kind in &alerts.on {
        runtime
            .block_on(client.send(&Alert::sample(*kind, now)))
            .or_exit(Code::Unavailable)?;
        crate::stdout::print(format_args!("{kind}: taken"))?;
    }
    Ok(ExitCode::SUCCESS)
}
