//! Connection state of a client towards the brokers. Every change of kind is said once: one line in
//! the log, one condition on the health board. The client finds out what is so; here is what follows.

use std::time::{Duration, Instant};

use closecall_settings::{Backoff, Share};
use closecall_supervision::HealthBoard;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::ours;
use crate::unreachable::{advertised, explain};

/// The state of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    /// No broker has answered yet.
    Connecting,
    /// Brokers do not answer.
    Unreachable(String),
    /// BenchTopics that are needed are not there.
    Missing(Vec<String>),
    /// Brokers answer, and refuse.
    Refused(String),
    /// A place in the group is being asked for.
    Joining,
    /// As it should be.
    Up,
}

/// Waits between two probes while things are not as they should be: long enough to be no burden,
/// short enough to be back soon after the brokers are.
const PROBE_BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(1),
    factor: 2.0,
    max: Duration::from_secs(5),
    jitter: Share::NONE,
};

/// The library says the same of a broker every 30 s at most.
const REPEATED_WITHIN: Duration = Duration::from_secs(45);

/// Before the first look the client is polled: the library has asked for its token by then.
const FIRST_PROBE: Duration = Duration::from_millis(100);

/// The state of one client.
#[derive(Debug)]
pub(crate) struct Connection {
    name: String,
    brokers: String,
    board: HealthBoard,
    state: ConnectionState,
    /// Text that the library last gave of a connection: why all brokers are down, once they are.
    last_failure: Option<String>,
    /// When a broker was last not reached under the name that it advertises.
    advertised_failed: Option<Instant>,
    probes: u32,
    next_probe: Instant,
}

impl Connection {
    /// A client that asks for these brokers and has not heard of anybody.
    pub(crate) fn new(name: &str, brokers: &str, board: &HealthBoard) -> Self {
        let connection = Self {
            name: name.to_owned(),
            brokers: brokers.to_owned(),
            board: board.clone(),
            state: ConnectionState::Connecting,
            last_failure: None,
            advertised_failed: None,
            probes: 0,
            next_probe: Instant::now() + FIRST_PROBE,
        };
        connection.show();
        connection
    }

    /// The state.
    pub(crate) fn state(&self) -> &ConnectionState {
        &self.state
    }

    /// Whether the brokers should be asked again; at growing intervals.
    pub(crate) fn probe_due(&mut self) -> bool {
        let look = matches!(
            self.state,
            ConnectionState::Connecting
                | ConnectionState::Unreachable(_)
                | ConnectionState::Missing(_)
        );
        let now = Instant::now();
        if !look || now < self.next_probe {
            return false;
        }
        self.next_probe = now + PROBE_BACKOFF.nominal(self.probes);
        self.probes += 1;
        true
    }

    /// Sets the state. Says whether that is a change of kind; only such is logged.
    pub(crate) fn set(&mut self, state: ConnectionState) -> bool {
        let same = std::mem::discriminant(&self.state) == std::mem::discriminant(&state);
        let told = match (&self.state, &state) {
            (ConnectionState::Missing(before), ConnectionState::Missing(now)) => before != now,
            _ => !same,
        };
        self.state = state;
        if !told {
            return false;
        }
        self.probes = 0;
        self.next_probe = Instant::now() + PROBE_BACKOFF.nominal(0);
        self.show();
        let stage = self.name.as_str();
        match &self.state {
            ConnectionState::Up => tracing::info!(stage, "kafka: up"),
            ConnectionState::Connecting | ConnectionState::Joining => {
                tracing::info!(stage, "kafka: {}", self.text())
            }
            ConnectionState::Unreachable(_) => tracing::warn!(stage, "kafka: {}", self.text()),
            ConnectionState::Missing(_) | ConnectionState::Refused(_) => {
                tracing::error!(stage, "kafka: {}", self.text());
            }
        }
        true
    }

    /// An error from the library. Those that say nothing of the brokers are the caller's.
    pub(crate) fn error(&mut self, error: &KafkaError, reason: &str) {
        if let Some(why) = of_connection(error, reason) {
            self.advertised_fails(error, &why);
            self.last_failure = Some(why);
        }
        if let Some(state) = state_of(error, reason, self.last_failure.as_deref()) {
            // A refusal stays until something succeeds: the lines that follow it tell less.
            let follows = matches!(self.state, ConnectionState::Refused(_));
            if !(follows && matches!(state, ConnectionState::Unreachable(_))) {
                self.set(state);
            }
        }
    }

    /// A broker that is not reached under its advertised name leaves the configured address
    /// answering, so the library never says that all are down. A name that does not resolve is wrong;
    /// one that does may belong to a broker that restarts while the others go on.
    fn advertised_fails(&mut self, error: &KafkaError, why: &str) {
        let unresolved = error.rdkafka_error_code() == Some(RDKafkaErrorCode::Resolve);
        if advertised(&self.brokers, why).is_some()
            && (unresolved || self.state != ConnectionState::Up)
        {
            self.advertised_failed = Some(Instant::now());
            self.set(ConnectionState::Unreachable(why.to_owned()));
        }
    }

    /// Takes note of a probe that the configured brokers answered. They say nothing of one that is
    /// not reached under its advertised name, and of that the library repeats itself seldom.
    pub(crate) fn answered(&mut self, state: ConnectionState) {
        let failing = self
            .advertised_failed
            .is_some_and(|at| at.elapsed() < REPEATED_WITHIN);
        if !failing {
            self.set(state);
        }
    }

