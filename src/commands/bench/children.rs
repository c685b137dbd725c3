//! The processes beside the bench: a simulated market, so that what it costs is not counted, and
//! the pipeline as `closecall run` makes it.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};

use super::tickers::Tickers;

/// Simulated seconds in a second: a slot of three minutes in three seconds.
pub(super) const SPEED: f64 = 60.0;

/// A child process that is ended with its handle.
pub(super) struct Running {
    child: Child,
    pub(super) lines: Lines<BufReader<ChildStdout>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Running {
    fn start(folder: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("this program is not found")?;
        let mut child = Command::new(own)
            .args(arguments)
            // Nothing configured on this machine changes what is measured.
            .current_dir(folder)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("this program cannot be started a second time")?;
        let lines = child.stdout.take().context("no output of the child")?;
        Ok(Self {
            child,
            lines: BufReader::new(lines).lines(),
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }
}

/// A simulated market whose clock starts at `start`, and its address.
pub(super) fn market(
    folder: &Path,
    start: DateTime<Utc>,
    articles: u16,
) -> anyhow::Result<(Running, String)> {
    let (start, articles) = (rfc3339(start), articles.to_string());
    let speed = SPEED.to_string();
    let mut market = Running::start(
        folder,
        &[
            "market",
            "serve",
            "--simulated",
            "--port",
            "0",
            "--tickers",
            Tickers::PATTERN,
            "--articles",
            &articles,
            "--clock-start",
            &start,
            "--speed",
            &speed,
        ],
    )?;
    let first = market.lines.next().context("the market ended at once")??;
    let address = first
        .rsplit_once(' ')
        .context("the market named no address")?
        .1
        .to_owned();
    Ok((market, address))
}

/// The pipeline, sweeping over `tickers` until `picks` are done.
pub(super) fn pipeline(
    folder: &Path,
    start: DateTime<Utc>,
    address: &str,
    tickers: &Tickers,
    picks: usize,
) -> anyhow::Result<Running> {
    let (start, picks, speed) = (rfc3339(start), picks.to_string(), SPEED.to_string());
    let (yahoo, news) = (
        format!("yahoo.base_url={address}"),
        format!("alphavantage.base_url={address}"),
    );
    Running::start(
        folder,
        &[
            "run",
            "--sweep",
            "--json",
            "--tickers",
            &tickers.joined(),
            "--picks",
            &picks,
            "--clock-start",
            &start,
            "--speed",
            &speed,
            "--data-dir",
            "pipeline",
            "--set",
            &yahoo,
            "--set",
            &news,
            "--set",
            "picker.expires_after=0s",
        ],
    )
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
