//! The shape of the rows that a model file was trained on: a file of another is refused.

use std::collections::BTreeMap;

use closecall_protocol::ModelTarget;
use serde::{Deserialize, Serialize};

use crate::pooled::kind_of;
use crate::regression_features::RegressionFeatures;
use crate::settings::ForecastSettings;

/// Shape of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Features {
    pub(crate) window: usize,
    pub(crate) news_shrinkage: f64,
    /// Scorer of its news, and the scorer's version.
    pub(crate) scorer: String,
    pub(crate) units: Vec<usize>,
    pub(crate) dense: usize,
    /// Features a step.
    pub(crate) step: usize,
    /// Features of the regression, by kind of move.
    pub(crate) regression: BTreeMap<ModelTarget, usize>,
}

impl Features {
    /// As the settings and the scorer of the news have it.
    pub(crate) fn of(settings: &ForecastSettings, scorer: &str) -> Self {
        let network = &settings.network;
        let count = |target| (target, RegressionFeatures::count(kind_of(target)));
        Self {
            window: network.window,
            news_shrinkage: network.news_shrinkage,
            scorer: scorer.to_owned(),
            units: network.units.clone(),
            dense: network.dense,
            step: crate::network_features::FEATURES,
            regression: [ModelTarget::LastClose, ModelTarget::Opening]
                .map(count)
                .into(),
        }
    }
}

impl std::fmt::Display for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts: Vec<String> = self.regression.values().map(ToString::to_string).collect();
        write!(
            f,
            "rows of {} sessions with {} features, news of {} shrunken by {}, units {:?} and {}, {} columns",
            self.window,
            self.step,
            self.scorer,
            self.news_shrinkage,
            self.units,
            self.dense,
            counts.join(" and ")
        )
    }
}
