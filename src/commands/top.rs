//! `closecall top`: the pages in a terminal.

use std::process::ExitCode;

use clap::Args;
use closecall_top::{Api, Error, run};

use crate::exit::{Code, OrExit as _};

/// Show a running program in the terminal.
#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    /// Address of its page, as its `page:` line says
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8316/")]
    at: String,
}

pub(super) fn top(args: &TopArgs) -> anyhow::Result<ExitCode> {
    let api = Api::new(&args.at).or_exit(Code::Usage)?;
    match run(&api) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error @ Error::Terminal(_)) => Err(error.into()),
        Err(error) => Err(error).or_exit(Code::Unavailable),
    }
}
