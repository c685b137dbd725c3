//! Replaying a directory: what is refused, and the recorded data in full.

use crate::support;

use std::collections::HashSet;

use closecall_calendar::Calendar;
use closecall_market_server::{Error, Replay, Visibility};
use support::*;

#[test]
fn a_malformed_row_is_refused_with_its_file_and_line() {
    const HEADER: &str = "Date,Open,High,Low,Close,Adj Close,Volume";
    let cases = [
        (
            "prices/X.csv",
            format!("{HEADER}\n2023-06-30,1,2,0.5,1,1,9\n2023-07-03,1,2,0.5,x,1,9\n"),
            3,
            "Close is \"x\"",
        ),
        (
            "prices/X.csv",
            format!("{HEADER}\n2023-06-30,1,2,0.5,NaN,1,9\n"),
            2,
            "close",
        ),
        (
            "prices/X.csv",
            format!("{HEADER}\n2023-06-30,1,2,0.5,3,1,9\n"),
            2,
            "between the low and the high",
        ),
        (
            "prices/X.csv",
            format!("{HEADER}\n30/06/2023,1,2,0.5,1,1,9\n"),
            2,
            "not a date",
        ),
        (
            "prices/X.csv",
            format!("{HEADER}\n2023-06-30,1,2,0.5,1,1\n"),
            2,
            "6 columns instead of 7",
        ),
        (
            "prices/X.csv",
            format!("{HEADER}\n2023-06-30,1,2,0.5,1,1,9\n2023-06-30,1,2,0.5,1,1,9\n"),
            3,
            "does not come after",
        ),
        (
            "prices/X.csv",
            "Date,Open,High,Low,Last,Volume\n".to_owned(),
            1,
            "header is none of those",
        ),
        (
            "news/ACME.csv",
            "time_published,title\n20230630T120000,Good\n2023063,Bad\n".to_owned(),
            3,
            "neither a time",
        ),
        (
            "news/ACME.csv",
            "time_published,title\n20230630T120000,Good\n20230630T120000,\n".to_owned(),
            3,
            "title",
        ),
        (
            "news/ACME.csv",
            "when,title\n".to_owned(),
            1,
            "time_published is missing",
        ),
    ];
    for (name, content, expected, said) in cases {
        let directory = small_records();
        write_file(directory.path(), name, &content);
        match Replay::load(directory.path(), &Calendar::default()) {
            Err(error @ Error::Row { line, .. }) => {
                let text = error.to_string();
                assert_eq!(line, expected, "{text}");
                assert!(text.contains(said) && text.contains(name), "{text}");
            }
            other => panic!("{content:?} gave {other:?}"),
        }
    }
}

#[test]
fn a_directory_without_prices_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for path in [
        directory.path().to_owned(),
        directory.path().join("missing"),
    ] {
        let error = Replay::load(&path, &Calendar::default()).unwrap_err();
        assert!(matches!(error, Error::NoRecords { .. }), "{error}");
        assert!(error.to_string().contains("prices/TICKER.csv"), "{error}");
    }
}

#[test]
fn all_recorded_bars_and_articles_come_through() {
    let Some(directory) = testing::recorded_data() else {
        return;
    };
    let running = start(replay(&directory, Visibility::Everything));
    let all = chart("AAPL", "2018-01-01T00:00:00Z", "2024-01-01T00:00:00Z");
    let (_, body) = get(running.address(), &all);
    assert_eq!(stamps(&body).len(), 1509);
    assert_eq!(stamps(&body)[1508], at("2023-12-29T21:00:01Z"));
    assert_eq!(column(&body, "close")[0], 43.064999);
    assert_eq!(column(&body, "volume")[0], 102_223_600.0);

    // A pager that continues from the last minute it received gets every article.
    for (ticker, articles) in [("TSLA", 38_939), ("AAPL", 17_893), ("NVDA", 1_871)] {
        let mut seen = HashSet::new();
        let mut from = "20220101T0000".to_owned();
        loop {
            let more = format!("sort=EARLIEST&limit=1000&time_from={from}");
            let (_, body) = get(running.address(), &news(ticker, &more));
            let times = published(&body);
            let feed = body["feed"].as_array().unwrap();
            for item in feed {
                seen.insert((
                    item["time_published"].to_string(),
                    item["title"].to_string(),
                    item["url"].to_string(),
                ));
            }
            if feed.len() < 1000 {
                break;
            }
            let next = times[999].format("%Y%m%dT%H%M").to_string();
            assert_ne!(next, from, "a minute with more than 1000 articles");
            from = next;
        }
        let urls: HashSet<_> = seen.iter().map(|(_, _, url)| url).collect();
        assert_eq!(urls.len(), seen.len(), "{ticker}: an address each");
        // Exact doubles (of a date-only file) are one article.
        assert!(
            seen.len() <= articles && seen.len() * 100 > articles * 99,
            "{ticker}: {}",
            seen.len()
        );
    }
    // Prices and no news file: an empty feed.
    let (_, body) = get(running.address(), &news("MSFT", ""));
    assert_eq!(body["items"], "0");
}

#[test]
fn the_recorded_day_as_it_was_half_an_hour_after_the_opening() {
    let Some(directory) = testing::recorded_data() else {
        return;
    };
    let running = start(replay(&directory, until("2023-06-30T14:00:00Z")));
    let all = chart("AAPL", "2022-09-03T00:00:00Z", "2023-07-15T00:00:00Z");
    let (_, body) = get(running.address(), &all);
    let (stamps, closes) = (stamps(&body), column(&body, "close"));
    let opens = column(&body, "open");
    // No bars inside this session were recorded: the opening, with its time.
    assert_eq!(stamps.last(), Some(&at("2023-06-30T13:30:00Z")));
    assert_eq!(closes.last(), opens.last());
    let previous = closes[closes.len() - 2];
    assert!((previous - 189.59).abs() < 0.005, "{previous}");
    for ticker in ["AAPL", "TSLA", "NVDA"] {
        let (_, body) = get(running.address(), &news(ticker, "limit=1000"));
        let newest = published(&body)[0];
        assert!(newest <= at("2023-06-30T14:00:00Z"), "{ticker}: {newest}");
    }
}

#[test]
fn the_same_prices_in_another_form_are_the_same_market() {
    let Some(folder) = testing::recorded_data() else {
        return;
    };
    let calendar = Calendar::default();
    let recorded = Replay::load(&folder, &calendar).unwrap();
    let ticker = closecall_protocol::Ticker::new("AAPL").unwrap();
    // As yfinance writes a frame, with its columns in its order.
    let mut text = "Price,Adj Close,Close,High,Low,Open,Volume\n\
                    Ticker,AAPL,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,,\n"
        .to_owned();
    let file = std::fs::read_to_string(folder.join("prices/AAPL.csv")).unwrap();
    for line in file.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [date, open, high, low, close, adjusted, volume] = cells[..] else {
            panic!("{line}");
        };
        text.push_str(&format!(
            "{date},{adjusted},{close},{high},{low},{open},{volume}\n"
        ));
    }
    let directory = tempfile::tempdir().unwrap();
    write_file(directory.path(), "prices/AAPL.csv", &text);
    let other = Replay::load(directory.path(), &calendar).unwrap();
    assert!(other.bars(&ticker).len() > 1_000);
    assert_eq!(other.bars(&ticker), recorded.bars(&ticker));
}
