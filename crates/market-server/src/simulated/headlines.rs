//! Articles about a simulated company, whose words carry the mood of its session.
//!
//! Of a session's articles a share is neutral; the mood decides how the rest divides into good
//! and bad. Which is which follows a sequence that spreads evenly, so that the articles up to any
//! moment carry nearly the mood of the whole.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use closecall_calendar::Session;
use closecall_protocol::{Article, Ticker};

use super::companies::company;
use super::draws::{Purpose, market_mood, mood, stream};

/// The share of neutral articles, and of those that come before the opening.
const NEUTRAL: f64 = 0.3;
const BEFORE_OPENING: f64 = 0.6;

/// The golden ratio's fraction: its multiples, taken modulo 1, spread most evenly.
const SPREAD: f64 = 0.618_033_988_749_894_9;

// Each phrase carries its sentiment in words that a general lexicon knows; subjects, matters and
// endings carry none.
const GOOD: [&str; 12] = [
    "posts strong growth in",
    "wins praise for",
    "celebrates success with",
    "reports impressive profit from",
    "gains on optimism about",
    "improves margins and confidence in",
    "sees great opportunity in",
    "earns best rating yet for",
    "boosts outlook after success in",
    "is rewarded for excellent progress in",
    "delights customers with",
    "benefits from robust growth in",
];
const BAD: [&str; 12] = [
    "reports disappointing losses in",
    "faces fraud lawsuit over",
    "warns of serious problems with",
    "hurt by fears about",
    "suffers worst setback yet in",
    "struggles with failure of",
    "cuts outlook on weak results in",
    "is accused of misleading investors about",
    "under threat of penalty over",
    "lost ground amid worries about",
    "sinks on poor results from",
    "shocked by sudden crisis in",
];
const NEUTRAL_PHRASES: [&str; 10] = [
    "to present figures for",
    "publishes report on",
    "schedules call about",
    "names new head of",
    "files documents on",
    "reviews plans for",
    "moves offices of",
    "describes schedule for",
    "lists suppliers of",
    "answers questions on",
];
const MATTERS: [&str; 14] = [
    "cloud services",
    "its supply chain",
    "the new product line",
    "the European business",
    "data centers",
    "subscriptions",
    "its retail network",
    "the latest software",
    "overseas orders",
    "advertising",
    "its logistics unit",
    "the hardware division",
    "research contracts",
    "long-term leases",
];
const ENDINGS: [&str; 8] = [
    "",
    ", analysts say",
    " this quarter",
    " ahead of results",
    ", filing shows",
    " this year",
    ", sources say",
    " for a second month",
];
const SOURCES: [&str; 6] = [
    "Harbor Wire",
    "Meridian SessionBar",
    "North Street Journal",
    "Tape & Ticker",
    "The Closing Bell",
    "Union Square Report",
];

/// The articles that count to `session`: those after the close before it, up to its own; oldest
/// first. Their number is drawn from `count`.
pub(super) fn of_session(
    seed: u64,
    count: Range<usize>,
    ticker: &Ticker,
    close_before: DateTime<Utc>,
    session: &Session,
) -> Vec<Article> {
    let mut rng = stream(seed, Some(ticker), session.date, Purpose::News);
    let mood = mood(seed, ticker, session.date, market_mood(seed, session.date));
    let mut times: Vec<DateTime<Utc>> = (0..rng.random_range(count))
        .map(|_| {
            if rng.random_bool(BEFORE_OPENING) {
                moment(&mut rng, close_before, session.open)
            } else {
                moment(&mut rng, session.open, session.close)
            }
        })
        .collect();
    times.sort_unstable();

    let name = company(ticker).name;
    let start: f64 = rng.random();
    let mut articles = Vec::with_capacity(times.len());
    for (index, published) in times.into_iter().enumerate() {
        let place = (start + SPREAD * index as f64).fract();
        let title = title(&mut rng, &name, ticker, phrases(place, mood));
        let url = format!(
            "https://simulated.invalid/{ticker}/{}/{index}",
            session.date
        );
        let source = pick(&mut rng, &SOURCES);
        // Never refused: the title is not empty.
        articles.extend(Article::new(
            published,
            &title,
            None,
            Some(&url),
            Some(source),
        ));
    }
    articles
}

