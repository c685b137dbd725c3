//! `closecall bench pipeline`: CPU time and memory of a pick, stage by stage, and of the pipeline
//! whole, against a simulated market in a process of its own. The first pick of a ticker is cold:
//! everything has to be fetched, scored and trained. The later ones are warm.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use closecall_calendar::Clock;
use closecall_forecast::{FitCache, forecast_with_cache};
use closecall_ledger::{Ledger, LedgerInput, SharedLedger};
use closecall_market::Market;
use closecall_protocol::{Pick, PickId, PickReason, Prediction, Ticker, TickerPicked};
use closecall_sentiment::DatasetBuilder;

use super::children::{self, SPEED};
use super::pipeline_report::PipelineReport;
use super::resources::{Process, measured};
use super::stage_cost::{SlotCost, WholeCost};
use super::tickers::Tickers;
use crate::settings::Settings;

/// Measure what a pick costs.
#[derive(Debug, Args)]
pub(crate) struct PipelineArgs {
    /// Tickers that are picked in every slot
    #[arg(long, default_value_t = 10, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=2000))]
    pub(crate) tickers: u16,
    /// Articles that a ticker has in 300 days, about
    #[arg(long, default_value_t = 5600, value_name = "M")]
    #[arg(value_parser = clap::value_parser!(u32).range(200..=1_000_000))]
    pub(crate) articles: u32,
    /// Warm slots after the cold one
    #[arg(long, default_value_t = 5, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) rounds: u16,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Simulated time between two picks of a ticker.
const SLOT: TimeDelta = TimeDelta::minutes(3);
/// Sessions of the window, over which the articles are spread.
const SESSIONS: u32 = 206;
/// 10:00 in New York on a day of the simulated market, so that each pick has a price of the moment.
const START: i64 = 1_741_186_800;

pub(crate) fn pipeline(mut settings: Settings, args: &PipelineArgs) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir().context("no temporary folder can be made")?;
    let start = DateTime::from_timestamp(START, 0).context("no such moment")?;
    let tickers = Tickers::first(args.tickers)?;
    let a_session = u16::try_from(args.articles / SESSIONS)?.max(1);
    let rounds = usize::from(args.rounds);

    let (market, address) = children::market(folder.path(), start, a_session)?;
    settings.data_dir = folder.path().join("stages");
    settings.ask_only(&address);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let stages = Stages::open(settings, start)?;
    let (cold, warm, refit) = runtime.block_on(async {
        let cold = stages.slot(&tickers, &stages.cache).await?;
        let mut warm = Vec::new();
        for _ in 0..rounds {
            warm.push(stages.next_slot(&tickers, &stages.cache).await?);
        }
        // Nothing remembered: each forecast trains for itself.
        let refit = stages.next_slot(&tickers, &FitCache::default()).await?;
        anyhow::Ok((cold, warm, refit))
    })?;
    drop(market);

    let whole = whole_pipeline(folder.path(), start, a_session, &tickers, rounds)?;
    let report = PipelineReport::new(args.tickers, args.articles, &cold, &warm, &refit, whole);
    if args.json {
        crate::stdout::print(serde_json::to_string(&report)?)?;
    } else {
        crate::stdout::print(report.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Work of the stages, without the way between them.
struct Stages {
    settings: Settings,
    clock: Clock,
    market: Market,
    datasets: DatasetBuilder,
    cache: FitCache,
    ledger: SharedLedger,
}

impl Stages {
    fn open(settings: Settings, start: DateTime<Utc>) -> anyhow::Result<Self> {
        let clock = Clock::simulated(start, SPEED)?;
        let calendar = settings.calendar.calendar();
        Ok(Self {
            market: settings.open_market(&clock)?,
            datasets: DatasetBuilder::new(calendar.clone(), settings.scorer()),
            cache: FitCache::default(),
            ledger: SharedLedger::from(Ledger::open(&settings.data_dir, calendar)?),
            settings,
            clock,
        })
    }

    /// Waits until the next slot of the simulated clock, and picks every ticker in it.
    async fn next_slot(&self, tickers: &Tickers, cache: &FitCache) -> anyhow::Result<SlotCost> {
        tokio::time::sleep(self.clock.real(SLOT)).await;
        self.slot(tickers, cache).await
    }

    async fn slot(&self, tickers: &Tickers, cache: &FitCache) -> anyhow::Result<SlotCost> {
        let mut cost = SlotCost::default();
        for ticker in &tickers.0 {
            self.pick(ticker, cache, &mut cost).await?;
        }
        Ok(cost)
    }

    /// One pick through all stages, each measured by itself.
    async fn pick(
        &self,
        ticker: &Ticker,
        cache: &FitCache,
        cost: &mut SlotCost,
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let slot = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
        let picked = TickerPicked {
            pick: Pick {
                ticker: ticker.clone(),
                pick_id: PickId::of_slot(self.settings.picker.seed, slot, ticker),
                slot,
                expires_at: None,
                reason: PickReason::Schedule,
            },
        };
        let (scraped, cpu, peak) = measured(self.market.gather(&picked)).await;
        cost.scraper.add(cpu, peak);
        let scraped = Arc::new(scraped?);

        let (built, cpu, peak) = measured(async {
            let (built, scored) = self.datasets.fold(&scraped)?;
            self.market.keep_scores(&scraped, scored).await?;
            anyhow::Ok(built)
        })
        .await;
        cost.sentiment.add(cpu, peak);
        let built = built?;

        let forecast = async {
            let go_on = &mut |_| std::ops::ControlFlow::Continue(());
            forecast_with_cache(
                &built,
                &self.settings.forecast,
                cache,
                self.clock.now(),
                go_on,
            )
        };
        let (forecast, cpu, peak) = measured(forecast).await;
        cost.trainer.add(cpu, peak);

        let prediction = Box::new(Prediction::Ours(Box::new(forecast?)));
        let input = LedgerInput::Prediction(prediction, self.clock.now());
        let (recorded, cpu, peak) = measured(async { self.ledger.record(input) }).await;
        cost.reporter.add(cpu, peak);
        recorded?;
        Ok(())
    }
}

/// Runs the pipeline as users do, on a fresh store, and says what its warm slots cost. `None` where
/// the system does not show it.
fn whole_pipeline(
    folder: &std::path::Path,
    start: DateTime<Utc>,
    articles: u16,
    tickers: &Tickers,
    rounds: usize,
) -> anyhow::Result<Option<WholeCost>> {
    let (_market, address) = children::market(folder, start, articles)?;
    let (in_a_slot, warm) = (tickers.0.len(), rounds * tickers.0.len());
    let mut run = children::pipeline(folder, start, &address, tickers, in_a_slot + warm)?;
    let process = Process::of(run.id());
    let mut after = |lines: usize| -> anyhow::Result<Option<Duration>> {
        for _ in 0..lines {
            run.lines.next().context("the pipeline ended early")??;
        }
        Ok(process.cpu())
    };
    let (cold, all) = (after(in_a_slot)?, after(warm)?);
    Ok(cold.zip(all).map(|(cold, all)| WholeCost {
        forecasts: warm,
        cpu: all.saturating_sub(cold),
        peak_mib: process.peak_mib(),
    }))
}
