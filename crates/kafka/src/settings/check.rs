//! Checks of the settings, before anything is tried with them.

use std::time::Duration;

use rdkafka::ClientConfig;
use secrecy::ExposeSecret;

use super::{GroupProtocol, KafkaSettings, SecurityProtocol};
use crate::error::Error;

/// Names of the library that the program sets itself: its promises rest on them, or they have a
/// setting of their own. A trailing dot owns every name that begins so.
const OWNED: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "heartbeat.interval.ms",
    "isolation.level",
    "log.queue",
    "max.poll.interval.ms",
    "message.timeout.ms",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "plugin.library.paths",
    "request.required.acks",
    "sasl.",
    "security.protocol",
    "session.timeout.ms",
    "socket.timeout.ms",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.location",
    "ssl.key.password",
    "statistics.interval.ms",
    "transactional.id",
];

/// More than a partition may hold would never be in work.
const MAX_WINDOW: usize = 256;

const MECHANISMS: [&str; 4] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"];

fn refuse<T>(key: &'static str, problem: impl Into<String>) -> Result<T, Error> {
    Err(Error::Setting {
        key,
        problem: problem.into(),
    })
}

impl KafkaSettings {
    /// Checks each value, what must hold between them, and that this build can do what they ask.
    /// Whatever needs no broker's address is checked without one too.
    ///
    /// # Errors
    /// The first violation, naming the key.
    pub fn validate(&self) -> Result<(), Error> {
        let settings = self;
        addresses(&settings.brokers)?;
        names(settings)?;
        times(settings)?;
        security(settings)?;
        if settings.replication < 0 || settings.replication > i32::from(i16::MAX) {
            return refuse("replication", "is not a number of copies: give 0 or more");
        }
        if !(1..=MAX_WINDOW).contains(&settings.window_per_partition) {
            let problem = format!("must be between 1 and {MAX_WINDOW}");
            return refuse("window_per_partition", problem);
        }
        let owned = settings
            .librdkafka
            .keys()
            .find(|name| OWNED.iter().any(|owned| owns(owned, name)));
        if let Some(name) = owned {
            let problem = format!("sets `{name}`, which the program sets itself");
            return refuse("librdkafka", problem);
        }
        if settings.enabled() {
            supported(settings, &features()?)?;
            // The library knows its names and their ranges.
            for config in [
                settings.consumer("validate", "validate")?,
                settings.producer("validate")?,
            ] {
                config
                    .create_native_config()
                    .map_err(|error| Error::Library {
                        reason: error.to_string(),
                    })?;
            }
        }
        Ok(())
    }
}

fn owns(owned: &str, name: &str) -> bool {
    name == owned || (owned.ends_with('.') && name.starts_with(owned))
}

fn addresses(brokers: &str) -> Result<(), Error> {
    let good = |address: &str| {
        address.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok_and(|p| p > 0)
        })
    };
    let all_good = brokers.is_empty() || brokers.split(',').all(|one| good(one.trim()));
    if !all_good {
        let problem = format!("`{brokers}` is not a list of addresses: write host:port,host:port");
        return refuse("brokers", problem);
    }
    Ok(())
}

