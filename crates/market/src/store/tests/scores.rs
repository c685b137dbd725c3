//! Kept sums equal a full recount, in whatever order articles come, late and edited ones included,
//! and whenever scores are kept in between.

use std::sync::Arc;

use chrono::TimeDelta;
use closecall_calendar::{Calendar, NewsRows};
use closecall_protocol::{
    Annotations, DatasetBuilt, MarketScraped, NewsScored, Pick, PickId, PickReason, Provider,
    QuoteAbsent, SessionDate,
};
use closecall_sentiment::{DatasetBuilder, Scorer, Scores};
use proptest::prelude::*;

use super::*;
use crate::store::KeptScorer;

const NAMES: [&str; 2] = ["first 1.0", "second 2.0"];

/// A scorer of a fixed, uneven number for each title. What is tested here are the sums.
struct ByLetters(usize);

impl Scorer for ByLetters {
    fn name(&self) -> &'static str {
        NAMES[self.0]
    }

    fn score(&self, headline: &str) -> Scores {
        let letters = headline.bytes().fold(self.0 as i64, |sum, byte| {
            (sum * 31 + i64::from(byte)) % 20_001
        });
        Scores {
            negative: 0.0,
            neutral: 0.0,
            positive: 0.0,
            compound: (letters - 10_000) as f64 / 1e4,
        }
    }
}

/// A pick of 30 June 2023 with `sessions` bars, before any news are read.
fn scraped(as_of: DateTime<Utc>, sessions: usize) -> MarketScraped {
    let calendar = Calendar::default();
    let mut dates = vec![calendar.last_closed(as_of).date];
    while dates.len() < sessions {
        dates.push(calendar.previous(dates[dates.len() - 1]).date);
    }
    dates.reverse();
    let target = calendar.target(as_of);
    MarketScraped {
        pick: Pick {
            pick_id: PickId::of_slot(1, as_of, &ticker()),
            ticker: ticker(),
            slot: as_of,
            expires_at: None,
            reason: PickReason::Schedule,
        },
        target: SessionDate::new(target.date).unwrap(),
        session: SessionTimes::from(&target),
        sessions_ahead: 0,
        quote: Err(QuoteAbsent::NoQuote),
        provider: Provider::Yahoo,
        provider_switched: false,
        provisional: false,
        repairs: [].into(),
        bars: dates
            .iter()
            .map(|date| bar(&date.to_string(), 10.0))
            .collect(),
        articles: Arc::default(),
        news_sums: NewsSums::default(),
        fetched_at: as_of,
        annotations: Annotations::default(),
    }
}

/// The scrape with its news, as a gather reads them.
async fn with_news(
    store: &Store,
    mut scraped: MarketScraped,
    scorer: Option<&'static str>,
) -> MarketScraped {
    let calendar = Calendar::default();
    let sessions: Vec<NaiveDate> = scraped
        .bars
        .iter()
        .map(|bar| bar.session().date())
        .collect();
    let as_of = scraped.pick.as_of();
    let window = Span {
        start: calendar.previous(sessions[0]).close,
        end: as_of + TimeDelta::seconds(1),
    };
    let rows = NewsRows::new(&calendar, sessions, scraped.target.date(), as_of).unwrap();
    let rows = rows.spans().collect();
    let scorer = scorer.map(|name| KeptScorer {
        name,
        reads_summaries: false,
    });
    let (articles, sums) = store.news(&ticker(), window, rows, scorer).await.unwrap();
    (scraped.articles, scraped.news_sums) = (articles.into(), sums);
    scraped
}

async fn keep(store: &Store, scraped: &MarketScraped, scored: NewsScored) {
    store.put_scores(scraped, scored).await.unwrap();
}

fn builder(scorer: usize) -> DatasetBuilder {
    DatasetBuilder::new(Calendar::default(), ByLetters(scorer))
}

async fn recount(store: &Store, scraped: MarketScraped, scorer: usize) -> DatasetBuilt {
    builder(scorer)
        .build(&with_news(store, scraped, None).await)
        .unwrap()
}

