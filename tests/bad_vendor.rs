//! Vendors that misbehave, one test each: `predict` ends with the documented code and a message
//! that says what to do, and the key is nowhere.

use crate::common;

use common::vendor::{Reply, Vendor, chart, closes, symbol};
use common::{Done, MarketServer, Workplace};
use serde_json::json;

const AS_OF: &str = "2023-06-30T14:00:00Z";
const KEY: &str = "CANARY0KEY0CANARY";

/// A workplace that asks `address` with the canary as its key and waits little before it asks again.
fn workplace(address: &str) -> Workplace {
    Workplace::on(address)
        .with("CLOSECALL__ALPHAVANTAGE__API_KEY", KEY)
        .with("CLOSECALL__MARKET__RETRY_BASE", "1ms")
}

/// Runs `predict AAPL` saying all there is to say, and looks for the key everywhere.
#[track_caller]
fn predict(address: &str) -> Done {
    let workplace = workplace(address);
    let done = workplace.run(&["predict", "AAPL", "--as-of", AS_OF, "--json", "-vv"]);
    for text in [done.stdout(), done.stderr()] {
        assert!(!text.contains(KEY), "the key is in: {text}");
    }
    for (path, bytes) in workplace.files() {
        let found = bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes());
        assert!(!found, "the key is in {}", path.display());
    }
    done
}

/// Outcome when prices are answered so.
#[track_caller]
fn on_prices(reply: Reply) -> Done {
    let vendor = Vendor::start(move |_| reply.clone());
    predict(&vendor.url())
}

#[test]
fn an_unknown_ticker() {
    let body = json!({"chart": {"result": null, "error": {"code": "Not Found",
        "description": "No data found, symbol may be delisted"}}});
    on_prices(Reply::text(404, &body.to_string()))
        .refused(65, &["does not know the ticker AAPL", "check its spelling"]);
}

/// As the market server says it.
#[test]
fn a_ticker_that_the_market_server_does_not_know() {
    let server = MarketServer::start(&["--simulated", "--as-of", AS_OF]);
    let done = workplace(&server.address).run(&["predict", "NOSUCH", "--as-of", AS_OF]);
    done.refused(65, &["does not know the ticker NOSUCH"]);
}

/// It never becomes part of an address.
#[test]
fn a_text_that_is_no_ticker() {
    for ticker in [
        "../x",
        "A&apikey=",
        "A\r\nX: y",
        "ÄPPL",
        "",
        "TOOLONGTOOLONG",
    ] {
        workplace("http://127.0.0.1:9")
            .run(&["predict", "--as-of", AS_OF, "--", ticker])
            .refused(64, &[]);
    }
}

#[test]
fn a_refused_connection() {
    let address = format!("http://{}", testing::unused_address());
    predict(&address).refused(69, &["no prices of AAPL", "yahoo.base_url"]);
}

#[test]
fn an_empty_body() {
    on_prices(Reply::text(200, "")).refused(65, &["no prices of AAPL", "the body is empty"]);
}

#[test]
fn garbage() {
    on_prices(Reply::text(200, "\u{1}\u{2}garbage{")).refused(65, &["not JSON", "try again"]);
}

#[test]
fn a_page_in_place_of_data() {
    let page = Reply {
        kind: "text/html",
        ..Reply::text(
            200,
            "<!doctype html><html><title>Will be right back</title></html>",
        )
    };
    on_prices(page).refused(65, &["not JSON but"]);
}

#[test]
fn too_many_requests() {
    on_prices(Reply::text(429, "Too Many Requests"))
        .refused(75, &["refuses requests at this rate"]);
}

#[test]
fn a_server_error() {
    on_prices(Reply::text(500, "oops")).refused(69, &["HTTP status 500", "try again"]);
}

