//! Standard output of a pipeline: forecasts and dead letters as readable lines or as JSON lines.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;

use closecall_ledger::DeadLetterRow;
use closecall_protocol::CloseForecast;
use serde_json::{Value, json};

/// Said wherever a forecast is shown to people; the ledger's own account can replace it later.
pub(crate) const VERDICT: &str = "no demonstrated skill beyond the last close";

/// Writes lines to standard output, whole lines whoever else writes.
#[derive(Debug)]
pub(crate) struct Console {
    format: Format,
    lock: Mutex<()>,
}

/// How forecasts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line, without the closes and news behind a forecast.
    ShortJson,
    /// One JSON object a line, with everything.
    FullJson,
}

/// What a short line leaves out.
const LEFT_OUT: [&str; 2] = ["history", "news"];

impl Console {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            lock: Mutex::new(()),
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format != Format::Text
    }

    pub(crate) fn forecast(&self, forecast: &CloseForecast) {
        match self.format {
            Format::Text => self.line(&forecast_line(forecast)),
            Format::FullJson => self.line(&serde_json::to_string(forecast).unwrap_or_default()),
            Format::ShortJson => {
                let mut line = serde_json::to_value(forecast).unwrap_or_default();
                if let Some(fields) = line.as_object_mut() {
                    fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
                }
                self.line(&line.to_string());
            }
        }
    }

    pub(crate) fn dead_letter(&self, row: &DeadLetterRow) {
        if self.is_json() {
            self.line(&dead_letter_json(row).to_string());
        } else {
            let ticker = row.ticker.as_ref().map_or("?", |ticker| ticker.as_str());
            let DeadLetterRow {
                stage,
                reason,
                message,
                ..
            } = row;
            let message: String = message.chars().map(printable).collect();
            self.line(&format!(
                "{ticker:<6} dead letter at {stage}: {reason}: {message}"
            ));
        }
    }

    pub(crate) fn line(&self, text: &str) {
        let _whole = self.lock.lock();
        // A reader that has gone away must not end the pipeline.
        if let Err(error) = writeln!(std::io::stdout(), "{text}") {
            tracing::debug!(%error, "nobody reads standard output");
        }
    }
}

/// What strangers wrote may hold anything; a terminal gets only what it can show.
fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

fn dead_letter_json(row: &DeadLetterRow) -> Value {
    json!({"dead_letter": {
        "pick_id": row.pick_id,
        "stage": row.stage,
        "reason": row.reason,
        "message": row.message,
        "ticker": row.ticker,
        "at": row.at,
        "topic": row.topic,
        "partition": row.partition,
        "offset": row.offset,
    }})
}

/// One forecast in one line.
pub(crate) fn forecast_line(forecast: &CloseForecast) -> String {
    let mut line = format!(
        "{:<6} {} close {:>9.2} -> {:>9.2}  {:<4} {:>+8.2} ({:+.2} %)",
        forecast.ticker,
        forecast.target,
        forecast.last_close,
        forecast.prediction,
        forecast.direction(),
        forecast.change(),
        forecast.change_pct(),
    );
    for interval in &forecast.intervals {
        let percent = 100.0 * interval.level;
        append(
            &mut line,
            format_args!(
                "  {percent:.0} %: {:.2}-{:.2}",
                interval.lower, interval.upper
            ),
        );
    }
    if let Some(reason) = &forecast.model.reason {
        append(
            &mut line,
            format_args!("  [{}: {reason}]", forecast.model.name),
        );
    }
    line
}

/// One forecast in full, for people.
pub(crate) fn forecast_text(forecast: &CloseForecast) -> String {
    let mut text = forecast_line(forecast);
    let model = &forecast.model;
    let news = match forecast.articles {
        0 => "no news".to_owned(),
        1 => "1 article".to_owned(),
        count => format!("{count} articles"),
    };
    append(
        &mut text,
        format_args!(
            "\n  last close  {:.2} of {}, as of {}\
             \n  data        {} sessions, {news} up to the opening, prices {} s old\
             \n  model       {} {} seed {} path {}, {} rows, {:.0} % of its move let through\
             \n  rise        probability {:.0} %\
             \n  persistence {:.2}\
             \n  verdict     {VERDICT}",
            forecast.last_close,
            forecast.last_session,
            forecast
                .as_of
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            forecast.sessions,
            forecast.data_age_s,
            model.name,
            model.spec,
            model.seed,
            model.path,
            model.rows,
            100.0 * model.gate,
            100.0 * forecast.probability_up,
            forecast.reference_price(),
        ),
    );
    text
}

fn append(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    text.write_fmt(more).ok();
}
