//! `closecall evaluate`: goals held against simulated markets of which the truth is known.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use closecall_backtest::{Evaluation, EvaluationRow, Extent, Plant, Progress, ScoredHeadlines};
use closecall_sentiment::DatasetBuilder;
use serde::Serialize;

use super::flags::one_of;
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
    #[arg(long, value_name = "NAME", value_parser = |text: &str| one_of(text, Plant::ALL))]
    pub(crate) plant: Option<Plant>,
    /// Only these rows, with commas, such as N6,H1
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = row)]
    pub(crate) rows: Vec<&'static str>,
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

impl EvaluateArgs {
    /// `--quick` is the default, and says so.
    fn extent(&self) -> Extent {
        match (self.full, self.quick) {
            (true, false) => Extent::FULL,
            _ => Extent::QUICK,
        }
    }

    /// The words that make the table again.
    fn command(&self) -> String {
        let extent = match self.extent() {
            Extent::FULL => "full",
            _ => "quick",
        };
        let mut command = format!("closecall evaluate --{extent} --seed {}", self.seed);
        if let Some(plant) = self.plant {
            command += &format!(" --plant {plant}");
        }
        if !self.rows.is_empty() {
            command += &format!(" --rows {}", self.rows.join(","));
        }
        command
    }
}

/// The name of a row as the table has it.
fn row(text: &str) -> Result<&'static str, String> {
    let names = Evaluation::row_names();
    let found = names.iter().find(|name| name.eq_ignore_ascii_case(text));
    found
        .copied()
        .ok_or_else(|| format!("give one of {}", names.join(", ")))
}

pub(super) fn run(settings: &Settings, args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    let calendar = settings.calendar.calendar();
    let scorer = ScoredHeadlines::new(settings.scorer());
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
        extent: args.extent(),
        plant: args.plant,
        wanted: &args.rows,
        folder: &folder,
        keep: args.keep,
        jobs: args
            .jobs
            .map_or_else(std::thread::available_parallelism, Ok)?,
    };
    let bar = progress_bar("{msg} {bar:30} {pos}/{len}{left}");
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
        command: args.command(),
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: EvaluateArgs,
    }

    #[test]
    fn the_command_says_all_that_decides_the_table() {
        let command = |line: &str| Line::parse_from(line.split(' ')).args.command();
        assert_eq!(command("-"), "closecall evaluate --quick --seed 1");
        assert_eq!(
            command("- --full --seed 3 --plant bold-moves --rows n6,H1 --jobs 1"),
            "closecall evaluate --full --seed 3 --plant bold-moves --rows N6,H1"
        );
    }

    #[test]
    fn a_row_that_is_none_is_refused_with_the_rows() {
        let refused = Line::try_parse_from(["-", "--rows", "N6,TYPO"])
            .err()
            .unwrap();
        let said = refused.to_string();
        assert!(said.contains("TYPO") && said.contains("N6, "), "{said}");
    }
}
