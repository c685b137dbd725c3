//! `closecall store`: contents of the market store, and the removal of what is old.

use std::process::ExitCode;

use chrono::{Days, NaiveDate};
use clap::Subcommand;
use closecall_calendar::{Calendar, Clock};
use closecall_market::{MarketStore, StoreInfo};

use super::data_folder;
use crate::exit::{Code, OrExit};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Print what the market store holds, and what is known of the vendors
    Info {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Remove bars, articles and what picks had seen from before a day; what is needed again is
    /// fetched again, but forecasts from before it cannot be recomputed
    Prune {
        /// The day, as YYYY-MM-DD; what every window needs stays by default
        #[arg(long, value_name = "DATE")]
        before: Option<NaiveDate>,
    },
}

/// Days that stay beside those of a window: its margin, and a holiday or two.
const MARGIN_DAYS: u64 = 30;

pub(super) fn run(settings: &Settings, command: &StoreCommand) -> anyhow::Result<ExitCode> {
    let store = open(settings)?;
    match command {
        StoreCommand::Info { json } => {
            let info = store.info()?;
            if *json {
                crate::stdout::print(serde_json::to_string(&info)?)?;
            } else {
                print(&info)?;
            }
        }
        StoreCommand::Prune { before } => {
            let days = Days::new(u64::from(settings.market.window_days) + MARGIN_DAYS);
            // The newest day that a pick came to: a demo's, or that of a clock set back, is not today's.
            let info = store.info()?;
            let newest = info
                .bars
                .iter()
                .filter_map(|bars| bars.last.parse().ok())
                .max();
            let needed = newest.unwrap_or(Calendar::date_at(Clock::system().now())) - days;
            let before = before.unwrap_or(needed);
            let removed = store.prune(before)?;
            crate::stdout::print(format_args!(
                "removed what is from before {before}: {} daily bars and {} earlier values of such, {} bars inside sessions, {} articles and {} notes of what picks had seen",
                removed.bars,
                removed.bar_vintages,
                removed.intraday_bars,
                removed.articles,
                removed.gathers
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The store of the data directory; where there is none, that of a demo in it.
fn open(settings: &Settings) -> anyhow::Result<MarketStore> {
    if let Some((store, _)) = data_folder::first(&settings.data_dir, MarketStore::open)? {
        return Ok(store);
    }
    let folder = settings.data_dir.display();
    let error = anyhow::anyhow!("there is no market store in {folder}: run something first");
    Err(error).or_exit(Code::Data)
}

fn print(info: &StoreInfo) -> anyhow::Result<()> {
    use crate::stdout::print;
    let size = info.bytes as f64 / f64::from(1 << 20);
    print(format_args!("{}, {size:.1} MiB", info.source))?;
    for bars in &info.bars {
        print(format_args!(
            "bars   {:<8} {:<6} {:>6} sessions, {} to {}, fetched {}",
            bars.provider,
            bars.ticker,
            bars.sessions,
            bars.first,
            bars.last,
            bars.fetched_at.format("%Y-%m-%d %H:%M UTC")
        ))?;
    }
    print(format_args!(
        "bars   {} inside sessions, {} earlier values of daily ones",
        info.intraday_bars, info.bar_vintages
    ))?;
    print(format_args!(
        "picks  {} with what they had seen",
        info.gathers
    ))?;
    for news in &info.news {
        let gaps = news.spans.saturating_sub(1);
        let answered = news.answered_at.map_or("never".to_owned(), |at| {
            at.format("%Y-%m-%d %H:%M UTC").to_string()
        });
        print(format_args!(
            "news   {:<8} {:<6} {:>6} articles, {} to {}, {:.0} days known with {gaps} gaps, asked {answered}",
            "",
            news.ticker,
            news.articles,
            news.first.date_naive(),
            news.last.date_naive(),
            news.days,
        ))?;
    }
    for quota in &info.quotas {
        let spent = if quota.spent { ", spent" } else { "" };
        print(format_args!(
            "quota  {:<8} {} requests on {}{spent}",
            quota.vendor, quota.used, quota.day
        ))?;
    }
    for breaker in &info.breakers {
        let until = breaker.open_until.map_or(String::new(), |until| {
            format!(", left alone until {}", until.format("%Y-%m-%d %H:%M UTC"))
        });
        print(format_args!(
            "fault  {:<8} {} at {}: {} in a row{until}",
            breaker.vendor, breaker.family, breaker.host, breaker.faults
        ))?;
    }
    Ok(())
}
