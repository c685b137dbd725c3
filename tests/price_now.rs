//! The price of the moment on recorded sessions: what each forecast rests on, the same against a
//! market server whose clock stands at the as-of time and against one that shows everything.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod common;

use common::{MarketServer, Workplace};
use serde_json::Value;
use testing::recorded_data;

/// Basis of a forecast: reference, its kind and time, phase, the session of the last close.
struct Rests {
    ticker: &'static str,
    as_of: &'static str,
    reference: f64,
    kind: &'static str,
    at: Option<&'static str>,
    phase: &'static str,
    previous: &'static str,
    absent: Option<&'static str>,
}

const fn quote(as_of: &'static str, reference: f64, phase: &'static str) -> Rests {
    Rests {
        ticker: "AAPL",
        as_of,
        reference,
        kind: "quote",
        at: Some(as_of),
        phase,
        previous: "2021-06-29",
        absent: None,
    }
}

const fn last_close(as_of: &'static str, reference: f64, absent: &'static str) -> Rests {
    Rests {
        kind: "last-close",
        at: None,
        absent: Some(absent),
        ..quote(as_of, reference, "before")
    }
}

/// AAPL has bars of a quarter of an hour in 2021 and none in 2023; TSLA's hours begin at 10:00.
fn all() -> Vec<Rests> {
    vec![
        last_close("2021-06-30T12:00:00Z", 136.33, "not-yet-open"),
        Rests {
            kind: "opening",
            at: Some("2021-06-30T13:30:00Z"),
            ..quote("2021-06-30T13:35:00Z", 136.17, "open")
        },
        quote("2021-06-30T18:00:00Z", 136.99, "afternoon"),
        quote("2021-06-30T19:45:00Z", 137.23, "last-hour"),
        // A half day: 12:30 is within its last hour.
        Rests {
            previous: "2021-11-24",
            ..quote("2021-11-26T17:30:00Z", 157.76, "last-hour")
        },
        // A weekend, a holiday.
        Rests {
            previous: "2021-06-25",
            ..last_close("2021-06-26T15:00:00Z", 133.11, "closed")
        },
        Rests {
            previous: "2021-07-02",
            ..last_close("2021-07-05T15:00:00Z", 139.96, "closed")
        },
        Rests {
            kind: "opening",
            at: Some("2023-06-30T13:30:00Z"),
            previous: "2023-06-29",
            ..quote("2023-06-30T14:00:00Z", 191.63, "open")
        },
        Rests {
            ticker: "TSLA",
            previous: "2023-06-29",
            ..quote("2023-06-30T14:00:00Z", 261.31, "morning")
        },
    ]
}

fn predict(server: &MarketServer, rests: &Rests) -> Value {
    let workplace = Workplace::on(&server.address);
    let mut forecast = workplace
        .run(&["predict", rests.ticker, "--as-of", rests.as_of, "--json"])
        .json();
    // The moments of the run are its own.
    for own in ["model", "trace", "data_age_s"] {
        forecast.as_object_mut().unwrap().remove(own);
    }
    forecast
}

#[test]
fn each_forecast_rests_on_what_was_known_whatever_the_server_shows() {
    let Some(data) = recorded_data() else {
        return;
    };
    let data = data.to_str().unwrap();
    let everything = MarketServer::start(&["--replay", data]);
    for rests in all() {
        let then = MarketServer::start(&["--replay", data, "--as-of", rests.as_of]);
        let forecast = predict(&then, &rests);
        let name = format!("{} {}", rests.ticker, rests.as_of);
        assert_eq!(forecast["reference"], rests.reference, "{name}");
        assert_eq!(forecast["baseline"], rests.reference, "{name}");
        assert_eq!(forecast["reference_kind"], rests.kind, "{name}");
        assert_eq!(forecast["reference_at"].as_str(), rests.at, "{name}");
        assert_eq!(forecast["phase"], rests.phase, "{name}");
        assert_eq!(forecast["Prev_date"], rests.previous, "{name}");
        assert_eq!(forecast["quote_absent"].as_str(), rests.absent, "{name}");
        assert_eq!(forecast["sessions_ahead"], 0, "{name}");
        assert_eq!(predict(&everything, &rests), forecast, "{name}");
    }
}
