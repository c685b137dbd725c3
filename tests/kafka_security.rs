//! TLS and SASL towards a real Kafka broker, as the container image has them: every protocol and
//! mechanism carries a pick, what is refused says why, and no secret is shown.
//!
//! `cargo test --features kafka-ssl --test kafka_security`

#![cfg(feature = "kafka-ssl")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may fail loudly"
)]

mod common;
mod kafka_support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use common::{Done, Workplace};
use kafka_support::script;
use serde_json::Value;

/// A broker with further listeners, shared by the tests of this file; it goes some seconds after
/// them. `None` when there is none and that is allowed.
static BROKER: LazyLock<Option<Secured>> = LazyLock::new(Secured::start);

struct Secured {
    state: Value,
    secrets: PathBuf,
}

impl Secured {
    fn start() -> Option<Self> {
        let own = std::process::id().to_string();
        let name = format!("secured-{own}");
        let kafka = |arguments: &[&str]| {
            let mut command = Command::new(script("kafka"));
            command.args(arguments).args(["--name", &name]);
            command.output().unwrap()
        };
        let started = kafka(&["start", "--secure", "--while", &own]);
        if !started.status.success() {
            let why = String::from_utf8_lossy(&started.stderr).into_owned();
            let required = testing::is_required("CLOSECALL_REQUIRE_KAFKA");
            assert!(!required, "a Kafka broker is required: {why}");
            testing::skip(&format!("no Kafka broker ({why})"));
            return None;
        }
        let state: Value = serde_json::from_slice(&kafka(&["status", "--json"]).stdout).unwrap();
        let secrets = state["secrets"].as_str().unwrap().into();
        Some(Self { state, secrets })
    }

    fn file(&self, name: &str) -> String {
        self.secrets.join(name).to_str().unwrap().to_owned()
    }

    /// A client of the listener of this protocol, with topics of its own.
    fn client(&self, own: &str, protocol: &str) -> Workplace {
        let port = &self.state["secure"][protocol.to_uppercase()];
        Workplace::new()
            .with("CLOSECALL__KAFKA__BROKERS", &format!("127.0.0.1:{port}"))
            .with("CLOSECALL__KAFKA__SECURITY_PROTOCOL", protocol)
            .with("CLOSECALL__KAFKA__TOPIC_PREFIX", &format!("{own}."))
            .with("CLOSECALL__KAFKA__GROUP_PREFIX", own)
            .with("CLOSECALL__KAFKA__TLS_CA_FILE", &self.file("ca.pem"))
            .with("CLOSECALL__KAFKA__SOCKET_TIMEOUT", "5s")
    }

    /// One that says who it is.
    fn user(&self, own: &str, protocol: &str, mechanism: &str, name: &str) -> Workplace {
        let client = self
            .client(own, protocol)
            .with("CLOSECALL__KAFKA__SASL_MECHANISM", mechanism)
            .with("CLOSECALL__KAFKA__SASL_USERNAME", name);
        let (key, kind) = match mechanism {
            "OAUTHBEARER" => ("TOKEN", "token"),
            _ => ("PASSWORD", "password"),
        };
        let key = format!("CLOSECALL__KAFKA__SASL_{key}_FILE");
        client.with(&key, &self.file(&format!("{name}.{kind}")))
    }

    /// Runs a command, and looks for every secret in what it says.
    fn run(&self, client: &Workplace, arguments: &[&str]) -> Done {
        let done = client.run(&[arguments, &["-vv"]].concat());
        for entry in fs::read_dir(&self.secrets).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.extension().unwrap().to_str().unwrap();
            if ["password", "token"].contains(&kind) {
                let secret = fs::read_to_string(&path).unwrap();
                let said = done.stdout() + &done.stderr();
                assert!(!said.contains(secret.trim()), "{}", path.display());
            }
        }
        done
    }

    /// Makes the topics and sends a pick, which is read again.
    fn carries_a_pick(&self, own: &str, client: &Workplace) {
        self.makes_topics(own, client);
        self.sends_a_pick(own, client);
    }

    fn makes_topics(&self, own: &str, client: &Workplace) {
        let done = self.run(client, &["topics", "create"]);
        assert_eq!(done.code(), 0, "{own}: {}", done.stderr());
    }

    fn sends_a_pick(&self, own: &str, client: &Workplace) {
        let picks = ["--picks", "1", "--every", "200ms"];
        let run = [&["run", "--stage", "ticker-picker"][..], &picks].concat();
        let done = self.run(client, &run);
        assert_eq!(done.code(), 0, "{own}: {}", done.stderr());
        let topic = format!("{own}.stock-name-selector");
        let done = self.run(client, &["peek", &topic, "--json"]);
        assert_eq!(done.json()["topic"], topic.as_str(), "{own}");
    }
}

