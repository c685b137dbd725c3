//! Every state of the verdict and of the panels, each reached by what the ledger holds.

use closecall_calendar::{Calendar, Clock};
use closecall_ledger::Ledger;
use closecall_web::TrackRecord;

use crate::support::{Maker, Served, afternoons, at, get, serve, stop, until};

fn verdict(served: &Served) -> (String, String) {
    let score = served.get("/api/v1/score").json();
    let text = |name: &str| score["verdict"][name].as_str().unwrap().to_owned();
    (
        text("kind"),
        format!("{} {}", text("heading"), text("bands"))
            .trim()
            .to_owned(),
    )
}

/// The page says what the API says.
#[track_caller]
fn assert_shown(served: &Served, heading: &str) {
    let page = served.get("/").body;
    let shown = page
        .split("<h1>")
        .nth(1)
        .unwrap()
        .split("</h1>")
        .next()
        .unwrap();
    let shown: String = shown.replace("<span>", "").replace("</span>", "");
    assert_eq!(shown.trim(), heading, "{shown}");
}

#[test]
fn empty_nothing_forecast_yet() {
    let served = Served::new();
    assert_eq!(
        verdict(&served),
        ("empty".into(), "Nothing forecast yet.".into())
    );
    let page = served.get("/").body;
    for words in [
        "Nothing forecast yet.",
        "None yet.",
        "Every pick so far ended in a forecast.",
        "nothing is running",
        "ledger <b>verified</b>, 0 rows",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("Simulated market."));
}

#[test]
fn early_fewer_than_60_outcomes() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            23,
            Maker {
                share: 0.0,
                width: 1.0,
            },
        )
    });
    let heading = "Too early to tell: 23 of 60 outcomes in the afternoon.";
    assert_eq!(verdict(&served), ("early".into(), heading.into()));
    assert_shown(&served, heading);
}

/// The forecast is the price itself: its hits are the price's.
#[test]
fn none_no_skill_beyond_the_price() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            90,
            Maker {
                share: 0.0,
                width: 0.9,
            },
        )
    });
    let (kind, heading) = verdict(&served);
    assert_eq!(kind, "none", "{heading}");
    assert!(
        heading.starts_with("Calls right in the afternoon: "),
        "{heading}"
    );
    assert!(heading.contains(", as the price alone."), "{heading}");
    let score = served.get("/api/v1/score").json();
    for path in ["/", "/record", "/tickers/AAPL"] {
        // Neither number can be scrolled out of sight of the other.
        let page = served.get(path).body;
        let cell = page
            .split("<td class=\"r\">")
            .skip(1)
            .find(|cell| cell.contains("(price alone "));
        let cell = cell
            .and_then(|cell| cell.split("</td>").next())
            .unwrap_or_default();
        assert!(
            cell.contains(" of ") && cell.contains("(price alone "),
            "{path}: {cell}"
        );
    }
    assert_eq!(score["outcomes"], 90);
    assert_eq!(score["relative_mae"]["value"], 1.0);
    assert_eq!(
        score["direction"]["hits"],
        score["direction"]["baseline_hits"]
    );
}

#[test]
fn skill_it_errs_less_than_the_price() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            400,
            Maker {
                share: 0.3,
                width: 0.9,
            },
        )
    });
    let (kind, heading) = verdict(&served);
    assert_eq!(kind, "skill", "{heading}");
    assert!(heading.starts_with("A little skill: errs "), "{heading}");
}

#[test]
fn worse_it_errs_more_than_the_price() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            400,
            Maker {
                share: -0.3,
                width: 0.9,
            },
        )
    });
    let (kind, heading) = verdict(&served);
    assert_eq!(kind, "worse", "{heading}");
    assert!(
        heading.starts_with("Worse than the price it starts from: errs "),
        "{heading}"
    );
}

/// One who reads the whole ledger comes to the verdict that the page follows.
#[test]
fn the_verdict_over_all_rows_is_the_one_that_is_shown() {
    let mut ledgers = Vec::new();
    for sessions in [3, 90] {
        let served = Served::filled(|ledger| {
            let maker = Maker {
                share: 0.0,
                width: 1.0,
            };
            afternoons(ledger, sessions, maker);
        });
        let reader = closecall_ledger::Reader::open(served.folder.path()).unwrap();
        let judged = closecall_web::judge(&reader).unwrap();
        let shown = served.get("/api/v1/score").json()["verdict"].clone();
        let judged = serde_json::to_value(&judged).unwrap();
        for part in ["kind", "heading", "bands"] {
            assert_eq!(judged[part], shown[part]);
        }
        ledgers.push(shown["kind"].clone());
    }
    assert_eq!(ledgers, ["early", "none"]);
}

