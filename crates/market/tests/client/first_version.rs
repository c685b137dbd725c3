//! A store of the first version, filled on its simulated market, is read and goes on.

use std::fs;
use std::path::Path;

use closecall_calendar::{Calendar, Clock};
use closecall_market::{DataSource, Market};
use closecall_protocol::QuoteAbsent;

use crate::support::{at, picked, sessions, settings};

/// The addresses that the store belongs to; nothing listens there.
const ADDRESS: &str = "http://127.0.0.1:39417/ and http://127.0.0.1:9/";
/// When the first version filled it, and what it then forecast from.
const AS_OF: &str = "2026-03-10T13:00:00Z";

#[tokio::test]
async fn a_store_of_the_first_version_is_forecast_from() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first-version");
    fs::copy(fixture.join("market.db"), dir.path().join("market.db")).unwrap();
    let source = DataSource::Replay {
        address: ADDRESS.to_owned(),
    };
    let nowhere = settings("http://127.0.0.1:9", "http://127.0.0.1:9");
    let open = || {
        let clock = Clock::fixed(at(AS_OF));
        Market::open(&nowhere, &source, dir.path(), Calendar::default(), clock).unwrap()
    };
    // Once to bring it up to date, once as it then is.
    for market in [open(), open()] {
        let scraped = market.gather(&picked("PG", AS_OF)).await.unwrap();
        let sessions = sessions(&scraped);
        assert_eq!(
            (sessions.len(), sessions[204].as_str()),
            (205, "2026-03-09")
        );
        let newest = scraped.bars[204];
        assert!((newest.close() - 162.3).abs() < 0.005, "{newest:?}");
        assert!(newest.open().is_some() && newest.range().is_some());
        assert_eq!((scraped.sessions_ahead, scraped.repairs.len()), (0, 0));
        assert_eq!(scraped.quote, Err(QuoteAbsent::NotYetOpen));
    }
    let other = DataSource::Live;
    let clock = Clock::fixed(at(AS_OF));
    assert!(Market::open(&nowhere, &other, dir.path(), Calendar::default(), clock).is_err());
}
