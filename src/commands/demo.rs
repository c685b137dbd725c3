//! `closecall demo`: the whole pipeline against a simulated market in the same process. Its clock shows
//! trading days, a quarter of an hour in half a second, so that bands narrow and sessions close while
//! one watches. No key, no broker, no network.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::NaiveDate;
use clap::Args;
use closecall_actors::PickerMode;
use closecall_calendar::{Clock, Timetable};
use closecall_ledger::{Ledger, Reader};
use closecall_market::MarketStore;
use closecall_market_server::{ServedMarket, Server, Simulated, SimulatedSettings};
use serde_json::json;

use super::data_folder::DEMO_FOLDER;
use super::flags::RunFlags;
use crate::console::{Console, Format};
use crate::exit::{Code, OrExit};
use crate::page;
use crate::pipeline;
use crate::run_options::RunOptions;
use crate::settings::Settings;

/// Run the whole pipeline on a simulated market.
///
/// Ledger and market store of a demo lie in the folder `demo` of the data directory; each demo replaces those
/// of the one before.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// End by itself after this number of picks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) picks: Option<u64>,
    /// Seed of the simulated market, the picks and the training
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) watch: RunFlags,
}

/// The day before a Monday's session. Always the same, so that two demos with one seed say the same.
const START: NaiveDate = NaiveDate::from_ymd_opt(2025, 1, 5).unwrap();

/// Real time of a pick.
const EACH: Duration = Duration::from_millis(500);

pub(super) fn run(mut settings: Settings, args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let faults = args.watch.faults()?;
    settings.data_dir.push(DEMO_FOLDER);
    // Within this process, whatever is configured for other runs.
    settings.kafka.brokers.clear();
    let _own_folder = start_empty(&settings.data_dir)
        .with_context(|| {
            let folder = settings.data_dir.display();
            format!("cannot start a new record in the demo's folder {folder}")
        })
        .or_exit(Code::CannotCreate)?;

    let calendar = settings.calendar.calendar();
    let timetable = Timetable::after_day(calendar.clone(), START);
    let clock = Clock::timetable(timetable.clone(), EACH)?;
    let simulated = Simulated::new(SimulatedSettings::new(args.seed), calendar)?;
    let market = ServedMarket::simulated(simulated, clock.clone());
    let server = Server::bind(Server::loopback(0), market)
        .or_exit(Code::CannotCreate)?
        .spawn()?;

    settings.ask_only(&format!("http://{}", server.address()));
    settings.picker.seed = args.seed;
    settings.forecast.seed = args.seed;
    settings.picker.expires_after = Duration::ZERO;
    settings.picker.mode = PickerMode::Random;
    let format = args.watch.format();
    let options = RunOptions {
        clock,
        roles: Vec::new(),
        picks: args.picks,
        timetable: Some(timetable),
        faults,
        format,
        notice: Some(notice()),
        greeting: (format == Format::Text)
            .then_some("trading days of a simulated market, two picks a second; stop with Ctrl-C"),
    };
    let (exit, summary) = pipeline::run(&settings, &options)?;
    server.stop()?;
    if let Some(mut summary) = summary {
        summary.verdict = Some(closecall_web::judge(&Reader::open(&settings.data_dir)?)?);
        let console = Console::new(format);
        if console.is_json() {
            console.line(&json!({"summary": summary}).to_string());
        } else {
            console.line(&summary.text());
        }
    }
    Ok(exit.code.into())
}

/// Notice that every page of a demo carries about its market.
fn notice() -> page::Notice {
    let text = "Prices and headlines are invented, a quarter of an hour passes in half a second, and \
                nothing in it can be predicted beyond the price of the moment.";
    ("Simulated market.", text.to_owned())
}

/// The same of a demo that has left its record behind: its own clock has stopped.
pub(super) fn notice_afterwards() -> page::Notice {
    let text = "The record of a demo on a clock of its own: prices and headlines were invented, and \
                nothing could be predicted beyond the price of the moment.";
    ("Simulated market.", text.to_owned())
}

/// A new demo knows nothing of the last; what else is in the folder stays. No other demo enters the folder
/// before the answer is dropped: the ledger alone would let in two that start at the same moment.
fn start_empty(folder: &Path) -> anyhow::Result<File> {
    std::fs::create_dir_all(folder)?;
    let own = File::open(folder)?;
    match own.try_lock() {
        Err(TryLockError::WouldBlock) => {
            return Err(closecall_ledger::Error::InUse(folder.into()).into());
        }
        locked => locked?,
    }
    Ledger::remove(folder)?;
    MarketStore::remove(folder)?;
    Ok(own)
}
