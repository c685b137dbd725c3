//! Panels and pages beside the verdict, each reached by what the ledger holds.

use closecall_calendar::Clock;

use crate::support::{
    Maker, Recording as _, Served, afternoons, at, get, letter, one, serve, serve_beside, stop,
    until,
};

#[test]
fn dead_letters_are_counted_listed_and_superseded() {
    let mut served = Served::filled(|ledger| {
        for number in 0..3 {
            ledger
                .record_dead_letter(&letter(number, "the vendor does not know the ticker ZZZZ"))
                .unwrap();
        }
    });
    let page = served.get("/dead-letters").body;
    assert!(page.contains("3 picks were given up."), "{page}");
    assert!(page.contains("unknown-ticker") && page.contains("does not know the ticker ZZZZ"));
    let list = served.get("/api/v1/dead-letters?limit=2").json();
    assert_eq!(list["counts"][0]["count"], 3);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let next = served.get(list["next"].as_str().unwrap()).json();
    assert_eq!(
        (
            next["items"].as_array().unwrap().len(),
            next["next"].is_null()
        ),
        (1, true)
    );
    assert_eq!(
        served.get("/api/v1/dead-letters?reason=panic").json()["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let id = list["items"][0]["pick_id"].as_str().unwrap().to_owned();
    let pick = served.get(&format!("/picks/{id}")).body;
    assert!(
        pick.contains("Given up") && pick.contains("unknown-ticker"),
        "{pick}"
    );
    served.record(|ledger| {
        let forecast = one("2025-03-03T15:00:00Z", |values| {
            values.pick_id = id.parse().unwrap()
        });
        ledger
            .record_forecast(&forecast, at("2025-03-03T15:00:05Z"))
            .unwrap();
    });
    let counts = served.get("/api/v1/dead-letters").json();
    assert_eq!(
        counts["counts"][0]["count"], 2,
        "a later forecast supersedes"
    );
}

#[test]
fn a_pick_is_found_by_its_first_digits_and_told_whole() {
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
    let list = served.get("/api/v1/forecasts").json();
    let id = list["items"][3]["pick_id"].as_str().unwrap().to_owned();
    let short = served.get(&format!("/picks/{}", &id[..8]));
    assert_eq!(
        (short.status, short.header("location")),
        (302, Some(format!("/picks/{id}").as_str()))
    );
    let page = served.get(&format!("/picks/{id}")).body;
    for words in [
        "How it came about",
        "Recorded",
        "Scored",
        "Make it again",
        "closecall predict AAPL --as-of",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let detail = served.get(&format!("/api/v1/forecasts/{id}")).json();
    assert_eq!(detail["entry"], list["items"][3]);
    assert_eq!(detail["ledger"]["hash"].as_str().unwrap().len(), 64);
    assert!(detail["scored_by"]["pick_id"].is_string());
    let beside = |k: usize| {
        format!(
            "/picks/{}\">",
            list["items"][k]["pick_id"].as_str().unwrap()
        )
    };
    assert!(page.contains(&format!("{}Later pick", beside(2))), "{page}");
    assert!(!page.contains("Earlier pick"), "it is the first");
    let all = served.get("/picks").body;
    assert!(all.contains("4 forecasts, 0 dead letters."), "{all}");
    let closed = detail["score"]["actual"].as_f64();
    let closed = closed
        .or(list["items"][3]["score"]["actual"].as_f64())
        .unwrap();
    let its = served.get("/tickers/AAPL").body;
    assert!(
        its.contains(&format!("<td class=\"r\">{closed:.2}</td>")),
        "what came"
    );
    assert_eq!(served.get("/picks/00000000").status, 404);
}

#[test]
fn a_ticker_without_picks_and_one_that_is_not_picked_from() {
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
    assert!(
        served
            .get("/tickers/AAPL")
            .body
            .contains("was to close between")
    );
    let without = served.get("/tickers/MSFT").body;
    assert!(without.contains("No pick of MSFT yet."), "{without}");
    assert!(
        without.contains("href=\"/tickers/AAPL\""),
        "the way to the others"
    );
    let unknown = served.get("/tickers/ZZZZ");
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.body.contains("Picked from: AAPL, MSFT"),
        "{}",
        unknown.body
    );
    assert_eq!(served.get("/tickers/zzzz").status, 400);
    let missing = served.get("/nothing");
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("<nav"));
}

#[test]
fn a_role_without_the_ledger_says_who_keeps_it() {
    let (address, web) = serve(Clock::fixed(at("2025-03-03T18:00:00Z")), None, "scraper");
    let page = get(address, "/", "");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("This process runs the scraper."));
    for path in ["/record", "/dead-letters", "/tickers/AAPL"] {
        assert_eq!(get(address, path, "").status, 503, "{path}");
    }
    let problem = get(address, "/api/v1/forecasts", "");
    assert_eq!(
        (problem.status, problem.json()["type"].clone()),
        (503, "/api#no-ledger".into())
    );
    assert_eq!(get(address, "/api/v1/stages", "").status, 200);
    stop(web);
}

