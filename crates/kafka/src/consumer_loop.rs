//! The loop of a consumer's thread: it fetches, hands out, and commits what is settled. Polling goes
//! on whatever the stages do: work of any length never costs a member its place in the group.
//!
//! The thread sleeps until the library has something or an answer comes; both wake it.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use closecall_supervision::ThreadContext;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::commit_in_flight::{COMMIT_TIMEOUT, CommitAnswer, CommitState, CommitStep};
use crate::connection_state::{Connection, ConnectionState};
use crate::consumer::{Connected, TopicConsumer};
use crate::delivery::DeliveryOutcome;
use crate::error::Error;
use crate::events::ClientEvent;
use crate::first_offsets::FirstOffsets;
use crate::lost_records::count_lost;
use crate::partition_lists;
use crate::partitions::DeliveryTag;
use crate::probe::probe;
use crate::topic_partition::TopicPartition;

mod intake;

/// The longest sleep between two turns.
const LONGEST_SLEEP: Duration = Duration::from_millis(200);

/// One run with one client.
struct ConsumerLoop<'a> {
    consumer: &'a TopicConsumer,
    connected: Connected,
    connection: Connection,
    subscribed: bool,
    joined: bool,
    first_offsets: FirstOffsets,
    commits: CommitState,
}

/// Outcome of a look at what is settled.
struct Settled {
    /// Something remains to be committed.
    remains: bool,
    /// A partition that was full can be read again.
    makes_room: bool,
}

impl TopicConsumer {
    /// The body of the thread.
    ///
    /// # Errors
    /// When the client cannot go on and has to be replaced.
    pub fn run(&self, run: &ThreadContext) -> Result<(), Error> {
        let settings = &self.context.settings;
        let mut consumer_loop = ConsumerLoop {
            consumer: self,
            connected: self.connect()?,
            connection: Connection::new(&self.name, &settings.brokers, &self.board),
            subscribed: false,
            joined: false,
            first_offsets: FirstOffsets::new(Instant::now()),
            commits: CommitState::new(Instant::now()),
        };
        let ended = consumer_loop.turns(run);
        self.context.stats.ended(&self.name);
        ended
    }
}

