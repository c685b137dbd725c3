//! Records that cannot be read, against a real broker: each ends in the dead-letter topic with its
//! reason, byte for byte, and the stage goes on.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use closecall_kafka::admin::KafkaAdmin;
use closecall_kafka::peek::{PeekFrom, peek};
use closecall_kafka::{DeadLetterStore, FoundDeadLetter, KafkaSettings};
use closecall_protocol::codec::dead_letter;
use closecall_protocol::codec::{Arrival, Record};
use closecall_protocol::{PickId, Reason, Topic};
use closecall_supervision::Recording;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use crate::kafka_support;

use kafka_support::{Foreign, Member, Seen, broker, run, settings, until};

/// Everything that lies in a topic.
fn records(settings: &KafkaSettings, topic: &str) -> Vec<(Record, Arrival)> {
    let mut records = Vec::new();
    peek(settings, topic, PeekFrom::Beginning, |record, arrival| {
        records.push((record, arrival));
        ControlFlow::Continue(())
    })
    .unwrap();
    records
}

/// The picks' topic, raised to what the largest of the records needs.
async fn raised(settings: &KafkaSettings) {
    let mut config = ClientConfig::new();
    let client: AdminClient<DefaultClientContext> = config
        .set("bootstrap.servers", &settings.brokers)
        .create()
        .unwrap();
    let name = settings.topic(Topic::StockNameSelector);
    let topic =
        NewTopic::new(&name, 12, TopicReplication::Fixed(1)).set("max.message.bytes", "20000000");
    client
        .create_topics([&topic], &AdminOptions::new())
        .await
        .unwrap();
}

fn headers(count: usize) -> OwnedHeaders {
    (0..count).fold(OwnedHeaders::new(), |headers, n| {
        headers.insert(Header {
            key: &format!("h{n}"),
            value: Some("v"),
        })
    })
}

#[test]
fn every_poison_record_is_dead_lettered_with_its_reason_and_the_stage_goes_on() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    let topic = settings.topic(Topic::StockNameSelector);
    let deep = "[".repeat(100_000);
    let huge = vec![b'x'; 10_000_000];
    let future = OwnedHeaders::new().insert(Header {
        key: "ce_type",
        value: Some("closecall.ticker-picked.v2"),
    });
    let good = br#"{"stock_name": "TSLA"}"#;
    let to = || BaseRecord::<[u8], [u8]>::to(&topic).partition(3);
    run(async {
        raised(&settings).await;
        let admin = KafkaAdmin::new(&settings).unwrap();
        admin.create_topics().await.unwrap();
        let foreign = Foreign::new(&broker);
        let poison = [
            (to().payload(b""), "undecodable"),
            (to(), "undecodable"),
            (to().payload(&[0xff, 0xfe, 0x00]), "undecodable"),
            (to().payload(b"TSLA"), "undecodable"),
            (to().payload(deep.as_bytes()), "undecodable"),
            (to().payload(br#"{"stock_name": "../x"}"#), "invalid-ticker"),
            (to().payload(good).headers(future), "unsupported-version"),
            (to().payload(good).headers(headers(10_000)), "undecodable"),
            (to().payload(&huge), "too-large"),
            (to().key(&[0xff, 0x00]).payload(b"{"), "undecodable"),
        ];
        let mut expected = Vec::new();
        for (record, reason) in poison {
            expected.push((
                record.key.map(<[u8]>::to_vec),
                record.payload.map(<[u8]>::to_vec),
                reason,
            ));
            foreign.send(record);
        }
        foreign.send(to().payload(good));

        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.noting());
        until("the good one came through", || seen.tickers() == ["TSLA"]).await;
        // Dead letters are sent side by side: the good one passes those that are under way.
        let mut letters = Vec::new();
        until("all others are dead letters", || {
            letters = records(&settings, &settings.dead_letters(Topic::StockNameSelector));
            letters.len() >= expected.len()
        })
        .await;
        assert_eq!(letters.len(), expected.len());
        letters.sort_by_key(|(letter, arrival)| dead_letter::decode(letter, arrival).offset);
        for (offset, ((letter, arrival), (key, value, reason))) in
            letters.iter().zip(&expected).enumerate()
        {
            let said = dead_letter::decode(letter, arrival);
            assert_eq!(said.reason.code(), *reason, "record {offset}");
            assert_eq!(
                (said.topic.as_str(), said.partition, said.offset),
                (&*topic, 3, offset as i64)
            );
            assert_eq!(arrival.partition, 3, "the partition it had");
            assert_eq!(said.pick_id, PickId::of_record(&topic, 3, offset as i64));
            assert_eq!(letter.header("dlt-stage"), Some("kafka-bridge"));
            assert_eq!(
                letter.header("kafka_dlt-original-consumer-group"),
                Some(&*settings.group(Topic::StockNameSelector))
            );
            if dead_letter::is_stub(letter) {
                assert!(offset >= 7, "only what is too much is cut: record {offset}");
            } else {
                assert_eq!(
                    (&letter.key, &letter.value),
                    (key, value),
                    "record {offset}"
                );
            }
        }
        assert!(
            dead_letter::is_stub(&letters[8].0),
            "ten megabytes are not copied"
        );
        assert!(member.supervisor.board().health().live().ok);
        let bridge =
            &member.supervisor.board().health().stages["kafka-bridge/from-stock-name-selector"];
        assert_eq!(bridge.dead_letters.values().sum::<u64>(), 10);
        assert_eq!(bridge.restarts, 0);
        member.end().await;
    });
}

