//! `closecall predict`: one forecast from HTTP to rise or fall, without actors and without a
//! ledger. The pipeline does the same steps, one stage each.

use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Context;
use chrono::{DateTime, SubsecRound, Utc};
use clap::Args;
use closecall_actors::stage;
use closecall_calendar::Clock;
use closecall_forecast::{FitCache, FitProgress, ModelKind};
use closecall_protocol::{
    CloseForecast, DatasetBuilt, MarketScraped, Pick, PickId, PickReason, Ticker, TickerPicked,
};
use closecall_sentiment::DatasetBuilder;

use super::flags::moment;
use super::progress::progress_bar;
use crate::exit::{Code, OrExit};
use crate::model_file;
use crate::settings::Settings;
use crate::text;

/// Make one forecast, print it, and exit.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// Stock to forecast, such as AAPL
    #[arg(value_parser = |text: &str| Ticker::new(text))]
    pub(crate) ticker: Ticker,
    /// Model: closecall, original, ridge or persistence
    #[arg(long, value_name = "NAME")]
    #[arg(value_parser = |text: &str| text.parse::<ModelKind>().map(|model| model.name().to_owned()))]
    pub(crate) model: Option<String>,
    /// Forecast as of this moment (RFC 3339, such as 2023-06-30T14:00:00Z) instead of now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(settings: &Settings, args: PredictArgs) -> anyhow::Result<ExitCode> {
    let clock = clock(args.as_of);
    let slot = args.as_of.unwrap_or_else(|| clock.now()).trunc_subsecs(0);
    let pick = Pick {
        pick_id: PickId::of_slot(settings.picker.seed, slot, &args.ticker),
        ticker: args.ticker,
        slot,
        expires_at: None,
        reason: PickReason::Request,
    };
    let scraped = scrape(settings, &clock, TickerPicked { pick })?;
    let calendar = settings.calendar.calendar();
    let dataset = DatasetBuilder::new(calendar, settings.scorer())
        .keeping_headlines(settings.keeps_headlines())
        .build(&scraped)
        .or_exit(Code::Data)?;
    let forecast = forecast(settings, &dataset, clock.now())?;
    if args.json {
        crate::stdout::print(serde_json::to_string(&forecast)?)?;
    } else {
        crate::stdout::print(text::forecast_text(&forecast))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The system's clock. A moment that is still to come can be asked about only where a simulated
/// market knows it; it is then that moment.
fn clock(as_of: Option<DateTime<Utc>>) -> Clock {
    let system = Clock::system();
    match as_of {
        Some(at) if at > system.now() => Clock::fixed(at),
        _ => system,
    }
}

fn scrape(
    settings: &Settings,
    clock: &Clock,
    picked: TickerPicked,
) -> anyhow::Result<MarketScraped> {
    let market = settings.open_market(clock)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let scraped = runtime.block_on(async {
        tokio::time::timeout(stage::SCRAPE_BOUND, market.gather(&picked)).await
    });
    let scraped = scraped
        .with_context(|| {
            format!(
                "fetching {} took longer than {:?}",
                picked.pick.ticker,
                stage::SCRAPE_BOUND
            )
        })
        .or_exit(Code::Unavailable)?;
    Ok(scraped?)
}

fn forecast(
    settings: &Settings,
    dataset: &DatasetBuilt,
    now: DateTime<Utc>,
) -> anyhow::Result<CloseForecast> {
    let bar = progress_bar("training {bar:30} {pos}/{len} epochs{left}");
    let mut on_epoch = |progress: FitProgress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        ControlFlow::Continue(())
    };
    let model = model_file::load(settings)?;
    let forecast = closecall_forecast::forecast_with_model(
        dataset,
        &settings.forecast,
        model.as_deref(),
        &FitCache::with_capacity(0),
        now,
        &mut on_epoch,
    )
    .or_exit(Code::Data)?;
    bar.finish_and_clear();
    Ok(forecast)
}
