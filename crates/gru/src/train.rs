//! Fitting a network: epochs, batches, early stopping, cancellation.

use std::ops::{ControlFlow, Range};

use ndarray::{ArrayView1, ArrayView3};

use crate::activations::{Activations, Dropout};
use crate::gradients::Gradients;
use crate::init::starting_weights;
use crate::kernel::Isa;
use crate::layout::Layout;
use crate::optimizer::Optimizer;
use crate::rng::{Random, Stream};
use crate::rows::{Rows, targets};
use crate::{Error, Gru, GruSpec, InstructionSet, Loss, TrainSettings};

/// Numbers of gates and states that go through the network at once, at most: more would not fit into
/// the second-level cache beside the weights, their gradient and Adam's moments.
const SLICE: usize = 1 << 17;

/// Rows of a batch that go through the network at once: whole blocks of the kernels' height, as many
/// as fit, but at least two.
fn slice_of(layout: &Layout, steps: usize, batch: usize) -> usize {
    let units: usize = layout.layers.iter().map(|layer| layer.units).sum();
    // Four gates and a state a unit.
    let a_row = 5 * units * steps;
    batch.min(BLOCK * (SLICE / a_row / BLOCK).max(2))
}

/// Rows that the kernels take at once, at most.
const BLOCK: usize = 8;

/// Result of one pass over the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Counted from 1.
    pub number: usize,
    /// Epochs there will be, at most.
    pub of: usize,
    /// Mean loss over the training rows, as met on the way (with dropout).
    pub training_loss: f32,
    /// Mean loss over the rows held back (without dropout), if some are.
    pub validation_loss: Option<f32>,
}

/// Result of a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitOutcome {
    /// The network, with the best epoch's weights.
    pub model: Gru,
    /// Every epoch that was run.
    pub history: Vec<Epoch>,
    /// The epoch whose weights these are: the last, or the one with the best validation loss.
    pub best_epoch: usize,
}

