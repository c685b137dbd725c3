//! A host that has too little of something: no file descriptors, no name service, no IPv4, a tenth of a
//! processor. What can be done is done, nothing is restarted in a loop, and all is well when it is back.

#![allow(
    clippy::disallowed_methods,
    reason = "it paces a process, and blocks no arbiter"
)]

use crate::common;

use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

use closecall_calendar::{Calendar, Clock};
use closecall_market_server::{ServedMarket, Server, Simulated, SimulatedSettings};
use common::mounts::Mounts;
use common::pipeline::{RUN_DATA, Running};
use common::vendor::{Vendor, closes};
use common::{Done, MarketServer, Workplace};
use rustix::process::{Pid, Resource, getrlimit, prlimit};

/// A minute of the clock in a second, and picks twice as often.
const FAST: [&str; 9] = [
    "run",
    "--clock-start",
    "2023-06-30T14:00:00Z",
    "--speed",
    "60",
    "--every",
    "30s",
    "--tickers",
    "AAPL,PG",
];
const LISTEN: [&str; 3] = ["--json", "--set", "http.listen=127.0.0.1:0"];

/// Ends it: every pick has its row, and no stage was ever restarted.
#[track_caller]
fn assert_ends_well(run: Running, workplace: &Workplace) -> Done {
    let (done, account) = run.ends_well();
    assert_eq!(account["picks"], workplace.ledger(RUN_DATA).len());
    assert!(!done.stderr().contains("not alive"), "{}", done.stderr());
    done
}

/// Allows this number of open files from now on; gives the number before.
fn allow_files(process: u32, files: Option<u64>) -> Option<u64> {
    let process = Pid::from_raw(process.cast_signed());
    let mut limit = prlimit(process, Resource::Nofile, getrlimit(Resource::Nofile)).unwrap();
    let before = limit.current;
    limit.current = files;
    prlimit(process, Resource::Nofile, limit).unwrap();
    before
}

/// Connections to vendors cannot be made, nor any of the page's be accepted.
#[test]
fn without_file_descriptors_the_store_answers_and_vendors_are_asked_again_when_there_are_some() {
    // It closes each connection.
    let vendor = Vendor::with_closes(closes(300, 100.0));
    let workplace = Workplace::on(&vendor.url()).with("CLOSECALL__MARKET__RETRY_BASE", "1ms");
    let mut run = Running::start(workplace.command(FAST.iter().chain(&LISTEN)));
    let pages = run.pages();
    common::wait_until("forecasts are made", || run.printed() >= 2);

    // Fewer than are open: none can be opened.
    let before = allow_files(run.id(), Some(3));
    run.wait_for("the host is left alone");
    let made = run.printed();
    common::wait_until("forecasts are made all the same", || {
        run.printed() >= made + 4
    });
    assert!(run.is_running());

    allow_files(run.id(), before);
    run.wait_for("the host answers again");
    common::wait_until("it is ready", || pages.get("/readyz").0 == 200);
    assert_ends_well(run, &workplace);
}

/// A name that no one knows at first; then the hosts file has it.
#[test]
fn a_name_that_cannot_be_resolved_is_asked_again_when_it_can() {
    let server = MarketServer::start(&["--simulated", "--as-of", "2023-06-30T15:00:00Z"]);
    let port = server.address.rsplit_once(':').unwrap().1;
    let unknown = format!("http://vendor.invalid:{port}");
    let workplace = Workplace::on(&unknown).with("CLOSECALL__MARKET__RETRY_BASE", "1ms");
    let files = workplace.folder.path();
    std::fs::write(files.join("hosts"), "127.0.0.1 localhost\n").unwrap();
    std::fs::write(files.join("resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
    let names = "mount --bind hosts /etc/hosts && mount --bind resolv.conf /etc/resolv.conf";
    let Some(names) = Mounts::of(&workplace, names) else {
        return testing::skip("no hosts file of its own can be mounted here");
    };
    let predict = ["predict", "AAPL", "--as-of", "2023-06-30T15:00:00Z"];
    names
        .run(&workplace.command(predict))
        .refused(69, &["no prices of AAPL", "yahoo.base_url"]);

    let run = Running::start(names.within(&workplace.command(FAST.iter().chain(&LISTEN))));
    run.wait_for("the host is left alone");
    std::fs::write(files.join("hosts"), "127.0.0.1 localhost vendor.invalid\n").unwrap();
    common::wait_until("forecasts are made", || run.printed() >= 4);
    let done = assert_ends_well(run, &workplace);
    let forecasts = done.json_lines();
    assert!(
        forecasts.iter().any(|line| line["provider"] == "yahoo"),
        "{forecasts:?}"
    );
}

#[test]
fn vendors_and_the_page_are_reached_where_there_is_ipv6_alone() {
    let clock = Clock::fixed("2023-06-30T15:00:00Z".parse().unwrap());
    let simulated = Simulated::new(SimulatedSettings::new(3), Calendar::default()).unwrap();
    let market = ServedMarket::simulated(simulated, clock);
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
    let Ok(server) = Server::bind(address, market) else {
        return testing::skip("this machine has no IPv6");
    };
    let server = server.spawn().unwrap();
    let workplace = Workplace::on(&format!("http://{}", server.address()));
    let listen = ["--json", "--set", "http.listen=[::1]:0"];
    let run = Running::start(workplace.command(FAST.iter().chain(&listen)));
    let pages = run.pages();
    common::wait_until("forecasts are made", || run.printed() >= 2);
    assert_eq!(pages.get("/").0, 200);
    let done = assert_ends_well(run, &workplace);
    assert!(
        done.json_lines()
            .iter()
            .any(|line| line["quote"]["source"] == "yahoo")
    );
}

/// Stopped for nine tenths of the time.
#[test]
fn at_a_tenth_of_a_processor_picks_are_forecast_or_expire_and_nothing_is_restarted() {
    let server = MarketServer::start(&["--simulated"]);
    let workplace = Workplace::on(&server.address);
    let pace = [
        "run",
        "--every",
        "250ms",
        "--set",
        "picker.expires_after=3s",
    ];
    let run = Running::start(workplace.command(pace.iter().chain(&LISTEN)));
    let pages = run.pages();
    common::wait_until("forecasts are made", || run.printed() >= 2);
    for _ in 0..100 {
        run.signal("CONT");
        std::thread::sleep(Duration::from_millis(10));
        run.signal("STOP");
        std::thread::sleep(Duration::from_millis(90));
    }
    run.signal("CONT");
    let starved = run.printed();
    common::wait_until("forecasts are made", || run.printed() >= starved + 4);
    assert_eq!(pages.get("/healthz").0, 200);
    assert_ends_well(run, &workplace);
    println!("{starved} picks at a tenth of a processor");
    for row in workplace.ledger(RUN_DATA) {
        assert!(
            row["state"] == "forecast" || row["reason"] == "expired",
            "{row}"
        );
    }
}
