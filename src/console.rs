//! Standard output of a pipeline: forecasts and dead letters as readable lines or as JSON lines.

use std::io::{ErrorKind, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use chrono::NaiveDate;
use closecall_calendar::Calendar;
use closecall_ledger::{DeadLetterRow, Happening, LedgerEvent, Reader, State};
use closecall_protocol::CloseForecast;
use serde_json::{Value, json};

use crate::text::{day_and_year, forecast_line};

/// Writes lines to standard output, whole lines, whatever else writes.
#[derive(Debug)]
pub(crate) struct Console {
    format: Format,
    /// The New York date under which lines for people stand; also what keeps lines whole.
    day: Mutex<Option<NaiveDate>>,
    /// Done once lines are lost: it is said once.
    lost: Once,
}

/// Form of printed forecasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One JSON object a line, without the closes and news behind a forecast.
    ShortJson,
    /// One JSON object a line, with everything.
    FullJson,
}

/// Fields that a short line leaves out: what is behind a forecast, and how long it took.
const LEFT_OUT: [&str; 4] = ["history", "news", "headlines", "trace"];

impl Console {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            day: Mutex::new(None),
            lost: Once::new(),
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format != Format::Text
    }

    /// Writes what a row of the ledger says, where that is news: a forecast of ours or a dead letter.
    pub(crate) fn event(&self, ledger: &Reader, event: &LedgerEvent) {
        let Happening::Recorded(entry) = &event.happening else {
            return;
        };
        let written = match entry.state {
            State::Forecast if entry.foreign => return,
            State::Forecast => ledger
                .forecast(event.pick_id)
                .map(|forecast| forecast.iter().for_each(|forecast| self.forecast(forecast))),
            State::DeadLetter => ledger
                .dead_letter(event.pick_id)
                .map(|letter| letter.iter().for_each(|letter| self.dead_letter(letter))),
        };
        if let Err(error) = written {
            tracing::warn!(row = event.seq, %error, "a row of the ledger could not be shown");
        }
    }

    fn forecast(&self, forecast: &CloseForecast) {
        match self.format {
            Format::Text => {
                let day = Calendar::date_at(forecast.as_of);
                let before = {
                    let mut under = self.day.lock().unwrap_or_else(PoisonError::into_inner);
                    under.replace(day)
                };
                if before != Some(day) {
                    self.line(&day_and_year(day));
                }
                self.line(&forecast_line(forecast));
            }
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

    fn dead_letter(&self, row: &DeadLetterRow) {
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
        let _whole = self.day.lock();
        match writeln!(std::io::stdout(), "{text}") {
            Ok(()) => {}
            // A reader that has gone away must not end the pipeline.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                tracing::debug!(%error, "no one reads standard output");
            }
            // Nor must a disk that is full: the ledger has every line.
            Err(error) => self.lost.call_once(|| {
                tracing::error!(%error, "standard output cannot be written: lines are lost, the ledger has them");
            }),
        }
    }
}

/// A stranger's text may hold anything; a terminal gets only what it can show.
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