/// Keeps what it is handed; refuses the first time, as a ledger on a full disk does.
#[derive(Default)]
struct Kept {
    refused: Mutex<bool>,
    letters: Mutex<Vec<FoundDeadLetter>>,
}

impl DeadLetterStore for Kept {
    fn store<'a>(&'a self, letter: &'a FoundDeadLetter) -> Recording<'a> {
        Box::pin(async move {
            if !std::mem::replace(&mut *self.refused.lock().unwrap(), true) {
                return Err("no space left".into());
            }
            self.letters.lock().unwrap().push(letter.clone());
            Ok(())
        })
    }
}

#[test]
fn a_dead_letter_whose_reason_is_unknown_is_stored_once_as_undecodable() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        let admin = KafkaAdmin::new(&settings).unwrap();
        admin.create_topics().await.unwrap();
        let topic = settings.dead_letters(Topic::StockNameSelector);
        let reason = OwnedHeaders::new().insert(Header {
            key: dead_letter::REASON,
            value: Some("of-a-later-version"),
        });
        let letter = BaseRecord::<[u8], [u8]>::to(&topic).partition(0);
        let foreign = Foreign::new(&broker);
        foreign.send(letter.payload(b"{}").headers(reason));

        let member = Member::start(&settings, &[], Seen::default().noting());
        let kept = Arc::new(Kept::default());
        *kept.refused.lock().unwrap() = true;
        let store = Arc::clone(&kept) as _;
        member.bridge.from_dead_letters(store).unwrap();
        until("it is committed", || {
            let lags = admin.group_lags().unwrap_or_default();
            let dead = lags.iter().find(|lag| lag.topic == topic);
            dead.is_some_and(|lag| lag.lag == 0)
        })
        .await;
        let reasons: Vec<_> = {
            let letters = kept.letters.lock().unwrap();
            letters.iter().map(|one| one.headers.reason).collect()
        };
        assert_eq!(reasons, [Reason::Undecodable]);
        member.end().await;
    });
}

#[test]
fn dead_letters_are_found_and_stored_whatever_they_hold_and_make_no_others() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        KafkaAdmin::new(&settings)
            .unwrap()
            .create_topics()
            .await
            .unwrap();
        let foreign = Foreign::new(&broker);
        foreign.pick(&settings.topic(Topic::StockNameSelector), 0, "not a ticker");
        // Somebody's, without a single header of ours.
        let strange = settings.dead_letters(Topic::StockModelOutput);
        foreign.send(
            BaseRecord::<[u8], [u8]>::to(&strange)
                .partition(1)
                .payload(b"\xff"),
        );

        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.noting());
        let kept = Arc::new(Kept::default());
        member
            .bridge
            .from_dead_letters(Arc::clone(&kept) as _)
            .unwrap();
        until("both are stored", || {
            kept.letters.lock().unwrap().len() == 2
        })
        .await;
        let letters = kept.letters.lock().unwrap().clone();
        let ours = letters
            .iter()
            .find(|one| one.origin == Some(Topic::StockNameSelector))
            .unwrap();
        assert_eq!(ours.headers.reason, Reason::InvalidTicker);
        assert_eq!((ours.headers.partition, ours.headers.offset), (0, 0));
        let other = letters.iter().find(|one| one.origin.is_none()).unwrap();
        assert_eq!(
            (other.arrival.topic.as_str(), other.arrival.partition),
            (&*strange, 1)
        );
        assert_eq!(
            records(&settings, &strange).len(),
            1,
            "no letter about a letter"
        );
        member.end().await;
    });
}
