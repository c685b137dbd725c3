//! News articles as the pipeline sees them.

use chrono::{DateTime, Utc};

use crate::Error;
use crate::value::TitleScore;

/// Longest title or summary that is kept, in characters; the longest real ones have a few hundred.
const MAX_TEXT_CHARS: usize = 2_000;

/// One article about a ticker. Its texts come from strangers: control characters are gone, white
/// space is folded and the length is bounded before anything else sees them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Article {
    /// When it was published.
    pub published: DateTime<Utc>,
    /// The headline; never empty.
    pub title: String,
    /// The summary, where the source has one.
    pub summary: Option<String>,
    /// Its address, which identifies it where present.
    pub url: Option<String>,
    /// Its publisher.
    pub source: Option<String>,
    /// The headline's score, where it is known already.
    pub score: Option<TitleScore>,
}

impl Article {
    /// # Errors
    /// [`Error::EmptyTitle`] when nothing readable is left of the title.
    pub fn new(
        published: DateTime<Utc>,
        title: &str,
        summary: Option<&str>,
        url: Option<&str>,
        source: Option<&str>,
    ) -> Result<Self, Error> {
        let title = readable(title, MAX_TEXT_CHARS);
        if title.is_empty() {
            return Err(Error::EmptyTitle);
        }
        let optional = |text: Option<&str>| {
            text.map(|text| readable(text, MAX_TEXT_CHARS))
                .filter(|text| !text.is_empty())
        };
        Ok(Self {
            published,
            title,
            summary: optional(summary),
            url: optional(url),
            source: optional(source),
            score: None,
        })
    }

    /// The same article with its headline's score.
    #[must_use]
    pub fn with_score(mut self, score: Option<TitleScore>) -> Self {
        self.score = score;
        self
    }
}

/// The text without control characters, its white space folded, cut to `longest` characters.
pub(crate) fn readable(text: &str, longest: usize) -> String {
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty());
    let mut folded = String::with_capacity(text.len().min(4 * longest));
    for word in words {
        if folded.len() >= 4 * longest {
            break;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    match folded.char_indices().nth(longest) {
        Some((end, _)) => folded[..end].to_owned(),
        None => folded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(title: &str) -> Result<Article, Error> {
        Article::new(DateTime::UNIX_EPOCH, title, None, None, None)
    }

    #[test]
    fn hostile_text_becomes_readable_text() {
        let article = titled(" Up\u{0}\u{1b}[31m\r\n  10%  🚀 ").unwrap();
        assert_eq!(article.title, "Up [31m 10% 🚀");
        assert_eq!(
            titled(&"é".repeat(1 << 20)).unwrap().title.chars().count(),
            MAX_TEXT_CHARS
        );
        assert_eq!(titled(" \u{0}\n"), Err(Error::EmptyTitle));
    }
}
