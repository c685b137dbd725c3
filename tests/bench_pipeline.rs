//! `bench pipeline` says what a pick costs: every stage, cold and warm, and the pipeline whole.

use crate::common;

use common::Workplace;

#[test]
fn every_stage_of_a_pick_has_its_price() {
    let done = Workplace::new().run(&[
        "bench",
        "pipeline",
        "--tickers",
        "2",
        "--articles",
        "1000",
        "--rounds",
        "1",
        "--json",
    ]);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let report = &done.json_lines()[0];
    let stages = report["stages"].as_array().unwrap();
    let names: Vec<_> = stages.iter().map(|stage| &stage["stage"]).collect();
    assert_eq!(names, ["scraper", "sentiment", "gru-trainer", "reporter"]);
    for stage in stages {
        assert!(stage["cold_cpu_ms"].as_f64().unwrap() > 0.0, "{stage}");
        assert!(stage["warm_cpu_ms"].as_f64().unwrap() > 0.0, "{stage}");
    }
    // The first pick of a ticker fetches, scores and trains; the second has next to nothing to do.
    let cold = report["cold_cpu_ms"].as_f64().unwrap();
    assert!(cold > report["warm_cpu_ms"].as_f64().unwrap(), "{report}");
    if cfg!(target_os = "linux") {
        assert_eq!(report["pipeline"]["forecasts"], 2, "{report}");
        assert!(report["pipeline"]["cpu_ms"].as_f64().unwrap() > 0.0);
        assert!(report["pipeline"]["peak_mib"].as_f64().unwrap() > 1.0);
    }
}
