//! Texts about brokers that do not answer: which hint helps depends on who is not reached.

/// A text for people. Brokers advertise the names under which clients have to reach them; where such
/// a name is the one that fails, the configured addresses are right, and the hint is another.
pub(crate) fn explain(brokers: &str, reason: &str) -> String {
    match advertised(brokers, reason) {
        Some(broker) => format!(
            "Kafka advertises a broker at {broker}, which cannot be reached from here: {reason}; make \
             that name resolve and that port reachable, or correct the broker's advertised.listeners"
        ),
        None => format!(
            "no answer from Kafka at {brokers}: {reason}; check kafka.brokers and \
             kafka.security_protocol"
        ),
    }
}

/// The address of the broker that a text of the library is about (`host:port/1: Failed to …`), where
/// it was learned from another broker instead of the configuration. Configured ones have no number.
pub(crate) fn advertised<'a>(brokers: &str, reason: &'a str) -> Option<&'a str> {
    let (broker, _) = reason.split_once(": ")?;
    let (address, number) = broker.rsplit_once('/')?;
    number.parse::<u32>().ok()?;
    // A secured connection's protocol may stand before it.
    let address = address.rsplit_once("://").map_or(address, |(_, rest)| rest);
    let configured = brokers.split(',').any(|one| one.trim() == address);
    (!configured && address.contains(':')).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_is_known_by_its_advertised_name_alone_is_named_without_the_other_hint() {
        let reason = "kafka-0.kafka:9092/1: Failed to resolve 'kafka-0.kafka:9092': Name or service \
                      not known (after 3ms in state CONNECT)";
        let text = explain("127.0.0.1:9092", reason);
        assert!(
            text.starts_with("Kafka advertises a broker at kafka-0.kafka:9092,"),
            "{text}"
        );
        assert!(text.contains("advertised.listeners"), "{text}");
        assert!(!text.contains("kafka.brokers"), "{text}");
        let secured = format!("sasl_ssl://{reason}");
        assert_eq!(advertised("a:1", &secured), Some("kafka-0.kafka:9092"));
    }

    #[test]
    fn a_configured_address_keeps_its_hint() {
        for reason in [
            "127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused",
            "127.0.0.1:9092/1: Connect to ipv4#127.0.0.1:9092 failed: Connection refused",
            "1/1 brokers are down",
            "Local: Timed out",
            "GroupCoordinator/1: Disconnected",
            "",
        ] {
            assert_eq!(
                advertised("other:9092, 127.0.0.1:9092", reason),
                None,
                "{reason}"
            );
            assert!(explain("127.0.0.1:9092", reason).contains("check kafka.brokers"));
        }
    }
}