fn names(settings: &KafkaSettings) -> Result<(), Error> {
    let legal = |text: &str| {
        text.len() <= 100
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    let rule = "may have letters, digits, dot, hyphen and underscore, at most 100";
    if settings.group_prefix.is_empty() || !legal(&settings.group_prefix) {
        return refuse("group_prefix", rule);
    }
    for (key, text) in [
        ("topic_prefix", &settings.topic_prefix),
        ("instance", &settings.instance),
        ("group_instance_id", &settings.group_instance_id),
    ] {
        if !legal(text) {
            return refuse(key, rule);
        }
    }
    Ok(())
}

fn times(settings: &KafkaSettings) -> Result<(), Error> {
    let day = Duration::from_secs(86_400);
    for (key, span, least) in [
        ("session_timeout", settings.session_timeout, 1000),
        ("heartbeat_interval", settings.heartbeat_interval, 100),
        ("max_poll_interval", settings.max_poll_interval, 1000),
        ("delivery_timeout", settings.delivery_timeout, 1000),
        ("socket_timeout", settings.socket_timeout, 1000),
        ("token_lifetime", settings.token_lifetime, 10_000),
    ] {
        if span < Duration::from_millis(least) || span > day {
            return refuse(key, format!("must be between {least} ms and 24 h"));
        }
    }
    if settings.group_protocol == GroupProtocol::Classic {
        if settings.heartbeat_interval * 3 > settings.session_timeout {
            return refuse(
                "heartbeat_interval",
                "must be at most a third of session_timeout",
            );
        }
        if settings.max_poll_interval < settings.session_timeout {
            return refuse("max_poll_interval", "must be at least session_timeout");
        }
    }
    Ok(())
}

fn security(settings: &KafkaSettings) -> Result<(), Error> {
    let mechanism = settings.sasl_mechanism.as_str();
    if !settings.security_protocol.sasl() {
        if !mechanism.is_empty() {
            return refuse(
                "sasl_mechanism",
                "needs security_protocol sasl_ssl or sasl_plaintext",
            );
        }
    } else if !MECHANISMS.contains(&mechanism) {
        return refuse(
            "sasl_mechanism",
            format!("must be one of {}", MECHANISMS.join(", ")),
        );
    } else if mechanism == "OAUTHBEARER" {
        if settings.sasl_token_file.as_os_str().is_empty() {
            return refuse("sasl_token_file", "is needed for OAUTHBEARER");
        }
    } else {
        if settings.sasl_username.is_empty() {
            return refuse("sasl_username", format!("is needed for {mechanism}"));
        }
        let given = !settings.sasl_password.expose_secret().is_empty();
        if given != settings.sasl_password_file.as_os_str().is_empty() {
            return refuse("sasl_password", "or sasl_password_file is needed, not both");
        }
    }
    let certificate = !settings.tls_certificate_file.as_os_str().is_empty();
    if certificate == settings.tls_key_file.as_os_str().is_empty() {
        return refuse("tls_certificate_file", "and tls_key_file go together");
    }
    Ok(())
}

/// Features that the library was built with.
fn features() -> Result<String, Error> {
    let library = |error: rdkafka::error::KafkaError| Error::Library {
        reason: error.to_string(),
    };
    let config = ClientConfig::new()
        .create_native_config()
        .map_err(library)?;
    config.get("builtin.features").map_err(library)
}

/// Whether a build with `features` can do what the settings ask.
fn supported(settings: &KafkaSettings, features: &str) -> Result<(), Error> {
    let has = |feature: &str| features.split(',').any(|one| one == feature);
    let lacking = "is not in this build: use one made with the cargo feature `kafka-ssl`";
    if settings.security_protocol.tls() && !has("ssl") {
        return refuse(
            "security_protocol",
            format!("{:?} {lacking}", settings.security_protocol),
        );
    }
    let needed = match settings.sasl_mechanism.as_str() {
        "PLAIN" => "sasl_plain",
        "SCRAM-SHA-256" | "SCRAM-SHA-512" => "sasl_scram",
        "OAUTHBEARER" => "sasl_oauthbearer",
        _ => return Ok(()),
    };
    if !has(needed) {
        return refuse(
            "sasl_mechanism",
            format!("{} {lacking}", settings.sasl_mechanism),
        );
    }
    Ok(())
}

impl SecurityProtocol {
    fn sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    pub(super) fn tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut KafkaSettings)) -> KafkaSettings {
        let mut settings = KafkaSettings {
            brokers: "127.0.0.1:9092".into(),
            ..KafkaSettings::default()
        };
        change(&mut settings);
        settings
    }

    fn refused(change: impl FnOnce(&mut KafkaSettings)) -> String {
        settings(change).validate().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_good_with_and_without_brokers() {
        KafkaSettings::default().validate().unwrap();
        settings(|_| ()).validate().unwrap();
        settings(|s| s.group_protocol = GroupProtocol::Consumer)
            .validate()
            .unwrap();
    }

    #[test]
    fn what_cannot_work_is_refused_by_its_key() {
        assert!(refused(|s| s.brokers = "localhost".into()).starts_with("kafka.brokers "));
        assert!(refused(|s| s.brokers = "a:1,:2".into()).starts_with("kafka.brokers "));
        assert!(refused(|s| s.group_prefix = "a b".into()).starts_with("kafka.group_prefix "));
        let long = Duration::from_secs(4);
        assert!(refused(|s| s.heartbeat_interval = long).starts_with("kafka.heartbeat_interval "));
        assert!(
            refused(|s| s.sasl_mechanism = "PLAIN".into()).starts_with("kafka.sasl_mechanism ")
        );
        assert!(refused(|s| s.tls_key_file = "key.pem".into()).contains("go together"));
    }

    #[test]
    fn a_library_setting_that_the_program_owns_is_refused() {
        for name in ["enable.auto.commit", "sasl.password", "group.id", "acks"] {
            let text = refused(|s| drop(s.librdkafka.insert(name.into(), "x".into())));
            assert!(text.contains(name), "{text}");
        }
        let text = refused(|s| drop(s.librdkafka.insert("no.such.name".into(), "x".into())));
        assert!(text.contains("no.such.name"), "{text}");
        let fine = |s: &mut KafkaSettings| {
            drop(s.librdkafka.insert("fetch.wait.max.ms".into(), "5".into()))
        };
        settings(fine).validate().unwrap();
    }

    #[test]
    fn what_the_build_lacks_is_said_and_what_it_has_is_taken() {
        let tls = settings(|s| s.security_protocol = SecurityProtocol::Ssl);
        let text = supported(&tls, "gzip,snappy,sasl_plain")
            .unwrap_err()
            .to_string();
        assert!(text.contains("kafka-ssl"), "{text}");
        supported(&tls, "gzip,ssl").unwrap();
        let scram = settings(|s| {
            s.security_protocol = SecurityProtocol::SaslPlaintext;
            s.sasl_mechanism = "SCRAM-SHA-512".into();
        });
        assert!(supported(&scram, "sasl_plain").is_err());
        supported(&scram, "sasl_scram,ssl").unwrap();
        // And the real list of this build agrees with its cargo feature.
        assert_eq!(
            supported(&tls, &features().unwrap()).is_ok(),
            cfg!(feature = "kafka-ssl")
        );
    }

    #[test]
    fn a_password_is_never_shown() {
        let settings = settings(|s| s.sasl_password = "canary".to_owned().into());
        assert!(!format!("{settings:?}").contains("canary"));
    }
}