#[test]
fn every_mechanism_carries_a_pick_over_tls() {
    let Some(broker) = &*BROKER else { return };
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let own = mechanism.to_lowercase();
        let client = broker.user(&own, "sasl_ssl", mechanism, "closecall");
        broker.carries_a_pick(&own, &client);
    }
}

/// All but the making of topics, which the library's client cannot do with a token.
#[test]
fn a_token_carries_a_pick() {
    let Some(broker) = &*BROKER else { return };
    let client = broker.user("token", "sasl_ssl", "OAUTHBEARER", "closecall");
    let done = broker.run(&client, &["topics", "create"]);
    done.refused(78, &["kafka.sasl_mechanism", "another sasl_mechanism"]);
    let other = broker.user("token", "sasl_ssl", "PLAIN", "closecall");
    broker.makes_topics("token", &other);
    broker.sends_a_pick("token", &client);
    let seen = broker.run(&client, &["topics", "describe", "--json"]);
    assert_eq!(seen.code(), 0, "{}", seen.stderr());
}

#[test]
fn sasl_without_tls_carries_a_pick() {
    let Some(broker) = &*BROKER else { return };
    let client = broker.user("bare", "sasl_plaintext", "SCRAM-SHA-512", "closecall");
    broker.carries_a_pick("bare", &client);
}

#[test]
fn a_certificate_of_ones_own_carries_a_pick() {
    let Some(broker) = &*BROKER else { return };
    let client = broker
        .client("mutual", "ssl")
        .with(
            "CLOSECALL__KAFKA__TLS_CERTIFICATE_FILE",
            &broker.file("client.pem"),
        )
        .with("CLOSECALL__KAFKA__TLS_KEY_FILE", &broker.file("client.key"))
        .with(
            "CLOSECALL__KAFKA__TLS_KEY_PASSWORD_FILE",
            &broker.file("key.password"),
        );
    broker.carries_a_pick("mutual", &client);
}

#[test]
fn a_wrong_password_is_refused() {
    let Some(broker) = &*BROKER else { return };
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        let client = broker
            .user("wrong", "sasl_ssl", mechanism, "closecall")
            .with(
                "CLOSECALL__KAFKA__SASL_PASSWORD_FILE",
                &broker.file("stranger.password"),
            );
        let done = broker.run(&client, &["topics", "describe"]);
        done.refused(77, &["uthentication", "kafka.sasl_"]);
    }
}

#[test]
fn who_has_no_right_is_told_so() {
    let Some(broker) = &*BROKER else { return };
    let client = broker.user("norights", "sasl_ssl", "PLAIN", "stranger");
    let done = broker.run(&client, &["topics", "create"]);
    done.refused(77, &["uthoriz"]);
}

#[test]
fn a_broker_that_an_unknown_authority_vouches_for_is_not_trusted() {
    let Some(broker) = &*BROKER else { return };
    let client = broker
        .user("untrusted", "sasl_ssl", "PLAIN", "closecall")
        .with("CLOSECALL__KAFKA__TLS_CA_FILE", &broker.file("other.pem"));
    let done = broker.run(&client, &["topics", "describe"]);
    done.refused(77, &["certificate", "kafka.tls_ca_file"]);
}

#[test]
fn a_wrong_protocol_is_named() {
    let Some(broker) = &*BROKER else { return };
    let client = broker
        .client("protocol", "sasl_ssl")
        .with("CLOSECALL__KAFKA__SECURITY_PROTOCOL", "plaintext");
    let done = broker.run(&client, &["topics", "describe"]);
    done.refused(69, &["kafka.security_protocol"]);
}
