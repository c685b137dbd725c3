//! `closecall ledger`: what became of every pick, and whether the record is as it was written.

use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;
use closecall_ledger::{Entry, Reader};

use super::flags::ClockFlags;
use super::{data_folder, ledger_export, ledger_recompute, ledger_score};
use crate::exit::{Code, CodedError, OrExit};
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Print what became of every pick
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Check the chain of rows and every score; names what was changed or removed
    Verify,
    /// Fetch closes that no later forecast brought, and score what waits for them
    Score {
        #[command(flatten)]
        clock: ClockFlags,
    },
    /// Write every pick as a table, for other programs
    Export(ledger_export::ExportArgs),
    /// Make forecasts again from what their picks had seen, and compare
    Recompute {
        #[command(flatten)]
        picks: ledger_recompute::RecomputeArgs,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(settings: &Settings, command: &LedgerCommand) -> anyhow::Result<ExitCode> {
    let open = || {
        let (reader, folder) = data_folder::ledger(&settings.data_dir)?;
        if folder != settings.data_dir {
            eprintln!("the ledger of the demo in {}", folder.display());
        }
        anyhow::Ok((reader, folder))
    };
    match command {
        LedgerCommand::List { json } => list(&open()?.0, *json)?,
        LedgerCommand::Verify => verify(&open()?.0)?,
        // A demo's market ends with it, so its closes cannot be fetched.
        LedgerCommand::Score { clock } => return ledger_score::run(settings, clock),
        LedgerCommand::Export(args) => ledger_export::run(&open()?.0, args)?,
        LedgerCommand::Recompute { picks, json } => {
            let (reader, folder) = open()?;
            return ledger_recompute::run(settings, &reader, &folder, picks, *json);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(reader: &Reader, json: bool) -> anyhow::Result<()> {
    for entry in reader.entries().or_exit(Code::Data)? {
        if json {
            crate::stdout::print(serde_json::to_string(&entry)?)?;
        } else {
            crate::stdout::print(line(&entry))?;
        }
    }
    Ok(())
}

/// One pick in one line.
fn line(entry: &Entry) -> String {
    let ticker = entry.ticker.as_ref().map_or("?", |ticker| ticker.as_str());
    let session = entry
        .session
        .map_or_else(|| "-".to_owned(), |session| session.to_string());
    let price = |price: Option<f64>| price.map_or_else(|| "-".to_owned(), |p| format!("{p:.2}"));
    let outcome = match (&entry.reason, &entry.score) {
        (Some(reason), _) => format!("dead letter: {reason}"),
        (None, Some(score)) => format!(
            "actual {:.2}, error {:.2} % (persistence {:.2} %), {}",
            score.actual,
            100.0 * score.error,
            100.0 * score.baseline_error,
            match score.hit {
                Some(true) => "hit",
                Some(false) => "miss",
                None => "no call",
            },
        ),
        (None, None) if entry.late => "late, not scored".to_owned(),
        (None, None) if entry.foreign => "foreign, not scored".to_owned(),
        (None, None) => "not scored yet".to_owned(),
    };
    let (close, prediction) = (price(entry.close), price(entry.prediction));
    format!(
        "{} {ticker:<6} {session:>10} {close:>9} -> {prediction:>9}  {outcome}",
        entry.pick_id
    )
}

fn verify(reader: &Reader) -> anyhow::Result<()> {
    match reader.verify() {
        Ok(verified) => crate::stdout::print(format_args!("{} rows verified", verified.rows)),
        Err(faults) => {
            for fault in &faults {
                crate::stdout::print(fault)?;
            }
            let found = match faults.len() {
                1 => "1 fault".to_owned(),
                count => format!("{count} faults"),
            };
            let error = anyhow!("the ledger is not as it was written: {found} found");
            Err(CodedError::new(Code::Data, error).into())
        }
    }
}
