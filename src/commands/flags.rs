//! Flags that several commands share, the settings that they stand for, and what a time or a
//! setting looks like on the command line.

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};
use clap::{Args, ValueEnum};
use closecall_actors::stage;
use closecall_calendar::Clock;
use closecall_supervision::FaultPoints;

use crate::console::Format;
use crate::exit::{Code, OrExit};
use crate::telemetry::LogFormat;

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
    /// Form of log lines
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
            .or_exit(Code::Usage)
    }
}

/// Flags by which a run is watched, and broken on purpose.
#[derive(Debug, Args)]
pub(crate) struct RunFlags {
    /// JSON lines even on a terminal; `--json=full` with the closes and news behind each forecast
    #[arg(long, value_enum, value_name = "LENGTH", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "short")]
    json: Option<JsonLength>,
    /// Break a stage on purpose: STAGE[.POINT]:ACTION[:every=N|:once], with the actions panic,
    /// exit and stall=MILLISECONDS; may be repeated
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<String>,
}

/// Length of a JSON line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum JsonLength {
    /// Without history and news
    Short,
    /// Everything
    Full,
}

impl RunFlags {
    /// Form of printed forecasts: JSON where it is asked for or where no terminal reads along.
    pub(crate) fn format(&self) -> Format {
        match self.json {
            Some(JsonLength::Full) => Format::FullJson,
            Some(JsonLength::Short) => Format::ShortJson,
            None if std::io::stdout().is_terminal() => Format::Text,
            None => Format::ShortJson,
        }
    }

    /// The fault points that are armed.
    pub(crate) fn faults(&self) -> anyhow::Result<FaultPoints> {
        FaultPoints::parse(&self.fault, stage::FAULT_POINTS).or_exit(Code::Usage)
    }
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

/// The one of `all` with this name; else a sentence with all of their names.
pub(crate) fn one_of<T: FromStr + Display>(text: &str, all: &[T]) -> Result<T, String> {
    text.parse().map_err(|_| {
        let names: Vec<String> = all.iter().map(ToString::to_string).collect();
        format!("give one of {}", names.join(", "))
    })
}

/// A moment from 1990 to 2199: the years the calendar and the simulated market are meant for.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
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
    use super::*;

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
