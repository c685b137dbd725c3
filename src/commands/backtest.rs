//! `closecall backtest`: forecasts of recorded sessions from what was known at each time of the
//! day, scored by the closes that came.

mod recorded;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use chrono::{Months, NaiveDate};
use clap::Args;
use closecall_backtest::{
    AskedTime, Journal, Progress, Report, Run, ScoredHeadlines, Variant, Walk, page, tables,
};
use closecall_gru as gru;
use closecall_protocol::Ticker;
use closecall_scoring::Bootstrap;
use closecall_sentiment::DatasetBuilder;

pub(super) use self::recorded::RecordedMarket;
use super::progress::progress_bar;
use crate::exit::{Code, OrExit};
use crate::model_file;
use crate::settings::Settings;

/// Forecast recorded sessions, each from what was known then, and score them.
#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    /// Recorded data: DIR/prices/TICKER.csv or DIR/TICKER.csv, and where there are any DIR/news and
    /// DIR/intraday; by default the folder of `files.folder`, else ../shared/data
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Stocks to forecast, with commas; by default every recorded ticker
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = |text: &str| Ticker::new(text))]
    pub(crate) tickers: Vec<Ticker>,
    /// First session; by default a year before the last
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<NaiveDate>,
    /// Last session; by default the last that is recorded
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<NaiveDate>,
    /// When to ask, with commas: `before` the opening, or times in New York. Times after 09:31 are
    /// asked where bars inside the session are recorded
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = |text: &str| text.parse::<AskedTime>())]
    #[arg(default_value = "before,09:31,10:00,12:00,14:00,15:30")]
    pub(crate) times: Vec<AskedTime>,
    /// Models, with commas; `-without-news` behind a name takes the news away. The price itself,
    /// `persistence`, is always among them
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = |text: &str| text.parse::<Variant>())]
    #[arg(default_value = "closecall,closecall-without-news,ridge,original")]
    pub(crate) models: Vec<Variant>,
    /// Ask `original`, which trains two networks a forecast, on one of this many sessions
    #[arg(long, value_name = "SESSIONS", default_value = "5")]
    pub(crate) retrain: NonZeroUsize,
    /// Threads; by default one a core
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// One JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the JSON to a file as well
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write the report as one HTML page that loads nothing from elsewhere
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

pub(super) fn run(settings: &Settings, args: &BacktestArgs) -> anyhow::Result<ExitCode> {
    for file in args.out.iter().chain(&args.report) {
        writable(file)?;
    }
    let calendar = settings.calendar.calendar();
    let folder = data_folder(settings, args.data.as_deref());
    let recorded = RecordedMarket::load(folder, &args.tickers, &calendar)?;
    let to = match args.to {
        Some(to) => to,
        None => recorded.last_session().context("no recorded session")?,
    };
    let from = args.from.unwrap_or(to - Months::new(12));
    let (variants, times) = (variants(&args.models), times(&args.times));
    let scorer = ScoredHeadlines::new(settings.scorer());
    let builder = DatasetBuilder::new(calendar.clone(), scorer);
    let jobs = args
        .jobs
        .map_or_else(std::thread::available_parallelism, Ok)?;
    let model = model_file::load(settings)?;
    let walk = Walk {
        histories: recorded.histories(),
        quotes: &recorded,
        builder: &builder,
        calendar: &calendar,
        from,
        to,
        times: &times,
        variants: &variants,
        retrain: args.retrain,
        settings: &settings.forecast,
        model: model.as_deref(),
        window_days: settings.market.window_days,
        jobs,
    };
    let lines = finished(&walk, &settings.data_dir)?;
    let report = Report::of(made_with(&walk), &lines, &variants, Bootstrap::default());
    let json = serde_json::to_string(&report)?;
    if let Some(file) = &args.out {
        write(file, &format!("{json}\n"))?;
    }
    if let Some(file) = &args.report {
        write(file, &page(&report))?;
    }
    if args.json {
        crate::stdout::print(json)?;
    } else {
        crate::stdout::print(tables(&report).trim_end())?;
        say_what_is_not_there(&report, &times);
    }
    Ok(ExitCode::SUCCESS)
}