impl Gru {
    /// Trains a network on `x` (rows × steps × features) and `y` (one target per row), rows in
    /// time order, on the calling thread.
    ///
    /// Starts from fresh weights of the seed, or from those of `warm_start`. Calls `on_epoch`
    /// after each epoch; `Break` cancels. Same rows, settings and path give the same bits.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::Shape`], [`Error::NotFinite`], [`Error::NoRows`],
    /// [`Error::WarmStart`] and [`Error::UnsupportedPath`] before any training;
    /// [`Error::Cancelled`] when the callback breaks off; [`Error::Diverged`] as soon as the loss
    /// or a weight is no longer finite.
    pub fn fit(
        spec: &GruSpec,
        x: ArrayView3<'_, f32>,
        y: ArrayView1<'_, f32>,
        settings: &TrainSettings,
        warm_start: Option<&Gru>,
        on_epoch: &mut dyn FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<FitOutcome, Error> {
        let mut broken_off = None;
        let mut cancels = |epoch: &Epoch| {
            let flow = on_epoch(epoch);
            if flow.is_break() {
                broken_off = Some(epoch.number);
            }
            flow
        };
        let outcome = Self::fit_until(spec, x, y, settings, warm_start, &mut cancels)?;
        match broken_off {
            Some(epoch) => Err(Error::Cancelled { epoch }),
            None => Ok(outcome),
        }
    }

    /// As [`Gru::fit`], but `Break` ends the training with what there is: the best weights so far,
    /// or those of the last epoch where no rows are held back.
    ///
    /// # Errors
    /// Those of [`Gru::fit`] but [`Error::Cancelled`].
    pub fn fit_until(
        spec: &GruSpec,
        x: ArrayView3<'_, f32>,
        y: ArrayView1<'_, f32>,
        settings: &TrainSettings,
        warm_start: Option<&Gru>,
        on_epoch: &mut dyn FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<FitOutcome, Error> {
        spec.validate()?;
        settings.validate()?;
        let rows = Rows::new(spec, x)?;
        let y = targets(rows.count(), y)?;
        let held_back = settings.held_back(rows.count());
        if rows.count() <= held_back {
            return Err(Error::NoRows {
                rows: rows.count(),
                held_back,
            });
        }
        let isa = Isa::new(settings.path.unwrap_or_else(InstructionSet::best))?;
        let start = match warm_start {
            None => starting_weights(spec, settings.seed),
            Some(model) if model.spec().same_weights(spec) => model.weights().to_vec(),
            Some(model) => {
                let (expected, found) = (spec.to_string(), model.spec().to_string());
                return Err(Error::WarmStart { expected, found });
            }
        };
        let data = Data {
            rows: &rows,
            y: &y,
            training: rows.count() - held_back,
        };
        let mut trainer = Trainer::new(spec, settings, isa, &start, data);
        let (history, best_epoch) = trainer.run(on_epoch)?;
        let weights = trainer.layout.unpack(&trainer.weights);
        let model = Gru::from_parts(spec.clone(), weights, isa.path());
        Ok(FitOutcome {
            model,
            history,
            best_epoch,
        })
    }
}

/// The rows of a fit: the first `training` of them to learn from, the others to watch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Data<'a> {
    pub(crate) rows: &'a Rows<'a>,
    pub(crate) y: &'a [f32],
    pub(crate) training: usize,
}

/// A fit under way. Nothing is allocated after `new` but the history of epochs.
#[derive(Debug)]
pub(crate) struct Trainer<'a> {
    data: Data<'a>,
    isa: Isa,
    epochs: usize,
    batch: usize,
    /// Rows that go through the network at once.
    slice: usize,
    loss: Loss,
    dropout: f32,
    patience: Option<usize>,
    pub(crate) layout: Layout,
    pub(crate) weights: crate::buffer::Buffer,
    pub(crate) activations: Activations,
    pub(crate) gradients: Gradients,
    optimizer: Optimizer,
    order: Vec<u32>,
    best: Vec<f32>,
    shuffle: Random,
    mask: Random,
}

impl<'a> Trainer<'a> {
    pub(crate) fn new(
        spec: &GruSpec,
        settings: &TrainSettings,
        isa: Isa,
        start: &[f32],
        data: Data<'a>,
    ) -> Self {
        let layout = Layout::new(spec, isa.path());
        let batch = settings.batch.min(data.rows.count());
        let slice = slice_of(&layout, spec.steps, batch);
        let patience = settings.early_stopping.map(|stopping| stopping.patience);
        let watches = data.training < data.rows.count();
        Self {
            data,
            isa,
            epochs: settings.epochs,
            batch,
            slice,
            loss: settings.loss,
            dropout: spec.dropout,
            patience: patience.filter(|_| watches),
            weights: layout.packed(start),
            activations: Activations::new(isa, &layout, spec.steps, slice),
            gradients: Gradients::new(&layout, spec.steps, slice),
            optimizer: Optimizer::new(&layout, settings.learning_rate, settings.weight_decay),
            order: (0..data.training as u32).collect(),
            best: if watches {
                vec![0.0; layout.length]
            } else {
                Vec::new()
            },
            shuffle: Random::new(settings.seed, Stream::Shuffle),
            mask: Random::new(settings.seed, Stream::Dropout),
            layout,
        }
    }

