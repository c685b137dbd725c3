//! Consequences of a price vendor's faults when the store is empty.

use std::io::Write;

use closecall_market::{Error, RequestOutcome, Vendor, VendorFault};
use closecall_protocol::{ErrorClass, Reason};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{AS_OF, Reply, Scripted, charts, gather, good, market, settings};

/// Gathers against a vendor that always replies so; returns the error and the number of requests.
async fn fails_on(reply: Reply) -> (Error, usize) {
    let vendor = Scripted::start(move |_, _| reply.clone()).await;
    let dir = tempfile::tempdir().unwrap();
    let market = market(&settings(&vendor.url(), &vendor.url()), dir.path());
    let error = gather(&market, AS_OF).await.unwrap_err();
    assert_eq!(vendor.asked("/query").len(), 0, "no news without prices");
    (error, vendor.asked("/v8/").len())
}

fn fault(error: &Error) -> &VendorFault {
    match error {
        Error::Unavailable { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_three_times() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("http://{}", testing::unused_address());
    let market = market(&settings(&url, &url), dir.path());
    let error = gather(&market, AS_OF).await.unwrap_err();
    assert!(matches!(fault(&error), VendorFault::Network(_)), "{error}");
    assert_eq!(
        (error.class(), error.reason()),
        (ErrorClass::Unavailable, Some(Reason::Unavailable))
    );
    assert_eq!(error.class(), ErrorClass::Unavailable);
    assert!(error.to_string().contains("yahoo.base_url"), "{error}");
    assert_eq!(
        market
            .stats()
            .requests(Vendor::Yahoo, RequestOutcome::Network),
        3
    );
}

#[tokio::test]
async fn server_errors_are_tried_three_times() {
    for status in [500, 502, 503] {
        let (error, tries) = fails_on(Reply::text(status, "text/html", "<html>")).await;
        assert_eq!((fault(&error), tries), (&VendorFault::Status(status), 3));
        assert_eq!(error.class(), ErrorClass::Unavailable);
    }
}

#[tokio::test]
async fn garbage_is_tried_twice_and_never_parsed_as_json() {
    for body in [
        "",
        "garbage",
        "<html>Will be right back</html>",
        "{\"chart\":",
        "[1]",
        "NaN",
    ] {
        let (error, tries) = fails_on(Reply::text(200, "application/json", body)).await;
        assert!(
            matches!(
                fault(&error),
                VendorFault::NotJson(_) | VendorFault::Malformed(_)
            ),
            "{error}"
        );
        assert_eq!(
            (tries, error.class(), error.class().is_transient()),
            (2, ErrorClass::Garbled, true)
        );
    }
}

#[tokio::test]
async fn cut_off_answers_are_faults_of_the_connection() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{\"chart\":".to_vec();
    let broken_chunk = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n{}".to_vec();
    for raw in [
        Vec::new(),
        half,
        broken_chunk,
        b"not http at all\r\n\r\n".to_vec(),
    ] {
        let (error, tries) = fails_on(Reply::Raw(raw)).await;
        assert!(matches!(fault(&error), VendorFault::Network(_)), "{error}");
        assert_eq!(tries, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_vendor_is_given_up_within_the_time_for_prices() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{".to_vec();
    let began = tokio::time::Instant::now();
    let (error, _) = fails_on(Reply::Silence(head)).await;
    assert_eq!(fault(&error), &VendorFault::Timeout);
    // Of the paused clock: no test waits for it.
    assert!(began.elapsed().as_secs() <= 41, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_compressed_bomb_is_stopped_at_the_limit() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let megabyte = vec![b' '; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&megabyte).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    let headers = "content-type: application/json\r\ncontent-encoding: gzip\r\n".to_owned();
    let (error, tries) = fails_on(Reply::Whole(200, headers, bomb)).await;
    assert_eq!(
        (fault(&error), tries),
        (&VendorFault::TooLarge { limit: 8 << 20 }, 1)
    );
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused() {
    let other = Scripted::start(|target, _| good(target)).await;
    for to in [other.url(), "http://169.254.169.254/latest".to_owned()] {
        let headers = format!("location: {to}/v8/finance/chart/AAPL\r\n");
        let (error, tries) = fails_on(Reply::Whole(302, headers, Vec::new())).await;
        assert!(
            matches!(fault(&error), VendorFault::Redirected(_)),
            "{error}"
        );
        assert_eq!((tries, error.class()), (1, ErrorClass::Unavailable));
    }
    assert_eq!(other.asked("/").len(), 0);
}

#[tokio::test]
async fn a_vendor_that_throttles_is_left_alone() {
    let (error, tries) = fails_on(Reply::text(429, "text/plain", "Too Many Requests\r\n")).await;
    assert_eq!(
        (fault(&error), tries),
        (&VendorFault::Throttled { retry_after: None }, 1)
    );
    assert_eq!(
        (error.class(), error.reason()),
        (ErrorClass::TryLater, Some(Reason::Unavailable))
    );
    let hour = Reply::Whole(429, "retry-after: 3600\r\n".to_owned(), Vec::new());
    let (error, tries) = fails_on(hour).await;
    assert!(error.to_string().contains("3600 s"), "{error}");
    assert_eq!(tries, 1);
}

#[tokio::test]
async fn a_vendor_that_shuts_this_machine_out_and_an_unknown_ticker_are_what_they_are() {
    let body = r#"{"finance":{"result":null,"error":{"code":"Unauthorized","description":"x"}}}"#;
    let (error, tries) = fails_on(Reply::text(401, "application/json", body)).await;
    assert_eq!((error.class(), tries), (ErrorClass::Refused, 1));
    // A page says no more than that this machine is not served.
    for status in [401, 403] {
        let (error, tries) = fails_on(Reply::text(status, "text/html", "<html>")).await;
        assert!(matches!(fault(&error), VendorFault::Blocked(_)), "{error}");
        assert_eq!((error.class(), tries), (ErrorClass::Unavailable, 1));
    }

    let body = r#"{"chart":{"result":null,"error":{"code":"Not Found","description":"No data"}}}"#;
    let (error, tries) = fails_on(Reply::text(404, "application/json", body)).await;
    assert!(matches!(error, Error::UnknownTicker { .. }), "{error}");
    assert_eq!(
        (error.class(), error.reason()),
        (ErrorClass::BadData, Some(Reason::UnknownTicker))
    );
    assert_eq!((error.class(), tries), (ErrorClass::BadData, 1));
}

#[tokio::test]
async fn no_usable_row_is_no_data() {
    let empty = r#"{"chart":{"result":[],"error":null}}"#;
    let nulls = r#"{"chart":{"error":null,"result":[{"meta":{"symbol":"AAPL"},
        "timestamp":[1687959000,1688045400],"indicators":{"quote":[{"open":[1,1],"high":[1,1],
        "low":[1,1],"close":[null,"NaN"],"volume":[1,1]}]}}]}}"#;
    for (body, unusable) in [(empty, 0), (nulls, 2)] {
        let (error, tries) = fails_on(Reply::text(200, "application/json", body)).await;
        let expected = matches!(&error, Error::NoData { unusable: n, .. } if *n == unusable);
        assert!(expected, "{error}");
        assert_eq!(
            (error.class(), error.reason()),
            (ErrorClass::BadData, Some(Reason::NoData))
        );
        assert_eq!((error.class(), tries), (ErrorClass::BadData, 1));
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_survived() {
    let throttled = Reply::Whole(429, "retry-after: 0\r\n".to_owned(), Vec::new());
    let passing = [
        Reply::text(500, "text/plain", "x"),
        Reply::Raw(Vec::new()),
        throttled,
    ];
    for first in passing {
        let vendor = Scripted::start(move |target, before| match before {
            0 => first.clone(),
            _ => good(target),
        })
        .await;
        let dir = tempfile::tempdir().unwrap();
        let market = market(&settings(&vendor.url(), &vendor.url()), dir.path());
        assert_eq!(gather(&market, AS_OF).await.unwrap().bars.len(), 205);
        assert_eq!(
            market.stats().requests(Vendor::Yahoo, RequestOutcome::Ok),
            1
        );
        assert_eq!(charts(&vendor).len(), 2);
    }
}

#[tokio::test]
async fn the_fallback_is_asked_when_the_first_host_fails() {
    for reply in [
        Reply::text(503, "text/plain", "x"),
        Reply::text(429, "text/plain", "x"),
    ] {
        let first = Scripted::start(move |_, _| reply.clone()).await;
        let second = Scripted::start(|target, _| good(target)).await;
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(&first.url(), &second.url());
        settings.yahoo.fallback_url = Some(second.url());
        gather(&market(&settings, dir.path()), AS_OF).await.unwrap();
        assert_eq!((charts(&first).len(), charts(&second).len()), (1, 1));
    }
}
