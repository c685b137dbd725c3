//! Adam over all weights of a network.

use crate::buffer::Buffer;
use crate::kernel::{Adam, Isa, run};
use crate::layout::Layout;

/// Adam's moments and settings.
#[derive(Debug)]
pub(crate) struct Optimizer {
    mean: Buffer,
    square: Buffer,
    step: i32,
    learning_rate: f32,
    weight_decay: f32,
}

impl Optimizer {
    pub(crate) fn new(layout: &Layout, learning_rate: f32, weight_decay: f32) -> Self {
        let (mean, square) = (Buffer::zeros(layout.length), Buffer::zeros(layout.length));
        Self {
            mean,
            square,
            step: 0,
            learning_rate,
            weight_decay,
        }
    }

    /// One update of the weights by their gradient.
    pub(crate) fn step(
        &mut self,
        isa: Isa,
        layout: &Layout,
        gradient: &[f32],
        weights: &mut [f32],
    ) {
        self.step = self.step.saturating_add(1);
        if self.weight_decay > 0.0 {
            let keep = 1.0 - self.learning_rate * self.weight_decay;
            for place in layout.matrices() {
                weights[place].iter_mut().for_each(|weight| *weight *= keep);
            }
        }
        let (rate, spread) = Adam::corrections(self.learning_rate, self.step);
        let (mean, square) = (&mut *self.mean, &mut *self.square);
        run(
            isa,
            Adam {
                rate,
                spread,
                gradient,
                mean,
                square,
                weights,
            },
        );
    }
}
