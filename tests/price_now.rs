//! The price of the moment on recorded sessions: what each forecast rests on, the same against a
//! market server whose clock stands at the as-of time and against one that shows everything.

use crate::common;

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
    /// The end of the line for people.
    words: &'static str,
}

const fn quote(
    as_of: &'static str,
    reference: f64,
    phase: &'static str,
    words: &'static str,
) -> Rests {
    Rests {
        ticker: "AAPL",
        as_of,
        reference,
        kind: "quote",
        at: Some(as_of),
        phase,
        previous: "2021-06-29",
        absent: None,
        words,
    }
}

const fn last_close(
    as_of: &'static str,
    reference: f64,
    absent: &'static str,
    words: &'static str,
) -> Rests {
    Rests {
        kind: "last-close",
        at: None,
        absent: Some(absent),
        ..quote(as_of, reference, "before", words)
    }
}

/// AAPL has bars of a quarter of an hour in 2021 and none in 2023; TSLA's hours begin at 10:00.
fn all() -> Vec<Rests> {
    vec![
        last_close(
            "2021-06-30T12:00:00Z",
            136.33,
            "not-yet-open",
            "from yesterday's close 136.33",
        ),
        Rests {
            kind: "opening",
            at: Some("2021-06-30T13:30:00Z"),
            ..quote(
                "2021-06-30T13:35:00Z",
                136.17,
                "open",
                "from 136.17 at the opening",
            )
        },
        quote(
            "2021-06-30T16:00:00Z",
            136.7,
            "afternoon",
            "from 136.70 at 12:00",
        ),
        quote(
            "2021-06-30T18:00:00Z",
            136.99,
            "afternoon",
            "from 136.99 at 14:00",
        ),
        quote(
            "2021-06-30T19:45:00Z",
            137.23,
            "last-hour",
            "from 137.23 at 15:45",
        ),
        // A half day: 12:30 is within its last hour.
        Rests {
            previous: "2021-11-24",
            ..quote(
                "2021-11-26T17:30:00Z",
                157.76,
                "last-hour",
                "from 157.76 at 12:30",
            )
        },
        // A weekend, a holiday.
        Rests {
            previous: "2021-06-25",
            ..last_close("2021-06-26T15:00:00Z", 133.11, "closed", "close 133.11")
        },
        Rests {
            previous: "2021-07-02",
            ..last_close("2021-07-05T15:00:00Z", 139.96, "closed", "close 139.96")
        },
        Rests {
            kind: "opening",
            at: Some("2023-06-30T13:30:00Z"),
            previous: "2023-06-29",
            ..quote(
                "2023-06-30T14:00:00Z",
                191.63,
                "open",
                "from 191.63 at the opening",
            )
        },
        Rests {
            ticker: "TSLA",
            previous: "2023-06-29",
            ..quote(
                "2023-06-30T14:00:00Z",
                261.31,
                "morning",
                "from 261.31 at 10:00",
            )
        },
    ]
}

fn predict(server: &MarketServer, ticker: &str, as_of: &str) -> Value {
    let workplace = Workplace::on(&server.address);
    let mut forecast = workplace
        .run(&["predict", ticker, "--as-of", as_of, "--json"])
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
        let forecast = predict(&then, rests.ticker, rests.as_of);
        let name = format!("{} {}", rests.ticker, rests.as_of);
        assert_eq!(forecast["reference"], rests.reference, "{name}");
        assert_eq!(forecast["baseline"], rests.reference, "{name}");
        assert_eq!(forecast["reference_kind"], rests.kind, "{name}");
        assert_eq!(forecast["reference_at"].as_str(), rests.at, "{name}");
        assert_eq!(forecast["phase"], rests.phase, "{name}");
        assert_eq!(forecast["Prev_date"], rests.previous, "{name}");
        assert_eq!(forecast["quote_absent"].as_str(), rests.absent, "{name}");
        assert_eq!(forecast["sessions_ahead"], 0, "{name}");
        assert_eq!(
            predict(&everything, rests.ticker, rests.as_of),
            forecast,
            "{name}"
        );
        let words = Workplace::on(&then.address);
        let words = words.run(&["predict", rests.ticker, "--as-of", rests.as_of]);
        let line = words.stdout().lines().next().unwrap().to_owned();
        assert!(line.ends_with(rests.words), "{name}: {line}");
    }
}