    /// All epochs; leaves the best weights in place and returns which epoch's they are.
    fn run(
        &mut self,
        on_epoch: &mut dyn FnMut(&Epoch) -> ControlFlow<()>,
    ) -> Result<(Vec<Epoch>, usize), Error> {
        let mut history = Vec::with_capacity(self.epochs);
        let mut best: Option<(f32, usize)> = None;
        for number in 1..=self.epochs {
            let training_loss = self.epoch(number)?;
            let validation_loss = self.patience.map(|_| self.validation_loss());
            // Without a way out in the middle, so that the loop vectorises.
            let is_finite = self
                .weights
                .iter()
                .fold(true, |all, weight| all & weight.is_finite())
                && validation_loss.is_none_or(f32::is_finite);
            if !is_finite {
                return Err(Error::Diverged { epoch: number });
            }
            let epoch = Epoch {
                number,
                of: self.epochs,
                training_loss,
                validation_loss,
            };
            history.push(epoch);
            let mut ended = on_epoch(&epoch).is_break();
            if let (Some(loss), Some(patience)) = (validation_loss, self.patience) {
                match best {
                    Some((least, at)) if loss >= least => ended |= number - at >= patience,
                    _ => {
                        best = Some((loss, number));
                        self.best.copy_from_slice(&self.weights);
                    }
                }
            }
            if ended {
                break;
            }
        }
        let last = history.len();
        Ok(match best {
            Some((_, epoch)) => {
                self.weights.copy_from_slice(&self.best);
                (history, epoch)
            }
            None => (history, last),
        })
    }

    /// One pass over the training rows in a new order; the mean loss met on the way.
    fn epoch(&mut self, number: usize) -> Result<f32, Error> {
        self.shuffle.shuffle(&mut self.order);
        let mut total = 0.0;
        for start in (0..self.order.len()).step_by(self.batch) {
            let end = self.order.len().min(start + self.batch);
            let loss = self.update(start, end);
            if !loss.is_finite() {
                return Err(Error::Diverged { epoch: number });
            }
            total += f64::from(loss);
        }
        Ok((total / self.order.len() as f64) as f32)
    }

    /// One Adam step on the rows `start..end` of the current order; the sum of their losses.
    pub(crate) fn update(&mut self, start: usize, end: usize) -> f32 {
        let loss = self.gradient(start, end);
        self.optimizer
            .step(self.isa, &self.gradients.weights, &mut self.weights);
        loss
    }

    /// The gradient of the mean loss over rows `start..end` of the order; the sum of the losses.
    pub(crate) fn gradient(&mut self, start: usize, end: usize) -> f32 {
        let mut total = 0.0;
        for from in (start..end).step_by(self.slice) {
            let rows = from..end.min(from + self.slice);
            total += self.slice(rows, end - start, from > start);
        }
        total
    }

    /// The part of some rows of a batch; with `add`, added to that of the rows before.
    fn slice(&mut self, of_order: Range<usize>, batch: usize, add: bool) -> f32 {
        let rows = of_order.len();
        let order = &self.order[of_order];
        let numbers = order.iter().map(|&index| index as usize);
        self.activations.take_in(self.data.rows, numbers);
        let random = &mut self.mask;
        let dropout = (self.dropout > 0.0).then_some(Dropout {
            rate: self.dropout,
            random,
        });
        self.activations
            .forward(&self.layout, &self.weights, rows, dropout);
        let mut total = 0.0;
        let outputs = self.activations.out.iter().zip(order);
        for ((output, &index), slope) in outputs.zip(self.gradients.out.iter_mut()) {
            let error = output - self.data.y[index as usize];
            total += self.loss.value(error);
            *slope = self.loss.slope(error) / batch as f32;
        }
        let scale = 1.0 / (1.0 - self.dropout);
        let (layout, activations) = (&self.layout, &mut self.activations);
        self.gradients
            .backward(layout, &self.weights, activations, rows, scale, add);
        total
    }

    /// Mean loss over the rows held back.
    fn validation_loss(&mut self) -> f32 {
        let (from, to) = (self.data.training, self.data.rows.count());
        let mut total = 0.0;
        for start in (from..to).step_by(self.slice) {
            let rows = self.slice.min(to - start);
            self.activations
                .take_in(self.data.rows, start..start + rows);
            self.activations
                .forward(&self.layout, &self.weights, rows, None);
            for (output, y) in self.activations.out[..rows]
                .iter()
                .zip(&self.data.y[start..])
            {
                total += f64::from(self.loss.value(output - y));
            }
        }
        (total / (to - from) as f64) as f32
    }
}
