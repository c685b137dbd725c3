//! Fit of a model to the finished sessions: everything of a forecast that does not depend on
//! the price of the moment, on the hours of the target session, or on its news.

use chrono::{DateTime, Utc};
use closecall_protocol::SessionNews;

use crate::Error;
use crate::estimator::Estimator;
use crate::move_blend::{MoveBlend, Weights};
use crate::network_ensemble::{NetworkEnsemble, Start};
use crate::network_features::NetworkFeatures;
use crate::original::{self, OriginalFit};
use crate::point_forecast::PointForecast;
use crate::price_series::PriceSeries;
use crate::progress::Meter;
use crate::regression_features::{Live, RegressionFeatures};
use crate::ridge::Ridge;
use crate::settings::{ForecastSettings, ModelKind};
use crate::target::{TargetKind, Targets};
use crate::walk_forward::{self, Fitted};

/// The reason that persistence carries where there is too little to learn from.
pub const INSUFFICIENT_DATA: &str = "insufficient data";

/// The reason that persistence carries where training ran out of the numbers.
pub const DIVERGED: &str = "training diverged";

/// Shares below this are not worth the last fit.
const LEAST_SHARE: f64 = 0.02;

/// Finished sessions, with the moves that are learned of them.
#[derive(Debug)]
pub(crate) struct Sessions {
    series: PriceSeries,
    whole: Targets,
    /// Moves from the opening, where those are learned.
    from_opening: Option<Targets>,
}

impl Sessions {
    pub(crate) fn new(series: PriceSeries, kind: TargetKind) -> Self {
        let of = |kind| Targets::of(&series, kind);
        Self {
            whole: of(TargetKind::WholeSession),
            from_opening: (kind == TargetKind::FromOpening).then(|| of(kind)),
            series,
        }
    }

    pub(crate) fn series(&self) -> &PriceSeries {
        &self.series
    }

    /// Moves of whole sessions.
    pub(crate) fn whole(&self) -> &Targets {
        &self.whole
    }

    /// Moves of the kind that is learned.
    pub(crate) fn learned(&self) -> &Targets {
        self.from_opening.as_ref().unwrap_or(&self.whole)
    }

    fn regression(&self, settings: &ForecastSettings) -> RegressionFeatures<'_> {
        RegressionFeatures {
            series: &self.series,
            targets: self.learned(),
            news_shrinkage: settings.network.news_shrinkage,
        }
    }

    fn network(&self, live: SessionNews, settings: &ForecastSettings) -> NetworkFeatures {
        let (whole, learned) = (&self.whole, self.learned());
        let network = &settings.network;
        let (window, shrinkage) = (network.window, network.news_shrinkage);
        NetworkFeatures::of(&self.series, whole, learned, live, window, shrinkage)
    }
}

/// A model after its fits.
#[derive(Debug)]
pub(crate) struct Fit {
    /// The model, not necessarily the one that was asked for.
    pub(crate) model: ModelKind,
    /// The model and its features, in short.
    pub(crate) spec: String,
    /// Instruction-set path of the arithmetic.
    pub(crate) path: &'static str,
    /// Rows of its last fit.
    pub(crate) rows: usize,
    /// Reason for which it is not the model that was asked for.
    pub(crate) reason: Option<&'static str>,
    /// When it was made.
    pub(crate) trained_at: DateTime<Utc>,
    learned: Learned,
}

#[derive(Debug)]
enum Learned {
    Blend {
        blend: Box<MoveBlend>,
        /// Share of the network's move; 0 where the last fit was not worth it.
        share: f64,
        network: Option<Fitted>,
    },
    Original(OriginalFit),
}

impl Fit {
    /// Fits the model that `settings` name, from `start` where a file brings one. Persistence, with
    /// its reason, where there is too little to learn from and where training diverges.
    pub(crate) fn of(
        sessions: &Sessions,
        settings: &ForecastSettings,
        start: Option<Start<'_>>,
        trained_at: DateTime<Utc>,
        meter: &mut Meter<'_>,
    ) -> Result<Self, Error> {
        let fitted = match settings.model {
            ModelKind::Persistence => Self::persistence(sessions, settings, None),
            model if !enough(sessions, settings, model) => {
                Self::persistence(sessions, settings, Some(INSUFFICIENT_DATA))
            }
            ModelKind::Original => Self::original(sessions, settings, meter),
            ModelKind::Closecall => {
                let ensemble = NetworkEnsemble::new(settings, start)?;
                let prior = start.map(|start| &start.part.coefficients[..]);
                let weights = (Weights::CLOSECALL, prior);
                Self::blend(&ensemble, weights, sessions, settings, meter)
            }
            ModelKind::Ridge => {
                Self::blend(&Ridge, (Weights::ALONE, None), sessions, settings, meter)
            }
        };
        let fit = match fitted {
            Err(Error::Network(closecall_gru::Error::Diverged { .. })) => {
                Self::persistence(sessions, settings, Some(DIVERGED))
            }
            other => other,
        };
        fit.map(|fit| Self { trained_at, ..fit })
    }

