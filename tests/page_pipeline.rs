//! The pipeline as the page of a real run shows it: where its picks ended and how long that took, and of a
//! stage that backs off when it is tried again and how much of its budget is spent.

use crate::common;

use common::Workplace;
use common::http::Site;
use common::pipeline::Running;
use serde_json::Value;

fn stages(site: &Site) -> Value {
    let (_, answer) = site.get("/api/v1/stages");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn none_is_lost_and_the_way_to_the_ledger_is_timed() {
    let workplace = Workplace::new();
    let demo = Running::start(workplace.command(["demo", "--json"]));
    let site = demo.pages();
    common::wait_until("a pick settled", || {
        stages(&site)["picks"]["pick_to_ledger"].is_object()
    });
    let picks = stages(&site)["picks"].clone();
    assert_eq!(picks["lost"], 0, "{picks}");
    let took = |name: &str| picks["pick_to_ledger"][name].as_f64().unwrap();
    assert!(0.0 < took("p50_s") && took("p50_s") <= took("p95_s"));
    let (_, page) = site.get("/");
    for words in ["<b>0</b> lost", "pick to ledger: typically <b>"] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn the_next_try_and_the_budget_are_shown() {
    let workplace = Workplace::new();
    let demo = [
        "demo",
        "--json",
        "--fault",
        "scraper:panic:once",
        "--set",
        "supervision.restart.period=2h",
        "--set",
        "supervision.restart.backoff.first=10m",
        "--set",
        "supervision.restart.backoff.max=10m",
    ];
    let demo = Running::start(workplace.command(demo));
    let site = demo.pages();
    let scraper = || {
        let view = stages(&site);
        let mut stages = view["stages"].as_array().unwrap().iter();
        let scraper = stages.find(|stage| stage["name"] == "scraper");
        scraper.cloned().unwrap_or_default()
    };
    common::wait_until("the scraper backs off", || {
        scraper()["state"] == "backing-off"
    });
    let stage = scraper();
    let next_try = stage["next_try_s"].as_u64().unwrap();
    assert!((60..=720).contains(&next_try), "{stage}");
    let budget = ["restarts_in_period", "restarts_allowed", "restart_period_s"];
    assert_eq!(
        budget.map(|key| stage[key].as_u64()),
        [Some(1), Some(5), Some(7_200)]
    );
    let (_, page) = site.get("/");
    for words in ["backing off", "next try", "1 of 5 in "] {
        assert!(page.contains(words), "{words}");
    }
}
