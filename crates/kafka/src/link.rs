//! How things stand between a client and the brokers, told once per change: one line in the log,
//! one condition on the health board. Deciding what is so is the client's; here is what follows.

use std::time::{Duration, Instant};

use closecall_supervision::{Backoff, HealthBoard};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::ours;

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No broker has answered yet.
    Connecting,
    /// Brokers do not answer.
    Unreachable(String),
    /// Topics that are needed are not there.
    Missing(Vec<String>),
    /// Brokers answer, and refuse.
    Refused(String),
    /// A place in the group is being asked for.
    Joining,
    /// As it should be.
    Up,
}

/// Waits between two looks while things are not as they should be: long enough to be no burden,
/// short enough to be back soon after the brokers are.
const LOOKS: Backoff = Backoff {
    first: Duration::from_secs(1),
    factor: 2.0,
    max: Duration::from_secs(5),
    jitter: 0.0,
};

/// Before the first look the client is polled: the library has asked for its token by then.
const FIRST_LOOK: Duration = Duration::from_millis(100);

/// The standing of one client.
#[derive(Debug)]
pub(crate) struct Link {
    name: String,
    brokers: String,
    board: HealthBoard,
    standing: Standing,
    /// What the library last said of a connection: why all brokers are down, once they are.
    connection: Option<String>,
    looks: u32,
    next_look: Instant,
}

impl Link {
    /// A client that asks for these brokers and has not heard of anybody.
    pub(crate) fn new(name: &str, brokers: &str, board: &HealthBoard) -> Self {
        let link = Self {
            name: name.to_owned(),
            brokers: brokers.to_owned(),
            board: board.clone(),
            standing: Standing::Connecting,
            connection: None,
            looks: 0,
            next_look: Instant::now() + FIRST_LOOK,
        };
        link.show();
        link
    }

    /// How things stand.
    pub(crate) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Whether somebody should look again how things stand; at growing intervals.
    pub(crate) fn look_due(&mut self) -> bool {
        let look = matches!(
            self.standing,
            Standing::Connecting | Standing::Unreachable(_) | Standing::Missing(_)
        );
        let now = Instant::now();
        if !look || now < self.next_look {
            return false;
        }
        self.next_look = now + LOOKS.nominal(self.looks);
        self.looks += 1;
        true
    }

    /// Things stand so now. Says whether that is a change of kind; only such is told.
    pub(crate) fn turn(&mut self, standing: Standing) -> bool {
        let same = std::mem::discriminant(&self.standing) == std::mem::discriminant(&standing);
        let told = match (&self.standing, &standing) {
            (Standing::Missing(before), Standing::Missing(now)) => before != now,
            _ => !same,
        };
        self.standing = standing;
        if !told {
            return false;
        }
        self.looks = 0;
        self.next_look = Instant::now() + LOOKS.nominal(0);
        self.show();
        let stage = self.name.as_str();
        match &self.standing {
            Standing::Up => tracing::info!(stage, "kafka: up"),
            Standing::Connecting | Standing::Joining => {
                tracing::info!(stage, "kafka: {}", self.text())
            }
            Standing::Unreachable(_) => tracing::warn!(stage, "kafka: {}", self.text()),
            Standing::Missing(_) | Standing::Refused(_) => {
                tracing::error!(stage, "kafka: {}", self.text());
            }
        }
        true
    }

    /// An error from the library. Those that say nothing of the brokers are the caller's.
    pub(crate) fn error(&mut self, error: &KafkaError, reason: &str) {
        if let Some(why) = of_connection(error, reason) {
            self.connection = Some(why);
        }
        if let Some(standing) = standing_of(error, reason, self.connection.as_deref()) {
            // A refusal stays until something succeeds: the lines that follow it tell less.
            let follows = matches!(self.standing, Standing::Refused(_));
            if !(follows && matches!(standing, Standing::Unreachable(_))) {
                self.turn(standing);
            }
        }
    }

    /// What readiness lacks, for people.
    fn text(&self) -> String {
        match &self.standing {
            Standing::Connecting => "no broker has answered yet".into(),
            Standing::Unreachable(why) => format!(
                "{} (kafka.brokers) does not answer, trying on: {why}; check the address and \
                 kafka.security_protocol",
                self.brokers
            ),
            Standing::Missing(topics) => format!(
                "missing: {}; `closecall topics create` makes them",
                topics.join(", ")
            ),
            Standing::Refused(why) => {
                format!(
                    "refused: {why}; check kafka.sasl_*, kafka.tls_* and the brokers' access rules"
                )
            }
            Standing::Joining => "waiting for a place in the group".into(),
            Standing::Up => "up".into(),
        }
    }

    fn show(&self) {
        let missing = (self.standing != Standing::Up).then(|| self.text());
        self.board.condition(&self.name, missing);
    }
}

/// What an error says of one connection, if anything.
fn of_connection(error: &KafkaError, reason: &str) -> Option<String> {
    use RDKafkaErrorCode as Code;
    let connection = matches!(
        error.rdkafka_error_code()?,
        Code::BrokerTransportFailure | Code::Resolve
    );
    (connection && !reason.is_empty()).then(|| ours(reason))
}

/// What an error says of the brokers, if anything.
fn standing_of(error: &KafkaError, reason: &str, connection: Option<&str>) -> Option<Standing> {
    use RDKafkaErrorCode as Code;
    let why = if reason.is_empty() {
        error.to_string()
    } else {
        ours(reason)
    };
    match error.rdkafka_error_code()? {
        Code::AllBrokersDown => {
            let why = connection.map_or(why, str::to_owned);
            Some(Standing::Unreachable(why))
        }
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::SSL
        | Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed => Some(Standing::Refused(why)),
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
        let mut link = Link::new("link", "broker:9092", &board);
        assert!(board.health().missing.contains_key("link"));
        let down = global(RDKafkaErrorCode::AllBrokersDown);
        let closed = "Disconnected: might be incorrect security.protocol configuration";
        link.error(&global(RDKafkaErrorCode::BrokerTransportFailure), closed);
        assert_eq!(
            link.standing(),
            &Standing::Connecting,
            "one of several, perhaps"
        );
        link.error(&down, "1/1 brokers are down");
        assert!(matches!(link.standing(), Standing::Unreachable(_)));
        let told = &board.health().missing["link"];
        for says in ["broker:9092", "incorrect kafka.security_protocol"] {
            assert!(told.contains(says), "{told}");
        }
        assert!(
            !link.turn(Standing::Unreachable("another text".into())),
            "no change of kind"
        );
        assert!(link.turn(Standing::Up));
        assert!(board.health().missing.is_empty());
        link.error(&global(RDKafkaErrorCode::TopicAuthorizationFailed), "");
        link.error(&down, "");
        assert!(
            matches!(link.standing(), Standing::Refused(_)),
            "the cause stays"
        );
        assert!(!link.look_due(), "a refusal is not asked about again");
    }

    #[test]
    fn another_missing_topic_is_news() {
        let mut link = Link::new("link", "broker:9092", &HealthBoard::new());
        assert!(link.turn(Standing::Missing(vec!["a".into(), "b".into()])));
        assert!(!link.turn(Standing::Missing(vec!["a".into(), "b".into()])));
        assert!(link.turn(Standing::Missing(vec!["b".into()])));
    }
}
