//! The key goes to the news vendor and nowhere else.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use secrecy::SecretString;
use serde_json::json;

use crate::support::{AS_OF, Reply, Scripted, gather, good, market, settings};

const KEY: &str = "CANARY7KEY";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_failure_shows_the_key_and_no_other_host_sees_it() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let elsewhere = Scripted::start(|_, _| Reply::Raw(Vec::new())).await;
    let note = format!("We have detected your API key as {KEY}: 25 requests per day");
    let elsewhere_headers = format!("location: {}/steal?apikey={KEY}\r\n", elsewhere.url());
    let replies = [
        Reply::json(&json!({"Note": note})),
        Reply::json(&json!({"Information": note, "feed": []})),
        Reply::json(&json!({"Error Message": format!("the parameter apikey is invalid: {KEY}")})),
        Reply::json(&json!({"feed": KEY})),
        Reply::json(&json!({"feed": [{"title": 1, "time_published": KEY}]})),
        Reply::text(200, "text/plain", KEY),
        Reply::text(500, "text/plain", KEY),
        Reply::Whole(302, elsewhere_headers, KEY.as_bytes().to_vec()),
        Reply::Raw(KEY.as_bytes().to_vec()),
    ];
    for reply in replies {
        let vendor = Scripted::start(move |target, _| match target.starts_with("/query") {
            true => reply.clone(),
            false => good(target),
        })
        .await;
        let dir = tempfile::tempdir().unwrap();
        let mut settings = settings(&vendor.url(), &vendor.url());
        settings.alphavantage.api_key = Some(SecretString::from(KEY));
        let market = market(&settings, dir.path());
        let scraped = gather(&market, AS_OF).await.unwrap();
        assert!(!format!("{market:?} {scraped:?} {settings:?}").contains(KEY));
        let (news, prices) = (vendor.asked("/query"), vendor.asked("/v8/"));
        assert!(!news.is_empty() && news.iter().all(|question| question.contains(KEY)));
        assert!(prices.iter().all(|question| !question.contains(KEY)));
    }
    assert_eq!(elsewhere.asked("/").len(), 0);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("news could not be fetched"), "{log}");
    assert!(log.contains("quota"), "{log}");
    assert!(!log.contains(KEY), "{log}");
}
