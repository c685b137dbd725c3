//! `closecall ledger export`: the track record as a table for other programs, a row a pick in the
//! order of recording. The columns and their units are documented in `docs/export.md`.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use closecall_ledger::{Entry, Reader};
use closecall_protocol::{CloseForecast, Direction, Interval};
use serde::Serialize;

use crate::exit::{Code, OrExit};

/// Write every pick as a table.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Form of the table
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    format: ExportFormat,
    /// Where to; standard output otherwise
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// Values separated by commas, names of the columns first
    Csv,
    /// An array of objects, with the same names
    Json,
}

/// A row; field order is the order of the columns. What is not known is empty, in JSON `null`.
/// Every text is a number, a time, a hash or a word of a closed list, so that none of them can be a
/// formula to a spreadsheet.
#[derive(Debug, Serialize)]
struct ExportRow {
    pick_id: String,
    seq: i64,
    state: &'static str,
    reason: Option<String>,
    ticker: Option<String>,
    session: Option<String>,
    as_of: Option<String>,
    recorded_at: String,
    late: bool,
    foreign: bool,
    phase: Option<String>,
    sessions_ahead: Option<u32>,
    close: Option<f64>,
    reference: Option<f64>,
    reference_kind: Option<String>,
    reference_at: Option<String>,
    prediction: Option<f64>,
    direction: Option<String>,
    probability_up: Option<f64>,
    lower_80: Option<f64>,
    upper_80: Option<f64>,
    lower_90: Option<f64>,
    upper_90: Option<f64>,
    scale: Option<f64>,
    provider: Option<String>,
    quote_price: Option<f64>,
    quote_at: Option<String>,
    quote_source: Option<String>,
    articles: Option<u64>,
    model: Option<String>,
    spec: Option<String>,
    seed: Option<u64>,
    path: Option<String>,
    model_file: Option<String>,
    settings_hash: Option<String>,
    vintage: Option<String>,
    rule: Option<u8>,
    actual: Option<f64>,
    error: Option<f64>,
    baseline_error: Option<f64>,
    last_close_error: Option<f64>,
    hit: Option<bool>,
    baseline_hit: Option<bool>,
    row_hash: Option<String>,
}

pub(super) fn run(ledger: &Reader, args: &ExportArgs) -> anyhow::Result<()> {
    let written = match &args.out {
        Some(path) => {
            let context = || format!("cannot write {}", path.display());
            let file = File::create(path)
                .with_context(context)
                .or_exit(Code::CannotCreate)?;
            write(ledger, args.format, io::BufWriter::new(file)).with_context(context)
        }
        None => write(ledger, args.format, io::BufWriter::new(io::stdout().lock())),
    };
    match written {
        // A reader that has gone away (`| head`) is no failure of ours.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.chain().find_map(|cause| {
        let csv = cause.downcast_ref::<csv::Error>();
        let inner = csv.and_then(|error| match error.kind() {
            csv::ErrorKind::Io(error) => Some(error.kind()),
            _ => None,
        });
        inner.or_else(|| cause.downcast_ref::<io::Error>().map(io::Error::kind))
    });
    kind == Some(io::ErrorKind::BrokenPipe)
}

fn write(ledger: &Reader, format: ExportFormat, mut out: impl Write) -> anyhow::Result<()> {
    match format {
        ExportFormat::Csv => {
            let mut table = csv::Writer::from_writer(out);
            for_each_row(ledger, |row| Ok(table.serialize(row)?))?;
            table.flush()?;
        }
        ExportFormat::Json => {
            let mut before = "[";
            for_each_row(ledger, |row| {
                write!(out, "{before}\n{}", serde_json::to_string(row)?)?;
                before = ",";
                Ok(())
            })?;
            writeln!(out, "{}]", if before == "[" { "[" } else { "\n" })?;
            out.flush()?;
        }
    }
    Ok(())
}

/// Ends with the first row that cannot be read or written.
fn for_each_row(
    ledger: &Reader,
    mut take: impl FnMut(&ExportRow) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut ended = Ok(());
    ledger.for_each_entry(|entry| {
        if ended.is_ok() {
            ended = ExportRow::of(ledger, &entry).and_then(|row| take(&row));
        }
    })?;
    ended
}

impl ExportRow {
    fn of(ledger: &Reader, entry: &Entry) -> anyhow::Result<Self> {
        let forecast = match entry.prediction {
            Some(_) if !entry.foreign => ledger.forecast(entry.pick_id)?,
            _ => None,
        };
        let forecast = forecast.as_ref();
        let band = |level: f64| {
            let of_level = |interval: &&Interval| (interval.level - level).abs() < 1e-9;
            entry.intervals.iter().find(of_level)
        };
        let (lower, upper) = (
            |level| band(level).map(|band| band.lower),
            |level| band(level).map(|band| band.upper),
        );
        let quote = forecast.and_then(|forecast| forecast.quote);
        let model = forecast.map(|forecast| &forecast.model);
        let score = entry.score.as_ref();
        Ok(Self {
            pick_id: entry.pick_id.to_string(),
            seq: entry.seq,
            state: match entry.reason {
                Some(_) => "dead_letter",
                None => "forecast",
            },
            reason: entry.reason.map(|reason| reason.to_string()),
            ticker: entry.ticker.as_ref().map(ToString::to_string),
            session: entry.session.map(|session| session.to_string()),
            as_of: entry.as_of.map(|at| at.to_rfc3339()),
            recorded_at: entry.recorded_at.to_rfc3339(),
            late: entry.late,
            foreign: entry.foreign,
            phase: entry.phase.map(|phase| phase.to_string()),
            sessions_ahead: entry.sessions_ahead,
            close: entry.close,
            reference: entry.reference,
            reference_kind: entry.reference_kind.map(|kind| kind.to_string()),
            reference_at: entry.reference_at.map(|at| at.to_rfc3339()),
            prediction: entry.prediction,
            direction: entry
                .close
                .zip(entry.prediction)
                .map(|(close, prediction)| Direction::between(close, prediction).to_string()),
            probability_up: entry.probability_up,
            lower_80: lower(0.8),
            upper_80: upper(0.8),
            lower_90: lower(0.9),
            upper_90: upper(0.9),
            scale: entry.scale,
            provider: entry.provider.map(|provider| provider.to_string()),
            quote_price: quote.map(|quote| quote.price),
            quote_at: quote.map(|quote| quote.at.to_rfc3339()),
            quote_source: quote.map(|quote| quote.source.to_string()),
            articles: forecast.map(|forecast| forecast.articles),
            model: model.map(|model| model.name.clone()),
            spec: model.map(|model| model.spec.clone()),
            seed: model.map(|model| model.seed),
            path: model.map(|model| model.path.clone()),
            model_file: model.and_then(|model| model.file.clone()),
            settings_hash: forecast
                .and_then(|forecast: &CloseForecast| forecast.settings_hash.clone()),
            vintage: forecast.and_then(|forecast| Some(forecast.vintage?.to_string())),
            rule: score.map(|score| score.rule.number()),
            actual: score.map(|score| score.actual),
            error: score.map(|score| score.error),
            baseline_error: score.map(|score| score.baseline_error),
            last_close_error: score.map(|score| score.last_close_error),
            hit: score.and_then(|score| score.hit),
            baseline_hit: score.and_then(|score| score.baseline_hit),
            row_hash: ledger.hash(entry.seq)?,
        })
    }
}
