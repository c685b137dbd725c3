//! The orderly end of an outbox, whatever it carries: close it, wait until it is empty,
//! and record what is left.

use std::future::Future;
use std::pin::Pin;

use super::Outbox;
use crate::hop::Hop;

impl<T: Clone + Send + Sync + 'static> Hop for Outbox<T> {
    fn from(&self) -> &str {
        &self.from
    }

    fn to(&self) -> &str {
        &self.to
    }

    fn close(&self) {
        self.window.close();
    }

    fn in_flight(&self) -> usize {
        self.stats().in_flight
    }

    fn idle(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            // The sender is this outbox's own, so the wait ends only with an empty window.
            self.stats
                .subscribe()
                .wait_for(|stats| stats.in_flight == 0)
                .await
                .ok();
        })
    }

    fn abandon(&self) -> Pin<Box<dyn Future<Output = usize> + Send + '_>> {
        Box::pin(async {
            if !self.abandon_at_exit {
                return 0;
            }
            let places: Vec<u64> = self.held.iter().map(|entry| *entry.key()).collect();
            let mut recorded = 0;
            for place in places {
                let Some(parcel) = self.held.get(&place).map(|held| held.value().clone()) else {
                    continue;
                };
                let Some(sink) = parcel.sink.as_deref() else {
                    continue;
                };
                let letter = self.abandoned_letter(&parcel);
                match sink.record(&letter).await {
                    Ok(()) => {
                        self.recorded(&letter);
                        self.vacate(place, |stats| stats.done += 1);
                        recorded += 1;
                    }
                    Err(error) => tracing::error!(
                        stage = letter.stage, message_id = letter.id, %error,
                        "held message could not be recorded as abandoned"
                    ),
                }
            }
            recorded
        })
    }
}
