//! Datasets: news by session, cuts, sums in place of articles.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;

use closecall_protocol::{
    Annotations, NewsSums, Ohlcv, Pick, PickId, PickReason, Provider, QuoteAbsent, Reason,
    SessionTimes, Ticker,
};

use super::*;
use crate::scorer::Vader;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn article(published: &str, title: &str) -> Article {
    Article::new(at(published), title, None, None, None).unwrap()
}

fn bar(date: NaiveDate) -> Bar {
    let quote = Ohlcv {
        open: 10.0,
        high: 11.0,
        low: 9.0,
        close: 10.5,
        adj_close: 10.5,
        volume: 1e6,
    };
    Bar::new(SessionDate::new(date).unwrap(), quote).unwrap()
}

/// A scrape as known at `as_of`, with a bar for each of the last `sessions` closed ones.
fn scrape(as_of: &str, sessions: usize, articles: Vec<Article>) -> MarketScraped {
    let calendar = Calendar::default();
    let as_of = at(as_of);
    let ticker = Ticker::new("AAPL").unwrap();
    let mut dates = vec![calendar.last_closed(as_of).date];
    while dates.len() < sessions {
        dates.push(calendar.previous(dates[dates.len() - 1]).date);
    }
    dates.truncate(sessions);
    MarketScraped {
        pick: Pick {
            pick_id: PickId::of_slot(1, as_of, &ticker),
            ticker,
            slot: as_of,
            expires_at: None,
            reason: PickReason::Schedule,
        },
        target: SessionDate::new(calendar.target(as_of).date).unwrap(),
        session: SessionTimes::from(&calendar.target(as_of)),
        sessions_ahead: 0,
        quote: Err(QuoteAbsent::NoQuote),
        provider: Provider::Yahoo,
        provider_switched: false,
        provisional: false,
        repairs: [].into(),
        bars: dates.into_iter().rev().map(bar).collect(),
        articles: articles.into(),
        news_sums: NewsSums::default(),
        fetched_at: as_of,
        annotations: Annotations::default(),
    }
}

fn built(scraped: &MarketScraped) -> DatasetBuilt {
    DatasetBuilder::new(Calendar::default(), Vader::new())
        .build(scraped)
        .unwrap()
}

/// Articles of each row, the live row last.
fn counts(dataset: &DatasetBuilt) -> Vec<u32> {
    let live = [dataset.live.articles];
    dataset
        .rows
        .iter()
        .map(|row| row.news().articles)
        .chain(live)
        .collect()
}

#[test]
fn each_article_counts_to_the_row_whose_opening_it_precedes() {
    // Bars of 28 and 29 June 2023; target 30 June, which opens at 13:30 UTC.
    let moments = [
        ("2023-06-27T13:30:00Z", [0, 0, 0]), // at the opening before the first row: another row's
        ("2023-06-27T13:30:01Z", [1, 0, 0]), // during the session before: the row after it
        ("2023-06-28T13:30:00Z", [1, 0, 0]), // at the opening: still known then
        ("2023-06-28T13:30:01Z", [0, 1, 0]), // a second later: it would leak
        ("2023-06-28T23:00:00Z", [0, 1, 0]), // after the close
        ("2023-06-29T19:59:00Z", [0, 0, 1]), // the last session's own hours
        ("2023-06-30T13:30:00Z", [0, 0, 1]),
        ("2023-06-30T13:31:00Z", [0, 0, 0]), // after the target's opening
        ("2023-06-30T14:30:00Z", [0, 0, 0]), // after the as-of time
    ];
    for (moment, expected) in moments {
        let scraped = scrape(
            "2023-06-30T14:00:00Z",
            2,
            vec![article(moment, "Good news")],
        );
        assert_eq!(counts(&built(&scraped)), expected, "{moment}");
    }
}

/// Its articles come with every pick of the session then, and its headlines too.
#[test]
fn where_headlines_are_kept_the_target_sessions_sum_is_not() {
    let news = ["2023-06-29T12:00:00Z", "2023-06-30T12:00:00Z"].map(|t| article(t, "A great win"));
    let mut scraped = scrape("2023-06-30T14:00:00Z", 2, news.into());
    scraped.news_sums.from = at("2023-06-01T00:00:00Z");
    scraped.news_sums.until = scraped.pick.as_of();
    let builder = || DatasetBuilder::new(Calendar::default(), Vader::new());
    for (keep, sums, headlines) in [(true, 2, 1), (false, 3, 0)] {
        let folded = builder().keeping_headlines(keep).fold(&scraped);
        let (dataset, scored) = folded.unwrap();
        assert_eq!(counts(&dataset), [0, 1, 1]);
        assert_eq!(scored.sums.len(), sums);
        let kept = dataset.annotations.headlines;
        assert_eq!(kept.len(), headlines);
    }
}

#[test]
fn before_the_opening_the_live_row_ends_at_the_as_of_time() {
    let news = |minute| article(&format!("2023-06-30T12:{minute}:00Z"), "Good news");
    let scraped = scrape("2023-06-30T12:00:00Z", 2, vec![news("00"), news("01")]);
    assert_eq!(counts(&built(&scraped)), [0, 0, 1]);
}