    fn persistence(
        sessions: &Sessions,
        settings: &ForecastSettings,
        reason: Option<&'static str>,
    ) -> Result<Self, Error> {
        let blend = MoveBlend::walk(
            &sessions.regression(settings),
            &[],
            Weights::PERSISTENCE,
            None,
        )?;
        Ok(Self {
            model: ModelKind::Persistence,
            spec: "nowcast-v1/reference".into(),
            path: "plain",
            rows: 0,
            reason,
            trained_at: DateTime::UNIX_EPOCH,
            learned: Learned::Blend {
                blend: Box::new(blend),
                share: 0.0,
                network: None,
            },
        })
    }

    fn blend<E: Estimator>(
        estimator: &E,
        (weights, prior): (Weights, Option<&[f64]>),
        sessions: &Sessions,
        settings: &ForecastSettings,
        meter: &mut Meter<'_>,
    ) -> Result<Self, Error> {
        meter.expect(walk_forward::FITS * estimator.epochs());
        // The target session's row is asked only later; no past row looks at its news.
        let features = sessions.network(SessionNews::default(), settings);
        let moves = walk_forward::walk(estimator, &features, meter)?;
        let blend = MoveBlend::walk(&sessions.regression(settings), &moves, weights, prior)?;
        let rows = features.training_rows();
        let share = blend.network_share();
        let network = (share >= LEAST_SHARE)
            .then(|| Fitted::on(estimator, &features, 0..rows, meter))
            .transpose()?;
        Ok(Self {
            model: settings.model,
            spec: format!("nowcast-v1/{}", estimator.spec()),
            path: estimator.path(),
            rows,
            reason: None,
            trained_at: DateTime::UNIX_EPOCH,
            learned: Learned::Blend {
                blend: Box::new(blend),
                share: network.as_ref().map_or(0.0, |_| share),
                network,
            },
        })
    }

    fn original(
        sessions: &Sessions,
        settings: &ForecastSettings,
        meter: &mut Meter<'_>,
    ) -> Result<Self, Error> {
        let fitted = OriginalFit::of(sessions.series(), sessions.whole(), settings, meter)?;
        Ok(Self {
            model: ModelKind::Original,
            spec: format!("nowcast-v1/{}", original::spec()),
            path: settings.instruction_set(),
            rows: fitted.rows,
            reason: None,
            trained_at: DateTime::UNIX_EPOCH,
            learned: Learned::Original(fitted),
        })
    }

    /// Share of the network's move that is let through.
    pub(crate) fn share(&self) -> f64 {
        match &self.learned {
            Learned::Blend { share, .. } => *share,
            Learned::Original(_) => 1.0,
        }
    }

    /// Errors of forecasts of past sessions in the order of time, in units of the volatility that
    /// was expected.
    pub(crate) fn errors(&self) -> &[f64] {
        match &self.learned {
            Learned::Blend { blend, .. } => blend.errors(),
            Learned::Original(original) => &original.errors,
        }
    }

    /// The target session's move.
    pub(crate) fn forecast(
        &self,
        sessions: &Sessions,
        live: Live,
        settings: &ForecastSettings,
    ) -> Result<PointForecast, Error> {
        let (blend, network) = match &self.learned {
            Learned::Original(original) => return Ok(PointForecast::OwnClose(original.log_return)),
            Learned::Blend { blend, network, .. } => (blend, network),
        };
        let asked = match network {
            Some(network) => {
                let features = sessions.network(live.news, settings);
                let target = features.training_rows();
                let moves = network.moves(&features, target..target + 1)?;
                moves.first().copied()
            }
            None => None,
        };
        let regression = sessions.regression(settings);
        Ok(PointForecast::FromReference {
            standardised: blend.forecast(&regression, live, asked.unwrap_or(0.0))?,
            asked,
        })
    }
}

/// Whether `model` has enough rows to learn from, counting those whose price moved.
fn enough(sessions: &Sessions, settings: &ForecastSettings, model: ModelKind) -> bool {
    let (targets, first) = match model {
        ModelKind::Persistence => return true,
        ModelKind::Original => (sessions.whole(), original::WINDOW),
        ModelKind::Closecall | ModelKind::Ridge => {
            let first = NetworkFeatures::first_row(settings.network.window);
            (sessions.learned(), first)
        }
    };
    let rows = targets.sessions().iter().zip(targets.moves());
    let moved = rows.filter(|&(&session, &y)| session >= first && y != 0.0);
    moved.count() >= settings.min_rows
}
