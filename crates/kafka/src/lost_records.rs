//! Records that retention removed before they were read: counted, and said once for each reset.

use rdkafka::consumer::{BaseConsumer, ConsumerContext};

use crate::offset_reset_log::OffsetReset;
use crate::partition_lists::watermarks;
use crate::stats::KafkaStats;

/// Counts what lies between the offset that was to be read and the oldest that is left.
pub(crate) fn count_lost<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    stats: &KafkaStats,
    stage: &str,
    OffsetReset { partition, from }: &OffsetReset,
) {
    match watermarks(consumer, partition) {
        Ok((low, _)) if low > *from => {
            let lost = low.abs_diff(*from);
            stats.lost(&partition.topic, lost);
            tracing::error!(
                stage, %partition, from, to = low - 1, lost,
                "records were removed by retention before they were read; reading goes on at the \
                 oldest: raise the topic's retention.ms, or add members to the group"
            );
        }
        // The topic was made again, or its end was cut off: nothing unread is missing.
        Ok(_) => {}
        Err(error) => tracing::error!(
            stage, %partition, from, %error,
            "records were removed by retention before they were read; not known how many"
        ),
    }
}
