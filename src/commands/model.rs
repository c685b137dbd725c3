//! `closecall model`: what a model file holds.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use closecall_forecast::{PooledModel, REGRESSION_FEATURES};
use closecall_protocol::Ticker;
use serde_json::json as object;

use crate::exit::{Code, OrExit};

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Show what a model file was trained on, what it learned, and how it did
    Show {
        /// The file
        file: PathBuf,
        /// One JSON object instead of text
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &ModelCommand) -> anyhow::Result<ExitCode> {
    let ModelCommand::Show {
        file,
        json: as_json,
    } = command;
    let model = PooledModel::read(file).or_exit(Code::Data)?;
    if *as_json {
        crate::stdout::print(json(&model)?)?;
    } else {
        crate::stdout::print(text(&model))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn json(model: &PooledModel) -> anyhow::Result<String> {
    let parts = model.parts.iter().map(|(target, part)| {
        let named = REGRESSION_FEATURES.iter().zip(part.coefficients());
        let coefficients: serde_json::Map<_, _> = named
            .map(|(name, value)| ((*name).to_owned(), (*value).into()))
            .collect();
        let part = object!({ "coefficients": coefficients, "networks": part.networks() });
        (target.to_string(), part)
    });
    let shown = object!({
        "hash": model.hash(),
        "features": model.features(),
        "training": model.training,
        "walked_forward": model.walked_forward,
        "parts": parts.collect::<serde_json::Map<_, _>>(),
    });
    Ok(serde_json::to_string(&shown)?)
}

pub(super) fn text(model: &PooledModel) -> String {
    let training = &model.training;
    let tickers: Vec<String> = training.tickers.iter().map(Ticker::to_string).collect();
    let mut lines = vec![
        format!("hash {}", model.hash()),
        format!(
            "{} rows of {}, {} to {}, seed {}{}",
            training.rows,
            tickers.join(" "),
            training.first,
            training.last,
            training.seed,
            if training.stopped {
                ", stopped before it was done"
            } else {
                ""
            }
        ),
        model.features(),
    ];
    for (target, part) in &model.parts {
        let coefficients: Vec<String> = REGRESSION_FEATURES
            .iter()
            .zip(part.coefficients())
            .map(|(name, value)| format!("{name} {value:+.4}"))
            .collect();
        lines.push(format!(
            "{target}: {} networks; {}",
            part.networks(),
            coefficients.join(", ")
        ));
        lines.push(match model.walked_forward.get(target) {
            Some(walked) => format!(
                "{target}, rows it had not seen: error {:.4} of saying nothing (95 %: {:.4} to {:.4}), {} rows on {} days",
                walked.relative_mae.value,
                walked.relative_mae.lower,
                walked.relative_mae.upper,
                walked.rows,
                walked.days
            ),
            None => format!("{target}: not walked forward, the training was stopped"),
        });
    }
    lines.join("\n")
}
