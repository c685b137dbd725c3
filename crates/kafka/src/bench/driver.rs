//! Sends records in at one end of a way and reads what comes out at the other; takes the time.
//! Knows nothing of what is between. Everything here blocks.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use closecall_calendar::Clock;
use closecall_protocol::codec::pick;
use closecall_protocol::topic::PARTITIONS;
use closecall_protocol::{Pick, PickId, PickReason, Ticker, TickerPicked};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

use super::topics::{IN, OUT};
use crate::callbacks::ClientCallbacks;
use crate::error::Error;
use crate::record::{ReceivedRecord, native_headers};
use crate::settings::KafkaSettings;
use crate::stats::KafkaStats;

const NAME: &str = "bench-driver";

/// Unix time of the first record's slot, 2000-01-01: within the years that a stage's door lets in.
const FIRST_SLOT: TimeDelta = TimeDelta::seconds(946_684_800);

/// A record that has not come through after this long never will; enough for a group to form.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Tickers whose records lie on one partition, as when some hundreds are followed.
const TICKERS: i32 = 40;

/// One record's time.
#[derive(Debug, Clone, Copy)]
pub struct RoundTrip {
    /// From before it was sent until the other side had it.
    pub inwards: Duration,
    /// From then until its successor was read.
    pub outwards: Duration,
}

/// Both ends of one way.
pub struct RouteDriver {
    way: &'static str,
    settings: KafkaSettings,
    producer: FutureProducer<ClientCallbacks>,
    consumer: BaseConsumer<ClientCallbacks>,
    /// When the middle had which record.
    entered: Receiver<(PickId, Instant)>,
    sent: i32,
}

impl fmt::Debug for RouteDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteDriver")
            .field("way", &self.way)
            .finish_non_exhaustive()
    }
}

impl RouteDriver {
    /// Reads all of the outgoing topic, as no member of any group.
    pub fn new(
        settings: &KafkaSettings,
        way: &'static str,
        entered: Receiver<(PickId, Instant)>,
    ) -> Result<Self, Error> {
        let failed = |error: &KafkaError| Error::of(error, NAME, "", &settings.brokers);
        let context = || ClientCallbacks::new(NAME, &KafkaStats::default(), settings);
        let group = format!("{}.driver", settings.group_prefix);
        let consumer: BaseConsumer<ClientCallbacks> = settings
            .consumer(NAME, &group)?
            .create_with_context(context())
            .map_err(|error| failed(&error))?;
        let mut all = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            all.add_partition_offset(&settings.topic(OUT), partition, Offset::Beginning)
                .map_err(|error| failed(&error))?;
        }
        consumer.assign(&all).map_err(|error| failed(&error))?;
        let producer = settings
            .producer(NAME)?
            .create_with_context(context())
            .map_err(|error| failed(&error))?;
        Ok(Self {
            way,
            settings: settings.clone(),
            producer,
            consumer,
            entered,
            sent: 0,
        })
    }

    /// Sends one record and waits for what comes of it.
    pub fn one(&mut self) -> Result<RoundTrip, Error> {
        let begun = Instant::now();
        let id = self.send()?;
        while self.read()? != id {}
        let ended = Instant::now();
        let entered = loop {
            let (entered_id, at) = self
                .entered
                .recv_timeout(ANSWER_TIMEOUT)
                .map_err(|error| self.lost(&error.to_string()))?;
            if entered_id == id {
                break at;
            }
        };
        Ok(RoundTrip {
            inwards: entered - begun,
            outwards: ended - entered,
        })
    }

    /// Sends this many records at once and waits for all; gives records a second, from before the
    /// first is sent until the last has come.
    pub fn many(&mut self, records: usize) -> Result<f64, Error> {
        let begun = Instant::now();
        let mut open = (0..records)
            .map(|_| self.send())
            .collect::<Result<BTreeSet<_>, _>>()?;
        while !open.is_empty() {
            let id = self.read()?;
            open.remove(&id);
        }
        let records = u32::try_from(records).map_or(f64::INFINITY, f64::from);
        Ok(records / begun.elapsed().as_secs_f64())
    }

    /// Sends the next record, to each partition in its turn.
    fn send(&mut self) -> Result<PickId, Error> {
        let wrong = |error: closecall_protocol::Error| Error::Unsettled {
            what: "a record of the measurement".into(),
            reason: error.to_string(),
        };
        let partition = self.sent % PARTITIONS;
        // Some tickers a partition, since those of one ticker keep their order; the slot makes the
        // pick's identity its own.
        let turn = self.sent / PARTITIONS % TICKERS;
        let ticker = Ticker::new(&format!("T{partition}-{turn}")).map_err(wrong)?;
        let slot = DateTime::UNIX_EPOCH + FIRST_SLOT + TimeDelta::seconds(self.sent.into());
        self.sent += 1;
        let pick_id = PickId::of_slot(0, slot, &ticker);
        let pick = Pick {
            ticker,
            pick_id,
            slot,
            expires_at: None,
            reason: PickReason::Schedule,
        };
        let record = pick::encode(&TickerPicked { pick }).map_err(wrong)?;
        let topic = self.settings.topic(IN);
        let mut outgoing = FutureRecord::<[u8], [u8]>::to(&topic)
            .headers(native_headers(&record))
            .partition(partition);
        outgoing.key = record.key.as_deref();
        outgoing.payload = record.value.as_deref();
        // Its confirmation is not waited for: what comes of it is.
        match self.producer.send_result(outgoing) {
            Ok(_) => Ok(pick_id),
            Err((error, _)) => Err(Error::of(&error, NAME, &topic, &self.settings.brokers)),
        }
    }

    /// The pick of the next record that comes out.
    fn read(&self) -> Result<PickId, Error> {
        let until = Instant::now() + ANSWER_TIMEOUT;
        let mut why = "nothing came out within a minute".to_owned();
        loop {
            match self.consumer.poll(Duration::from_secs(1)) {
                Some(Ok(message)) => {
                    let now = Clock::system().now();
                    return Ok(ReceivedRecord::copy(&message, None, now).pick_id());
                }
                // Such as a topic that is still too new.
                Some(Err(error)) => why = error.to_string(),
                None => {}
            }
            if Instant::now() >= until {
                return Err(self.lost(&why));
            }
        }
    }

    fn lost(&self, reason: &str) -> Error {
        Error::Unsettled {
            what: format!("record {} through {}", self.sent, self.way),
            reason: reason.to_owned(),
        }
    }
}
