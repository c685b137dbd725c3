//! The command line: names and meaning of every command and flag, and which setting each flag
//! stands for. No command is carried out here.

use std::net::IpAddr;
use std::path::PathBuf;

use chrono::{DateTime, Datelike, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use closecall_calendar::Clock;
use closecall_protocol::{PickId, Reason, Ticker};

use crate::exit::{Exit, OrExit};
use crate::telemetry::LogFormat;

const EXAMPLES: &str = "\
Examples:
  closecall demo                                everything, on a simulated market; needs nothing
  closecall run                                 the pipeline on live sources, a pick every 3 minutes
  closecall predict AAPL                        one forecast from live sources
  closecall market serve --simulated            a simulated market on loopback
  closecall config show                         every setting and where it comes from

Exit codes: 0 ok, 1 unexpected, 64 usage, 65 bad data, 69 vendor or broker unavailable,
70 internal, 73 cannot create, 75 try later, 77 refused credential, 78 configuration.
On real data no skill beyond yesterday's close has been shown. Not investment advice.";

/// Calls the close: forecasts today's closing price of a stock, says how sure it is, keeps score.
#[derive(Debug, Parser)]
#[command(name = "closecall", version, before_help = EXAMPLES, propagate_version = true)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file, in place of closecall.toml in this folder
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set one setting, such as `--set forecast.seed=7`; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Folder of everything that is stored (setting `data_dir`)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// How log lines are written
    #[arg(long, global = true, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

impl Global {
    /// The flags as settings.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let mut flags = Vec::new();
        let mut put = |key: &str, value: Option<String>| {
            flags.extend(value.map(|value| (key.to_owned(), value)));
        };
        put("data_dir", self.data_dir.clone());
        put(
            "log.format",
            self.log_format.and_then(|format| value_name(&format)),
        );
        let level = match (self.quiet, self.verbose) {
            (true, _) => Some("error"),
            (false, 0) => None,
            (false, 1) => Some("debug"),
            (false, _) => Some("trace"),
        };
        put("log.filter", level.map(str::to_owned));
        flags.extend(self.set.iter().cloned());
        flags
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make one forecast, print it, and exit; writes no ledger
    Predict(Predict),
    /// Run the whole pipeline on a simulated market and a fast clock; needs nothing
    Demo(Demo),
    /// Run the pipeline on the configured sources until asked to end
    Run(Run),
    /// Look at the track record
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Make or describe the topics
    #[command(subcommand)]
    Topics(TopicsCommand),
    /// Read the records of a topic
    Peek(Peek),
    /// Look at refused records, or send them again
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
    /// Check what a run needs: broker, topics, groups, keys, clock, disk
    Doctor {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// A market on loopback that answers as the vendors do
    #[command(subcommand)]
    Market(Market),
    /// Measure this machine
    #[command(subcommand)]
    Bench(Bench),
    /// Show or check the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the version and what this build can do
    Version {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Make one forecast, print it, and exit.
#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// What to forecast, such as AAPL
    #[arg(value_parser = |text: &str| Ticker::new(text))]
    pub(crate) ticker: Ticker,
    /// Which model: closecall, original, ridge or persistence
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Forecast as of this moment (RFC 3339, such as 2023-06-30T14:00:00Z) instead of now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// One JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Market {
    /// Serve both vendors' formats from recorded data or from a simulated market
    Serve(Serve),
}

/// What to serve, where, and how much of it can be seen.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["replay", "simulated"])))]
pub(crate) struct Serve {
    /// Recorded data: DIR/prices/TICKER.csv and DIR/news/TICKER.csv
    #[arg(long, value_name = "DIR")]
    pub(crate) replay: Option<PathBuf>,
    /// A simulated market with known truth
    #[arg(long)]
    pub(crate) simulated: bool,
    /// Seed of the simulated market
    #[arg(long, default_value_t = 1, conflicts_with = "replay")]
    pub(crate) seed: u64,
    /// Share of tomorrow's variance that can be predicted in the simulated market, 0 to 0.9
    #[arg(
        long,
        default_value_t = 0.0,
        conflicts_with = "replay",
        value_name = "R2"
    )]
    pub(crate) predictability: f64,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Port to listen on; 0 takes a free one and prints it
    #[arg(long, default_value_t = 8900)]
    pub(crate) port: u16,
    /// Show what could be seen at this moment
    #[arg(long, value_name = "TIME", value_parser = moment)]
    #[arg(conflicts_with_all = ["clock_start", "speed"])]
    pub(crate) as_of: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) clock: ClockFlags,
}

/// A simulated clock.
#[derive(Debug, Args)]
pub(crate) struct ClockFlags {
    /// Start a simulated clock at this moment (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) clock_start: Option<DateTime<Utc>>,
    /// Seconds of simulated time per second
    #[arg(
        long,
        value_name = "N",
        requires = "clock_start",
        default_value_t = 1.0
    )]
    pub(crate) speed: f64,
}

impl ClockFlags {
    /// The clock they ask for; `None` without a start.
    pub(crate) fn clock(&self) -> anyhow::Result<Option<Clock>> {
        self.clock_start
            .map(|start| Clock::simulated(start, self.speed))
            .transpose()
            .or_exit(Exit::Usage)
    }
}

/// Run the whole pipeline on a simulated market.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End by itself after so many picks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) picks: Option<u64>,
    /// Seed of the simulated market, the picks and the training
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) watch: Watch,
}