impl ConsumerLoop<'_> {
    fn turns(&mut self, run: &ThreadContext) -> Result<(), Error> {
        while !run.stopping() {
            self.consumer.context.stats.turned(&self.consumer.name);
            self.probe(run)?;
            self.say_reachable();
            let more = self.poll()?;
            self.events()?;
            self.begin_offsets(run);
            let settled = self.settle()?;
            if !more && !settled.makes_room {
                thread::park_timeout(self.sleep(settled.remains));
            }
        }
        self.last_commit();
        Ok(())
    }

    /// Span in which nothing has to be done, unless something wakes the thread.
    fn sleep(&self, something_settled: bool) -> Duration {
        let pause = self.commits.pause(Instant::now());
        match pause.filter(|_| something_settled) {
            Some(pause) => pause.min(LONGEST_SLEEP),
            None => LONGEST_SLEEP,
        }
    }

    /// Commits what was settled meanwhile; where the brokers do not answer, it comes again instead.
    fn last_commit(&self) {
        let due = {
            let mut work = self.connected.client.context().work();
            work.note_settled();
            work.partitions.to_commit()
        };
        if *self.connection.state() == ConnectionState::Up
            && !due.is_empty()
            && let Err(error) = partition_lists::commit(&self.connected.client, &due)
        {
            tracing::info!(stage = self.consumer.name, %error, "not committed at the end; it comes again");
        }
    }

    /// Asks again what is wrong, while something is, and subscribes once the topics are there.
    fn probe(&mut self, run: &ThreadContext) -> Result<(), Error> {
        if !self.connection.probe_due() {
            return Ok(());
        }
        let (client, topics) = (&self.connected.client, &self.consumer.topics);
        let wrong = probe(client.client(), topics, || run.stopping());
        if run.stopping() {
            return Ok(());
        }
        if let Some(wrong) = wrong {
            self.connection.set(wrong);
            return Ok(());
        }
        if !self.subscribed {
            let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
            let subscribed = client.subscribe(&topics);
            subscribed.map_err(|error| self.consumer.error(&error, "subscribing"))?;
            self.subscribed = true;
        }
        self.connection.answered(if self.joined {
            ConnectionState::Up
        } else {
            ConnectionState::Joining
        });
        Ok(())
    }

    /// Begins the delivery of all that may be in work now; the answers come through the channel.
    fn hand_out(&self, partition: &TopicPartition) {
        loop {
            let next = self
                .connected
                .client
                .context()
                .work()
                .partitions
                .next(partition);
            let Some((tag, received)) = next else { break };
            self.connected.deliveries.begin(tag, received);
        }
    }

    fn events(&mut self) -> Result<(), Error> {
        for event in self.connected.client.context().client.events.take() {
            match event {
                ClientEvent::Error(error, reason) => self.error(&error, &reason)?,
                ClientEvent::Assigned(partitions) => {
                    self.joined = true;
                    self.connection.set(ConnectionState::Up);
                    tracing::info!(
                        stage = self.consumer.name, group = self.consumer.group,
                        partitions = ?partitions.iter().map(|one| one.partition).collect::<Vec<_>>(),
                        "assigned"
                    );
                    let Connected {
                        queues,
                        client,
                        deliveries,
                        ..
                    } = &mut self.connected;
                    queues.add(client, &partitions, &deliveries.waker);
                    self.first_offsets.assigned(partitions, Instant::now());
                }
                ClientEvent::Committed(result) => self.committed(result),
                ClientEvent::OffsetReset(reset) => {
                    let stats = &self.consumer.context.stats;
                    count_lost(&self.connected.client, stats, &self.consumer.name, &reset);
                }
                ClientEvent::Revoked(partitions) => {
                    self.connected.queues.remove(&partitions);
                    tracing::info!(stage = self.consumer.name, "partitions revoked");
                }
            }
        }
        Ok(())
    }

    /// The callbacks, too, have to know whether there is a broker to ask.
    fn say_reachable(&self) {
        let state = self.connection.state();
        let up = matches!(state, ConnectionState::Up | ConnectionState::Joining);
        let callbacks = self.connected.client.context();
        callbacks.reachable.store(up, Ordering::Release);
    }

    /// Every error is an event. A fatal one ends the run, the rest change the connection's state.
    fn error(&mut self, error: &KafkaError, reason: &str) -> Result<(), Error> {
        let consumer = self.consumer;
        let code = error.rdkafka_error_code();
        if matches!(error, KafkaError::MessageConsumptionFatal(_))
            || code == Some(RDKafkaErrorCode::Fatal)
        {
            return Err(consumer.error(error, "consuming"));
        }
        match code {
            Some(RDKafkaErrorCode::PollExceeded) => {
                tracing::warn!(stage = consumer.name, %error, "out of the group for not polling; joins again");
            }
            Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                let missing = ConnectionState::Missing(consumer.topics.clone());
                self.connection.set(missing);
            }
            _ => {
                tracing::debug!(stage = consumer.name, %error, reason, "reported by the library");
                self.connection.error(error, reason);
            }
        }
        Ok(())
    }

    /// Gives assigned partitions that have none a committed offset.
    fn begin_offsets(&mut self, run: &ThreadContext) {
        let under_way = self.commits.is_under_way();
        let due = {
            let work = self.connected.client.context().work();
            self.first_offsets.due(Instant::now(), under_way, |one| {
                work.partitions.is_uncommitted(one)
            })
        };
        if due.is_empty() {
            return;
        }
        match partition_lists::begin(&self.connected.client, &due, || run.stopping()) {
            Ok(()) => self.first_offsets.known(),
            Err(error) => {
                tracing::debug!(stage = self.consumer.name, %error, "no first offsets yet");
                self.first_offsets.failed(Instant::now());
            }
        }
    }

    /// Takes note of what is settled, hands out what waited for it, and commits.
    fn settle(&mut self) -> Result<Settled, Error> {
        let (due, touched, returned) = {
            let mut work = self.connected.client.context().work();
            work.note_settled();
            let touched = std::mem::take(&mut work.touched);
            let returned = std::mem::take(&mut work.returned);
            (work.partitions.to_commit(), touched, returned)
        };
        if let Some((tag, outcome)) = returned.into_iter().next() {
            self.check_returned(&tag, outcome)?;
        }
        let mut makes_room = false;
        for partition in touched {
            self.hand_out(&partition);
            makes_room |= self.connected.queues.is_left(&partition) && !self.is_full(&partition);
        }
        let mut remains = !due.is_empty();
        let up = *self.connection.state() == ConnectionState::Up;
        match self.commits.step(Instant::now(), up, due) {
            CommitStep::Wait => {}
            CommitStep::Begin(offsets) => {
                self.consumer.context.stage.fault_point("before-commit");
                self.connected.committer.commit(offsets);
                remains = false;
            }
            CommitStep::Lost(offsets) => {
                return Err(Error::Unanswered {
                    what: format!("committing {offsets:?}"),
                    span: COMMIT_TIMEOUT,
                });
            }
        }
        Ok(Settled {
            remains,
            makes_room,
        })
    }

    /// Takes note of the brokers' answer to the commit under way.
    fn committed(&mut self, result: Result<(), KafkaError>) {
        match (
            self.commits.answered(Instant::now(), result.is_ok()),
            result,
        ) {
            (CommitAnswer::Committed(offsets), _) => {
                self.consumer.context.stage.fault_point("after-commit");
                let mut work = self.connected.client.context().work();
                for (partition, next) in offsets {
                    work.partitions.committed(&partition, next);
                }
            }
            (CommitAnswer::Failed { first: true }, Err(error)) => {
                tracing::warn!(stage = self.consumer.name, %error, "not committed, trying again");
            }
            (CommitAnswer::Failed { .. }, _) => {}
        }
    }

    /// A record comes back unsettled only while the process ends; anything else would leave its
    /// partition standing still for ever, so the stage begins again from the committed offsets.
    fn check_returned(&self, tag: &DeliveryTag, outcome: DeliveryOutcome) -> Result<(), Error> {
        let reason = match outcome {
            DeliveryOutcome::Stuck(reason) => reason,
            _ if self.consumer.board.health().draining => return Ok(()),
            _ => "given back although the process is not ending".into(),
        };
        Err(Error::Unsettled {
            what: format!("{}/{}", tag.partition, tag.offset),
            reason,
        })
    }
}
