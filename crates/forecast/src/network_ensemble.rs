//! The product's network, several of consecutive seeds whose outputs are averaged.

use std::ops::Range;

use closecall_gru::{Gru, InstructionSet};
use ndarray::{ArrayView1, ArrayView3};

use crate::Error;
use crate::estimator::{Estimator, Predictor};
use crate::network_features::{NetworkFeatures, Scaler};
use crate::pooled::PooledPart;
use crate::progress::Meter;
use crate::settings::ForecastSettings;

/// Fits networks of consecutive seeds.
#[derive(Debug)]
pub(crate) struct NetworkEnsemble<'a> {
    settings: &'a ForecastSettings,
    /// Where it starts, and the name of the file.
    start: Option<Start<'a>>,
    /// The networks that all fits without a file start from: they follow from the seeds.
    fresh: Vec<Gru>,
}

impl<'a> NetworkEnsemble<'a> {
    pub(crate) fn new(
        settings: &'a ForecastSettings,
        start: Option<Start<'a>>,
    ) -> Result<Self, Error> {
        let spec = settings.spec();
        let path = settings.path.unwrap_or_else(InstructionSet::best);
        let members = 0..settings.network.members as u64;
        let members = members.filter(|_| start.is_none());
        let fresh = members.map(|member| Gru::fresh(&spec, settings.training(member).seed, path));
        Ok(Self {
            settings,
            start,
            fresh: fresh.collect::<Result<_, _>>().map_err(Error::Network)?,
        })
    }
}

/// The part of a model file that networks start from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    pub(crate) part: &'a PooledPart,
    pub(crate) hash: &'a str,
}

/// Passes over a message's rows, and the share of Adam's step, of a network that starts from a
/// file: it has learned from many thousand rows and is to forget none of it for two hundred.
const TUNED: (usize, f32) = (3, 0.1);

/// Fitted networks.
#[derive(Debug)]
pub(crate) struct Members(Vec<Gru>);

impl Estimator for NetworkEnsemble<'_> {
    type Fitted = Members;

    fn spec(&self) -> String {
        let network = &self.settings.network;
        let file = self.start.map(|start| format!("/file:{:.12}", start.hash));
        let units: Vec<String> = network.units.iter().map(ToString::to_string).collect();
        format!(
            "bayes5+gru{}-d{}/w{}/k{}/e{}-b{}-lr{}-wd{}-do{}/m{}{}",
            units.join("x"),
            network.dense,
            network.window,
            network.news_shrinkage,
            network.epochs,
            network.batch,
            network.learning_rate,
            network.weight_decay,
            network.dropout,
            network.members,
            file.unwrap_or_default(),
        )
    }

    fn path(&self) -> &'static str {
        self.settings
            .path
            .unwrap_or_else(InstructionSet::best)
            .name()
    }

    fn epochs(&self) -> usize {
        let epochs = self.start.map_or(self.settings.network.epochs, |_| TUNED.0);
        self.settings.network.members * epochs
    }

    fn scaler(&self, features: &NetworkFeatures, rows: Range<usize>) -> Scaler {
        // Weights mean something with the scaler of their rows only.
        self.start
            .map_or_else(|| Scaler::fit(features, rows), |start| start.part.scaler)
    }

    fn fit(
        &self,
        x: ArrayView3<'_, f32>,
        y: ArrayView1<'_, f32>,
        meter: &mut Meter<'_>,
    ) -> Result<Members, Error> {
        let spec = self.settings.spec();
        let members = (0..self.settings.network.members).map(|member| {
            let mut training = self.settings.training(member as u64);
            let start = self.start.and_then(|start| start.part.member(member));
            if start.is_some() {
                training.epochs = TUNED.0;
                training.learning_rate *= TUNED.1;
            }
            let start = start.or(self.fresh.get(member));
            Gru::fit(&spec, x, y, &training, start, &mut |_| meter.epoch())
                .map(|fitted| fitted.model)
                .map_err(|error| meter.error(error))
        });
        members.collect::<Result<_, _>>().map(Members)
    }
}

impl Predictor for Members {
    /// The mean of the members' outputs.
    fn predict(&self, x: ArrayView3<'_, f32>) -> Result<Vec<f32>, Error> {
        let Self(members) = self;
        let mut mean = vec![0.0; x.dim().0];
        for member in members {
            let outputs = member.predict(x).map_err(Error::Network)?;
            for (sum, output) in mean.iter_mut().zip(&outputs) {
                *sum += output / members.len() as f32;
            }
        }
        Ok(mean)
    }
}