    /// The text that readiness shows.
    fn text(&self) -> String {
        match &self.state {
            ConnectionState::Connecting => "no broker has answered yet".into(),
            ConnectionState::Unreachable(why) if advertised(&self.brokers, why).is_some() => {
                format!("trying on: {}", explain(&self.brokers, why))
            }
            ConnectionState::Unreachable(why) => format!(
                "{} (kafka.brokers) does not answer, trying on: {why}; check the address and \
                 kafka.security_protocol",
                self.brokers
            ),
            ConnectionState::Missing(topics) => format!(
                "missing: {}; `closecall topics create` makes them",
                topics.join(", ")
            ),
            ConnectionState::Refused(why) => {
                format!(
                    "refused: {why}; check kafka.sasl_*, kafka.tls_* and the brokers' access rules"
                )
            }
            ConnectionState::Joining => "waiting for a place in the group".into(),
            ConnectionState::Up => "up".into(),
        }
    }

    fn show(&self) {
        let missing = (self.state != ConnectionState::Up).then(|| self.text());
        self.board.condition(&self.name, missing);
    }
}

/// The reason that an error gives of one connection, if any.
fn of_connection(error: &KafkaError, reason: &str) -> Option<String> {
    use RDKafkaErrorCode as Code;
    let connection = matches!(
        error.rdkafka_error_code()?,
        Code::BrokerTransportFailure | Code::Resolve
    );
    (connection && !reason.is_empty()).then(|| ours(reason))
}

/// The state that an error says the brokers are in, if any.
fn state_of(error: &KafkaError, reason: &str, connection: Option<&str>) -> Option<ConnectionState> {
    use RDKafkaErrorCode as Code;
    let why = if reason.is_empty() {
        error.to_string()
    } else {
        ours(reason)
    };
    match error.rdkafka_error_code()? {
        Code::AllBrokersDown => {
            let why = connection.map_or(why, str::to_owned);
            Some(ConnectionState::Unreachable(why))
        }
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::SSL
        | Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed => Some(ConnectionState::Refused(why)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn global(code: RDKafkaErrorCode) -> KafkaError {
        KafkaError::Global(code)
    }

    #[test]
    fn a_change_is_told_once_and_shown_on_the_board() {
        let board = HealthBoard::new();
        let mut connection = Connection::new("connection", "broker:9092", &board);
        assert!(board.health().missing.contains_key("connection"));
        let down = global(RDKafkaErrorCode::AllBrokersDown);
        let closed = "Disconnected: might be incorrect security.protocol configuration";
        connection.error(&global(RDKafkaErrorCode::BrokerTransportFailure), closed);
        assert_eq!(
            connection.state(),
            &ConnectionState::Connecting,
            "one of several, perhaps"
        );
        connection.error(&down, "1/1 brokers are down");
        assert!(matches!(
            connection.state(),
            ConnectionState::Unreachable(_)
        ));
        let told = &board.health().missing["connection"];
        for says in [
            "broker:9092",
            "incorrect kafka.security_protocol",
            "trying on",
        ] {
            assert!(told.contains(says), "{told}");
        }
        assert!(
            !connection.set(ConnectionState::Unreachable("another text".into())),
            "no change of kind"
        );
        assert!(connection.set(ConnectionState::Up));
        assert!(board.health().missing.is_empty());
        connection.error(&global(RDKafkaErrorCode::TopicAuthorizationFailed), "");
        connection.error(&down, "");
        assert!(
            matches!(connection.state(), ConnectionState::Refused(_)),
            "the cause stays"
        );
        assert!(
            !connection.probe_due(),
            "a refusal is not asked about again"
        );
    }

    #[test]
    fn a_broker_that_is_not_reached_under_its_advertised_name_is_named_until_that_ends() {
        let board = HealthBoard::new();
        let mut connection = Connection::new("link", "broker:9092", &board);
        connection.answered(ConnectionState::Joining);
        let refused = "kafka-0:9092/1: Connect to ipv4#10.0.0.9:9092 failed: Connection refused";
        let failure = global(RDKafkaErrorCode::BrokerTransportFailure);
        connection.error(&failure, refused);
        let told = board.health().missing["link"].clone();
        assert!(
            told.contains("advertises a broker at kafka-0:9092"),
            "{told}"
        );
        connection.answered(ConnectionState::Joining);
        assert!(matches!(
            connection.state(),
            ConnectionState::Unreachable(_)
        ));
        // A place in the group is given by a broker that is reached.
        connection.set(ConnectionState::Up);
        connection.error(&failure, refused);
        assert_eq!(connection.state(), &ConnectionState::Up, "others go on");
        let unresolved = "kafka-0:9092/1: Failed to resolve 'kafka-0:9092'";
        connection.error(&global(RDKafkaErrorCode::Resolve), unresolved);
        assert!(matches!(
            connection.state(),
            ConnectionState::Unreachable(_)
        ));
    }

    #[test]
    fn another_missing_topic_is_news() {
        let mut connection = Connection::new("connection", "broker:9092", &HealthBoard::new());
        assert!(connection.set(ConnectionState::Missing(vec!["a".into(), "b".into()])));
        assert!(!connection.set(ConnectionState::Missing(vec!["a".into(), "b".into()])));
        assert!(connection.set(ConnectionState::Missing(vec!["b".into()])));
    }
}
