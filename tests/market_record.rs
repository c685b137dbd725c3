//! `market record` writes what `market serve --replay` reads, and no key.

use crate::common;

use common::{MarketServer, Workplace};

/// Each failure is said once.
#[test]
fn tickers_that_cannot_be_recorded_are_named_once() {
    let workplace =
        Workplace::on("http://127.0.0.1:9").with("CLOSECALL__MARKET__RETRY_BASE", "1ms");
    let done = workplace.run(&["market", "record", "kept", "AAPL", "PG"]);
    done.refused(69, &["AAPL: no prices of AAPL", "PG: no prices of PG"]);
    assert_eq!(
        done.stderr().matches("no prices of").count(),
        2,
        "{}",
        done.stderr()
    );
}

#[test]
fn what_is_recorded_can_be_replayed_and_holds_no_key() {
    let simulated = MarketServer::start(&["--simulated", "--seed", "5"]);
    let workplace = Workplace::on(&simulated.address);
    let record = ["market", "record", "kept", "AAPL", "PG"];
    let done = workplace.run(&record);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let lines: Vec<String> = done.stdout().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with("AAPL: 2"),
        "two hundred sessions: {}",
        lines[0]
    );

    let kept = workplace.folder.path().join("kept");
    let prices = std::fs::read_to_string(kept.join("prices/AAPL.csv")).unwrap();
    assert!(prices.starts_with("Date,Open,High,Low,Close,Adj Close,Volume\n"));
    let news = std::fs::read_to_string(kept.join("news/AAPL.csv")).unwrap();
    assert!(news.lines().count() > 1_000, "{}", news.lines().count());
    for (path, bytes) in workplace.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("KEY-OF-THE-TESTS"), "{}", path.display());
    }

    // Once more adds nothing that was there.
    let before = prices.lines().count();
    assert_eq!(workplace.run(&record).code(), 0);
    let prices = std::fs::read_to_string(kept.join("prices/AAPL.csv")).unwrap();
    assert!(prices.lines().count() <= before + 1);

    // The last recorded close is the last close of a forecast from the replay.
    let replay = MarketServer::start(&["--replay", kept.to_str().unwrap()]);
    let reader = Workplace::on(&replay.address);
    let forecast = reader
        .run(&["predict", "AAPL", "--model", "persistence", "--json"])
        .json();
    let last = prices.lines().last().unwrap();
    let close: f64 = last.split(',').nth(4).unwrap().parse().unwrap();
    let said = forecast["reference"].as_f64().unwrap();
    assert!((said - close).abs() < 0.006, "{said} for {close}");

    // Another basis, as after a split, is never mixed in.
    let halved = prices.replace(&format!(",{close},"), &format!(",{},", close / 2.0));
    assert_ne!(halved, prices);
    std::fs::write(kept.join("prices/AAPL.csv"), &halved).unwrap();
    workplace
        .run(&["market", "record", "kept", "AAPL"])
        .refused(65, &["split", "empty directory"]);
    assert_eq!(
        std::fs::read_to_string(kept.join("prices/AAPL.csv")).unwrap(),
        halved
    );
}

/// A run keeps sums in place of the articles that it scored; a recording wants the articles.
#[test]
fn what_a_run_has_scored_is_recorded_whole() {
    let simulated = MarketServer::start(&["--simulated", "--seed", "5"]);
    let workplace = Workplace::on(&simulated.address);
    let run = ["run", "--picks", "2", "--every", "1s", "--tickers", "AAPL"];
    let done = workplace.run(&run);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let done = workplace.run(&["market", "record", "kept", "AAPL"]);
    assert_eq!(done.code(), 0, "{}", done.stderr());
    let news = workplace.folder.path().join("kept/news/AAPL.csv");
    let news = std::fs::read_to_string(news).unwrap();
    assert!(news.lines().count() > 1_000, "{}", news.lines().count());
    assert!(news.contains("http"), "with their addresses");
}
