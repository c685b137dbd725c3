//! The product's network, several of consecutive seeds whose outputs are averaged.

use closecall_gru::{Gru, InstructionSet};
use ndarray::{ArrayView1, ArrayView3};

use crate::Error;
use crate::estimator::{Estimator, Predictor};
use crate::progress::Meter;
use crate::settings::ForecastSettings;

/// Fits networks of consecutive seeds.
#[derive(Debug)]
pub(crate) struct NetworkEnsemble<'a>(pub(crate) &'a ForecastSettings);

/// Fitted networks.
#[derive(Debug)]
pub(crate) struct Members(Vec<Gru>);

impl Estimator for NetworkEnsemble<'_> {
    type Fitted = Members;

    fn spec(&self) -> String {
        let network = &self.0.network;
        let units: Vec<String> = network.units.iter().map(ToString::to_string).collect();
        format!(
            "bayes5+gru{}-d{}/w{}/k{}/e{}-b{}-lr{}-wd{}-do{}/m{}",
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
        )
    }

    fn path(&self) -> &'static str {
        self.0.path.unwrap_or_else(InstructionSet::best).name()
    }

    fn epochs(&self) -> usize {
        self.0.network.members * self.0.network.epochs
    }

    fn fit(
        &self,
        x: ArrayView3<'_, f32>,
        y: ArrayView1<'_, f32>,
        meter: &mut Meter<'_>,
    ) -> Result<Members, Error> {
        let spec = self.0.spec();
        let members = (0..self.0.network.members as u64).map(|member| {
            let training = self.0.training(member);
            Gru::fit(&spec, x, y, &training, None, &mut |_| meter.epoch())
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
