//! The walk-forward backtest: forecasts of past sessions from what was known at each time of the
//! day, scored by the close that came.
//!
//! Whatever loops over sessions or tickers is here. It reads no recorded file and opens no
//! connection: a caller brings [`History`] and [`Quotes`] as plain data. The one file it writes is
//! the [`Journal`], from which a walk that was stopped goes on.
//!
//! | module | responsible for |
//! |---|---|
//! | `asked`, `variant` | when and what is asked: time of day, model, with or without news |
//! | `history`, `dataset` | recorded data, and what of it was known at a moment |
//! | `line` | one forecast beside its close |
//! | `walk`, `journal` | all forecasts, on all cores, resumable |
//! | `report`, `numbers` | what they amount to, and the goals that they are held against |
//! | `train` | one model over the rows of all tickers, and its walk-forward result |
//! | `simulated` | markets of which the truth is known |
//! | `evaluate` | the goals held against them, each with a fault that turns it red |
//! | `leakcheck` | the look-ahead proof |
//! | `text`, `html` | the same as tables for a terminal, and as a page |

mod asked;
mod dataset;
mod error;
mod evaluate;
mod group;
mod history;
mod html;
mod journal;
mod leakcheck;
mod line;
mod numbers;
mod report;
mod simulated;
mod text;
mod train;
mod variant;
mod walk;

pub use asked::AskedTime;
pub use dataset::dataset_at;
pub use error::Error;
pub use evaluate::{Evaluation, EvaluationRow, Extent, OnProgress, Plant};
pub use group::{Group, ModelReport};
pub use history::{BarRevision, History, Quotes, ScoredHeadlines};
pub use html::page;
pub use journal::Journal;
pub use leakcheck::{Leak, LeakCheck, LeakReport, LeakTrials};
pub use line::Line;
pub use numbers::{Goal, goals};
pub use report::{Report, Run};
pub use simulated::{PlantedTruth, SimulatedMarket, SimulatedMarkets, SimulatedSession};
pub use text::tables;
pub use train::{TrainProgress, rows_of, train};
pub use variant::{UnknownVariant, Variant};
pub use walk::{Progress, Walk};
