//! The health of all stages: `board` is what they are doing, kept by those that do it; `record` and
//! `work` are its entries, `in_hand` enters a piece of work; `evaluate` is what the entries mean for
//! liveness and readiness. Noticing stalls is the watchdog's.

mod board;
mod evaluate;
mod in_hand;
mod record;
mod work_record;

pub use board::HealthBoard;
pub use evaluate::{Health, RestartBudget, StageHealth, Verdict, WorkHealth};
pub(crate) use in_hand::InHand;
pub(crate) use record::CountedFailures;
pub use record::StageState;
pub(crate) use work_record::Histogram;
