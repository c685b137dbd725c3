//! A client that only observes: it belongs to no group's members and commits nothing. It is polled until
//! the brokers have answered, since only a client that is polled fetches its token, and is told why it
//! was refused.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use crate::callbacks::ClientCallbacks;
use crate::error::Error;
use crate::events::ClientEvent;
use crate::settings::KafkaSettings;
use crate::stats::KafkaStats;
use crate::unreachable::advertised;

/// The longest wait for the brokers' answer.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// One try, and one poll between two.
const TRY: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(50);
/// Callbacks that are waited for before the next try.
const CALLS: usize = 16;

/// The client.
pub(crate) type Observer = BaseConsumer<ClientCallbacks>;

/// The error of a question that `client` could not have answered, with what the library has said of
/// connections meanwhile as its reason: its own is often no more than that time is over.
pub(crate) fn unanswered(
    client: &Observer,
    settings: &KafkaSettings,
    error: &KafkaError,
    what: &str,
    topic: &str,
) -> Error {
    let events = &client.context().events;
    // Callbacks run only while the library is polled, which asking did not do.
    for _ in 0..CALLS {
        if client.poll(POLL).is_none() && !events.take_called() {
            break;
        }
    }
    let reason = events
        .take()
        .into_iter()
        .filter_map(|event| match event {
            ClientEvent::Error(_, reason) => Some(reason),
            _ => None,
        })
        .rfind(|reason| advertised(&settings.brokers, reason).is_some());
    let reason = reason.unwrap_or_else(|| error.to_string());
    Error::because(error, &reason, what, topic, &settings.brokers)
}

/// Connects, to do `what`: gives the client, and what the brokers say of `topic`, or of all topics.
///
/// # Errors
/// When the brokers do not answer, or refuse, with the reason that the library gave.
pub(crate) fn connect(
    settings: &KafkaSettings,
    name: &str,
    group: &str,
    topic: Option<&str>,
    what: &str,
) -> Result<(Observer, Metadata), Error> {
    let because = |error: &KafkaError, reason: &str| {
        let topic = topic.unwrap_or_default();
        Error::because(error, reason, what, topic, &settings.brokers)
    };
    let context = ClientCallbacks::new(name, &KafkaStats::default(), settings);
    let events = context.events.clone();
    let client: Observer = settings
        .consumer(name, group)?
        .set("enable.partition.eof", "true")
        .create_with_context(context)
        .map_err(|error| because(&error, &error.to_string()))?;
    let until = Instant::now() + ANSWER_TIMEOUT;
    let mut told = None;
    loop {
        // Nothing is assigned, so all that there is to poll are callbacks; they may never end.
        for _ in 0..CALLS {
            if client.poll(POLL).is_none() && !events.take_called() {
                break;
            }
        }
        let error = match client.fetch_metadata(topic, TRY) {
            Ok(metadata) => return Ok((client, metadata)),
            Err(error) => error,
        };
        for event in events.take() {
            let ClientEvent::Error(cause, reason) = event else {
                continue;
            };
            let error = because(&cause, &reason);
            if matches!(error, Error::Refused { .. } | Error::Insecure { .. }) {
                return Err(error);
            }
            // That all brokers are down follows from what was told of one.
            if cause.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
                told = Some(error);
            }
        }
        if Instant::now() >= until {
            return Err(told.unwrap_or_else(|| because(&error, &error.to_string())));
        }
    }
}
