//! A forecast against the simulated market at the system's time, on whatever day the test runs.

use crate::common;

use common::{MarketServer, Workplace};

#[test]
fn a_forecast_at_the_systems_time() {
    let server = MarketServer::start(&["--simulated"]);
    let workplace = Workplace::on(&server.address);
    let forecast = workplace.run(&["predict", "AAPL", "--json"]).json();
    assert!(
        forecast["Prediction"]
            .as_f64()
            .is_some_and(|price| price > 0.0)
    );
    assert!(forecast["sessions"].as_u64().unwrap() > 190, "{forecast}");
    assert!(forecast["articles"].as_u64().unwrap() > 200, "{forecast}");
    assert!(forecast["Date"].as_str() > forecast["Prev_date"].as_str());

    // Piped text is for people, too.
    let text = workplace.run(&["predict", "AAPL"]).stdout();
    for part in [
        "on the day",
        "rests on",
        "the price alone",
        "no skill beyond",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

/// A request and a pick of the picker's are one where ticker, moment and the picker's seed are.
#[test]
fn the_identity_of_a_pick_follows_from_the_pickers_seed() {
    let as_of = "2025-07-03T13:00:00Z";
    let server = MarketServer::start(&["--simulated", "--as-of", as_of]);
    let workplace = Workplace::on(&server.address);
    let pick_id = |setting: &str| {
        let predict = ["predict", "NVDA", "--as-of", as_of, "--json", "--model"];
        let more = ["persistence", "--set", setting];
        let forecast = workplace.run(&[&predict[..], &more].concat()).json();
        forecast["pick_id"].as_str().unwrap().to_owned()
    };
    assert_ne!(pick_id("picker.seed=5"), pick_id("picker.seed=6"));
    assert_eq!(pick_id("picker.seed=5"), {
        let slot = as_of.parse().unwrap();
        let ticker = closecall_protocol::Ticker::new("NVDA").unwrap();
        closecall_protocol::PickId::of_slot(5, slot, &ticker).to_string()
    });
    let seeded = pick_id("forecast.seed=8");
    assert_eq!(seeded, pick_id("forecast.seed=9"));
}

/// Holidays, half days, weekends, both sides of the clock change.
#[test]
fn any_day_of_the_year() {
    for as_of in [
        "2025-01-01T12:00:00Z",
        "2025-03-09T06:59:59Z",
        "2025-07-03T17:30:00Z",
        "2025-11-28T18:30:00Z",
        "2025-12-25T15:00:00Z",
        "2028-02-29T21:00:00Z",
    ] {
        let server = MarketServer::start(&["--simulated", "--as-of", as_of]);
        let workplace = Workplace::on(&server.address);
        let forecast = workplace
            .run(&["predict", "NVDA", "--as-of", as_of, "--json"])
            .json();
        assert!(
            forecast["Date"].as_str().unwrap() >= &as_of[..10],
            "{as_of}: {forecast}"
        );
    }
}