#[test]
fn a_report_is_shown_by_its_name_and_rubbish_is_said() {
    let served = Served::new();
    assert!(served.get("/report").body.contains("No report yet."));
    let reports = served.folder.path().join("reports");
    std::fs::create_dir(&reports).unwrap();
    let report = r#"{"made_with":{"version":"0.1.0","command":"closecall backtest <b>"},"sessions":60,"tickers":["AAPL"],
        "trials":2,"models":{"closecall":{"outcomes":218,"relative_mae":{"value":1.001,"lower":0.999,"upper":1.003},"verdict":"none"}}}"#;
    std::fs::write(reports.join("walk.json"), report).unwrap();
    for path in ["/report", "/report/walk"] {
        let page = served.get(path).body;
        assert!(
            page.contains("No skill beyond the price it starts from"),
            "{path}"
        );
        assert!(page.contains("closecall backtest &lt;b&gt;"), "{path}");
    }
    std::fs::write(reports.join("rubbish.json"), "[1,").unwrap();
    assert!(
        served
            .get("/report/rubbish")
            .body
            .contains("cannot be shown")
    );
    assert_eq!(served.get("/report/absent").status, 404);
}

/// A forecast that no close has scored yet changes its ticker's figures too.
#[test]
fn a_tickers_score_counts_each_of_its_forecasts() {
    let mut served = Served::new();
    for (number, as_of) in ["2025-03-03T15:00:00Z", "2025-03-03T16:00:00Z"]
        .into_iter()
        .enumerate()
    {
        served.record(|ledger| {
            let forecast = one(as_of, |_| ());
            ledger.record_forecast(&forecast, at(as_of)).unwrap();
        });
        let score = served.get("/api/v1/score?ticker=AAPL").json();
        assert_eq!(score["forecasts"], number + 1);
    }
}

/// Forecasts made earlier in the session stay on the fan of the newest forecast.
#[test]
fn earlier_forecasts_of_a_session_are_a_trail() {
    let mut served = Served::filled(|ledger| {
        let first = one("2025-03-03T15:00:00Z", |_| ());
        ledger.record_forecast(&first, first.as_of).unwrap();
    });
    let words = "earlier forecasts of this session";
    assert!(!served.get("/").body.contains(words));
    served.record(|ledger| {
        for as_of in ["2025-03-03T16:00:00Z", "2025-03-03T17:00:00Z"] {
            let later = one(as_of, |_| ());
            ledger.record_forecast(&later, later.as_of).unwrap();
        }
    });
    for path in ["/", "/tickers/AAPL"] {
        assert!(served.get(path).body.contains(words), "{path}");
    }
}

/// A session that is over is not spoken of as one to come, also where its close has not been seen.
#[test]
fn a_session_that_is_over_is_in_the_past() {
    let forecast = one("2025-02-28T15:00:00Z", |_| ());
    let id = forecast.pick_id;
    let served = Served::filled(|ledger| {
        ledger.record_forecast(&forecast, forecast.as_of).unwrap();
    });
    for (path, said) in [
        ("/", "It was to close between"),
        ("/tickers/AAPL", "AAPL was to close between"),
        (&*format!("/picks/{id}"), "AAPL was to stay on 28 Feb"),
    ] {
        let page = served.get(path).body;
        assert!(page.contains(said), "{path}: {page}");
        assert!(page.contains("; the close is not known yet."), "{path}");
        assert!(
            !page.contains("should close") && !page.contains("It closes"),
            "{path}"
        );
    }
    assert!(
        served
            .get("/")
            .body
            .contains("Faded: a session that is over")
    );
}

/// The first forecast is announced for a time of the clock that the page shows.
#[test]
fn the_first_pick_is_announced_until_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    drop(
        closecall_ledger::Ledger::open(folder.path(), closecall_calendar::Calendar::default())
            .unwrap(),
    );
    for (accepted, words) in [
        (0, "The first pick is made at 3 Mar 13:15."),
        (1, "The first is on its way."),
    ] {
        let clock = Clock::fixed(at("2025-03-03T18:00:00Z"));
        let record =
            closecall_web::TrackRecord::follow(folder.path(), clock.clone(), None).unwrap();
        let process = closecall_web::ProcessStatus {
            accepted: Some(accepted),
            next_pick_at: Some(at("2025-03-03T18:15:00Z")),
            ..Default::default()
        };
        let (address, web) = serve_beside(clock, Some(record), "whole pipeline", process, None);
        until("the ledger to be read", || {
            get(address, "/", "").body.contains(words)
        });
        stop(web);
    }
}

/// Names in the description of the API stand between backticks, which a page draws.
#[test]
fn the_page_of_the_api_shows_no_backticks() {
    let page = Served::new().get("/api").body;
    assert!(
        page.contains("<code>dead-letter</code>") && !page.contains('`'),
        "{page}"
    );
}
