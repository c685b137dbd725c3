//! Adam over all weights of a network.

use crate::buffer::Buffer;
use crate::kernel::{Adam, Isa, run};
use crate::layout::Layout;

/// Adam's moments and settings.
#[derive(Debug)]
pub(crate) struct Optimizer {
    mean: Buffer,
    square: Buffer,
    /// Shares of the weights that an update's decay leaves.
    keep: Buffer,
    step: i32,
    learning_rate: f32,
}

impl Optimizer {
    pub(crate) fn new(layout: &Layout, learning_rate: f32, weight_decay: f32) -> Self {
        let (mean, square) = (Buffer::zeros(layout.length), Buffer::zeros(layout.length));
        let mut keep = Buffer::zeros(layout.length);
        keep.fill(1.0);
        for place in layout.matrices() {
            keep[place].fill(1.0 - learning_rate * weight_decay);
        }
        Self {
            mean,
            square,
            keep,
            step: 0,
            learning_rate,
        }
    }

    /// One update of the weights by their gradient.
    pub(crate) fn step(&mut self, isa: Isa, gradient: &[f32], weights: &mut [f32]) {
        self.step = self.step.saturating_add(1);
        let (rate, spread) = Adam::corrections(self.learning_rate, self.step);
        let (mean, square) = (&mut *self.mean, &mut *self.square);
        run(
            isa,
            Adam {
                rate,
                spread,
                gradient,
                keep: &self.keep,
                mean,
                square,
                weights,
            },
        );
    }
}
