//! The way of one accepted message: sent, sent again, settled or dead-lettered. There is no timeout
//! on the hop: waiting for the stage is never a failure.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Outbox, Parcel};
use closecall_protocol::Reason;

use crate::policy::{draw, spread};
use crate::{Ack, DeadLetter, DeadLetterSink, Deliver, FailureClass, StageError};

/// A refusal and how often the message was tried.
struct Refused {
    error: StageError,
    attempts: u32,
}

/// End of an attempt to settle without success.
enum Unsettled {
    Refused(Refused),
    Released(StageError),
}

impl<T: Clone + Send + Sync + 'static> Outbox<T> {
    /// Brings the message to its end.
    pub(super) async fn settle(&self, parcel: &Parcel<T>) -> Result<Ack, StageError> {
        let outcome = tokio::select! {
            biased;
            outcome = self.send_until_settled(parcel) => outcome,
            () = self.shared.ended.cancelled() => return Err(self.ending()),
        };
        let sink = parcel.sink.as_deref();
        match (outcome, sink) {
            (Ok(ack), _) => {
                self.shared.board.succeeded(&self.to);
                Ok(ack)
            }
            (Err(Unsettled::Refused(refused)), Some(sink)) => {
                self.divert(parcel, refused, sink).await
            }
            (Err(Unsettled::Refused(refused)), None) => {
                Err(refused.error.refused_by(&self.to, refused.attempts))
            }
            // Later, after the deadline, what is held is recorded by `abandon`.
            (Err(Unsettled::Released(error)), Some(sink))
                if self.abandon_at_exit && !self.shared.ended.is_cancelled() =>
            {
                self.divert(parcel, Self::abandoned(error.message()), sink)
                    .await
            }
            (Err(Unsettled::Released(error)), _) => Err(error),
        }
    }

    async fn send_until_settled(&self, parcel: &Parcel<T>) -> Result<Ack, Unsettled> {
        let limit = self.shared.settings.delivery.attempts.get();
        let mut panics = 0;
        for tries in 0.. {
            if let Some(at) = parcel.expires_at
                && self.shared.clock.now() >= at
            {
                let error = StageError::permanent(Reason::Expired, format!("expired at {at}"));
                return Err(Unsettled::Refused(Refused {
                    error,
                    attempts: panics,
                }));
            }
            let deliver = Deliver::again(parcel.message.clone(), panics);
            let error = match self.recipient.send(deliver).await {
                Ok(Ok(ack)) => return Ok(ack),
                Ok(Err(error)) => error,
                // Closed, yet there to be sent to: the stage crashed with this message in hand.
                Err(_) if self.recipient.connected() => StageError::panicked(self.crash()),
                // Gone for good. The message did nothing wrong; it is held until the process, whose
                // end this failure brings about, begins to end.
                Err(_) => {
                    self.shared.draining.cancelled().await;
                    return Err(Unsettled::Released(self.ending()));
                }
            };
            match error.class() {
                FailureClass::Transient => {}
                FailureClass::Panicked => panics += 1,
                FailureClass::Released => return Err(Unsettled::Released(error)),
                FailureClass::Permanent => {
                    return Err(Unsettled::Refused(Refused {
                        error,
                        attempts: panics + 1,
                    }));
                }
            }
            if panics >= limit {
                return Err(Unsettled::Refused(Refused {
                    error,
                    attempts: panics,
                }));
            }
            tracing::warn!(
                stage = %self.to, message_id = parcel.id, label = parcel.label, attempt = panics,
                %error, "not settled, sending again"
            );
            self.back_off(&parcel.id, tries).await;
        }
        // `for` over an endless range ends only in theory.
        Err(Unsettled::Released(self.ending()))
    }

    /// Records the refused message, however long it takes; it is settled then.
    async fn divert(
        &self,
        parcel: &Parcel<T>,
        refused: Refused,
        sink: &dyn DeadLetterSink,
    ) -> Result<Ack, StageError> {
        let letter = self.letter(parcel, refused);
        for tries in 0.. {
            let Err(error) = sink.record(&letter).await else {
                break;
            };
            tracing::error!(
                stage = letter.stage, message_id = letter.id, %error,
                "dead letter not recorded, trying again"
            );
            tokio::select! {
                () = self.back_off(&letter.id, tries) => {}
                () = self.shared.ended.cancelled() => return Err(self.ending()),
            }
        }
        self.recorded(&letter);
        Ok(Ack::DeadLettered)
    }

    /// Takes note of a dead letter that is safe.
    pub(super) fn recorded(&self, letter: &DeadLetter) {
        tracing::error!(
            stage = letter.stage,
            message_id = letter.id,
            label = letter.label,
            reason = letter.reason.code(),
            attempt = letter.attempts,
            error = letter.message,
            "dead-lettered"
        );
        self.shared
            .board
            .dead_lettered(&letter.stage, letter.reason);
        self.stats.send_modify(|stats| stats.dead_lettered += 1);
    }

    /// The dead letter of what is still held when the process ends.
    pub(super) fn abandoned_letter(&self, parcel: &Parcel<T>) -> DeadLetter {
        let refused = Self::abandoned("held when the process ended");
        self.letter(parcel, refused)
    }

    fn abandoned(message: &str) -> Refused {
        Refused {
            error: StageError::permanent(Reason::Abandoned, message),
            attempts: 0,
        }
    }

    fn letter(&self, parcel: &Parcel<T>, refused: Refused) -> DeadLetter {
        let Refused { error, attempts } = refused;
        // Refused further down and passed on: that stage is the one to name.
        let (stage, attempts) = match error.origin() {
            Some((stage, attempts)) => (stage, *attempts),
            None => (&self.to, attempts),
        };
        DeadLetter {
            id: parcel.id.clone(),
            label: parcel.label.clone(),
            stage: stage.to_string(),
            reason: error.reason(),
            message: error.message().into(),
            attempts,
            payload: self.metadata.to_json(&parcel.message),
            at: self.shared.clock.now(),
        }
    }

    async fn back_off(&self, id: &str, tries: u32) {
        // Messages that fail together shall not come back together, nor one's tries at two hops.
        let seed = spread(spread(self.shared.seed, &self.to), id).wrapping_add(u64::from(tries));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let wait = self
            .shared
            .settings
            .delivery
            .backoff
            .wait(tries, draw(&mut rng));
        tokio::time::sleep(wait).await;
    }

    /// The error that the stage crashed with, as far as known.
    fn crash(&self) -> String {
        self.shared
            .board
            .last_error(&self.to)
            .unwrap_or_else(|| "the stage crashed on it".into())
    }

    fn ending(&self) -> StageError {
        StageError::released(format!("the process is ending; not settled by {}", self.to))
    }
}
