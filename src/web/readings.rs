//! Metrics whose numbers other parts keep: picks, vendor requests, Kafka's view.

use std::sync::{Arc, Mutex, PoisonError};

use closecall_alerts::AlertCounts;
use closecall_forecast::FitCache;
use closecall_kafka::KafkaStats;
use closecall_ledger::Reader;
use closecall_market::{EndpointFamily, Market, RequestOutcome, Vendor};
use closecall_protocol::TickerPicked;
use closecall_supervision::Outbox;
use closecall_web::{TrackRecord, VerdictKind};
use strum::VariantArray as _;

use super::metrics::Reading;

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Picks accepted into the first hop.
pub(crate) fn picks(first_hop: &Arc<Outbox<TickerPicked>>) -> Reading {
    let first_hop = Arc::clone(first_hop);
    Reading {
        name: "picks",
        help: "Picks accepted",
        counter: true,
        read: Box::new(move || vec![(Vec::new(), number(first_hop.stats().accepted))]),
    }
}

/// Repeats that the ledger counted, ever: a restart does not set them back.
pub(crate) fn duplicates(ledger: Reader) -> Reading {
    let ledger = Mutex::new(ledger);
    let read = move || {
        let ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let count = ledger.duplicates().ok();
        count
            .map(|count| (Vec::new(), number(count)))
            .into_iter()
            .collect()
    };
    Reading {
        name: "duplicates",
        help: "Repeats that the ledger counted",
        counter: true,
        read: Box::new(read),
    }
}

/// The verdict of the record, as the page shows it, and whether the ledger verifies.
pub(crate) fn record(record: &Arc<TrackRecord>) -> [Reading; 2] {
    let (judged, verified) = (Arc::clone(record), Arc::clone(record));
    let verdict = move || {
        let found = judged.verdict();
        let sample = |kind: &VerdictKind| {
            let labels = vec![("kind", <&str>::from(kind).to_owned())];
            (labels, i64::from(found == Some(*kind)))
        };
        VerdictKind::VARIANTS.iter().map(sample).collect()
    };
    let verifies = move || {
        let found = verified.verifies().map(i64::from);
        found.map(|value| (Vec::new(), value)).into_iter().collect()
    };
    [
        Reading {
            name: "verdict",
            help: "Verdict of the record: 1 for the kind that holds",
            counter: false,
            read: Box::new(verdict),
        },
        Reading {
            name: "ledger_verifies",
            help: "Whether the ledger was as it was written when it was last verified",
            counter: false,
            read: Box::new(verifies),
        },
    ]
}

/// Requests to the vendors.
pub(crate) fn vendor_requests(market: &Arc<Market>) -> Reading {
    let stats = Arc::clone(market.stats());
    let all: Vec<(Vendor, RequestOutcome)> = Vendor::ALL
        .into_iter()
        .flat_map(|vendor| {
            RequestOutcome::ALL
                .into_iter()
                .map(move |outcome| (vendor, outcome))
        })
        .collect();
    let read = move || {
        all.iter()
            .map(|(vendor, outcome)| {
                let labels = vec![
                    ("vendor", vendor.name().to_owned()),
                    ("outcome", outcome.name().to_owned()),
                ];
                (labels, number(stats.requests(*vendor, *outcome)))
            })
            .collect()
    };
    Reading {
        name: "vendor_requests",
        help: "Requests to the vendors, by outcome",
        counter: true,
        read: Box::new(read),
    }
}

/// Prices of the moment by source and outcome, and repairs of prices by rule.
pub(crate) fn gathers(market: &Arc<Market>) -> [Reading; 2] {
    let (of_quotes, of_repairs) = (Arc::clone(market.counts()), Arc::clone(market.counts()));
    let quotes = move || {
        let quotes = of_quotes.quotes().into_iter();
        quotes
            .map(|((source, outcome), count)| {
                let labels = vec![
                    ("source", source.to_owned()),
                    ("outcome", outcome.to_owned()),
                ];
                (labels, number(count))
            })
            .collect()
    };
    let repairs = move || {
        let repairs = of_repairs.repairs().into_iter();
        repairs
            .map(|(rule, count)| (vec![("rule", rule.to_owned())], number(count)))
            .collect()
    };
    [
        Reading {
            name: "quotes",
            help: "Prices of the moment that were taken, or why there was none",
            counter: true,
            read: Box::new(quotes),
        },
        Reading {
            name: "repairs",
            help: "Repairs of prices as they were fetched",
            counter: true,
            read: Box::new(repairs),
        },
    ]
}

/// Forecasts whose fit was remembered, and those that had to make it.
pub(crate) fn fits(cache: &Arc<FitCache>) -> Reading {
    let cache = Arc::clone(cache);
    let read = move || {
        let (found, missed) = cache.found_and_missed();
        let sample =
            |remembered: bool, count| (vec![("remembered", remembered.to_string())], number(count));
        vec![sample(true, found), sample(false, missed)]
    };
    Reading {
        name: "fits",
        help: "Fits that forecasts rested on, made for them or remembered",
        counter: true,
        read: Box::new(read),
    }
}

/// Alerts by kind and what became of them.
pub(crate) fn alerts(counts: &AlertCounts) -> Reading {
    let counts = counts.clone();
    let read = move || {
        let counts = counts.counts().into_iter();
        counts
            .map(|(kind, outcome, count)| {
                let labels = vec![("kind", kind.to_string()), ("outcome", outcome.to_owned())];
                (labels, number(count))
            })
            .collect()
    };
    Reading {
        name: "alerts",
        help: "Alerts by kind: sent, refused by the receiver, dropped",
        counter: true,
        read: Box::new(read),
    }
}

/// Hosts of the vendors that are left alone after they failed or refused.
pub(crate) fn breakers(market: &Arc<Market>) -> Reading {
    let stats = Arc::clone(market.stats());
    let read = move || {
        EndpointFamily::ALL
            .into_iter()
            .map(|family| {
                let labels = vec![
                    ("vendor", family.vendor().name().to_owned()),
                    ("family", family.name().to_owned()),
                ];
                let hosts = stats.left_alone(family);
                (labels, i64::try_from(hosts).unwrap_or(i64::MAX))
            })
            .collect()
    };
    Reading {
        name: "breaker_open",
        help: "Hosts of the vendors that are left alone after they failed or refused",
        counter: false,
        read: Box::new(read),
    }
}

/// Statistics of the Kafka clients.
pub(crate) fn kafka(stats: &KafkaStats) -> [Reading; 3] {
    let (lag, rebalances) = (stats.clone(), stats.clone());
    let lags = move || {
        let lag = lag.snapshot().lag.into_iter();
        lag.map(|one| {
            let partition = one.partition.to_string();
            (
                vec![("topic", one.topic), ("partition", partition)],
                one.lag,
            )
        })
        .collect()
    };
    let lost = stats.clone();
    let lost_records = move || {
        let lost = lost.snapshot().lost.into_iter();
        lost.map(|(topic, records)| (vec![("topic", topic)], number(records)))
            .collect()
    };
    [
        Reading {
            name: "kafka_consumer_lag",
            help: "Records behind the end of a partition that is assigned here",
            counter: false,
            read: Box::new(lags),
        },
        Reading {
            name: "kafka_rebalances",
            help: "Assignments and revocations",
            counter: true,
            read: Box::new(move || vec![(Vec::new(), number(rebalances.snapshot().rebalances))]),
        },
        Reading {
            name: "records_lost",
            help: "Records that retention removed before they were read",
            counter: true,
            read: Box::new(lost_records),
        },
    ]
}
