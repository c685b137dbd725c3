//! `closecall leakcheck`: what came after a forecast's cut is changed at random, and the forecast has
//! to stay the same to the bit.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::Args;
use closecall_backtest::{Leak, LeakCheck, LeakReport, LeakTrials, ScoredHeadlines};
use closecall_sentiment::DatasetBuilder;

use super::flags::one_of;
use super::progress::progress_bar;
use crate::exit::{Code, OrExit};
use crate::settings::Settings;

/// Prove that forecasts know nothing of what came after their cut.
#[derive(Debug, Args)]
pub(crate) struct LeakcheckArgs {
    /// Forecasts that have to stay the same
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub(crate) trials: usize,
    /// Another seed is other markets, moments and changes
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Threads; by default one a core
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Plant a leak into the product's own way, to see that it is found
    #[arg(long, value_name = "NAME", value_parser = |text: &str| one_of(text, Leak::ALL))]
    pub(crate) plant: Option<Leak>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(settings: &Settings, args: &LeakcheckArgs) -> anyhow::Result<ExitCode> {
    let calendar = settings.calendar.calendar();
    let scorer = ScoredHeadlines::new(settings.scorer());
    let builder = DatasetBuilder::new(calendar.clone(), scorer);
    let check = LeakCheck {
        settings: &settings.forecast,
        calendar: &calendar,
        builder: &builder,
        window_days: settings.market.window_days,
        seed: args.seed,
        trials: args.trials,
        planted: args.plant,
        jobs: args
            .jobs
            .map_or_else(std::thread::available_parallelism, Ok)?,
    };
    let bar = progress_bar("leakcheck {bar:30} {pos}/{len}{left}");
    bar.set_length(check.planned() as u64);
    let advance = || {
        bar.inc(1);
        ControlFlow::Continue(())
    };
    let report = check.run(&advance).or_exit(Code::Data)?;
    bar.finish_and_clear();
    let Some(report) = report else {
        anyhow::bail!("the check was stopped");
    };
    if args.json {
        crate::stdout::print(serde_json::to_string(&report)?)?;
    } else {
        crate::stdout::print(text(&report))?;
    }
    if report.passed() {
        Ok(ExitCode::SUCCESS)
    } else {
        let error = anyhow::anyhow!(
            "{} of {} forecasts changed with what came after their cut{}",
            report.own.changed,
            report.own.trials,
            report
                .own
                .first
                .as_ref()
                .map_or_else(String::new, |first| format!(", the first of {first}"))
        );
        Err(error)
    }
}

fn text(report: &LeakReport) -> String {
    let LeakTrials {
        trials, changed, ..
    } = &report.own;
    let mut lines = vec![format!(
        "{} of {trials} forecasts unchanged when what came after their cut was changed",
        trials - changed
    )];
    for (leak, found) in &report.planted {
        let verdict = if found.changed > 0 {
            "found"
        } else {
            "NOT FOUND"
        };
        lines.push(format!(
            "planted {:<22} {verdict}, in {} of {} trials",
            leak.to_string(),
            found.changed,
            found.trials
        ));
    }
    lines.join("\n")
}