/// Run the pipeline.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Run only this role, of several that meet on Kafka; may be repeated
    #[arg(long, value_enum, value_name = "STAGE")]
    pub(crate) stage: Vec<Stage>,
    /// Length of a slot, such as 30m (setting `picker.every`)
    #[arg(long, value_name = "SPAN")]
    pub(crate) every: Option<String>,
    /// What is picked from, with commas (setting `picker.tickers`)
    #[arg(long, value_name = "LIST")]
    pub(crate) tickers: Option<String>,
    /// End by itself after so many picks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) picks: Option<u64>,
    #[command(flatten)]
    pub(crate) clock: ClockFlags,
    #[command(flatten)]
    pub(crate) watch: Watch,
}

/// The roles that a process can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Picks
    TickerPicker,
    /// Gathers prices and news, and scores them
    Scraper,
    /// Trains and forecasts
    GruTrainer,
    /// Records and reports
    Reporter,
}

/// How a run is watched, and broken on purpose.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// JSON lines even on a terminal
    #[arg(long)]
    pub(crate) json: bool,
    /// Break a stage on purpose: STAGE[.POINT]:ACTION[:every=N|:once], with the actions panic,
    /// exit and stall=MILLISECONDS; may be repeated
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Print what became of every pick
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Check the chain of rows; names what was changed or removed
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    /// Make the topics that are missing, and tell how those there are differ; alters nothing
    Create {
        /// One JSON object a topic
        #[arg(long)]
        json: bool,
    },
    /// Tell how the topics are
    Describe {
        /// One JSON object a topic
        #[arg(long)]
        json: bool,
    },
}

/// Read the records of a topic.
#[derive(Debug, Args)]
pub(crate) struct Peek {
    /// The topic, such as stock-prediction-output
    pub(crate) topic: String,
    /// Only records of this ticker
    #[arg(long, value_parser = |text: &str| Ticker::new(text))]
    pub(crate) ticker: Option<Ticker>,
    /// Where to begin: `beginning`, or a time (RFC 3339)
    #[arg(long, value_name = "beginning|TIME", default_value = "beginning")]
    pub(crate) from: String,
    /// At most so many records
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) count: Option<usize>,
    /// One JSON object a record
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// One line a refused record
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// A refused record in full, by its pick id
    Show {
        /// The pick id
        pick_id: PickId,
    },
    /// Send refused records to their topics again, with a new expiry
    Retry {
        /// Only that of this pick
        #[arg(long, value_name = "PICK_ID")]
        pick_id: Option<PickId>,
        /// Only those with this reason, such as unavailable
        #[arg(long, value_name = "REASON")]
        reason: Option<Reason>,
        /// At most so many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
        count: usize,
        /// Do it without asking; needed where there is no terminal
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Train the reference network: seconds, GFLOP/s, and how far from this processor's peak
    Train(BenchTrain),
    /// Send records through Kafka and one stage: milliseconds, records a second, beside a bare loop
    Bridge(BenchBridge),
}

/// Train the reference network.
#[derive(Debug, Args)]
pub(crate) struct BenchTrain {
    /// Fits at the same time, each on a thread of its own
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = at_least_one)]
    pub(crate) jobs: usize,
    /// Times that the work is repeated; the best counts
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = at_least_one)]
    pub(crate) rounds: usize,
    /// Fit so many networks once, shared by the jobs (by default as many as there are cores)
    #[arg(long, value_name = "N", value_parser = at_least_one, conflicts_with = "rounds")]
    pub(crate) tickers: Option<usize>,
    /// Instruction set: avx512, avx2 or plain; the fastest where not given
    #[arg(long, value_name = "NAME")]
    pub(crate) path: Option<closecall_forecast::gru::Path>,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Send records through Kafka and one stage.
#[derive(Debug, Args)]
pub(crate) struct BenchBridge {
    /// Records sent through, one at a time and then all at once
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = at_least_one)]
    pub(crate) records: usize,
    /// As one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "give a whole number".to_owned())?;
    if (1..=100_000).contains(&number) {
        Ok(number)
    } else {
        Err("give 1 to 100000".to_owned())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting with its value and origin; secrets are masked
    Show {
        /// As one JSON object: key to {value, origin}
        #[arg(long)]
        json: bool,
    },
    /// Check the configuration and exit: 0 when it can be used, 78 when not
    Check,
}

/// The name a value has on the command line.
fn value_name(value: &impl ValueEnum) -> Option<String> {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| "give KEY=VALUE, such as forecast.seed=7".to_owned())
}

/// A moment from 1990 to 2199: the years the calendar and the simulated market are meant for.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let moment: DateTime<Utc> = text
        .parse()
        .map_err(|_| "give an RFC 3339 time, such as 2023-06-30T14:00:00Z".to_owned())?;
    if (1990..2200).contains(&moment.year()) {
        return Ok(moment);
    }
    Err("give a time between 1990 and 2199".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_agrees_with_itself() {
        Cli::command().debug_assert();
    }

    #[test]
    fn moments_outside_the_calendar_are_refused() {
        assert!(moment("2023-06-30T14:00:00Z").is_ok());
        assert!(moment("2023-06-30T10:00:00-04:00").is_ok());
        for text in [
            "yesterday",
            "2023-06-30",
            "1600-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