/// Names the times for which the recordings have no price of the moment.
fn say_what_is_not_there(report: &Report, times: &[AskedTime]) {
    let made = |time: &AskedTime| report.models.values().any(|it| it.times.contains_key(time));
    let missing: Vec<String> = times
        .iter()
        .filter(|time| !made(time))
        .map(AskedTime::to_string)
        .collect();
    if !missing.is_empty() {
        eprintln!(
            "no forecasts at {}: no bars inside these sessions are recorded in DATA/intraday",
            missing.join(", ")
        );
    }
}

/// The folder asked for, else that which prices come from, else the usual one.
pub(super) fn data_folder<'a>(settings: &'a Settings, asked: Option<&'a Path>) -> &'a Path {
    let files = settings.files.folder.as_deref();
    asked.or(files).unwrap_or(Path::new("../shared/data"))
}

/// Looks before the work begins, so that a place that cannot be written costs no walk. The folder is made
/// where it is missing; of the file nothing is there before its content is.
fn writable(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .and_then(|()| tempfile::tempfile_in(folder))
        .and_then(|_| match file.is_dir() {
            true => Err(std::io::ErrorKind::IsADirectory.into()),
            false => Ok(()),
        })
        .with_context(|| format!("cannot write {}", file.display()))
        .or_exit(Code::CannotCreate)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text)
        .with_context(|| format!("cannot write {}", file.display()))
        .or_exit(Code::CannotCreate)
}

/// The lines of a whole walk. Its journal lies in the data directory until it is finished, so that
/// a walk that was stopped, by whatever, goes on where it was.
fn finished(walk: &Walk<'_>, data_dir: &Path) -> anyhow::Result<Vec<closecall_backtest::Line>> {
    let folder = data_dir.join("backtests");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
        .or_exit(Code::CannotCreate)?;
    let path = folder.join(format!("{}.jsonl", walk.name()));
    let mut journal = Journal::open(&path, &walk.name()).or_exit(Code::CannotCreate)?;
    let bar = progress_bar("backtest {bar:30} {pos}/{len}{left}");
    let mut on_progress = |progress: Progress| {
        bar.set_length((progress.total - progress.resumed) as u64);
        bar.set_position((progress.done - progress.resumed) as u64);
        ControlFlow::Continue(())
    };
    let lines = walk
        .run(&mut journal, &mut on_progress)
        .or_exit(Code::Data)?;
    bar.finish_and_clear();
    journal.remove().or_exit(Code::CannotCreate)?;
    lines.context("the walk was stopped")
}

/// Those asked for, once each, and the reference beside them.
fn variants(models: &[Variant]) -> Vec<Variant> {
    let mut variants = Vec::new();
    for &variant in models.iter().chain([&Variant::REFERENCE]) {
        if !variants.contains(&variant) {
            variants.push(variant);
        }
    }
    variants
}

/// Those asked for, in the order of the day, once each.
fn times(asked: &[AskedTime]) -> Vec<AskedTime> {
    let mut times = asked.to_vec();
    times.sort_unstable();
    times.dedup();
    times
}

/// The words that make the report again: the same words and data give the same bytes.
fn made_with(walk: &Walk<'_>) -> Run {
    let list = |items: Vec<String>| items.join(",");
    let text = |items: &[AskedTime]| list(items.iter().map(ToString::to_string).collect());
    let tickers = walk.histories.iter().map(|h| h.ticker.to_string());
    let models = walk.variants.iter().map(ToString::to_string);
    Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: format!(
            "closecall backtest --tickers {} --from {} --to {} --times {} --models {} --retrain {}",
            list(tickers.collect()),
            walk.from,
            walk.to,
            text(walk.times),
            list(models.collect()),
            walk.retrain,
        ),
        seed: walk.settings.seed,
        path: walk
            .settings
            .path
            .unwrap_or_else(gru::InstructionSet::best)
            .name()
            .to_owned(),
        walk: walk.name(),
        retrain: walk.retrain.get(),
    }
}
