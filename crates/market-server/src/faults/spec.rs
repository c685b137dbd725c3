//! The text of a fault: `WHERE:WHAT[:WHEN]`.

use std::time::Duration;

use chrono::TimeDelta;
use hyper::StatusCode;

use super::bomb::Coding;
use super::refusals::NewsRefusal;
use super::schedule::{Schedule, When};
use super::target::Target;
use super::{FaultScript, Kind, ScriptedFault, chart, reply};
use crate::error::Error;

impl FaultScript {
    /// Reads a script, a fault a text.
    ///
    /// # Errors
    /// [`Error::FaultSpec`] for one that says something else than the module's grammar.
    pub fn parse<S: AsRef<str>>(specs: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let faults = specs.into_iter().map(|spec| {
            let spec = spec.as_ref();
            parse(spec).map_err(|problem| Error::FaultSpec {
                spec: spec.to_owned(),
                problem,
            })
        });
        faults.collect::<Result<_, _>>().map(Self)
    }
}

fn parse(text: &str) -> Result<ScriptedFault, String> {
    let (target, what) = text
        .split_once(':')
        .ok_or("it is not WHERE:WHAT, such as news:status=503:first=2")?;
    let target = Target::parse(target)?;
    let (what, when) = match what.rsplit_once(':') {
        Some((before, last)) => match When::parse(last) {
            Some(when) => (before, when?),
            None => (what, When::Always),
        },
        None => (what, When::Always),
    };
    let (name, value) = what.split_once('=').unwrap_or((what, ""));
    if name == "quota" {
        if when != When::Always {
            return Err("a quota says itself when it strikes".to_owned());
        }
        return Ok(ScriptedFault {
            target,
            kind: Kind::Refusal(NewsRefusal::DailyQuota),
            schedule: Schedule::new(When::DailyQuota(number(value)?)),
        });
    }
    Ok(ScriptedFault {
        target,
        kind: kind(name, value)?,
        schedule: Schedule::new(when),
    })
}

fn kind(name: &str, value: &str) -> Result<Kind, String> {
    if let Some(fault) = reply_fault(name, value)? {
        return Ok(Kind::Reply(fault));
    }
    if let Some(fault) = chart_fault(name, value)? {
        return Ok(Kind::Chart(fault));
    }
    match name {
        "quota-note" => Ok(Kind::Refusal(NewsRefusal::DailyQuota)),
        "burst-note" => Ok(Kind::Refusal(NewsRefusal::Burst)),
        _ => Err(format!(
            "{name:?} is no fault that is known here: --help lists them"
        )),
    }
}

fn reply_fault(name: &str, value: &str) -> Result<Option<reply::ReplyFault>, String> {
    use reply::ReplyFault as Fault;
    Ok(Some(match name {
        "status" => {
            let (code, retry_after) = match value.split_once(",retry-after=") {
                Some((code, seconds)) => (code, Some(number(seconds)?)),
                None => (value, None),
            };
            let code = code.parse::<u16>().ok();
            let status = code.and_then(|code| StatusCode::from_u16(code).ok());
            let status = status.filter(|status| status.as_u16() >= 200);
            let status = status.ok_or_else(|| format!("{value:?} is no status from 200 on"))?;
            Fault::Status {
                status,
                retry_after,
            }
        }
        "delay" => Fault::Delay(span(value)?),
        "hang" => Fault::Hang,
        "silence" => Fault::Silence(number(value)?),
        "drip" => Fault::Drip(number(value)?),
        "truncate" => Fault::Truncate(number(value)?),
        "abort" => Fault::Abort(number(value)?),
        "length" => Fault::Length(
            value
                .parse()
                .map_err(|_| format!("{value:?} is no difference such as +10"))?,
        ),
        "garbage" => Fault::Garbage,
        "html" => Fault::Html,
        "text" => Fault::Text,
        "encoding" => Fault::Encoding(value.to_owned()),
        "bomb" => {
            let (coding, size) = value.split_once(',').unwrap_or((value, "10"));
            let coding = match coding {
                "gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                _ => return Err(format!("{coding:?} is neither gzip nor deflate")),
            };
            Fault::Bomb {
                coding,
                gibibytes: number(size)?,
            }
        }
        "redirect" => Fault::Redirect(value.to_owned()),
        _ => return Ok(None),
    }))
}

fn chart_fault(name: &str, value: &str) -> Result<Option<chart::ChartFault>, String> {
    use chart::{ChartFault as Fault, Missing};
    Ok(Some(match name {
        "null-rows" => Fault::NullRows(number(value)?),
        "missing" if value == "last" => Fault::Missing(Missing::Newest),
        "missing" => Fault::Missing(Missing::On(date(value)?)),
        "late-close" => Fault::LateClose(minutes(value)?),
        "corrected-close" => {
            let (percent, until) = value
                .split_once(',')
                .ok_or("corrected-close is PERCENT,MINUTES")?;
            let percent: f64 = finite(percent)?;
            Fault::CorrectedClose {
                factor: 1.0 + percent / 100.0,
                until: minutes(until)?,
            }
        }
        "split" => {
            let parts: Vec<&str> = value.split([':', ',']).collect();
            let [numerator, denominator, on, applied, announced] = parts[..] else {
                return Err("split is N:M,DATE,applied|unapplied,announced|silent".to_owned());
            };
            Fault::Split {
                numerator: positive(numerator)?,
                denominator: positive(denominator)?,
                date: date(on)?,
                applied: either(applied, "applied", "unapplied")?,
                announced: either(announced, "announced", "silent")?,
            }
        }
        "unit" => {
            let (factor, rows) = match value.split_once(',') {
                Some((factor, rows)) => (factor, Some(number(rows)?)),
                None => (value, None),
            };
            Fault::Unit {
                factor: positive(factor)?,
                rows,
            }
        }
        "doubled-bar" => Fault::DoubledBar,
        "stale" => Fault::Stale(minutes(value)?),
        _ => return Ok(None),
    }))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no whole number"))
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("{text:?} is no number"))
}

fn positive(text: &str) -> Result<f64, String> {
    let number = finite(text)?;
    if number > 0.0 {
        return Ok(number);
    }
    Err(format!("{text:?} is not above 0"))
}

fn minutes(text: &str) -> Result<TimeDelta, String> {
    number::<u32>(text).map(|minutes| TimeDelta::minutes(minutes.into()))
}

/// `500ms`, `2s`, `1m`.
fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no span such as 500ms, 2s or 1m");
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (count, unit) = text.split_at(unit);
    let count: u32 = count.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(count.into())),
        "s" => Ok(Duration::from_secs(count.into())),
        "m" => Ok(Duration::from_secs(60 * u64::from(count))),
        _ => Err(wrong()),
    }
}

fn date(text: &str) -> Result<chrono::NaiveDate, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no date as 2023-06-30"))
}

fn either(text: &str, yes: &str, no: &str) -> Result<bool, String> {
    match text {
        _ if text == yes => Ok(true),
        _ if text == no => Ok(false),
        _ => Err(format!("{text:?} is neither {yes} nor {no}")),
    }
}
