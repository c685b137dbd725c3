//! Ways of knowing too much, which a look-ahead proof has to find.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, VariantArray};

/// A way of knowing too much.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    EnumString,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Leak {
    /// The close of the running session.
    RunningClose,
    /// The high of the bar that is still running.
    RunningHigh,
    /// An article published after the cut.
    LateArticle,
    /// A bar as it was corrected after the cut.
    RevisedBar,
    /// Ranges scaled by the deviation of all rows, those after the cut included.
    ScalerOverAllRows,
}

impl Leak {
    /// All of them.
    pub const ALL: &[Self] = Self::VARIANTS;
}
