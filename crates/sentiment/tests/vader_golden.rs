//! Ensures that VADER here is Python's vaderSentiment, and that a year of a busy ticker's news is
//! joined in full. On recorded data, which lie beside the repository.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code may fail loudly"
)]

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDateTime, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::{
    Annotations, Article, Bar, MarketScraped, Ohlcv, Pick, PickId, PickReason, Provider,
    QuoteAbsent, SessionDate, SessionTimes, Ticker,
};
use closecall_sentiment::{DatasetBuilder, Scorer, Vader};

/// A file of the recorded data.
fn recorded(path: &str) -> Option<PathBuf> {
    testing::recorded_data().map(|folder| folder.join(path))
}

#[test]
fn every_recorded_title_scores_as_in_python() {
    let Some(file) = recorded("news/vader-golden.tsv") else {
        return;
    };
    let vader = Vader::new();
    let text = fs::read_to_string(file).unwrap();
    let mut rows = 0;
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.splitn(5, '\t').collect();
        let expected: Vec<f64> = fields[..4].iter().map(|n| n.parse().unwrap()).collect();
        let scores = vader.score(fields[4]);
        let found = [
            scores.negative,
            scores.neutral,
            scores.positive,
            scores.compound,
        ];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 5e-5, "{line}: {scores:?}");
        }
        rows += 1;
    }
    assert_eq!(rows, 2_000);
}

/// TSLA at 14:00 UTC on 30 June 2023: every article between the opening before the first session
/// of the 300 days and the target's opening is in exactly one row.
#[test]
fn thousands_of_articles_each_find_one_row() {
    let (Some(news), Some(prices)) = (recorded("news/TSLA.csv"), recorded("prices/TSLA.csv"))
    else {
        return;
    };
    let as_of: DateTime<Utc> = "2023-06-30T14:00:00Z".parse().unwrap();
    let calendar = Calendar::default();
    let first = (as_of - chrono::TimeDelta::days(300)).date_naive();
    let bars: Vec<Bar> = csv::Reader::from_path(prices)
        .unwrap()
        .deserialize::<(String, f64, f64, f64, f64, f64, f64)>()
        .map(|row| {
            let (date, open, high, low, close, adj_close, volume) = row.unwrap();
            let quote = Ohlcv {
                open,
                high,
                low,
                close,
                adj_close,
                volume,
            };
            Bar::new(date.parse().unwrap(), quote).unwrap()
        })
        .filter(|bar| (first..as_of.date_naive()).contains(&bar.session().date()))
        .collect();
    assert!((200..=210).contains(&bars.len()), "{}", bars.len());

    let articles: Vec<Article> = csv::Reader::from_path(news)
        .unwrap()
        .records()
        .map(|row| {
            let row = row.unwrap();
            let at = NaiveDateTime::parse_from_str(&row[0], "%Y%m%dT%H%M%S")
                .unwrap()
                .and_utc();
            Article::new(at, &row[1], row.get(2), None, None).unwrap()
        })
        .collect();
    let target = calendar.target(as_of);
    let start = calendar.previous(bars[0].session().date()).open;
    let expected = articles
        .iter()
        .filter(|a| start < a.published && a.published <= target.open)
        .count();

    let ticker = Ticker::new("TSLA").unwrap();
    let scraped = MarketScraped {
        pick: Pick {
            pick_id: PickId::of_slot(1, as_of, &ticker),
            ticker,
            slot: as_of,
            expires_at: None,
            reason: PickReason::Request,
        },
        target: SessionDate::new(target.date).unwrap(),
        session: SessionTimes::from(&target),
        sessions_ahead: 0,
        quote: Err(QuoteAbsent::NoQuote),
        provider: Provider::Yahoo,
        provider_switched: false,
        provisional: false,
        repairs: [].into(),
        bars: bars.into(),
        articles: articles.into(),
        news_sums: closecall_protocol::NewsSums::default(),
        fetched_at: as_of,
        annotations: Annotations::default(),
    };
    let dataset = DatasetBuilder::new(calendar, Vader::new())
        .build(&scraped)
        .unwrap();
    println!(
        "{} articles in {} sessions",
        dataset.articles(),
        dataset.rows.len()
    );
    assert_eq!(dataset.articles(), expected as u64);
    assert!(expected > 10_000, "{expected}");
    let with_news = dataset
        .rows
        .iter()
        .filter(|row| row.news().sentiment.is_some())
        .count();
    assert_eq!(with_news, dataset.rows.len());
}
