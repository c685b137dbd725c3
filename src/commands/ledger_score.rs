//! `closecall ledger score`: closes that no later forecast brought, fetched for the forecasts that
//! wait for them.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use chrono::{DateTime, SubsecRound as _, Utc};
use closecall_calendar::Clock;
use closecall_ledger::{Error, Ledger, Reader};
use closecall_protocol::{Pick, PickId, PickReason, Ticker};

use super::flags::ClockFlags;
use crate::exit::{Code, OrExit as _};
use crate::settings::Settings;
use crate::stdout::print;

pub(super) fn run(settings: &Settings, clock: &ClockFlags) -> anyhow::Result<ExitCode> {
    let clock = clock.clock()?.unwrap_or_else(Clock::system);
    let folder = &settings.data_dir;
    // A writer would make a ledger where there is none.
    if let Err(Error::Absent(folder)) = Reader::open(folder) {
        let folder = folder.display();
        return Err(anyhow!(
            "there is no ledger in {folder} yet: `closecall run` writes one (a demo has the closes of its own)"
        ))
        .or_exit(Code::Data);
    }
    let calendar = settings.calendar.calendar();
    let mut ledger = Ledger::open(folder, calendar.clone()).or_exit(Code::CannotCreate)?;
    let now = clock.now();
    let mut due: BTreeMap<Ticker, u64> = BTreeMap::new();
    for waiting in ledger.waiting()? {
        let session = calendar.session(waiting.session.date());
        if session.is_some_and(|session| session.close <= now) {
            *due.entry(waiting.ticker).or_default() += waiting.forecasts;
        }
    }
    if due.is_empty() {
        print("no forecast waits for a close that has come")?;
        return Ok(ExitCode::SUCCESS);
    }
    let market = settings.open_market(&clock)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut failed = None;
    for (ticker, forecasts) in due {
        let pick = pick(settings, &ticker, now);
        match runtime.block_on(market.closes(&pick)) {
            Ok(closes) => {
                let scored = ledger.score(&ticker, &closes, now)? as u64;
                let left = forecasts.saturating_sub(scored);
                print(line(&ticker, scored, left))?;
            }
            Err(error) => {
                print(format_args!("{ticker:<6} not scored: {error}"))?;
                failed = Some(error);
            }
        }
    }
    match failed {
        None => Ok(ExitCode::SUCCESS),
        Some(error) => Err(error).context("some closes could not be fetched: try again later"),
    }
}

fn line(ticker: &Ticker, scored: u64, left: u64) -> String {
    let waiting = match left {
        0 => String::new(),
        left => format!(", {left} wait for closes that the vendor does not have"),
    };
    format!("{ticker:<6} {scored} scored{waiting}")
}

/// A question about a ticker's prices as they are known now.
fn pick(settings: &Settings, ticker: &Ticker, now: DateTime<Utc>) -> Pick {
    let slot = now.trunc_subsecs(0);
    Pick {
        pick_id: PickId::of_slot(settings.picker.seed, slot, ticker),
        ticker: ticker.clone(),
        slot,
        expires_at: None,
        reason: PickReason::Request,
    }
}