/// Three tenths of the way at a thousand outcomes: such a gain is a leak.
#[test]
fn suspect_too_good_to_be_believed() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            1_010,
            Maker {
                share: 0.3,
                width: 0.9,
            },
        )
    });
    let (kind, heading) = verdict(&served);
    assert_eq!(kind, "suspect", "{heading}");
    assert!(
        served
            .get("/")
            .body
            .contains("<span class=\"tag warn\">suspect</span>")
    );
}

#[test]
fn bands_that_are_too_narrow_or_too_wide_are_said_to_be() {
    let narrow = Served::filled(|ledger| {
        afternoons(
            ledger,
            90,
            Maker {
                share: 0.0,
                width: 0.2,
            },
        )
    });
    assert!(
        verdict(&narrow).1.ends_with("The bands are too narrow."),
        "{:?}",
        verdict(&narrow)
    );
    let wide = Served::filled(|ledger| {
        afternoons(
            ledger,
            90,
            Maker {
                share: 0.0,
                width: 9.0,
            },
        )
    });
    assert!(
        verdict(&wide).1.ends_with("The bands are too wide."),
        "{:?}",
        verdict(&wide)
    );
}

/// A row is changed behind the program's back.
#[test]
fn broken_the_record_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(folder.path(), Calendar::default()).unwrap();
    afternoons(
        &mut ledger,
        5,
        Maker {
            share: 0.0,
            width: 1.0,
        },
    );
    drop(ledger);
    let head = folder.path().join("ledger.head");
    let text = std::fs::read_to_string(&head).unwrap();
    let other: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_hexdigit() && c.is_alphabetic() {
                'f'
            } else {
                c
            }
        })
        .collect();
    assert_ne!(text, other);
    std::fs::write(&head, other).unwrap();

    let clock = Clock::fixed(at("2025-03-03T18:00:00Z"));
    let record = TrackRecord::follow(folder.path(), clock.clone(), None).unwrap();
    let (address, web) = serve(clock, Some(record), "whole pipeline");
    until("the damage to be found", || {
        get(address, "/api/v1/score", "").status == 500
    });
    until("the rows to be read", || {
        get(address, "/api/v1/tickers", "").status == 200
    });
    let problem = get(address, "/api/v1/score", "").json();
    assert_eq!(problem["type"], "/api#broken-ledger");
    for path in ["/", "/record", "/tickers/AAPL"] {
        let page = get(address, path, "").body;
        assert!(page.contains("Scores are not shown."), "{path}");
        for score in ["Closes inside the", "By the part of the day"] {
            assert!(!page.contains(score), "{path} shows scores");
        }
    }
    let ticker = get(address, "/api/v1/tickers/AAPL", "").json();
    assert!(ticker["newest"].is_object(), "{ticker}");
    for entry in [
        &ticker,
        &get(address, "/api/v1/tickers", "").json()["items"][0],
    ] {
        assert_eq!(
            (
                &entry["outcomes"],
                &entry["relative_mae"],
                &entry["coverage"]
            ),
            (&0.into(), &serde_json::Value::Null, &serde_json::json!([])),
        );
    }
    let ledger = get(address, "/api/v1/stages", "").json()["ledger"].clone();
    assert_eq!(ledger["ok"], false, "{ledger}");
    stop(web);
}

/// A ledger whose database is gone, is none, or is of a newer format.
#[test]
fn broken_the_record_cannot_be_read() {
    let lost = tempfile::tempdir().unwrap();
    let hash = "0".repeat(64);
    std::fs::write(lost.path().join("ledger.head"), format!("5 {hash}\n")).unwrap();
    let garbage = tempfile::tempdir().unwrap();
    std::fs::write(
        garbage.path().join("ledger.sqlite"),
        "no database".repeat(99),
    )
    .unwrap();
    let newer = tempfile::tempdir().unwrap();
    drop(Ledger::open(newer.path(), Calendar::default()).unwrap());
    let database = rusqlite::Connection::open(newer.path().join("ledger.sqlite")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    for (folder, finding) in [
        (lost, "is missing"),
        (garbage, "damaged"),
        (newer, "use a newer closecall"),
    ] {
        let clock = Clock::fixed(at("2025-03-03T18:00:00Z"));
        let record = TrackRecord::follow(folder.path(), clock.clone(), None).unwrap();
        let (address, web) = serve(clock, Some(record), "whole pipeline");
        until("the fault to be found", || {
            get(address, "/api/v1/stages", "").json()["ledger"]["ok"] == false
        });
        let damage = get(address, "/api/v1/stages", "").json()["ledger"]["damage"].clone();
        assert!(damage.as_str().unwrap().contains(finding), "{damage}");
        let page = get(address, "/", "").body;
        assert!(page.contains("The record cannot be read."), "{page}");
        assert!(!page.contains("not picked yet"), "{page}");
        for path in ["/tickers/AAPL", "/api/v1/forecasts", "/api/v1/tickers"] {
            assert_eq!(get(address, path, "").status, 503, "{path}");
        }
        assert_eq!(get(address, "/api/v1/score", "").status, 500);
        stop(web);
    }
}
