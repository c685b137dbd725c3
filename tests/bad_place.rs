//! Ports and folders that cannot be had: exit code 73, and what to do. Nothing is left of it.

use crate::common;

use std::net::TcpListener;

use common::Workplace;

/// A port that somebody else listens on, for as long as the listener lives.
fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    (listener, port)
}

#[test]
fn the_port_of_the_market_server_is_in_use() {
    let (_listener, port) = taken();
    let done = Workplace::new().run(&["market", "serve", "--simulated", "--port", &port]);
    done.refused(73, &[&port, "in use", "another port"]);
    assert_eq!(done.stdout(), "", "it served nothing");
}

#[test]
fn the_port_of_probes_and_metrics_is_in_use() {
    let (_listener, port) = taken();
    let listen = format!("http.listen=127.0.0.1:{port}");
    let done = Workplace::new().run(&["demo", "--picks", "1", "--set", &listen]);
    done.refused(73, &[&port, "http.listen"]);
}

/// A file stands where the folder should be: no one, not even root, can write into it.
#[test]
fn the_data_directory_cannot_be_made() {
    let workplace = Workplace::new();
    std::fs::write(workplace.folder.path().join("file"), "").unwrap();
    for command in [
        &["predict", "AAPL"][..],
        &["run", "--picks", "1"],
        &["demo", "--picks", "1"],
    ] {
        let done = workplace.run(&[command, &["--data-dir", "file/data"]].concat());
        done.refused(73, &["file/data"]);
        assert_eq!(done.stdout(), "");
    }
}

/// The folder is there, and nothing can be made in it.
#[cfg(unix)]
#[test]
fn the_data_directory_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;

    let workplace = Workplace::new();
    let folder = workplace.folder.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o555)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_ok() {
        // To root every folder is open; a file system without a single free name is not.
        std::fs::remove_file(folder.join("probe")).unwrap();
        workplace
            .run(&["predict", "AAPL", "--data-dir", "/proc/self"])
            .refused(73, &["/proc/self", "data_dir"]);
        return;
    }
    workplace
        .run(&["predict", "AAPL", "--data-dir", "data"])
        .refused(73, &["data", "data_dir"]);
}

/// One store, one source: prices of a simulated market never mix with a vendor's.
#[test]
fn the_data_directory_belongs_to_another_source() {
    let server = common::MarketServer::start(&["--simulated"]);
    let workplace = Workplace::on(&server.address);
    assert_eq!(workplace.run(&["predict", "AAPL"]).code(), 0);
    workplace
        .run(&[
            "predict",
            "AAPL",
            "--set",
            "yahoo.base_url=http://127.0.0.1:9",
        ])
        .refused(73, &["data_dir"]);
}

/// Two pipelines on one ledger: the second refuses, and the first is not disturbed.
#[test]
fn the_ledger_has_a_writer_already() {
    let server = common::MarketServer::start(&["--simulated"]);
    let workplace = Workplace::on(&server.address);
    let mut first = workplace
        .command(["run", "--every", "1h"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let ledger = workplace.folder.path().join("closecall-data/ledger.sqlite");
    common::wait_until("the first run has its ledger", || ledger.exists());
    let second = workplace.run(&["run", "--picks", "1"]);
    let running = first.try_wait().unwrap().is_none();
    first.kill().unwrap();
    first.wait().unwrap();
    second.refused(73, &["another process", "choose another data directory"]);
    assert!(running, "the first run ended");
}
