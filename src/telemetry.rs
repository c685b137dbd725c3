//! Logs: readable lines on a terminal, one JSON object a line otherwise, always on standard error,
//! with every known secret struck out whatever part of the program wrote it.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use closecall_calendar::Clock;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Readable lines.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging; a second start in one process changes nothing. `filter` is a level or a list of
/// `target=level`.
pub(crate) fn start(format: LogFormat, filter: &str, secrets: Vec<String>) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let secrets = secrets
        .into_iter()
        .filter(|secret| secret.len() >= 4)
        .collect();
    let writer = Redacting {
        secrets: Arc::new(secrets),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    let terminal = io::stderr().is_terminal();
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let json = match format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let started = if json {
        subscriber
            .event_format(JsonLines(Clock::system()))
            .try_init()
    } else {
        subscriber.with_ansi(colour).with_target(false).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging had been started before");
    }
}

/// `{"ts", "level", "target", "message", fields…}` in one line. JSON escapes what a vendor's text
/// may hold; the fields are flat, so that a query names them directly.
#[derive(Debug)]
struct JsonLines(Clock);

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut line = Map::new();
        let now = self
            .0
            .now()
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        line.insert("ts".into(), now.into());
        line.insert("level".into(), event.metadata().level().as_str().into());
        line.insert("target".into(), event.metadata().target().into());
        event.record(&mut Fields(&mut line));
        writeln!(writer, "{}", Value::Object(line))
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0
            .insert(field.name().into(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().into(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }
}

/// Standard error with the secrets struck out: the second net behind every part's own care.
#[derive(Debug, Clone)]
struct Redacting {
    secrets: Arc<Vec<String>>,
}

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Redacting {
    /// The formatter hands over whole lines, so a secret is never split between two writes.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let clean = redact(&text, &self.secrets);
        io::stderr().write_all(clean.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The text with every secret struck out.
pub(crate) fn redact(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), "***")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_struck_out() {
        let secrets = vec!["KEY12345".to_owned()];
        assert_eq!(
            redact("apikey=KEY12345&x KEY12345", &secrets),
            "apikey=***&x ***"
        );
    }
}