/// One thing that happens to the store.
#[derive(Debug, Clone)]
enum Step {
    /// An article comes: minutes after the window's start, its title, its address.
    Article(i64, usize, usize),
    /// A pick that many minutes before the newest, with that many bars; what it scored is kept, if
    /// so only after the next step.
    Pick(i64, usize, bool),
    /// Another version of the scorer from now on.
    Scorer(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_i64..15_000, 0_usize..8, 0_usize..12).prop_map(|(m, t, u)| Step::Article(m, t, u)),
        3 => (0_i64..6_000, 3_usize..8, any::<bool>()).prop_map(|(m, n, l)| Step::Pick(m, n, l)),
        1 => (0_usize..2).prop_map(Step::Scorer),
    ]
}

const TITLES: [&str; 8] = [
    "A great win",
    "a GREAT  win!",
    "Loss",
    "Fears rise",
    "Fears rise &amp; fall",
    "Joy",
    "Nothing",
    "A great win again",
];

async fn play(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let nothing = span("2023-06-30T00:00:00Z", "2023-06-30T00:00:00Z");
    let newest = at("2023-06-30T12:00:00Z");
    let mut scorer = 0;
    let mut waiting: Option<(MarketScraped, NewsScored)> = None;
    for step in steps {
        let mut kept_now = waiting.take();
        match step {
            Step::Article(minute, title, url) => {
                let published = at("2023-06-20T12:00:00Z") + TimeDelta::minutes(minute);
                let url = format!("https://example.com/{url}");
                let item = news(&published.to_rfc3339(), TITLES[title], Some(&url));
                store
                    .put_news(&ticker(), vec![item], nothing, newest)
                    .await
                    .unwrap();
            }
            Step::Pick(before, sessions, late) => {
                let pick = scraped(newest - TimeDelta::minutes(before), sessions);
                let read = with_news(&store, pick.clone(), Some(NAMES[scorer])).await;
                let (dataset, scored) = builder(scorer).fold(&read).unwrap();
                assert_eq!(dataset, recount(&store, pick, scorer).await);
                if late {
                    waiting = Some((read, scored));
                } else {
                    keep(&store, &read, scored).await;
                }
            }
            Step::Scorer(other) => scorer = other,
        }
        if let Some((read, scored)) = kept_now.take() {
            keep(&store, &read, scored).await;
        }
    }
    for sessions in [3, 7] {
        let pick = scraped(newest, sessions);
        let read = with_news(&store, pick.clone(), Some(NAMES[scorer])).await;
        let dataset = builder(scorer).build(&read).unwrap();
        assert_eq!(dataset, recount(&store, pick, scorer).await);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn kept_sums_equal_a_full_recount(steps in prop::collection::vec(step(), 1..18)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(steps));
    }
}

#[tokio::test]
async fn a_second_pick_reads_sums_in_place_of_articles() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let nothing = span("2023-06-30T00:00:00Z", "2023-06-30T00:00:00Z");
    let at_noon = |day: u32| {
        let published = format!("2023-06-{day}T12:00:00Z");
        let url = format!("https://example.com/{day}");
        news(&published, "A great win", Some(&url))
    };
    let seen = at("2023-06-30T12:00:00Z");
    let items = (20..=30).map(at_noon).collect();
    store
        .put_news(&ticker(), items, nothing, seen)
        .await
        .unwrap();
    let pick = || scraped(seen, 7);
    let first = with_news(&store, pick(), Some(NAMES[0])).await;
    assert!(first.news_sums.spans.is_empty());
    let (_, scored) = builder(0).fold(&first).unwrap();
    keep(&store, &first, scored).await;
    let second = with_news(&store, pick(), Some(NAMES[0])).await;
    // Only the two rows at the window's ends are read, with their scores.
    assert_eq!(second.news_sums.spans.len(), 6);
    assert!(second.articles.len() < first.articles.len());
    assert!(
        second
            .articles
            .iter()
            .all(|article| article.score.is_some())
    );
    let (_, again) = builder(0).fold(&second).unwrap();
    assert!(again.is_empty(), "{again:?}");
    // A late article takes the sum of its row away; another scorer's sums do not count.
    let late = news(
        "2023-06-27T12:00:30Z",
        "Late",
        Some("https://example.com/late"),
    );
    store
        .put_news(&ticker(), vec![late], nothing, seen)
        .await
        .unwrap();
    let third = with_news(&store, pick(), Some(NAMES[0])).await;
    assert_eq!(third.news_sums.spans.len(), 5);
    let other = with_news(&store, pick(), Some(NAMES[1])).await;
    assert!(other.news_sums.spans.is_empty());
    assert!(other.articles.iter().all(|article| article.score.is_none()));
}
