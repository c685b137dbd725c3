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

use crate::close::Closing;
use crate::committer::Committer;
use crate::context::{ConsumerSide, Context, Event, Outcome, Settled, commit};
use crate::dead_letters::Letters;
use crate::link::{Link, Standing};
use crate::look::look;
use crate::offsets;
use crate::partitions::{Place, Ticket};
use crate::record::Received;
use crate::{Error, Parts, STAGE};

/// The longest sleep between two turns.
const TURN: Duration = Duration::from_millis(200);
/// Records taken in one turn at most, so that answers are not kept waiting.
const AT_ONCE: usize = 64;
/// A commit that brokers which are there have not answered for so long is not answered any more: its
/// partitions would stand still for ever, so the stage begins anew.
const UNANSWERED: Duration = Duration::from_secs(60);
/// Between two tries of something that the brokers did not do.
const AGAIN: Duration = Duration::from_secs(1);

/// What a consumer's thread is made of; survives its restarts.
#[derive(Debug)]
pub struct Source {
    /// Its name among the stages.
    pub name: String,
    /// What it reads.
    pub topics: Vec<String>,
    /// As a member of this group.
    pub group: String,
    /// The hop to whoever reads the records.
    pub outbox: Arc<Outbox<Arc<Received>>>,
    /// Where refused records go; without it they come again.
    pub letters: Option<Letters>,
    /// Carries the deliveries; there once the actor behind the outbox has started.
    pub runtime: Arc<OnceLock<Handle>>,
    /// Shows how things stand.
    pub board: HealthBoard,
    /// Shared by all sides.
    pub parts: Arc<Parts>,
}

type Client = BaseConsumer<ConsumerSide<Arc<Received>>>;

/// One run with one client. An answer to an earlier client comes to nobody: each has a channel of
/// its own.
struct Run<'a> {
    source: &'a Source,
    runtime: Handle,
    /// Before the client, so that its thread lets go of the client first.
    committer: Committer,
    client: Closing<ConsumerSide<Arc<Received>>>,
    answer: Sender<Settled>,
    waker: Thread,
    link: Link,
    subscribed: bool,
    joined: bool,
    /// Assigned partitions that may be without a committed offset.
    fresh: Vec<Place>,
    fresh_again: Instant,
    /// The commit under way.
    committing: Vec<(Place, i64)>,
    /// Since when its answer is waited for from brokers that are there.
    commit_waits: Instant,
    commit_again: Instant,
    commit_failed: bool,
}

impl Source {
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
        let Parts {
            settings, stats, ..
        } = &*self.parts;
        let client_id = self.name.replace('/', ".");
        let config = settings.consumer(&client_id, &self.group)?;
        let (answer, settled) = mpsc::channel();
        let context = Context::new(&self.name, stats, settings);
        let events = context.events.clone();
        stats.made(&self.name);
        let mut client: Client = config
            .create_with_context(ConsumerSide::new(context, settled))
            .map_err(|error| self.error(&error, "making a consumer"))?;
        let waker = thread::current();
        let wakes = waker.clone();
        client.set_nonempty_callback(move || wakes.unpark());
        let client = Arc::new(client);
        let committer = Committer::start(Arc::clone(&client), events, waker.clone());
        let client = Closing::new(&self.name, client);
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
            link: Link::new(&self.name, &settings.brokers, &self.board),
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
            self.look(run)?;
            self.tell_reachable();
            let more = self.poll()?;
            self.events()?;
            self.begin_offsets(run);
            self.settle()?;
            if !more {
                thread::park_timeout(TURN);
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
        if *self.link.standing() == Standing::Up
            && !due.is_empty()
            && let Err(error) = commit(&self.client, &due)
        {
            tracing::info!(stage = self.source.name, %error, "not committed at the end; it comes again");
        }
    }

    /// While things are not as they should be: looks again, and subscribes once topics are there.
    fn look(&mut self, run: &ThreadRun) -> Result<(), Error> {
        if !self.link.look_due() {
            return Ok(());
        }
        let wrong = look(self.client.client(), &self.source.topics, || run.stopping());
        if run.stopping() {
            return Ok(());
        }
        if let Some(wrong) = wrong {
            self.link.turn(wrong);
            return Ok(());
        }
        if !self.subscribed {
            let topics: Vec<&str> = self.source.topics.iter().map(String::as_str).collect();
            let subscribed = self.client.subscribe(&topics);
            subscribed.map_err(|error| self.source.error(&error, "subscribing"))?;
            self.subscribed = true;
        }
        self.link.turn(if self.joined {
            Standing::Up
        } else {
            Standing::Joining
        });
        Ok(())
    }

