//! Parts that more than one command makes from the settings.

use anyhow::Context;
use closecall_calendar::Clock;
use closecall_market::{Error, Failure as MarketFailure, Market, Source};

use crate::exit::{Exit, Failure, OrExit};
use crate::settings::Settings;

/// The market client over the store in the data directory, which belongs to the source that the
/// addresses point to.
pub(crate) fn market(settings: &Settings, clock: &Clock) -> anyhow::Result<Market> {
    std::fs::create_dir_all(&settings.data_dir)
        .with_context(|| {
            let folder = settings.data_dir.display();
            format!("cannot make the data directory {folder}: set `data_dir` to a folder that can be written")
        })
        .or_exit(Exit::CannotCreate)?;
    let market = settings.market_settings();
    let source = Source::of(&market).map_err(market_failure)?;
    Market::open(
        &market,
        &source,
        &settings.data_dir,
        settings.calendar.calendar(),
        clock.clone(),
    )
    .map_err(market_failure)
}

/// A market error with the code that the process ends with.
pub(crate) fn market_failure(error: Error) -> anyhow::Error {
    let exit = match error.failure() {
        MarketFailure::Unavailable => Exit::Unavailable,
        MarketFailure::BadData => Exit::Data,
        MarketFailure::CannotCreate => Exit::CannotCreate,
        MarketFailure::TryLater => Exit::Temporary,
        MarketFailure::Credential => Exit::Refused,
        MarketFailure::Configuration => Exit::Configuration,
    };
    Failure::new(exit, error).into()
}
