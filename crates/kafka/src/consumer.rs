//! The thread that owns a consumer: it fetches, hands out, and commits what is settled. Polling
//! goes on whatever the stages do, so long work never costs a member its place in the group.
//!
//! The thread sleeps until the library has something or an answer comes; both wake it.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use closecall_supervision::{Class, HealthBoard, Outbox, ThreadRun};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use tokio::runtime::Handle;

use crate::callbacks::{
    ClientCallbacks, ClientEvent, ConsumerCallbacks, DeliveryOutcome, SettledDelivery, commit,
};
use crate::closing::ClosingConsumer;
use crate::committer::Committer;
use crate::connection_state::{Connection, ConnectionState};
use crate::dead_letters::DeadLetterTopic;
use crate::offsets;
use crate::partitions::{DeliveryTag, TopicPartition};
use crate::probe::probe;
use crate::record::ReceivedRecord;
use crate::{BridgeContext, Error, STAGE};

/// The longest sleep between two turns.
const LONGEST_SLEEP: Duration = Duration::from_millis(200);
/// Records taken in one turn at most, so that answers are not kept waiting.
const POLLS_PER_TURN: usize = 64;
/// A commit that brokers which are there have not answered for so long is not answered any more: its
/// partitions would stand still for ever, so the stage begins anew.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(60);
/// Between two tries of something that the brokers did not do.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a consumer's thread is made of; survives its restarts.
#[derive(Debug)]
pub struct TopicConsumer {
    /// Its name among the stages.
    pub name: String,
    /// What it reads.
    pub topics: Vec<String>,
    /// As a member of this group.
    pub group: String,
    /// The hop to whoever reads the records.
    pub outbox: Arc<Outbox<Arc<ReceivedRecord>>>,
    /// Where refused records go; without it they come again.
    pub letters: Option<DeadLetterTopic>,
    /// Carries the deliveries; there once the actor behind the outbox has started.
    pub runtime: Arc<OnceLock<Handle>>,
    /// Shows how things stand.
    pub board: HealthBoard,
    /// Shared by all sides.
    pub parts: Arc<BridgeContext>,
}

type Client = BaseConsumer<ConsumerCallbacks<Arc<ReceivedRecord>>>;

/// One run with one client. An answer to an earlier client comes to nobody: each has a channel of
/// its own.
struct Run<'a> {
    source: &'a TopicConsumer,
    runtime: Handle,
    /// Before the client, so that its thread lets go of the client first.
    committer: Committer,
    client: ClosingConsumer<ConsumerCallbacks<Arc<ReceivedRecord>>>,
    answer: Sender<SettledDelivery>,
    waker: Thread,
    connection: Connection,
    subscribed: bool,
    joined: bool,
    /// Assigned partitions that may be without a committed offset.
    fresh: Vec<TopicPartition>,
    fresh_again: Instant,
    /// The commit under way.
    committing: Vec<(TopicPartition, i64)>,
    /// Since when its answer is waited for from brokers that are there.
    commit_waits: Instant,
    commit_again: Instant,
    commit_failed: bool,
}

impl TopicConsumer {
    /// The body of the thread.
    ///
    /// # Errors
    /// When the client cannot go on and has to be replaced.
    pub fn run(&self, run: &ThreadRun) -> Result<(), Error> {
        let runtime = loop {
            match self.runtime.get() {
                Some(runtime) => break runtime.clone(),
                None if run.stopping() => return Ok(()),
                None => thread::park_timeout(Duration::from_millis(10)),
            }
        };
        let mut run_with = self.connect(runtime)?;
        let ended = run_with.turns(run);
        self.parts.stats.ended(&self.name);
        ended
    }

    fn connect(&self, runtime: Handle) -> Result<Run<'_>, Error> {
        let BridgeContext {
            settings, stats, ..
        } = &*self.parts;
        let client_id = self.name.replace('/', ".");
        let config = settings.consumer(&client_id, &self.group)?;
        let (answer, settled) = mpsc::channel();
        let context = ClientCallbacks::new(&self.name, stats, settings);
        let events = context.events.clone();
        stats.made(&self.name);
        let mut client: Client = config
            .create_with_context(ConsumerCallbacks::new(context, settled))
            .map_err(|error| self.error(&error, "making a consumer"))?;
        let waker = thread::current();
        let wakes = waker.clone();
        client.set_nonempty_callback(move || wakes.unpark());
        let client = Arc::new(client);
        let committer = Committer::start(Arc::clone(&client), events, waker.clone());
        let client = ClosingConsumer::new(&self.name, client);
        let committer = committer.map_err(|source| closecall_supervision::Error::NoThread {
            stage: self.name.clone(),
            source,
        })?;
        Ok(Run {
            source: self,
            runtime,
            committer,
            client,
            answer,
            waker,
            connection: Connection::new(&self.name, &settings.brokers, &self.board),
            subscribed: false,
            joined: false,
            fresh: Vec::new(),
            fresh_again: Instant::now(),
            committing: Vec::new(),
            commit_waits: Instant::now(),
            commit_again: Instant::now(),
            commit_failed: false,
        })
    }

    fn error(&self, error: &KafkaError, what: &str) -> Error {
        let topics = self.topics.join(", ");
        Error::of(
            error,
            &format!("{what} ({})", self.name),
            &topics,
            &self.parts.settings.brokers,
        )
    }
}

