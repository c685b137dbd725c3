//! `closecall train`: one model over the rows of all tickers, for forecasts to start from.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use chrono::NaiveDate;
use clap::Args;
use closecall_backtest::{ScoredHeadlines, TrainProgress, rows_of, train};
use closecall_protocol::Ticker;
use closecall_sentiment::DatasetBuilder;

use super::backtest::{RecordedMarket, data_folder};
use super::model;
use super::progress::progress_bar;
use crate::exit::{Code, OrExit, ask_to_stop};
use crate::settings::Settings;

/// Train one model over all tickers, for forecasts to start from.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Recorded data: DIR/prices/TICKER.csv or DIR/TICKER.csv, and where there are any DIR/news; by
    /// default the folder of `files.folder`, else ../shared/data
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Tickers to learn from, with commas; by default every recorded ticker
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = |text: &str| Ticker::new(text))]
    pub(crate) tickers: Vec<Ticker>,
    /// Learn from sessions before this one only, so that those from it on can be forecast fairly
    #[arg(long, value_name = "DATE")]
    pub(crate) before: Option<NaiveDate>,
    /// Where to write the model; then set `model.file` to it
    #[arg(long, value_name = "FILE", default_value = "model.json")]
    pub(crate) out: PathBuf,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

pub(super) fn run(settings: &Settings, args: &TrainArgs) -> anyhow::Result<ExitCode> {
    let calendar = settings.calendar.calendar();
    let folder = data_folder(settings, args.data.as_deref());
    let recorded = RecordedMarket::load(folder, &args.tickers, &calendar)?;
    let builder = DatasetBuilder::new(calendar.clone(), ScoredHeadlines::new(settings.scorer()));
    let mut tickers = Vec::new();
    for history in recorded.histories() {
        let mut rows = rows_of(history, &recorded, &calendar, &builder).or_exit(Code::Data)?;
        let kept = |date: NaiveDate| args.before.is_none_or(|before| date < before);
        rows.retain(|row| kept(row.session().date()));
        tickers.push((history.ticker.clone(), rows));
    }
    let stop = ask_to_stop()?;
    let bar = progress_bar("{msg} {bar:20} {pos}/{len} epochs{left}");
    let mut on_progress = |state: TrainProgress| {
        let TrainProgress {
            target,
            fit,
            fits,
            epochs,
        } = state;
        bar.set_length((fits * epochs.total) as u64);
        bar.set_position(((fit - 1) * epochs.total + epochs.done) as u64);
        bar.set_message(format!(
            "{target}, fit {fit} of {fits}: loss {:.4}, best {:.4}",
            epochs.loss, epochs.best
        ));
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let scorer = builder.scorer();
    let trained = train(&tickers, &settings.forecast, scorer, &mut on_progress);
    let trained = trained.or_exit(Code::Data)?;
    bar.finish_and_clear();
    trained.save(&args.out).or_exit(Code::CannotCreate)?;
    if args.json {
        crate::stdout::print(model::json(&trained)?)?;
    } else {
        crate::stdout::print(format!("{}\n{}", args.out.display(), model::text(&trained)))?;
    }
    Ok(ExitCode::SUCCESS)
}
