//! From scraped bars and articles to a dataset: how headlines are scored ([`Scorer`], [`Vader`])
//! and which session's row each article belongs to ([`DatasetBuilder`]).
//!
//! A plain function of its input: no clock, no network, no store. It does not judge prices and
//! does not train on anything.

mod company;
mod dataset;
mod error;
mod scorer;
mod settings;

pub use dataset::DatasetBuilder;
pub use error::Error;
pub use scorer::{ArticleScorer, Scorer, Scores, Vader};
pub use settings::{NewsSettings, ScorerChoice};
