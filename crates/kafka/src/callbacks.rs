//! Callbacks of the library that every client has: its log, errors, statistics and tokens. They only
//! take note; what follows is done by the thread that polls.

use std::error::Error as StdError;

use chrono::TimeDelta;
use closecall_calendar::Clock;
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::{ClientContext, Statistics};
use secrecy::{ExposeSecret, SecretString};

use crate::events::{ClientEvent, Events};
use crate::offset_reset_log::OffsetReset;
use crate::settings::KafkaSettings;
use crate::settings::client::secret;
use crate::stats::KafkaStats;

/// The callbacks of one client.
#[derive(Debug)]
pub(crate) struct ClientCallbacks {
    pub(crate) name: String,
    pub(crate) stats: KafkaStats,
    settings: KafkaSettings,
    pub(crate) events: Events,
}

impl ClientCallbacks {
    pub(crate) fn new(name: &str, stats: &KafkaStats, settings: &KafkaSettings) -> Self {
        Self {
            name: name.to_owned(),
            stats: stats.clone(),
            settings: settings.clone(),
            events: Events::default(),
        }
    }
}

impl ClientContext for ClientCallbacks {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    /// The library repeats itself for as long as a broker is away; the connection state says it once.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        let client = self.name.as_str();
        if let Some(reset) = OffsetReset::parse(facility, text) {
            self.events.note(ClientEvent::OffsetReset(reset));
        }
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(target: "librdkafka", client, facility, "{text}");
            }
            _ => tracing::debug!(target: "librdkafka", client, facility, "{text}"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        self.events.called();
        self.stats.update(&self.name, &statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", client = self.name, %error, "{reason}");
        self.events
            .note(ClientEvent::Error(error, reason.to_owned()));
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn StdError>> {
        self.events.called();
        let settings = &self.settings;
        let none = SecretString::default();
        let token = secret(&none, "sasl_token_file", &settings.sasl_token_file)?;
        // The brokers' time is real time, whatever clock the pipeline runs on.
        let until = Clock::system().now() + TimeDelta::from_std(settings.token_lifetime)?;
        Ok(OAuthToken {
            token: token.expose_secret().to_owned(),
            principal_name: settings.sasl_username.clone(),
            lifetime_ms: until.timestamp_millis(),
        })
    }
}

/// A consumer that is no member of a group has no rebalances to hear of.
impl ConsumerContext for ClientCallbacks {}
