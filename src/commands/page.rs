//! `closecall page`: pages and API over an existing ledger, read only.

use std::process::ExitCode;
use std::sync::Arc;

use closecall_calendar::Clock;
use closecall_ledger::{Error, Reader};
use closecall_supervision::Signals;
use closecall_web::{ProcessStatus, Web};

use super::demo::{self, DEMO_FOLDER};
use crate::exit::{Code, OrExit as _};
use crate::page;
use crate::settings::Settings;
use crate::web::version_page;

pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let (directory, is_demo) = match Reader::open(&settings.data_dir) {
        Ok(_) => (
            settings.data_dir.clone(),
            settings.data_dir.ends_with(DEMO_FOLDER),
        ),
        Err(Error::Absent(_)) => {
            let demo = settings.data_dir.join(DEMO_FOLDER);
            if Reader::open(&demo).is_err() {
                return Err(Error::Absent(settings.data_dir.clone())).or_exit(Code::Data);
            }
            (demo, true)
        }
        Err(error) => return Err(error.into()),
    };
    let Some(listening) = page::listen(settings, true)? else {
        anyhow::bail!("`http.listen` is empty: set it to the address of the page");
    };
    let clock = Clock::system();
    let record = page::record(&directory, &clock, None)?;
    let about = page::about(
        settings,
        "page over an existing ledger".to_owned(),
        is_demo.then(demo::notice),
    );
    let process = Arc::new(ProcessStatus::default);
    let priority = Arc::new(|path: &str| match path {
        // Nothing runs here that could be unwell.
        "/healthz" | "/readyz" | "/startupz" => Some((
            200,
            "application/json",
            "{\"ok\":true,\"reasons\":[]}".to_owned(),
        )),
        "/version" => Some(version_page()),
        _ => None,
    });
    let site = page::site(settings, about, &clock, Some(record), process, priority)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let signal = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let web = Web::start(listening, site).or_exit(Code::CannotCreate)?;
        let signal = signals.next().await;
        web.stop().await;
        anyhow::Ok(signal)
    })?;
    tracing::info!(?signal, "the page ends");
    Ok(ExitCode::SUCCESS)
}
