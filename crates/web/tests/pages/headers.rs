//! Every answer forbids what the pages do not need, and is asked for again only when it changed.

use crate::support::{Maker, Recording as _, Served, afternoons};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
require-trusted-types-for 'script'; trusted-types 'none'";

#[test]
fn every_answer_carries_the_policy() {
    let served = Served::new();
    for path in [
        "/",
        "/api/v1/score",
        "/nothing",
        "/page.css",
        "/healthz",
        "/api/v1/nothing",
        "/picks/x",
    ] {
        let answer = served.get(path);
        assert_eq!(
            answer.header("content-security-policy"),
            Some(POLICY),
            "{path}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            (
                "permissions-policy",
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        for absent in ["server", "set-cookie", "access-control-allow-origin"] {
            assert_eq!(answer.header(absent), None, "{path}");
        }
    }
}

#[test]
fn what_the_reader_has_is_not_sent_again() {
    let mut served = Served::filled(|ledger| {
        afternoons(
            ledger,
            3,
            Maker {
                share: 0.0,
                width: 1.0,
            },
        )
    });
    for path in [
        "/",
        "/record",
        "/api/v1/forecasts",
        "/api/v1/score",
        "/api/v1/stages",
        "/api/v1/tickers/AAPL",
    ] {
        let first = served.get(path);
        assert_eq!(first.status, 200, "{path}");
        let tag = first.header("etag").unwrap().to_owned();
        let again = served.get_with(path, &format!("If-None-Match: {tag}\r\n"));
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        let other = served.get_with(path, "If-None-Match: \"other\"\r\n");
        assert_eq!(other.status, 200, "{path}");
    }
    let tag = served
        .get("/api/v1/forecasts")
        .header("etag")
        .unwrap()
        .to_owned();
    served.record(|ledger| {
        let later = crate::support::one("2025-03-03T15:00:00Z", |_| ());
        ledger
            .record_forecast(&later, crate::support::at("2025-03-03T15:00:05Z"))
            .unwrap();
    });
    let fresh = served.get_with("/api/v1/forecasts", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!(fresh.status, 200);
}

#[test]
fn files_are_kept_for_a_year_under_the_hash_of_their_content() {
    let served = Served::new();
    let page = served.get("/").body;
    for name in ["page.css", "live.js", "icon.svg"] {
        let start = page.find(&format!("/{name}?v=")).unwrap();
        let address = page[start..].split('"').next().unwrap();
        let file = served.get(address);
        assert_eq!(file.status, 200, "{address}");
        assert_eq!(
            file.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        let other = served.get(&format!("/{name}?v=000000000000"));
        assert_eq!(other.header("cache-control"), Some("no-cache"));
    }
}

/// The whole first page with what it loads.
#[test]
fn the_first_page_weighs_less_than_200_kb_and_packed_less_than_40() {
    let served = Served::filled(|ledger| {
        afternoons(
            ledger,
            300,
            Maker {
                share: 0.0,
                width: 1.0,
            },
        )
    });
    let plain: usize = ["/", "/page.css", "/live.js", "/icon.svg"]
        .iter()
        .map(|path| served.get(path).body.len())
        .sum();
    assert!(plain < 200_000, "{plain}");
    let packed = |path: &&str| -> usize {
        let answer = served.get_with(path, "Accept-Encoding: gzip\r\n");
        answer
            .header("content-length")
            .unwrap()
            .parse::<usize>()
            .unwrap()
    };
    let packed: usize = ["/", "/page.css", "/live.js", "/icon.svg"]
        .iter()
        .map(packed)
        .sum();
    assert!(packed < 40_000, "{packed}");
}

#[test]
fn a_wall_screen_may_ask_to_be_sent_again() {
    let served = Served::new();
    assert_eq!(served.get("/?refresh=30").header("refresh"), Some("30"));
    assert_eq!(served.get("/").header("refresh"), None);
    for bad in ["9", "3601", "x", "-30"] {
        let answer = served.get(&format!("/?refresh={bad}"));
        assert_eq!(
            (answer.status, answer.header("refresh")),
            (400, None),
            "{bad}"
        );
    }
}
