//! Notes that travel with a pick for those who look at its forecast. No number of a forecast
//! depends on it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::value::readable;

/// Most headlines that a forecast keeps.
pub(crate) const MAX_HEADLINES: usize = 6;
/// Longest title or publisher that is kept, in characters.
const MAX_CHARS: usize = 200;

/// Notes of the stages beside their work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotations {
    /// The stages that the pick has passed, in their order.
    pub trace: Vec<StageTrace>,
    /// Headlines of the target session, where they are kept.
    pub headlines: Vec<Headline>,
}

/// A stage's work on a pick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTrace {
    /// Its name.
    pub stage: String,
    /// When it began; unknown where only its duration was written.
    #[serde(default)]
    pub began_at: Option<DateTime<Utc>>,
    /// Time that it took, in milliseconds.
    pub took_ms: u64,
    /// Number of tries.
    pub attempts: u32,
}

/// A headline that a forecast read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// The headline.
    pub title: String,
    /// Its publisher.
    pub publisher: Option<String>,
    /// When.
    pub published_at: DateTime<Utc>,
    /// Its score, in [-1, 1].
    pub score: f64,
}

impl Headline {
    /// The same with texts as strangers' texts are kept: readable, in one line, of bounded length.
    /// `None` where nothing is left of the title, or the score is none.
    #[must_use]
    pub fn cleaned(self) -> Option<Self> {
        let title = readable(&self.title, MAX_CHARS);
        let publisher = self.publisher.map(|name| readable(&name, MAX_CHARS));
        let is_score = (-1.0..=1.0).contains(&self.score);
        (is_score && !title.is_empty()).then_some(Self {
            title,
            publisher: publisher.filter(|name| !name.is_empty()),
            ..self
        })
    }

    /// The three most positive and the three most negative of `headlines`, from the most positive on.
    #[must_use]
    pub fn extremes(mut headlines: Vec<Self>) -> Vec<Self> {
        headlines.sort_by(|a, b| {
            let by_score = b.score.total_cmp(&a.score);
            by_score.then_with(|| (a.published_at, &a.title).cmp(&(b.published_at, &b.title)))
        });
        if headlines.len() > MAX_HEADLINES {
            let half = MAX_HEADLINES / 2;
            headlines.drain(half..headlines.len() - half);
        }
        headlines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(title: &str, score: f64) -> Headline {
        Headline {
            title: title.into(),
            publisher: Some("\u{1b}[2J Wire".into()),
            published_at: DateTime::UNIX_EPOCH,
            score,
        }
    }

    #[test]
    fn the_kindest_and_the_unkindest_are_kept() {
        let all = [0.1, -0.5, 0.9, 0.0, -0.1, 0.3, -0.9, 0.2];
        let all = all.map(|score| headline("a", score)).to_vec();
        let kept: Vec<f64> = Headline::extremes(all).iter().map(|h| h.score).collect();
        assert_eq!(kept, [0.9, 0.3, 0.2, -0.1, -0.5, -0.9]);
        assert_eq!(Headline::extremes(vec![headline("a", 0.1)]).len(), 1);
        assert!(Headline::extremes(Vec::new()).is_empty());
    }

    #[test]
    fn hostile_headlines_are_cleaned_or_left_out() {
        let cleaned = headline(&format!("Up\n\u{0}{}", "x".repeat(5_000)), 0.5).cleaned();
        let cleaned = cleaned.unwrap();
        assert_eq!(cleaned.title.chars().count(), 200);
        assert!(cleaned.title.starts_with("Up x"));
        assert_eq!(cleaned.publisher.as_deref(), Some("[2J Wire"));
        assert_eq!(headline("\u{0}", 0.5).cleaned(), None);
        for score in [f64::NAN, 1.5, f64::NEG_INFINITY] {
            assert_eq!(headline("Up", score).cleaned(), None);
        }
    }
}