    /// Takes what the library has; says whether there may be more at once.
    fn poll(&mut self) -> Result<bool, Error> {
        for _ in 0..AT_ONCE {
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

    fn receive(&self, message: &BorrowedMessage<'_>) -> Arc<Received> {
        let Parts {
            expires_after,
            clock,
            stats,
            faults,
            ..
        } = &*self.source.parts;
        stats.received();
        let received = Received::copy(message, *expires_after, clock.now());
        faults.hit(STAGE, Some("after-receive"));
        Arc::new(received)
    }

    fn take_in(&mut self, place: &Place, received: Arc<Received>) -> Result<(), Error> {
        let (offset, bytes) = (received.arrival.offset, received.record.size());
        let (due, pauses) = {
            let partitions = &mut self.client.context().work().partitions;
            let due = partitions.receive(place, offset, bytes, received);
            (due, partitions.pauses(place))
        };
        if let Some((ticket, received)) = due {
            self.hand_out(ticket, received);
        }
        if pauses {
            let paused = offsets::pause(&self.client, place);
            paused.map_err(|error| self.source.error(&error, "pausing"))?;
        }
        Ok(())
    }

    /// Begins the delivery of a record; its answer comes through the channel.
    fn hand_out(&self, ticket: Ticket, received: Arc<Received>) {
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
                Ok(_) => Outcome::Done,
                Err(error) if error.class() == Class::Released => Outcome::Released,
                Err(error) => Outcome::Stuck(error.to_string()),
            };
            // Nobody listens any more when the client was replaced.
            answer.send(Settled { ticket, outcome }).ok();
            waker.unpark();
        });
    }

    fn events(&mut self) -> Result<(), Error> {
        for event in self.client.context().context.events.take() {
            match event {
                Event::Error(error, reason) => self.error(&error, &reason)?,
                Event::Assigned(places) => {
                    self.joined = true;
                    self.link.turn(Standing::Up);
                    tracing::info!(
                        stage = self.source.name, group = self.source.group,
                        partitions = ?places.iter().map(|(_, p)| p).collect::<Vec<_>>(), "assigned"
                    );
                    self.fresh.extend(places);
                    self.fresh_again = Instant::now();
                }
                Event::Committed(result) => self.committed(result),
                Event::Revoked => tracing::info!(stage = self.source.name, "partitions revoked"),
            }
        }
        Ok(())
    }

    /// The callbacks, too, are told whether there is anybody to ask.
    fn tell_reachable(&self) {
        let up = matches!(self.link.standing(), Standing::Up | Standing::Joining);
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
                self.link.turn(Standing::Missing(source.topics.clone()));
            }
            _ => {
                tracing::debug!(stage = source.name, %error, reason, "reported by the library");
                self.link.error(error, reason);
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
                self.fresh_again = Instant::now() + 5 * AGAIN;
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
        if let Some((ticket, outcome)) = returned.into_iter().next() {
            self.check_returned(&ticket, outcome)?;
        }
        if self.committing.is_empty() || *self.link.standing() != Standing::Up {
            self.commit_waits = Instant::now();
        } else if self.commit_waits.elapsed() > UNANSWERED {
            return Err(Error::Unanswered {
                what: format!("committing {:?}", self.committing),
                span: UNANSWERED,
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
            self.commit_again = Instant::now() + AGAIN;
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
            if let Some((ticket, received)) = due {
                self.hand_out(ticket, received);
            }
            if goes_on {
                offsets::resume(&self.client, &place);
            }
        }
    }

    /// A record comes back unsettled only while the process ends; anything else would leave its
    /// partition standing still for ever, so the stage begins anew.
    fn check_returned(&self, ticket: &Ticket, outcome: Outcome) -> Result<(), Error> {
        let reason = match outcome {
            Outcome::Stuck(reason) => reason,
            _ if self.source.board.health().draining => return Ok(()),
            _ => "given back although the process is not ending".into(),
        };
        let (topic, partition) = &ticket.place;
        Err(Error::Unsettled {
            what: format!("{topic}/{partition}/{}", ticket.offset),
            reason,
        })
    }
}
