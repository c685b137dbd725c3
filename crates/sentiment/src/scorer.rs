//! Score of one headline, as numbers. Not how headlines are combined.

use std::borrow::Cow;
use std::fmt;

use closecall_protocol::{Article, Ticker};
use vader_parity::SentimentIntensityAnalyzer;

use crate::company::is_named;
use crate::settings::{NewsSettings, ScorerChoice};

/// The scores of one text. `negative`, `neutral` and `positive` are shares in [0, 1];
/// `compound` is the whole in [-1, 1], and what a dataset averages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    /// Share of negative words.
    pub negative: f64,
    /// Share of words without a charge.
    pub neutral: f64,
    /// Share of positive words.
    pub positive: f64,
    /// The whole text.
    pub compound: f64,
}

/// Scores a headline. A scorer keeps no state: equal texts get equal scores.
pub trait Scorer: Send + Sync {
    /// The scorer and its version: scores of another are not mixed with its own.
    fn name(&self) -> &'static str;

    /// The scores of `headline`; never fails, a text that says nothing is neutral.
    fn score(&self, headline: &str) -> Scores;

    /// Text of an article that is scored: its title, unless the scorer reads more of it.
    fn text_of<'a>(&self, article: &'a Article) -> Cow<'a, str> {
        Cow::Borrowed(&article.title)
    }

    /// Whether an article counts as one about the ticker; all do, unless the scorer is choosy.
    fn counts(&self, _ticker: &Ticker, _article: &Article) -> bool {
        true
    }
}

/// VADER, equal to the Python package vaderSentiment 3.3.2 to its published decimals (which is not
/// NLTK's variant of it). Making one parses the lexicon, some milliseconds: make one and keep it.
pub struct Vader(SentimentIntensityAnalyzer);

impl Vader {
    /// Its name: of the crate that does the work, and its version.
    pub const NAME: &str = "vader-parity 0.1.0";

    /// With the lexicon that is built in.
    #[must_use]
    pub fn new() -> Self {
        Self(SentimentIntensityAnalyzer::new())
    }
}

impl Default for Vader {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Vader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vader")
    }
}

impl Scorer for Vader {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn score(&self, headline: &str) -> Scores {
        let scores = self.0.polarity_scores(headline);
        Scores {
            negative: scores.neg,
            neutral: scores.neu,
            positive: scores.pos,
            compound: scores.compound,
        }
    }
}

/// VADER as the settings want it: on the title or on title and summary, and for all articles or for
/// those that name the company.
#[derive(Debug)]
pub struct ArticleScorer {
    vader: Vader,
    settings: NewsSettings,
}

impl ArticleScorer {
    /// By the settings.
    #[must_use]
    pub fn new(settings: &NewsSettings) -> Self {
        Self {
            vader: Vader::new(),
            settings: settings.clone(),
        }
    }

    /// The name that scores by these settings are kept under. Scores of the title of every article
    /// are plain VADER's.
    #[must_use]
    pub fn name_of(settings: &NewsSettings) -> &'static str {
        match (settings.scorer, settings.only_named) {
            (ScorerChoice::VaderTitle, false) => Vader::NAME,
            (ScorerChoice::VaderTitle, true) => "vader-parity 0.1.0, named 1",
            (ScorerChoice::VaderTitleSummary, false) => "vader-parity 0.1.0, summary 1",
            (ScorerChoice::VaderTitleSummary, true) => "vader-parity 0.1.0, summary 1, named 1",
        }
    }
}

impl Scorer for ArticleScorer {
    fn name(&self) -> &'static str {
        Self::name_of(&self.settings)
    }

    fn score(&self, headline: &str) -> Scores {
        self.vader.score(headline)
    }

    fn text_of<'a>(&self, article: &'a Article) -> Cow<'a, str> {
        match (self.settings.scorer, &article.summary) {
            (ScorerChoice::VaderTitleSummary, Some(summary)) => {
                Cow::Owned(format!("{}. {summary}", article.title))
            }
            _ => Cow::Borrowed(&article.title),
        }
    }

    fn counts(&self, ticker: &Ticker, article: &Article) -> bool {
        !self.settings.only_named || is_named(ticker, &article.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_decide_on_the_text_and_on_the_articles() {
        let at = "2023-06-30T12:00:00Z".parse().unwrap();
        let summary = Some("A terrible, disastrous loss.");
        let article = Article::new(at, "Shares of the company", summary, None, None).unwrap();
        let ticker = Ticker::new("AAPL").unwrap();
        let of = |scorer, only_named| {
            let settings = NewsSettings { scorer, only_named };
            let scorer = ArticleScorer::new(&settings);
            assert!(scorer.name().starts_with(Vader::NAME));
            let compound = scorer.score(&scorer.text_of(&article)).compound;
            (compound, scorer.counts(&ticker, &article), scorer.name())
        };
        let (title, all, name) = of(ScorerChoice::VaderTitle, false);
        assert!(all && name == Vader::NAME);
        let (whole, all, other) = of(ScorerChoice::VaderTitleSummary, false);
        assert!(all && whole < title && other != name);
        let (_, named, _) = of(ScorerChoice::VaderTitle, true);
        assert!(!named);
        assert_eq!(NewsSettings::default().scorer, ScorerChoice::VaderTitle);
        assert!(!NewsSettings::default().only_named);
    }

    #[test]
    fn the_name_is_that_of_the_crate_in_use() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        let lock = std::fs::read_to_string(lock).unwrap();
        let (name, version) = Vader::NAME.split_once(' ').unwrap();
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")));
    }
}
