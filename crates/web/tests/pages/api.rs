//! The API over a record: pages by keyset, one ticker, figures that agree with the ledger's own.

use std::collections::BTreeSet;

use closecall_ledger::Reader;

use crate::support::{Maker, Recording as _, Served, afternoons, at, one};

#[test]
fn pages_by_keyset_are_stable_while_rows_are_appended() {
    let mut served = Served::filled(|ledger| {
        afternoons(
            ledger,
            30,
            Maker {
                share: 0.0,
                width: 1.0,
            },
        )
    });
    let first = served.get("/api/v1/forecasts?limit=10");
    let link = first.header("link").unwrap().to_owned();
    let mut page = first.json();
    assert_eq!(
        link,
        format!("<{}>; rel=\"next\"", page["next"].as_str().unwrap())
    );
    served.record(|ledger| {
        let later = one("2025-03-03T15:00:00Z", |_| ());
        ledger
            .record_forecast(&later, at("2025-03-03T15:00:05Z"))
            .unwrap();
    });
    let mut seen = Vec::new();
    loop {
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["seq"].as_i64().unwrap()),
        );
        let Some(next) = page["next"].as_str().map(str::to_owned) else {
            break;
        };
        page = served.get(&next).json();
    }
    assert_eq!(seen.len(), 31);
    assert!(
        seen.windows(2).all(|pair| pair[0] > pair[1]),
        "newest first, none twice: {seen:?}"
    );
    let session = served.get("/api/v1/forecasts?session=2023-01-10").json();
    assert_eq!(session["items"].as_array().unwrap().len(), 1);
    assert_eq!(session["items"][0]["session"], "2023-01-10");
}

/// A list holds what `ledger list --json` prints, but for fields that lists may leave out.
#[test]
fn entries_say_what_the_ledger_says() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            3,
            Maker {
                share: 0.0,
                width: 1.0,
            },
        )
    });
    let reader = Reader::open(served.folder.path()).unwrap();
    let entry = serde_json::to_value(&reader.newest(None, 1).unwrap()[0]).unwrap();
    let item = served.get("/api/v1/forecasts?limit=1").json()["items"][0].clone();
    let names: BTreeSet<&str> = item
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert!(names.contains("intervals") && names.contains("phase"));
    for name in names {
        assert_eq!(item[name], entry[name], "{name}");
    }
}

#[test]
fn figures_agree_with_the_ledgers_own() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            90,
            Maker {
                share: 0.1,
                width: 0.9,
            },
        )
    });
    let summary = Reader::open(served.folder.path())
        .unwrap()
        .summary()
        .unwrap();
    let score = served.get("/api/v1/score").json();
    assert_eq!(score["outcomes"], summary.outcomes);
    assert_eq!(score["direction"]["calls"], summary.calls);
    assert_eq!(score["direction"]["hits"], summary.calls_right);
    let phase = &score["phases"][0];
    let own = &summary.phases[0];
    assert_eq!(phase["outcomes"], own.outcomes);
    let close = |name: &str, own: f64| {
        let found = phase[name].as_f64().unwrap();
        assert!((found - own).abs() < 1e-9, "{name}: {found} {own}");
    };
    close("error", own.error);
    close("baseline_error", own.baseline_error);
    let zones: u64 = score["zones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|zone| zone.as_u64().unwrap())
        .sum();
    assert_eq!(zones, summary.outcomes);
    let last = score["series"].as_array().unwrap().last().unwrap();
    assert_eq!(last["outcome"], summary.outcomes);
    let ticker = served.get("/api/v1/score?ticker=AAPL").json();
    assert_eq!(ticker["outcomes"], score["outcomes"]);
}

#[test]
fn a_ticker_has_its_closes_and_what_was_said_of_them() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            12,
            Maker {
                share: 0.0,
                width: 1.0,
            },
        )
    });
    let ticker = served.get("/api/v1/tickers/AAPL").json();
    assert_eq!(ticker["history"].as_array().unwrap().len(), 20);
    let past = ticker["past"].as_array().unwrap();
    assert_eq!(past.len(), 12);
    for said in past {
        let close = ticker["history"]
            .as_array()
            .unwrap()
            .iter()
            .find(|close| close[0] == said["session"])
            .unwrap();
        assert_eq!(close[1], said["actual"]);
    }
    let list = served.get("/api/v1/tickers").json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert!(list["items"][1]["newest"].is_null());
}

#[test]
fn the_stages_say_which_session_is_on() {
    let stages = Served::new().get("/api/v1/stages").json();
    assert_eq!(stages["clock"], "2025-03-03T18:00:00Z");
    assert_eq!(stages["session"]["opens_at"], "2025-03-03T14:30:00Z");
    assert_eq!(stages["session"]["closes_at"], "2025-03-03T21:00:00Z");
}
