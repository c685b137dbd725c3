//! Groups on a real broker: long work keeps its place, members share and take over, an orderly end
//! leaves at once.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use closecall_kafka::KafkaSettings;
use closecall_kafka::admin::{GroupLag, KafkaAdmin};
use closecall_protocol::Topic;

use crate::kafka_support;

use kafka_support::{Foreign, Member, Seen, broker, run, script, settings, until};

async fn made(settings: &KafkaSettings) -> KafkaAdmin {
    let admin = KafkaAdmin::new(settings).unwrap();
    admin.create_topics().await.unwrap();
    admin
}

/// The picks' group as the broker sees it, once it answers.
fn group(admin: &KafkaAdmin) -> Option<GroupLag> {
    admin.group_lags().ok()?.into_iter().next()
}

/// Whether every record of the picks is settled.
fn settled(admin: &KafkaAdmin) -> bool {
    group(admin).is_some_and(|group| group.lag == 0)
}

#[test]
fn work_longer_than_the_poll_interval_does_not_cost_the_member_its_place() {
    let Some(broker) = broker() else { return };
    let settings = KafkaSettings {
        max_poll_interval: Duration::from_secs(6),
        ..settings(&broker)
    };
    run(async {
        let admin = made(&settings).await;
        let picks = settings.topic(Topic::StockNameSelector);
        Foreign::new(&broker).pick(&picks, 0, "TSLA");
        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.slow(Duration::from_secs(9)));
        until("it is settled", || seen.len() > 0 && settled(&admin)).await;
        assert_eq!(seen.len(), 1, "no one else was given it");
        // Put into the group once, and never out of it.
        assert_eq!(member.stats().snapshot().rebalances, 1);
        member.end().await;
    });
}

#[test]
fn two_members_share_the_partitions_and_the_one_that_stays_takes_over_at_once() {
    let Some(broker) = broker() else { return };
    // Longer than this test, so that only a member that says goodbye is gone within this test.
    let settings = KafkaSettings {
        session_timeout: Duration::from_secs(600),
        max_poll_interval: Duration::from_secs(600),
        ..settings(&broker)
    };
    run(async {
        let admin = made(&settings).await;
        let (first, second) = (Seen::default(), Seen::default());
        let one = Member::start(&settings, &[], first.noting());
        until("one has all", || one.assigned() == 12).await;
        let two = Member::start(&settings, &[], second.noting());
        until("they share", || one.assigned() == 6 && two.assigned() == 6).await;

        let picks = settings.topic(Topic::StockNameSelector);
        let foreign = Foreign::new(&broker);
        let ticker = |n: i32| format!("T{n}");
        (0..12).for_each(|n| foreign.pick(&picks, n, &ticker(n)));
        until("all are settled", || {
            first.len() + second.len() >= 12 && settled(&admin)
        })
        .await;
        assert_eq!(
            (first.len(), second.len()),
            (6, 6),
            "each partition was read by one of them"
        );

        one.end().await;
        until("the other has all", || two.assigned() == 12).await;
        (12..24).for_each(|n| foreign.pick(&picks, n - 12, &ticker(n)));
        until("they are settled", || second.len() >= 18 && settled(&admin)).await;
        let all: BTreeSet<_> = first
            .tickers()
            .into_iter()
            .chain(second.tickers())
            .collect();
        assert_eq!(all.len(), 24, "none was lost");
        two.end().await;
    });
}

#[test]
fn a_partition_without_offset_gets_one_and_the_lag_counts_what_is_left() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        let admin = made(&settings).await;
        let picks = settings.topic(Topic::StockNameSelector);
        Foreign::new(&broker).pick(&picks, 5, "TSLA");
        let before = || group(&admin).map(|group| (group.lag, group.unread_partitions));
        until("no one has read it", || before() == Some((1, 12))).await;
        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.noting());
        let unread = || group(&admin).is_none_or(|group| group.unread_partitions > 0);
        until("all have an offset", || !unread()).await;
        until("nothing is left", || settled(&admin)).await;
        member.end().await;
    });
}

