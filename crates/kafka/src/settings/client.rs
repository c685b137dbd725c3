//! The library's configuration for each kind of client, made of the settings.

use std::path::Path;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use secrecy::{ExposeSecret, SecretString};

use super::{GroupProtocol, KafkaSettings};
use crate::error::Error;

/// Small queues: a record is fetched when it is worked on, and a backlog stays on the brokers. Their answer
/// is unpacked whole: half a mebibyte of each partition, of packed datasets, is some 40 MiB in all. With half
/// as much a backlog of those takes a third longer; with twice as much it takes 50 MiB more.
const CONSUMER: [(&str, &str); 8] = [
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    ("isolation.level", "read_committed"),
    ("queued.min.messages", "32"),
    ("queued.max.messages.kbytes", "4096"),
    ("fetch.message.max.bytes", "524288"),
    ("fetch.queue.backoff.ms", "10"),
];

const PRODUCER: [(&str, &str); 5] = [
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("linger.ms", "0"),
    // The one that every client reads without further libraries.
    ("compression.codec", "gzip"),
    // Where Java clients put a key.
    ("partitioner", "murmur2_random"),
];

const BOTH: [(&str, &str); 4] = [
    ("statistics.interval.ms", "15000"),
    ("socket.keepalive.enable", "true"),
    ("log.connection.close", "false"),
    ("reconnect.backoff.max.ms", "5000"),
];

impl KafkaSettings {
    /// For a consumer of `group`, named after `stage`.
    pub(crate) fn consumer(&self, stage: &str, group: &str) -> Result<ClientConfig, Error> {
        let mut config = self.client(stage)?;
        set_all(&mut config, &CONSUMER);
        config.set("allow.auto.create.topics", "false");
        config.set("group.id", group);
        config.set(
            "max.poll.interval.ms",
            self.max_poll_interval.as_millis().to_string(),
        );
        if !self.group_instance_id.is_empty() {
            config.set(
                "group.instance.id",
                format!("{stage}-{}", self.group_instance_id),
            );
        }
        match self.group_protocol {
            GroupProtocol::Classic => {
                config.set("group.protocol", "classic");
                config.set("partition.assignment.strategy", "cooperative-sticky");
                config.set(
                    "session.timeout.ms",
                    self.session_timeout.as_millis().to_string(),
                );
                config.set(
                    "heartbeat.interval.ms",
                    self.heartbeat_interval.as_millis().to_string(),
                );
            }
            // The brokers hold the times of this one.
            GroupProtocol::Consumer => drop(config.set("group.protocol", "consumer")),
        }
        Ok(self.with_passed(config))
    }

    /// For a producer, named after `stage`.
    pub(crate) fn producer(&self, stage: &str) -> Result<ClientConfig, Error> {
        let mut config = self.client(stage)?;
        set_all(&mut config, &PRODUCER);
        config.set(
            "delivery.timeout.ms",
            self.delivery_timeout.as_millis().to_string(),
        );
        Ok(self.with_passed(config))
    }

    /// For a client that only asks.
    pub(crate) fn admin(&self) -> Result<ClientConfig, Error> {
        Ok(self.with_passed(self.client("admin")?))
    }

    /// Whether the library's client for topics can log in: it is never polled, and only a client that
    /// is asks for its token.
    pub(crate) fn admin_works(&self) -> bool {
        self.sasl_mechanism != "OAUTHBEARER"
    }

    fn with_passed(&self, mut config: ClientConfig) -> ClientConfig {
        for (name, value) in &self.librdkafka {
            config.set(name, value);
        }
        config
    }

    fn client(&self, stage: &str) -> Result<ClientConfig, Error> {
        self.needed()?;
        let mut config = ClientConfig::new();
        set_all(&mut config, &BOTH);
        // Which of its lines are shown is the context's to say.
        config.set_log_level(RDKafkaLogLevel::Info);
        config.set("bootstrap.servers", &self.brokers);
        config.set("client.id", format!("closecall.{stage}.{}", self.instance));
        config.set(
            "socket.timeout.ms",
            self.socket_timeout.as_millis().to_string(),
        );
        config.set("security.protocol", <&str>::from(self.security_protocol));
        self.set_tls(&mut config)?;
        self.set_sasl(&mut config)?;
        Ok(config)
    }

    fn set_tls(&self, config: &mut ClientConfig) -> Result<(), Error> {
        if !self.security_protocol.tls() {
            return Ok(());
        }
        for (name, file) in [
            ("ssl.ca.location", &self.tls_ca_file),
            ("ssl.certificate.location", &self.tls_certificate_file),
            ("ssl.key.location", &self.tls_key_file),
        ] {
            if !file.as_os_str().is_empty() {
                config.set(name, file.to_string_lossy());
            }
        }
        let password = secret(
            &self.tls_key_password,
            "tls_key_password_file",
            &self.tls_key_password_file,
        )?;
        if !password.expose_secret().is_empty() {
            config.set("ssl.key.password", password.expose_secret());
        }
        let check = if self.tls_verify_hostname {
            "https"
        } else {
            "none"
        };
        config.set("ssl.endpoint.identification.algorithm", check);
        Ok(())
    }

    fn set_sasl(&self, config: &mut ClientConfig) -> Result<(), Error> {
        if self.sasl_mechanism.is_empty() {
            return Ok(());
        }
        config.set("sasl.mechanism", &self.sasl_mechanism);
        if self.sasl_mechanism != "OAUTHBEARER" {
            let password = secret(
                &self.sasl_password,
                "sasl_password_file",
                &self.sasl_password_file,
            )?;
            config.set("sasl.username", &self.sasl_username);
            config.set("sasl.password", password.expose_secret());
        }
        Ok(())
    }
}

fn set_all(config: &mut ClientConfig, settings: &[(&str, &str)]) {
    for (name, value) in settings {
        config.set(*name, *value);
    }
}

/// A secret that is given, or else in a file; a file is read again for each client, so that a changed
/// one is taken up. Files end in a line feed that does not belong to it.
pub(crate) fn secret(
    given: &SecretString,
    key: &'static str,
    file: &Path,
) -> Result<SecretString, Error> {
    if !given.expose_secret().is_empty() || file.as_os_str().is_empty() {
        return Ok(given.clone());
    }
    let text = std::fs::read_to_string(file).map_err(|source| Error::File {
        key,
        path: file.to_owned(),
        source,
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
}
