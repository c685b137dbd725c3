//! One forecast from recorded data, over HTTP, as of a moment: the right session, the right last
//! close, every session and article of the window, nothing from after the moment.

use crate::common;

use common::{MarketServer, Workplace};
use serde_json::Value;
use testing::recorded_data;

const AS_OF: &str = "2023-06-30T14:00:00Z";

fn serve(arguments: &[&str]) -> Option<MarketServer> {
    let data = recorded_data()?;
    let replay = ["--replay", data.to_str().unwrap()];
    Some(MarketServer::start(&[&replay, arguments].concat()))
}

fn predict(workplace: &Workplace, arguments: &[&str]) -> Value {
    workplace
        .run(&[&["predict", "--json"], arguments].concat())
        .json()
}

#[track_caller]
fn assert_finite(forecast: &Value) {
    for field in [
        "Prediction",
        "Close",
        "baseline",
        "change",
        "change_pct",
        "probability_up",
    ] {
        assert!(
            forecast[field].as_f64().is_some_and(f64::is_finite),
            "{field}: {forecast}"
        );
    }
}

#[test]
fn the_forecast_of_a_session_in_progress() {
    let Some(server) = serve(&["--as-of", AS_OF]) else {
        return;
    };
    let workplace = Workplace::on(&server.address);

    let apple = predict(&workplace, &["AAPL", "--as-of", AS_OF]);
    assert_finite(&apple);
    assert_eq!(apple["Date"], "2023-06-30");
    assert_eq!(apple["Prev_date"], "2023-06-29");
    assert_eq!(apple["Close"], 189.59);
    assert!(
        (200..=210).contains(&apple["sessions"].as_u64().unwrap()),
        "{}",
        apple["sessions"]
    );
    assert!(
        apple["articles"].as_u64().unwrap() > 5_000,
        "{}",
        apple["articles"]
    );

    let tesla = predict(&workplace, &["TSLA", "--as-of", AS_OF]);
    assert_finite(&tesla);
    assert!(
        tesla["articles"].as_u64().unwrap() > 10_000,
        "{}",
        tesla["articles"]
    );

    let microsoft = workplace.run(&["predict", "MSFT", "--as-of", AS_OF]);
    assert_eq!(microsoft.code(), 0, "{}", microsoft.stderr());
    let microsoft = predict(&workplace, &["MSFT", "--as-of", AS_OF]);
    assert_eq!(microsoft["articles"], 0);
}

/// Every recorded article between the first row's window and the opening is in the number.
#[test]
fn every_article_of_the_window_is_counted() {
    let Some(server) = serve(&["--as-of", AS_OF]) else {
        return;
    };
    let apple = predict(&Workplace::on(&server.address), &["AAPL", "--as-of", AS_OF]);
    let news = std::fs::read_to_string(recorded_data().unwrap().join("news/AAPL.csv")).unwrap();
    let history = apple["history"].as_array().unwrap();
    assert_eq!(history.len(), 60);
    // 300 days before the as-of time is 2022-09-03; the first session after it opens on the 6th.
    let in_window = |line: &&str| {
        let time = line.get(..15).unwrap_or_default();
        ("20220903T140000"..="20230630T133000").contains(&time)
    };
    let expected = news.lines().skip(1).filter(in_window).count();
    let counted = usize::try_from(apple["articles"].as_u64().unwrap()).unwrap();
    let missing = expected.abs_diff(counted);
    assert!(
        missing * 100 <= expected,
        "{counted} counted, {expected} recorded"
    );
}

#[test]
fn the_original_model_works_for_each() {
    let Some(server) = serve(&["--as-of", AS_OF]) else {
        return;
    };
    let workplace = Workplace::on(&server.address);
    for ticker in ["AAPL", "TSLA", "MSFT"] {
        let forecast = predict(
            &workplace,
            &[ticker, "--as-of", AS_OF, "--model", "original"],
        );
        assert_finite(&forecast);
        assert_eq!(forecast["model"]["name"], "original");
        assert_eq!(forecast["Date"], "2023-06-30");
    }
}

#[test]
fn a_weekend_targets_the_next_session() {
    let as_of = "2023-07-01T12:00:00Z";
    let Some(server) = serve(&["--as-of", as_of]) else {
        return;
    };
    let forecast = predict(&Workplace::on(&server.address), &["AAPL", "--as-of", as_of]);
    assert_eq!(forecast["Date"], "2023-07-03");
    assert_eq!(forecast["Prev_date"], "2023-06-30");
    assert_eq!(forecast["Close"], 193.97);
}

#[test]
fn the_same_command_twice_prints_identical_numbers() {
    let Some(server) = serve(&["--as-of", AS_OF]) else {
        return;
    };
    let mut runs = [
        Workplace::on(&server.address),
        Workplace::on(&server.address),
    ]
    .map(|workplace| {
        predict(
            &workplace,
            &["AAPL", "--as-of", AS_OF, "--model", "original"],
        )
    });
    for run in &mut runs {
        // When it was trained is the one thing that differs.
        run["model"]["trained_at"] = Value::Null;
    }
    assert_eq!(runs[0], runs[1]);
}

/// A server that shows everything gives the same forecast as one that shows what was known then.
#[test]
fn what_a_server_shows_too_early_is_dropped() {
    let (Some(all), Some(known)) = (serve(&[]), serve(&["--as-of", AS_OF])) else {
        return;
    };
    let mut runs = [&all, &known]
        .map(|server| predict(&Workplace::on(&server.address), &["AAPL", "--as-of", AS_OF]));
    for run in &mut runs {
        run["model"]["trained_at"] = Value::Null;
    }
    assert_eq!(runs[0], runs[1]);
}