/// A forecast is made without the news, and says in the log that they could not be had. The answer
/// repeats the key.
#[test]
fn a_spent_quota_is_not_taken_for_no_news() {
    let note = format!(
        "We have detected your API key as {KEY} and our standard API rate limit is 25 requests per \
         day. Please subscribe to any of the premium plans."
    );
    for field in ["Information", "Note"] {
        let vendor = Vendor::with_news(Reply::json(&json!({ field: note })));
        let done = predict(&vendor.url());
        assert_eq!(done.json()["articles"], 0);
        let log = done.stderr();
        assert!(log.contains("quota of requests is spent"), "{log}");
        assert!(log.contains("news could not be fetched"), "{log}");
    }
    // A vendor that has no news says so, and nothing is missing.
    let quiet = Vendor::with_closes(closes(300, 100.0));
    let log = predict(&quiet.url()).stderr();
    assert!(!log.contains("news could not be fetched"), "{log}");
}

/// By its own count 24 would be left.
#[test]
fn doctor_says_that_no_request_is_left_where_the_vendor_says_so() {
    let server = MarketServer::start(&["--simulated", "--fault", "news:quota-note"]);
    let workplace =
        workplace(&server.address).with("CLOSECALL__ALPHAVANTAGE__REQUESTS_PER_DAY", "25");
    let said = workplace.run(&["doctor"]).stdout();
    assert!(said.contains("0 of 25 requests are left today"), "{said}");
}

/// Sessions without a close are left out; the others are forecast from.
#[test]
fn closes_that_are_null() {
    let mut closes = closes(300, 100.0);
    for gap in [10, 150, 298] {
        closes[gap] = json!(null);
    }
    let whole = predict(&Vendor::with_closes(self::closes(300, 100.0)).url()).json();
    let gaps = predict(&Vendor::with_closes(closes).url()).json();
    let missing = whole["sessions"].as_u64().unwrap() - gaps["sessions"].as_u64().unwrap();
    // The third lies before the window.
    assert_eq!(missing, 2);
    assert!(gaps["Prediction"].as_f64().is_some_and(f64::is_finite));
}

/// Python writes a NaN into its JSON; numbers that are none are no prices either.
#[test]
fn closes_that_are_not_numbers() {
    let good = chart("AAPL", &closes(300, 100.0));
    let text = good.to_string().replace("100.0", "NaN");
    assert!(text.contains("NaN"));
    on_prices(Reply::text(200, &text)).refused(65, &["no prices of AAPL"]);

    let none = ["nan", "inf", "-1", "0", "1e308"].repeat(60);
    let none = none.into_iter().map(|text| json!(text)).collect();
    predict(&Vendor::with_closes(none).url()).refused(65, &["no usable bar of AAPL", "unusable"]);
}

#[test]
fn no_row() {
    predict(&Vendor::with_closes(Vec::new()).url())
        .refused(65, &["no usable bar of AAPL", "is it traded there?"]);
}

#[test]
fn eleven_rows_are_too_few_to_train_on() {
    let forecast = predict(&Vendor::with_closes(closes(11, 100.0)).url()).json();
    assert_eq!(forecast["sessions"], 11);
    assert_eq!(forecast["model"]["name"], "persistence");
    assert_eq!(forecast["model"]["reason"], "insufficient data");
    assert_eq!(forecast["Prediction"], forecast["Close"]);
}

/// Nothing to learn from a price that never moves.
#[test]
fn constant_prices() {
    let forecast = predict(&Vendor::with_closes(vec![json!(50.0); 300]).url()).json();
    assert_eq!(forecast["model"]["reason"], "insufficient data");
    assert_eq!(forecast["Prediction"], 50.0);
    assert_eq!(forecast["direction"], "same");
}

/// The vendor answers about another ticker than was asked for.
#[test]
fn an_answer_about_another_ticker() {
    let vendor = Vendor::start(|target| match symbol(target) {
        Some(_) => Reply::json(&chart("MSFT", &closes(300, 100.0))),
        None => Reply::json(&json!({"items": "0", "feed": []})),
    });
    predict(&vendor.url()).refused(65, &["about MSFT, asked was AAPL"]);
}

#[test]
fn a_key_that_is_refused() {
    let body = json!({"finance": {"result": null, "error": {"code": "Unauthorized",
        "description": "Invalid Crumb"}}});
    on_prices(Reply::text(401, &body.to_string())).refused(77, &["refuses the credential"]);
}
