//! The description of the API: every path that it names is answered, and it only grows.

use serde_json::Value;

use crate::support::Served;

#[test]
fn the_description_is_the_committed_one() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let served = Served::new().get("/openapi.json");
    assert_eq!(served.status, 200);
    if std::env::var_os("CLOSECALL_WRITE_OPENAPI").is_some() {
        std::fs::write(committed, format!("{}\n", served.body)).unwrap();
    }
    let known: Value = serde_json::from_str(&std::fs::read_to_string(committed).unwrap()).unwrap();
    assert_eq!(
        served.json(),
        known,
        "`v1` only grows: CLOSECALL_WRITE_OPENAPI=1 writes the new one"
    );
    assert!(known["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[test]
fn every_path_of_the_description_is_answered() {
    let served = Served::new();
    let description = served.get("/openapi.json").json();
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 8);
    for path in paths.keys().filter(|path| !path.ends_with("events")) {
        let asked = path
            .replace("{pick_id}", &"0".repeat(32))
            .replace("{ticker}", "AAPL");
        let expected = if path.contains("{pick_id}") { 404 } else { 200 };
        assert_eq!(served.get(&asked).status, expected, "{path}");
        assert!(
            served.get("/api").body.contains(path.as_str()),
            "{path} is not on the page"
        );
    }
}

/// Reasons are a closed list, which stands in the description.
#[test]
fn every_reason_is_one_of_the_description() {
    let served = Served::new();
    let description = served.get("/openapi.json").body;
    for reason in <closecall_protocol::Reason as strum::VariantArray>::VARIANTS {
        assert!(description.contains(reason.code()), "{reason}");
        let found = served.get(&format!("/api/v1/dead-letters?reason={reason}"));
        assert_eq!(found.status, 200, "{reason}");
    }
}