#[test]
fn topics_are_made_once_and_drift_is_told_not_mended() {
    let Some(broker) = broker() else { return };
    let settings = settings(&broker);
    run(async {
        let admin = KafkaAdmin::new(&settings).unwrap();
        let first = admin.create_topics().await.unwrap();
        assert!(first.len() == 6 && first.iter().all(|one| one.created));
        let again = admin.create_topics().await.unwrap();
        assert!(
            again.iter().all(|one| !one.created && one.drift.is_empty()),
            "{again:?}"
        );
        let other = KafkaSettings {
            replication: 2,
            ..settings.clone()
        };
        let drifted = KafkaAdmin::new(&other)
            .unwrap()
            .create_topics()
            .await
            .unwrap();
        assert!(drifted.iter().all(|one| !one.created));
        assert_eq!(drifted[0].drift, ["replication is 1, expected 2"]);
    });
}

/// A broker of a test's own; stopped with it. One at a time: each is a program of some weight.
struct OwnBroker(
    String,
    #[expect(dead_code, reason = "held")] MutexGuard<'static, ()>,
);

impl OwnBroker {
    fn named(name: &str) -> Self {
        static ONE: Mutex<()> = Mutex::new(());
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        Self(format!("{name}-{}", std::process::id()), one)
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        script(&["stop", "--name", &self.0]).ok();
    }
}

#[test]
fn a_broker_that_goes_and_comes_back_costs_nothing() {
    if broker().is_none() {
        return;
    }
    let own = OwnBroker::named("restarted");
    let settings = settings(&script(&["start", "--name", &own.0]).unwrap());
    run(async {
        let admin = made(&settings).await;
        let picks = settings.topic(Topic::StockNameSelector);
        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.slow(Duration::from_secs(3)));
        (0..3).for_each(|n| Foreign::new(&settings.brokers).pick(&picks, n, &format!("T{n}")));
        until("they are in work", || seen.len() == 3).await;
        let name = own.0.clone();
        let restarted = move || {
            script(&["stop", "--keep-data", "--name", &name])?;
            script(&["start", "--name", &name])
        };
        tokio::task::spawn_blocking(restarted)
            .await
            .unwrap()
            .unwrap();
        let foreign = Foreign::new(&settings.brokers);
        (3..6).for_each(|n| foreign.pick(&picks, n, &format!("T{n}")));
        until("all are settled", || seen.len() >= 6 && settled(&admin)).await;
        let all: BTreeSet<_> = seen.tickers().into_iter().collect();
        assert_eq!(all.len(), 6, "none was lost");
        let health = member.supervisor.board().health();
        assert!(
            health.stages.values().all(|stage| stage.restarts == 0),
            "and nothing restarted"
        );
        until("it is ready", || {
            member.supervisor.board().health().missing.is_empty()
        })
        .await;
        member.end().await;
    });
}

#[test]
fn a_broker_that_is_absent_at_the_start_is_waited_for() {
    if broker().is_none() {
        return;
    }
    // One of its own, at an address that is known before it is there.
    let own = OwnBroker::named("absent");
    let address = testing::unused_address();
    let settings = settings(&address.to_string());
    run(async {
        let seen = Seen::default();
        let member = Member::start(&settings, &[], seen.noting());
        let health = || member.supervisor.board().health();
        let unreachable = || {
            health()
                .ready()
                .reasons
                .join("\n")
                .contains("does not answer")
        };
        until("it is told", unreachable).await;
        assert!(health().live().ok, "alive all the same");
        assert!(
            health().stages.values().all(|stage| stage.restarts == 0),
            "and nothing restarts"
        );

        let (start, port) = (own.0.clone(), address.port().to_string());
        let started = move || script(&["start", "--name", &start, "--port", &port]);
        tokio::task::spawn_blocking(started).await.unwrap().unwrap();
        let reasons = || health().ready().reasons.join("\n");
        until("the topics are missed", || {
            reasons().contains("closecall topics create")
        })
        .await;
        made(&settings).await;
        Foreign::new(&settings.brokers).pick(&settings.topic(Topic::StockNameSelector), 0, "TSLA");
        until("it works", || {
            seen.len() == 1 && health().missing.is_empty()
        })
        .await;
        member.end().await;
    });
}
