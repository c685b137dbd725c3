//! `closecall evaluate`: goals held against simulated markets of which the truth is known.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use closecall_backtest::{Evaluation, EvaluationRow, Extent, Plant, Progress, ScoredHeadlines};
use closecall_sentiment::{DatasetBuilder, Vader};
use serde::Serialize;

use super::progress::progress_bar;
use crate::build_info;
use crate::exit::{Code, OrExit};
use crate::settings::Settings;

/// Hold the forecasts against simulated markets of which the truth is known.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// A few minutes on two cores (the default)
    #[arg(long, conflicts_with = "full")]
    pub(crate) quick: bool,
    /// Less than an hour on two cores
    #[arg(long)]
    pub(crate) full: bool,
    /// Another seed is other markets
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Plant a fault, to see the rows turn red that are there to see it
    #[arg(long, value_name = "NAME", value_parser = planted)]
    pub(crate) plant: Option<Plant>,
    /// Only these rows, with commas, such as N6,H1
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) rows: Vec<String>,
    /// Keep what was forecast in the data directory, so that another plant costs little
    #[arg(long)]
    pub(crate) keep: bool,
    /// Threads; by default one a core
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The rows, and how they were made.
#[derive(Debug, Serialize)]
struct Evaluated {
    command: String,
    version: &'static str,
    commit: &'static str,
    seed: u64,
    rows: Vec<EvaluationRow>,
}

fn planted(text: &str) -> Result<Plant, String> {
    let names: Vec<String> = Plant::ALL.iter().map(ToString::to_string).collect();
    text.parse()
        .map_err(|_| format!("give one of {}", names.join(", ")))
}

pub(super) fn run(settings: &Settings, args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    let calendar = settings.calendar.calendar();
    let scorer = ScoredHeadlines::new(Vader::new());
    let builder = DatasetBuilder::new(calendar.clone(), scorer);
    let folder = settings.data_dir.join("backtests");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
        .or_exit(Code::CannotCreate)?;
    let evaluation = Evaluation {
        settings: &settings.forecast,
        calendar: &calendar,
        builder: &builder,
        window_days: settings.market.window_days,
        seed: args.seed,
        extent: if args.full {
            Extent::FULL
        } else {
            Extent::QUICK
        },
        plant: args.plant,
        wanted: &args.rows,
        folder: &folder,
        keep: args.keep,
        jobs: args
            .jobs
            .map_or_else(std::thread::available_parallelism, Ok)?,
    };
    let bar = progress_bar("{msg} {bar:30} {pos}/{len}, {eta} left");
    let mut on_progress = |what: &str, progress: Progress| {
        if bar.message() != what {
            bar.reset();
            bar.set_message(what.to_owned());
        }
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        ControlFlow::Continue(())
    };
    let rows = evaluation.run(&mut on_progress).or_exit(Code::Data)?;
    bar.finish_and_clear();
    let rows = rows.context("the evaluation was stopped")?;
    let failed = rows.iter().filter(|row| !row.pass).count();
    let evaluated = Evaluated {
        command: format!(
            "closecall evaluate {} --seed {}",
            if args.full { "--full" } else { "--quick" },
            args.seed
        ),
        version: env!("CARGO_PKG_VERSION"),
        commit: build_info::COMMIT,
        seed: args.seed,
        rows,
    };
    if args.json {
        crate::stdout::print(serde_json::to_string(&evaluated)?)?;
    } else {
        crate::stdout::print(text(&evaluated))?;
    }
    // Its rows say which; a script sees it by the code.
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn text(evaluated: &Evaluated) -> String {
    let Evaluated {
        command,
        version,
        commit,
        rows,
        ..
    } = evaluated;
    let mut lines = vec![format!("{command} (closecall {version}, {commit})")];
    lines.extend(rows.iter().map(|row| {
        format!(
            "{:<5} {:<72} {:>7}  {:<18} {:>9.4}  {}",
            row.name,
            row.what,
            row.forecasts,
            row.goal,
            row.measured,
            if row.pass { "pass" } else { "FAIL" }
        )
    }));
    lines.join("\n")
}
