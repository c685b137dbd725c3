//! Settings of the news: the text that is scored, and the articles that count.

use closecall_settings::section;
use serde::{Deserialize, Serialize};

/// `[news]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewsSettings {
    /// The text that is scored.
    #[serde(with = "closecall_settings::choice")]
    pub scorer: ScorerChoice,
    /// Only articles whose title names the company or its ticker count.
    pub only_named: bool,
}

impl Default for NewsSettings {
    fn default() -> Self {
        section("news")
    }
}

/// A scorer by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScorerChoice {
    /// VADER on the title.
    VaderTitle,
    /// VADER on the title and the summary.
    VaderTitleSummary,
}