/// Moments that are no bar's end: a server whose clock stands there shows a live row, which is no bar.
const BETWEEN: [(&str, &str, Option<&str>); 8] = [
    ("AAPL", "2021-06-30T13:46:00Z", Some("2021-06-30T13:45:00Z")),
    ("AAPL", "2021-06-30T18:07:00Z", Some("2021-06-30T18:00:00Z")),
    ("AAPL", "2021-06-30T19:59:59Z", Some("2021-06-30T19:45:00Z")),
    ("AMZN", "2021-06-30T15:07:00Z", Some("2021-06-30T15:05:00Z")),
    ("TSLA", "2023-06-30T18:07:00Z", Some("2023-06-30T18:00:00Z")),
    ("AAPL", "2023-07-03T16:45:00Z", Some("2023-07-03T13:30:00Z")),
    // Nothing is known of its inside but the opening, and the official close comes later.
    ("AAPL", "2023-06-30T20:10:00Z", None),
    ("AAPL", "2021-06-30T20:10:00Z", None),
];

#[test]
fn a_moment_between_bars_is_the_same_on_both_servers() {
    let Some(data) = recorded_data() else {
        return;
    };
    let data = data.to_str().unwrap();
    let everything = MarketServer::start(&["--replay", data]);
    for (ticker, as_of, at) in BETWEEN {
        let then = MarketServer::start(&["--replay", data, "--as-of", as_of]);
        let forecast = predict(&then, ticker, as_of);
        assert_eq!(forecast["reference_at"].as_str(), at, "{ticker} {as_of}");
        assert_eq!(
            predict(&everything, ticker, as_of),
            forecast,
            "{ticker} {as_of}"
        );
    }
}

/// Share of the session's deviation that is left at u = k/26, and the usual range so far over the
/// expected deviation, at the moments that the test asks.
const LEFT: [(&str, f64, f64); 3] = [
    ("2021-06-30T16:00:00Z", 0.558, 1.16),
    ("2021-06-30T18:00:00Z", 0.419, 1.28),
    ("2021-06-30T19:45:00Z", 0.192, 1.39),
];

#[test]
fn what_is_left_of_the_day_is_the_formula_written_out() {
    let Some(data) = recorded_data() else {
        return;
    };
    let server = MarketServer::start(&["--replay", data.to_str().unwrap()]);
    let workplace = Workplace::on(&server.address);
    let at = |as_of: &str| {
        let arguments = ["predict", "AAPL", "--as-of", as_of, "--json"];
        workplace.run(&arguments).json()
    };
    let number =
        |forecast: &Value, pointer: &str| forecast.pointer(pointer).unwrap().as_f64().unwrap();
    let opening = at("2021-06-30T13:35:00Z");
    let volatility = number(&opening, "/scale");
    for (as_of, left, usual) in LEFT {
        let later = at(as_of);
        let range = (number(&later, "/quote/high") / number(&later, "/quote/low")).ln();
        let f = (range / (volatility * usual)).powf(0.2).clamp(0.6, 1.8);
        let ratio = number(&later, "/scale") / volatility;
        assert!(
            (ratio - left * f).abs() < 1e-6,
            "{as_of}: {ratio} {}",
            left * f
        );
        if as_of == "2021-06-30T18:00:00Z" {
            assert!((0.37..=0.40).contains(&ratio), "{ratio}");
        }
        // Both bands are the same errors of whole sessions times the scale, to the cent outwards.
        for level in [0, 1] {
            let bound = |forecast: &Value, end: &str| {
                number(forecast, &format!("/intervals/{level}/{end}"))
            };
            let half =
                |forecast: &Value| 0.5 * (bound(forecast, "upper") / bound(forecast, "lower")).ln();
            let expected = half(&opening) * ratio;
            let cents = (half(&later) - expected).abs() * number(&later, "/Prediction");
            // A cent outwards at each end, of both bands.
            assert!(cents < 0.01 + 0.01 * ratio, "{as_of}: {cents}");
            let middle = (bound(&later, "upper") * bound(&later, "lower")).sqrt();
            assert!(
                (middle - number(&later, "/Prediction")).abs() < 0.02,
                "{as_of}: {middle}"
            );
        }
    }
}
