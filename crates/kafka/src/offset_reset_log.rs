//! Resets of a consumer's position, read from the library's log: it reports them nowhere else. A
//! position is out of range when retention has removed its record before it was read.

use crate::topic_partition::TopicPartition;

/// A position that was moved to the oldest record there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OffsetReset {
    pub(crate) partition: TopicPartition,
    /// The offset that was to be read next.
    pub(crate) from: i64,
}

impl OffsetReset {
    /// Reads a line such as `orders [3]: offset reset (at offset 17 (leader epoch 0), broker 1) to
    /// offset BEGINNING: fetch failed due to requested offset not available on the broker: ...`.
    pub(crate) fn parse(facility: &str, text: &str) -> Option<Self> {
        if facility != "OFFSET" {
            return None;
        }
        let (named, reset) = text.split_once("]: offset reset (at offset ")?;
        // A topic's name has no brackets; the client's name may stand before it.
        let (before, partition) = named.rsplit_once(" [")?;
        let topic = before.rsplit(' ').next()?;
        let end = reset.find(|c: char| !c.is_ascii_digit())?;
        Some(Self {
            partition: TopicPartition::new(topic, partition.parse().ok()?),
            from: reset.get(..end)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "[thrd:main]: a.topic-1 [3]: offset reset (at offset 17 (leader epoch 0), \
                        broker 1) to offset BEGINNING (leader epoch -1): fetch failed due to \
                        requested offset not available on the broker: Broker: Offset out of range";

    #[test]
    fn a_reset_names_its_partition_and_the_offset_it_left() {
        let reset = OffsetReset::parse("OFFSET", LINE).unwrap();
        assert_eq!(reset.partition, TopicPartition::new("a.topic-1", 3));
        assert_eq!(reset.from, 17);
    }

    #[test]
    fn other_lines_are_none() {
        assert_eq!(OffsetReset::parse("FAIL", LINE), None);
        for text in [
            "",
            "[3]: offset reset (at offset ",
            "a [x]: offset reset (at offset 1)",
            "a [3]: offset reset (at offset END, broker 1)",
            "a [3]: offset reset (at offset 99999999999999999999)",
        ] {
            assert_eq!(OffsetReset::parse("OFFSET", text), None, "{text}");
        }
    }
}