#[test]
fn news_of_weekends_and_missing_bars_roll_forward() {
    let saturday = article("2023-07-01T12:00:00Z", "Good news");
    let scraped = scrape("2023-07-05T13:00:00Z", 2, vec![saturday.clone()]);
    // Bars of Friday and Monday (a half day); the target is Wednesday, after the holiday.
    assert_eq!(counts(&built(&scraped)), [0, 1, 0]);

    let mut hole = scrape("2023-07-06T13:00:00Z", 3, vec![saturday]);
    hole.bars = [hole.bars[0], hole.bars[2]].into();
    assert_eq!(counts(&built(&hole)), [0, 1, 0]);
}

#[test]
fn a_bar_on_a_closed_day_takes_no_news_from_its_neighbours() {
    let news = ["2023-06-30T13:00:00Z", "2023-07-03T13:00:00Z"].map(|t| article(t, "Good news"));
    let mut scraped = scrape("2023-07-03T23:00:00Z", 2, news.into());
    let saturday = bar("2023-07-01".parse().unwrap());
    scraped.bars = [scraped.bars[0], saturday, scraped.bars[1]].into();
    assert_eq!(counts(&built(&scraped)), [1, 0, 1, 0]);
}

#[test]
fn a_title_counts_every_time_and_is_scored_once_a_day() {
    let articles = vec![
        article("2023-06-29T12:00:00Z", "A great win"),
        article("2023-06-29T12:05:00Z", "a GREAT  win!"),
        article("2023-06-29T12:10:00Z", "A terrible loss"),
    ];
    let alone = |title| Vader::new().score(title).compound;
    let expected = f64::midpoint(alone("A great win"), alone("A terrible loss"));
    let dataset = built(&scrape("2023-06-30T14:00:00Z", 2, articles));
    let news = dataset.rows[1].news();
    assert_eq!(news.articles, 3);
    assert!((news.sentiment.unwrap() - expected).abs() < 1e-12);
    assert_eq!(dataset.articles(), 3);
}

#[test]
fn no_news_is_not_a_score_of_zero() {
    let neutral = article("2023-06-29T12:00:00Z", "Quarterly report");
    let dataset = built(&scrape("2023-06-30T14:00:00Z", 2, vec![neutral]));
    assert_eq!(dataset.rows[0].news(), SessionNews::default());
    assert_eq!(dataset.rows[1].news().sentiment, Some(0.0));
    assert_eq!(dataset.live.sentiment, None);
}

#[test]
fn without_a_bar_there_is_no_dataset() {
    let mut scraped = scrape("2023-06-30T14:00:00Z", 1, Vec::new());
    scraped.bars = [].into();
    let refused = DatasetBuilder::new(Calendar::default(), Vader::new())
        .build(&scraped)
        .unwrap_err();
    assert_eq!(refused.reason(), Reason::NoData);
}

#[test]
fn a_scorer_out_of_range_is_refused() {
    struct Wild;
    impl Scorer for Wild {
        fn name(&self) -> &'static str {
            "wild"
        }

        fn score(&self, _: &str) -> crate::Scores {
            crate::Scores {
                negative: 0.0,
                neutral: 0.0,
                positive: 0.0,
                compound: f64::NAN,
            }
        }
    }
    let scraped = scrape(
        "2023-06-30T14:00:00Z",
        2,
        vec![article("2023-06-29T12:00:00Z", "News")],
    );
    assert!(
        DatasetBuilder::new(Calendar::default(), Wild)
            .build(&scraped)
            .is_err()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A row is a function of what was published up to its opening: whatever else comes later,
    /// in whatever order, leaves it bit for bit as it was.
    #[test]
    fn no_article_after_its_opening_changes_a_row(
        minutes in prop::collection::vec((0_i64..20_000, 0_usize..6), 0..80),
        row in 0_usize..8,
    ) {
        const TITLES: [&str; 6] = [
            "A great win", "A terrible loss", "a great win.", "Nothing new", "Fears rise", "Joy",
        ];
        let calendar = Calendar::default();
        let datasets = DatasetBuilder::new(calendar.clone(), Vader::new());
        let articles: Vec<Article> = minutes
            .iter()
            .map(|(minute, title)| {
                let published = at("2023-06-18T00:00:00Z") + TimeDelta::minutes(*minute);
                Article::new(published, TITLES[*title], None, None, None).unwrap()
            })
            .collect();
        let whole = scrape("2023-06-30T14:00:00Z", 8, articles.clone());
        let opening = calendar.session(whole.bars[row].session().date()).unwrap().open;
        let mut cut = whole.clone();
        let before = articles.into_iter().filter(|a| a.published <= opening);
        cut.articles = Arc::new(before.collect());

        let (whole, cut) = (
            datasets.build(&whole).unwrap(),
            datasets.build(&cut).unwrap(),
        );
        prop_assert_eq!(&whole.rows[..=row], &cut.rows[..=row]);
        for later in &cut.rows[row + 1..] {
            prop_assert_eq!(later.news(), SessionNews::default());
        }
    }
}
