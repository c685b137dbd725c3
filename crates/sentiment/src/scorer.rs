//! Score of one headline, as numbers. Not how headlines are combined.

use std::fmt;

use vader_parity::SentimentIntensityAnalyzer;

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

#[cfg(test)]
mod tests {
    use super::Vader;

    #[test]
    fn the_name_is_that_of_the_crate_in_use() {
        let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
        let lock = std::fs::read_to_string(lock).unwrap();
        let (name, version) = Vader::NAME.split_once(' ').unwrap();
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")));
    }
}
