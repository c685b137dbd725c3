//! `bench bridge` sends records through a real broker and one stage, beside a bare loop, and all come
//! through both.

use serde_json::Value;

use crate::common::Workplace;
use crate::kafka_support::broker;

#[test]
fn records_come_through_the_bridge_and_the_bare_loop() {
    let Some(broker) = broker() else {
        return;
    };
    let brokers = format!("kafka.brokers={broker}");
    let done = Workplace::new().run(&[
        "--set",
        &brokers,
        "bench",
        "bridge",
        "--records",
        "48",
        "--json",
    ]);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let report: &Value = &done.json_lines()[0];
    assert_eq!(report["records"], 48);
    for way in ["bridge", "bare"] {
        let number = |name: &str| report[way][name].as_f64().unwrap();
        assert!(number("records_per_second") > 0.0, "{report}");
        assert!(number("p50_ms") <= number("p99_ms"), "{report}");
        assert!(
            number("p50_in_ms") > 0.0 && number("p50_out_ms") > 0.0,
            "{report}"
        );
    }
}
