//! `closecall page`: pages and API over an existing ledger, read only.

use std::process::ExitCode;
use std::sync::Arc;

use closecall_calendar::Clock;
use closecall_supervision::Signals;
use closecall_web::{ProcessStatus, Web};

use super::data_folder::{self, DEMO_FOLDER};
use super::demo;
use crate::exit::{Code, OrExit as _};
use crate::page;
use crate::settings::Settings;
use crate::web::{version_page, well_page};

pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let (_, directory) = data_folder::ledger(&settings.data_dir)?;
    let is_demo = directory.ends_with(DEMO_FOLDER);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Before it names its address, from which on it may be asked to end.
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    let Some(listening) = page::listen(settings, true)? else {
        anyhow::bail!("`http.listen` is empty: set it to the address of the page");
    };
    let clock = Clock::system();
    let record = page::record(&directory, &clock, None)?;
    let about = page::about(
        settings,
        "page over an existing ledger".to_owned(),
        is_demo.then(demo::notice_afterwards),
    );
    let process = Arc::new(ProcessStatus::default);
    let priority = Arc::new(|path: &str| match path {
        // Nothing runs here that could be unwell.
        "/healthz" | "/readyz" | "/startupz" => Some(well_page()),
        "/version" => Some(version_page()),
        _ => None,
    });
    let peers = page::peers(settings)?;
    let site = page::site(
        settings,
        about,
        &clock,
        Some(record),
        process,
        priority,
        peers,
    );
    let signal = runtime.block_on(async {
        let web = Web::start(listening, site).or_exit(Code::CannotCreate)?;
        let signal = signals.next().await;
        web.stop().await;
        anyhow::Ok(signal)
    })?;
    tracing::info!(?signal, "the page ends");
    Ok(ExitCode::SUCCESS)
}
