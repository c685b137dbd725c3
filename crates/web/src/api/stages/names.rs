//! Names of the stages, for programs and for people.

use crate::text::clean;

/// The stages in the order of the pipeline, each with its title and the topic of its way out.
pub(crate) const STAGES: [(&str, &str, Option<&str>); 5] = [
    ("ticker-picker", "TickerPicker", Some("stock-name-selector")),
    ("scraper", "Scraper", None),
    ("sentiment", "Sentiment", Some("stock-model-output")),
    ("gru-trainer", "GruTrainer", Some("stock-prediction-output")),
    ("reporter", "Reporter", None),
];

/// The title of a stage.
pub(crate) fn title(name: &str) -> String {
    let known = STAGES.iter().find(|stage| stage.0 == name);
    known.map_or_else(|| clean(name), |stage| stage.1.to_owned())
}
