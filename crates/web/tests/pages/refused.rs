//! Requests that are not answered: other hosts, other sites, other methods, heads without end,
//! paths that lead out, crowds.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Served, ask, until};

fn status(served: &Served, request: &str) -> u16 {
    ask(served.address, request).status
}

#[test]
fn a_name_that_is_not_set_is_refused_and_the_setting_is_named() {
    let served = Served::new();
    for (host, expected) in [
        ("localhost:8316", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("closecall.example", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:8316", 421),
    ] {
        for path in ["/", "/api/v1/stages", "/metrics"] {
            let answer = ask(
                served.address,
                &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            );
            let expected = if path == "/metrics" && expected == 200 {
                404
            } else {
                expected
            };
            assert_eq!(answer.status, expected, "{host}{path}");
            if expected == 421 {
                assert!(answer.body.contains("http.hosts"), "{}", answer.body);
            }
        }
    }
    let probe = "GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&served, probe), 200);
}

#[test]
fn another_sites_page_may_link_here_and_read_nothing() {
    let served = Served::new();
    let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n";
    assert_eq!(served.get_with("/", link).status, 200);
    assert_eq!(served.get_with("/api/v1/score", link).status, 403);
    assert_eq!(
        served
            .get_with("/", "Sec-Fetch-Site: cross-site\r\n")
            .status,
        403
    );
    assert_eq!(
        served
            .get_with("/", "Sec-Fetch-Site: same-origin\r\n")
            .status,
        200
    );
}

#[test]
fn nothing_is_changed_from_here() {
    let served = Served::new();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = format!(
            "{method} /api/v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let answer = ask(served.address, &request);
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
        assert_eq!(answer.json()["type"], "/api#method");
    }
    let head = ask(
        served.address,
        "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.header("etag").is_some());
}

#[test]
fn a_head_without_end_is_refused() {
    let served = Served::new();
    let long = "x".repeat(9_000);
    let query = format!("GET /?{long} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&served, &query), 431);
    let header =
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&served, &header), 431);
    let huge = format!(
        "GET /?{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "x".repeat(1_000_000)
    );
    assert!(matches!(status(&served, &huge), 0 | 400 | 414 | 431));
    assert_eq!(served.get("/").status, 200);
}

#[test]
fn no_path_leads_out() {
    let served = Served::new();
    std::fs::create_dir(served.folder.path().join("reports")).unwrap();
    std::fs::write(
        served.folder.path().join("secret.json"),
        r#"{"made_with":{"command":"SECRET"}}"#,
    )
    .unwrap();
    for path in [
        "/../secret.json",
        "/report/../secret",
        "/report/..%2fsecret",
        "/report/%2e%2e%2fsecret",
        "/report/..%5csecret",
        "/report/%00",
        "/tickers/../../etc/passwd",
        "/picks/%ff%fe",
        "//etc/passwd",
        "/.%00./",
        "/page.css/../../x",
        "/tickers/%3Cscript%3E",
    ] {
        let answer = served.get(path);
        assert!(
            (400..500).contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(
            !answer.body.contains("SECRET") && !answer.body.contains("root:"),
            "{path}"
        );
    }
}

/// One that dribbles its head, and a crowd that says nothing: others are answered meanwhile.
#[test]
fn slow_and_silent_visitors_hold_nobody_up() {
    let served = Served::new();
    let mut slow = TcpStream::connect(served.address).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
    // Both ends of each are this process's, which may have a thousand files.
    let idle: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(served.address).unwrap())
        .collect();
    assert_eq!(served.get("/").status, 200);
    // The slow one is sent away in the end.
    slow.set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let mut rest = Vec::new();
    until("the slow visitor to be sent away", || {
        let mut bytes = [0; 512];
        match slow.read(&mut bytes) {
            Ok(0) => true,
            Ok(n) => {
                rest.extend_from_slice(&bytes[..n]);
                false
            }
            Err(error) => !matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ),
        }
    });
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.is_empty() || rest.contains("408"), "{rest}");
    drop(idle);
}

#[test]
fn parameters_are_known_given_once_and_in_range() {
    let served = Served::new();
    for (path, kind, parameter) in [
        ("/api/v1/forecasts?limit=ten", "bad-parameter", "limit"),
        ("/api/v1/forecasts?limit=0", "bad-parameter", "limit"),
        (
            "/api/v1/forecasts?session=2025-13-01",
            "bad-parameter",
            "session",
        ),
        (
            "/api/v1/forecasts?session=1700006400000",
            "bad-parameter",
            "session",
        ),
        ("/api/v1/forecasts?x=1", "unknown-parameter", "x"),
        (
            "/api/v1/forecasts?limit=1&limit=2",
            "unknown-parameter",
            "limit",
        ),
        ("/api/v1/score?ticker=aapl", "bad-parameter", "ticker"),
        (
            "/api/v1/dead-letters?reason=none",
            "bad-parameter",
            "reason",
        ),
        ("/api/v1/forecasts/abc", "bad-parameter", "pick_id"),
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{path}"
        );
        let problem = answer.json();
        assert_eq!(problem["type"], format!("/api#{kind}"), "{path}");
        assert_eq!(problem["parameter"], parameter, "{path}");
        assert_eq!(problem["status"], 400);
    }
    assert_eq!(
        served.get("/api/v1/nothing").json()["type"],
        "/api#not-found"
    );
    let none = "0".repeat(32);
    assert_eq!(served.get(&format!("/api/v1/forecasts/{none}")).status, 404);
    assert_eq!(served.get("/api/v1/tickers/ZZZZ").status, 404);
}