/// A second in `[from, to)`.
fn moment(rng: &mut ChaCha8Rng, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
    from + TimeDelta::seconds(rng.random_range(0..(to - from).num_seconds().max(1)))
}

/// The phrases of an article at this place in [0, 1) of the sequence.
fn phrases(place: f64, mood: f64) -> &'static [&'static str] {
    let good = (1.0 - NEUTRAL) * f64::midpoint(1.0, mood);
    if place < good {
        &GOOD
    } else if place < 1.0 - NEUTRAL {
        &BAD
    } else {
        &NEUTRAL_PHRASES
    }
}

fn title(rng: &mut ChaCha8Rng, name: &str, ticker: &Ticker, phrases: &[&str]) -> String {
    let symbol = if rng.random_bool(0.5) {
        format!(" ({ticker})")
    } else {
        String::new()
    };
    let (phrase, matter, ending) = (pick(rng, phrases), pick(rng, &MATTERS), pick(rng, &ENDINGS));
    // A symbol whose name already holds it is not repeated.
    let symbol = if name.ends_with(ticker.as_str()) {
        ""
    } else {
        &symbol
    };
    format!("{name}{symbol} {phrase} {matter}{ending}")
}

fn pick<'a>(rng: &mut ChaCha8Rng, list: &[&'a str]) -> &'a str {
    list.get(rng.random_range(0..list.len()))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use vader_parity::SentimentIntensityAnalyzer;

    use super::*;
    use crate::simulated::companies::top_ten;

    #[test]
    fn every_phrase_has_its_sign_with_every_subject_matter_and_ending() {
        let analyzer = SentimentIntensityAnalyzer::new();
        let mut tickers = top_ten();
        tickers.extend(["FUN", "BAD", "WINN"].map(|symbol| Ticker::new(symbol).unwrap()));
        let mut wrong = Vec::new();
        for ticker in tickers {
            let name = company(&ticker).name;
            for (index, matter) in MATTERS.iter().enumerate() {
                let ending = ENDINGS[index % ENDINGS.len()];
                let mut check = |phrase: &str, right: fn(f64) -> bool| {
                    let title = format!("{name} {phrase} {matter}{ending}");
                    let score = analyzer.polarity_scores(&title).compound;
                    if !right(score) {
                        wrong.push((title, score));
                    }
                };
                GOOD.iter()
                    .for_each(|phrase| check(phrase, |score| score > 0.3));
                BAD.iter()
                    .for_each(|phrase| check(phrase, |score| score < -0.3));
                NEUTRAL_PHRASES
                    .iter()
                    .for_each(|phrase| check(phrase, |score| score == 0.0));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        for word in MATTERS.iter().chain(&ENDINGS).chain(&SOURCES) {
            assert_eq!(analyzer.polarity_scores(word).compound, 0.0, "{word}");
        }
    }

    #[test]
    fn the_words_seen_before_the_opening_carry_the_planted_mood() {
        let analyzer = SentimentIntensityAnalyzer::new();
        let calendar = closecall_calendar::Calendar::default();
        let ticker = Ticker::new("AAPL").unwrap();
        let (first, last) = ("2023-01-01".parse().unwrap(), "2023-12-31".parse().unwrap());
        let mut pairs = Vec::new();
        let mut urls = HashSet::new();
        for session in calendar.sessions(first, last) {
            let before = calendar.previous(session.date).close;
            let articles = of_session(3, 16..40, &ticker, before, &session);
            assert!(articles.is_sorted_by_key(|article| article.published));
            for article in &articles {
                assert!(before <= article.published && article.published < session.close);
                assert!(urls.insert(article.url.clone()));
            }
            let scores: Vec<f64> = articles
                .iter()
                .filter(|article| article.published <= session.open)
                .map(|article| analyzer.polarity_scores(&article.title).compound)
                .collect();
            if !scores.is_empty() {
                let mean = scores.iter().sum::<f64>() / scores.len() as f64;
                let market_mood = market_mood(3, session.date);
                pairs.push((mood(3, &ticker, session.date, market_mood), mean));
            }
        }
        let correlation = crate::simulated::tests::correlation(&pairs);
        assert!(correlation > 0.9, "{correlation}");
    }
}
