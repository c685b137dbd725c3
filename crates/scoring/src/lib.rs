//! Every measure of a forecast, once, for the record, the backtest and the pages.
//!
//! Pure functions of numbers: no clock, no file, no randomness but the seed that is passed in.
//! An [`Outcome`] is one forecast beside the close that came; a [`Summary`] is what a group of
//! them amounts to.
//!
//! | module | measure |
//! |---|---|
//! | `outcome` | errors, hits and bands of one forecast |
//! | `summary` | all measures of a group of outcomes |
//! | `bootstrap` | intervals that resample whole days |
//! | `calls` | hit rates with Wilson intervals, beside the reference's own |
//! | `bands` | coverage, width, Winkler score |
//! | `probability` | Brier score, pinball loss, CRPS on a quantile grid |
//! | `diebold_mariano`, `student` | test of equal accuracy with the small-sample correction |
//! | `sequence` | confidence sequence of a mean, valid whenever it is looked at |
//! | `label` | the rule by which "skill" may be said |
//! | `alarm` | results too good to be believed |

mod alarm;
mod bands;
mod bootstrap;
mod calls;
mod diebold_mariano;
mod label;
mod outcome;
mod probability;
mod sequence;
mod student;
mod summary;

pub use alarm::{ALARM_OUTCOMES, Alarm, alarm};
pub use bands::{Band, BandScore, winkler};
pub use bootstrap::{Bootstrap, Estimate};
pub use calls::{Calls, Proportion, wilson};
pub use diebold_mariano::{DieboldMariano, diebold_mariano};
pub use label::{DayDifference, FAMILY_ERROR, Label, LabelFamily, MIN_OUTCOMES, daily_differences};
pub use outcome::{Claim, Outcome, hit};
pub use probability::{brier, crps, pinball};
pub use sequence::ConfidenceSequence;
pub use summary::{Summary, relative_error};