impl Run<'_> {
    fn turns(&mut self, run: &ThreadRun) -> Result<(), Error> {
        while !run.stopping() {
            self.source.parts.stats.turned(&self.source.name);
            self.probe(run)?;
            self.tell_reachable();
            let more = self.poll()?;
            self.events()?;
            self.begin_offsets(run);
            self.settle()?;
            if !more {
                thread::park_timeout(LONGEST_SLEEP);
            }
        }
        self.last_commit();
        Ok(())
    }

    /// What was settled meanwhile; where nobody answers, it comes again instead.
    fn last_commit(&self) {
        let due = {
            let mut work = self.client.context().work();
            work.note_settled();
            work.partitions.to_commit()
        };
        if *self.connection.state() == ConnectionState::Up
            && !due.is_empty()
            && let Err(error) = commit(&self.client, &due)
        {
            tracing::info!(stage = self.source.name, %error, "not committed at the end; it comes again");
        }
    }

    /// While things are not as they should be: probes again, and subscribes once topics are there.
    fn probe(&mut self, run: &ThreadRun) -> Result<(), Error> {
        if !self.connection.probe_due() {
            return Ok(());
        }
        let wrong = probe(self.client.client(), &self.source.topics, || run.stopping());
        if run.stopping() {
            return Ok(());
        }
        if let Some(wrong) = wrong {
            self.connection.turn(wrong);
            return Ok(());
        }
        if !self.subscribed {
            let topics: Vec<&str> = self.source.topics.iter().map(String::as_str).collect();
            let subscribed = self.client.subscribe(&topics);
            subscribed.map_err(|error| self.source.error(&error, "subscribing"))?;
            self.subscribed = true;
        }
        self.connection.turn(if self.joined {
            ConnectionState::Up
        } else {
            ConnectionState::Joining
        });
        Ok(())
    }

    /// Takes what the library has; says whether there may be more at once.
    fn poll(&mut self) -> Result<bool, Error> {
        for _ in 0..POLLS_PER_TURN {
            match self.client.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    let place = (message.topic().to_owned(), message.partition());
                    let received = self.receive(&message);
                    drop(message);
                    self.take_in(&place, received)?;
                }
                Some(Err(error)) => {
                    // The library has told the reason by calling back, where there is one.
                    self.events()?;
                    self.error(&error, "")?;
                }
                None if self.client.context().context.events.take_called() => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn receive(&self, message: &BorrowedMessage<'_>) -> Arc<ReceivedRecord> {
        let BridgeContext {
            expires_after,
            clock,
            stats,
            faults,
            ..
        } = &*self.source.parts;
        stats.received();
        let received = ReceivedRecord::copy(message, *expires_after, clock.now());
        faults.hit(STAGE, Some("after-receive"));
        Arc::new(received)
    }

    fn take_in(
        &mut self,
        place: &TopicPartition,
        received: Arc<ReceivedRecord>,
    ) -> Result<(), Error> {
        let (offset, bytes) = (received.arrival.offset, received.record.size());
        let (due, pauses) = {
            let partitions = &mut self.client.context().work().partitions;
            let due = partitions.receive(place, offset, bytes, received);
            (due, partitions.pauses(place))
        };
        if let Some((tag, received)) = due {
            self.hand_out(tag, received);
        }
        if pauses {
            let paused = offsets::pause(&self.client, place);
            paused.map_err(|error| self.source.error(&error, "pausing"))?;
        }
        Ok(())
    }

    /// Begins the delivery of a record; its answer comes through the channel.
    fn hand_out(&self, tag: DeliveryTag, received: Arc<ReceivedRecord>) {
        let sink = self
            .source
            .letters
            .as_ref()
            .map(|letters| letters.of(&received));
        let outbox = Arc::clone(&self.source.outbox);
        let (answer, waker) = (self.answer.clone(), self.waker.clone());
        self.runtime.spawn(async move {
            let settled = match outbox.accept_with(received, sink).await {
                Ok(accepted) => accepted.settled().await,
                Err(closed) => Err(closed),
            };
            let outcome = match settled {
                Ok(_) => DeliveryOutcome::Done,
                Err(error) if error.class() == Class::Released => DeliveryOutcome::Released,
                Err(error) => DeliveryOutcome::Stuck(error.to_string()),
            };
            // Nobody listens any more when the client was replaced.
            answer.send(SettledDelivery { tag, outcome }).ok();
            waker.unpark();
        });
    }

    fn events(&mut self) -> Result<(), Error> {
        for event in self.client.context().context.events.take() {
            match event {
                ClientEvent::Error(error, reason) => self.error(&error, &reason)?,
                ClientEvent::Assigned(places) => {
                    self.joined = true;
                    self.connection.turn(ConnectionState::Up);
                    tracing::info!(
                        stage = self.source.name, group = self.source.group,
                        partitions = ?places.iter().map(|(_, p)| p).collect::<Vec<_>>(), "assigned"
                    );
                    self.fresh.extend(places);
                    self.fresh_again = Instant::now();
                }
                ClientEvent::Committed(result) => self.committed(result),
                ClientEvent::Revoked => {
                    tracing::info!(stage = self.source.name, "partitions revoked")
                }
            }
        }
        Ok(())
    }

    /// The callbacks, too, are told whether there is anybody to ask.
    fn tell_reachable(&self) {
        let up = matches!(
            self.connection.state(),
            ConnectionState::Up | ConnectionState::Joining
        );
        self.client.context().reachable.store(up, Ordering::Release);
    }

    /// Every error is an event. A fatal one ends the run, the rest change how things stand.
    fn error(&mut self, error: &KafkaError, reason: &str) -> Result<(), Error> {
        let source = self.source;
        let code = error.rdkafka_error_code();
        if matches!(error, KafkaError::MessageConsumptionFatal(_))
            || code == Some(RDKafkaErrorCode::Fatal)
        {
            return Err(source.error(error, "consuming"));
        }
        match code {
            Some(RDKafkaErrorCode::PollExceeded) => {
                tracing::warn!(stage = source.name, %error, "out of the group for not polling; joins again");
            }
            Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                self.connection
                    .turn(ConnectionState::Missing(source.topics.clone()));
            }
            _ => {
                tracing::debug!(stage = source.name, %error, reason, "reported by the library");
                self.connection.error(error, reason);
            }
        }
        Ok(())
    }

    /// Gives assigned partitions that have none a committed offset, so that whoever measures the
    /// group's lag from outside does not count what retention has removed.
    fn begin_offsets(&mut self, run: &ThreadRun) {
        // A commit under way may be of one of them: the beginning, committed after it, would undo it.
        let waits = !self.committing.is_empty() || Instant::now() < self.fresh_again;
        if self.fresh.is_empty() || waits {
            return;
        }
        {
            let work = self.client.context().work();
            self.fresh.retain(|place| work.partitions.is_fresh(place));
        }
        match offsets::begin(&self.client, &self.fresh, || run.stopping()) {
            Ok(()) => self.fresh.clear(),
            Err(error) => {
                tracing::debug!(stage = self.source.name, %error, "no first offsets yet");
                self.fresh_again = Instant::now() + 5 * RETRY_AFTER;
            }
        }
    }

    /// Commits what is settled and lets its partitions go on.
    fn settle(&mut self) -> Result<(), Error> {
        let (due, returned) = {
            let mut work = self.client.context().work();
            work.note_settled();
            (
                work.partitions.to_commit(),
                std::mem::take(&mut work.returned),
            )
        };
        if let Some((tag, outcome)) = returned.into_iter().next() {
            self.check_returned(&tag, outcome)?;
        }
        if self.committing.is_empty() || *self.connection.state() != ConnectionState::Up {
            self.commit_waits = Instant::now();
        } else if self.commit_waits.elapsed() > COMMIT_TIMEOUT {
            return Err(Error::Unanswered {
                what: format!("committing {:?}", self.committing),
                span: COMMIT_TIMEOUT,
            });
        }
        let waits = !self.committing.is_empty() || Instant::now() < self.commit_again;
        if due.is_empty() || waits {
            return Ok(());
        }
        self.source.parts.faults.hit(STAGE, Some("before-commit"));
        self.committing.clone_from(&due);
        self.committer.commit(due);
        Ok(())
    }

    /// The brokers' answer to the commit under way: its partitions go on, or it is due again.
    fn committed(&mut self, result: Result<(), KafkaError>) {
        let committed = std::mem::take(&mut self.committing);
        if let Err(error) = result {
            if !self.commit_failed {
                tracing::warn!(stage = self.source.name, %error, "not committed, trying again");
            }
            self.commit_failed = true;
            self.commit_again = Instant::now() + RETRY_AFTER;
            return;
        }
        self.source.parts.faults.hit(STAGE, Some("after-commit"));
        self.commit_failed = false;
        for (place, next) in committed {
            let (due, goes_on) = {
                let partitions = &mut self.client.context().work().partitions;
                let due = partitions.committed(&place, next);
                (due, partitions.goes_on(&place))
            };
            if let Some((tag, received)) = due {
                self.hand_out(tag, received);
            }
            if goes_on {
                offsets::resume(&self.client, &place);
            }
        }
    }

    /// A record comes back unsettled only while the process ends; anything else would leave its
    /// partition state still for ever, so the stage begins anew.
    fn check_returned(&self, tag: &DeliveryTag, outcome: DeliveryOutcome) -> Result<(), Error> {
        let reason = match outcome {
            DeliveryOutcome::Stuck(reason) => reason,
            _ if self.source.board.health().draining => return Ok(()),
            _ => "given back although the process is not ending".into(),
        };
        let (topic, partition) = &tag.place;
        Err(Error::Unsettled {
            what: format!("{topic}/{partition}/{}", tag.offset),
            reason,
        })
    }
}
