//! Roles that run apart: the reporter's page shows their stages, and says of a silent one that nothing
//! is known of it.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use closecall_calendar::Clock;
use closecall_supervision::HealthBoard;
use closecall_web::{Lag, Peers, ProcessStatus};

use crate::support::{at, get, serve_beside, until};

fn clock() -> Clock {
    Clock::fixed(at("2025-03-03T18:00:00Z"))
}

fn scraper() -> ProcessStatus {
    let board = HealthBoard::new();
    board.degraded("scraper", "prices are 3 h old");
    ProcessStatus {
        health: Some(board.health()),
        through_topics: true,
        lags: vec![Lag {
            topic: "stock-name-selector".to_owned(),
            partition: 3,
            lag: 38,
            behind: Some(Duration::from_secs(371)),
            trend: "growing",
        }],
        ..ProcessStatus::default()
    }
}

#[test]
fn the_stages_of_other_roles_are_shown_and_a_silent_one_is_unknown() {
    let (peer, web) = serve_beside(clock(), None, "scraper", scraper(), None);
    // One that never answers, and a name that leads nowhere.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let names = [
        peer.to_string(),
        silent.local_addr().unwrap().to_string(),
        "nowhere.invalid:8080".to_owned(),
    ];
    let heard = Peers::watch(&names).unwrap();
    let peers = Arc::clone(&heard);
    let own = ProcessStatus {
        through_topics: true,
        ..ProcessStatus::default()
    };
    let (address, reporter) = serve_beside(clock(), None, "reporter", own, Some(peers));
    let stages = || get(address, "/api/v1/stages", "").json();
    until("the peer to be heard", || {
        stages()["peers"]
            .as_array()
            .is_some_and(|peers| peers.len() == 1)
    });
    let view = stages();
    assert_eq!(view["stages"][0]["name"], "scraper");
    assert_eq!(view["stages"][0]["degraded"], "prices are 3 h old");
    assert_eq!(view["hops"][0]["lag"], 38);
    assert_eq!(view["hops"][0]["behind_s"], 371);
    assert_eq!(view["hops"][0]["lag_trend"], "growing");
    let page = get(address, "/pipeline", "").body;
    for words in [
        peer.to_string().as_str(),
        "prices are 3 h old",
        "lag 38",
        "behind, growing",
    ] {
        assert!(page.contains(words), "{words}");
    }

    // Killed: it is not said to run any more.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(web.stop());
    until("the peer to be unknown", || {
        stages()["peers"][0]["known"] == false
    });
    assert_eq!(stages()["stages"][0]["state"], "unknown");
    assert!(heard.stages().iter().all(|stage| stage.down));
    assert!(get(address, "/pipeline", "").body.contains("unknown"));
    runtime.block_on(reporter.stop());
}
