//! Learning from the rows of many tickers together, each in units of its own volatility.
//!
//! One ticker's two hundred rows cannot carry a believable signal; ten tickers' fifteen thousand can.
//! What comes of it is a [`PooledPart`] for each kind of move: coefficients that the regression starts
//! from in place of 0, and networks that its fits start from, with the scaler of their rows.

use std::ops::ControlFlow;

use closecall_gru::{EarlyStopping, Gru};
use closecall_protocol::{DatasetRow, ModelTarget, SessionDate, SessionNews};
use ndarray::{Array1, Array3};

use crate::Error;
use crate::bayes_regression::BayesRegression;
use crate::network_features::{FEATURES, NetworkFeatures, Scaler};
use crate::noise::NoiseVariance;
use crate::price_series::PriceSeries;
use crate::regression_features::{FIRST_ROW, RegressionFeatures};
use crate::settings::ForecastSettings;
use crate::soft_share::SoftShare;
use crate::target::{TargetKind, Targets};

/// Passes over the rows, at most.
const EPOCHS: usize = 30;

/// Share of the rows, the newest, that is watched, and passes without a better loss on them after
/// which training ends.
const WATCHED: EarlyStopping = EarlyStopping {
    validation_fraction: 0.15,
    patience: 4,
};

/// No move of the regression beyond this, as in a forecast.
const FURTHEST: f64 = 0.3;

/// Coefficients and networks learned for one kind of move.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledPart {
    /// Coefficients of the regression's standardised features.
    pub(crate) coefficients: Vec<f64>,
    /// Of the networks' rows.
    pub(crate) scaler: Scaler,
    /// Networks of consecutive seeds; fewer than asked for where training was ended early.
    pub(crate) members: Vec<Gru>,
}

impl PooledPart {
    /// The network that a forecast's network of this number starts from.
    pub(crate) fn member(&self, number: usize) -> Option<&Gru> {
        self.members.get(number % self.members.len().max(1))
    }

    /// Coefficients, in the order of the features.
    #[must_use]
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// Number of its networks.
    #[must_use]
    pub fn networks(&self) -> usize {
        self.members.len()
    }
}

/// Progress of a pooled fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PooledProgress {
    /// Epochs done.
    pub done: usize,
    /// Epochs there will be, at most.
    pub total: usize,
    /// Loss on the newest rows, which are held back.
    pub loss: f32,
    /// The least of them, of this network.
    pub best: f32,
}

/// A past move, and the forecast made of it before it was known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PooledMove {
    /// The session.
    pub session: SessionDate,
    /// The move, in units of the volatility that was expected.
    pub outcome: f64,
    /// The forecast of it.
    pub forecast: f64,
}

/// Rows of several tickers, of one kind of move.
#[derive(Debug)]
pub struct PooledRows {
    tickers: Vec<TickerRows>,
    kind: TargetKind,
    window: usize,
}

/// Rows of one ticker, those that a network sees.
#[derive(Debug)]
struct TickerRows {
    features: NetworkFeatures,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    session: SessionDate,
    /// The regression's features, standardised by the ticker's rows before.
    standardised: Vec<f64>,
    outcome: f64,
}

impl PooledRows {
    /// Of these tickers' finished sessions, for moves on the last close or on the opening.
    #[must_use]
    pub fn of(
        tickers: &[Vec<DatasetRow>],
        target: ModelTarget,
        settings: &ForecastSettings,
    ) -> Self {
        let kind = kind_of(target);
        let (window, shrinkage) = (settings.network.window, settings.network.news_shrinkage);
        let rows = |rows: &Vec<DatasetRow>| TickerRows::of(rows, kind, window, shrinkage);
        Self {
            tickers: tickers.iter().filter_map(rows).collect(),
            kind,
            window,
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tickers.iter().map(|ticker| ticker.rows.len()).sum()
    }

    /// The sessions that have a row, ascending.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionDate> {
        let rows = self.tickers.iter().flat_map(|ticker| &ticker.rows);
        let mut sessions: Vec<SessionDate> = rows.map(|row| row.session).collect();
        sessions.sort();
        sessions.dedup();
        sessions
    }

    /// Learns from the rows before `end`, all of them where it is absent. `Break` ends the training
    /// with the best there is; the second value says whether it did.
    ///
    /// # Errors
    /// [`Error::Pooled`] without rows to learn from; [`Error::Network`].
    pub fn fit(
        &self,
        end: Option<SessionDate>,
        settings: &ForecastSettings,
        progress: &mut dyn FnMut(PooledProgress) -> ControlFlow<()>,
    ) -> Result<(PooledPart, bool), Error> {
        let ends: Vec<usize> = self
            .tickers
            .iter()
            .map(|ticker| ticker.before(end))
            .collect();
        // In the order of time, so that the newest are those held back.
        let mut order: Vec<(usize, usize)> = (0..self.tickers.len())
            .flat_map(|ticker| (0..ends[ticker]).map(move |row| (ticker, row)))
            .collect();
        order.sort_by_key(|&(ticker, row)| (self.tickers[ticker].rows[row].session, ticker));
        if order.len() < settings.min_rows {
            return Err(Error::Pooled { rows: order.len() });
        }
        let coefficients = self.coefficients(&order)?;
        let parts = self.tickers.iter().zip(&ends);
        let parts: Vec<_> = parts
            .map(|(ticker, &end)| (&ticker.features, 0..end))
            .collect();
        let scaler = Scaler::of(&parts);
        let (x, y) = self.stacked(&order, &scaler);
        let total = settings.network.members * EPOCHS;
        let (mut members, mut stopped) = (Vec::new(), false);
        for member in 0..settings.network.members {
            let mut training = settings.training(member as u64);
            training.epochs = EPOCHS;
            training.early_stopping = Some(WATCHED);
            let mut best = f32::INFINITY;
            let mut on_epoch = |epoch: &closecall_gru::Epoch| {
                let loss = epoch.validation_loss.unwrap_or(epoch.training_loss);
                best = best.min(loss);
                let flow = progress(PooledProgress {
                    done: member * EPOCHS + epoch.number,
                    total,
                    loss,
                    best,
                });
                stopped |= flow.is_break();
                flow
            };
            let spec = settings.spec();
            let fitted = Gru::fit_until(&spec, x.view(), y.view(), &training, None, &mut on_epoch);
            members.push(fitted.map_err(Error::Network)?.model);
            if stopped {
                break;
            }
        }
        let part = PooledPart {
            coefficients,
            scaler,
            members,
        };
        Ok((part, stopped))
    }

    /// The regression walked through the rows of all tickers in the order of time.
    fn coefficients(&self, order: &[(usize, usize)]) -> Result<Vec<f64>, Error> {
        let mut regression = BayesRegression::new(RegressionFeatures::count(self.kind));
        let mut noise = NoiseVariance::default();
        for &(ticker, row) in order {
            let row = &self.tickers[ticker].rows[row];
            let x = row.standardised.clone();
            let foretold = regression.predict_standardised(x, noise.value())?;
            regression.learn_standardised(&foretold, row.outcome);
            noise.add(row.outcome);
        }
        regression.coefficients()
    }

    fn stacked(&self, order: &[(usize, usize)], scaler: &Scaler) -> (Array3<f32>, Array1<f32>) {
        let scaled = |ticker: &TickerRows| {
            let rows = 0..ticker.rows.len();
            (
                ticker.features.inputs(rows.clone(), scaler),
                ticker.features.targets(rows, scaler),
            )
        };
        let all: Vec<(Array3<f32>, Array1<f32>)> = self.tickers.iter().map(scaled).collect();
        let shape = (order.len(), self.window, FEATURES);
        let x = Array3::from_shape_fn(shape, |(k, step, feature)| {
            let (ticker, row) = order[k];
            all[ticker].0[[row, step, feature]]
        });
        let y = order
            .iter()
            .map(|&(ticker, row)| all[ticker].1[row])
            .collect();
        (x, y)
    }

    /// Moves of the rows from `from` on and before `end`, forecast by what was learned before them:
    /// half the regression's, half the networks' under a share of what they have been worth so far.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn walk(
        &self,
        part: &PooledPart,
        from: SessionDate,
        end: Option<SessionDate>,
    ) -> Result<Vec<PooledMove>, Error> {
        let mut moves = Vec::new();
        for ticker in &self.tickers {
            let (first, last) = (ticker.before(Some(from)), ticker.before(end));
            if first >= last {
                continue;
            }
            let networks = networks(part, &ticker.features, first..last)?;
            for (row, network) in ticker.rows[first..last].iter().zip(networks) {
                let linear: f64 = row
                    .standardised
                    .iter()
                    .zip(&part.coefficients)
                    .map(|(x, b)| x * b)
                    .sum();
                let linear = FURTHEST * (linear / FURTHEST).tanh();
                moves.push((row.session, row.outcome, linear, network));
            }
        }
        moves.sort_by_key(|(session, ..)| *session);
        let (mut share, mut noise) = (SoftShare::default(), NoiseVariance::default());
        let mut walked = Vec::with_capacity(moves.len());
        for day in moves.chunk_by(|a, b| a.0 == b.0) {
            // A day's rows are forecast together, by the days before.
            let let_through = share.mean(noise.value());
            for &(session, outcome, linear, network) in day {
                walked.push(PooledMove {
                    session,
                    outcome,
                    forecast: 0.5 * linear + 0.5 * let_through * network,
                });
            }
            for &(_, outcome, _, network) in day {
                share.add(outcome, network);
                noise.add(outcome);
            }
        }
        Ok(walked)
    }
}

/// Mean of the networks' moves.
fn networks(
    part: &PooledPart,
    features: &NetworkFeatures,
    rows: std::ops::Range<usize>,
) -> Result<Vec<f64>, Error> {
    let inputs = features.inputs(rows, &part.scaler);
    let mut mean = vec![0.0; inputs.dim().0];
    for member in &part.members {
        let outputs = member.predict(inputs.view()).map_err(Error::Network)?;
        for (sum, &output) in mean.iter_mut().zip(&outputs) {
            *sum += part.scaler.unscale(output) / part.members.len() as f64;
        }
    }
    Ok(mean)
}

impl TickerRows {
    /// `None` of a ticker without a row.
    fn of(rows: &[DatasetRow], kind: TargetKind, window: usize, shrinkage: f64) -> Option<Self> {
        let series = PriceSeries::of(rows);
        if series.len() < 2 {
            return None;
        }
        let whole = Targets::of(&series, TargetKind::WholeSession);
        let learned = Targets::of(&series, kind);
        let nothing = SessionNews::default();
        let features = NetworkFeatures::of(&series, &whole, &learned, nothing, window, shrinkage);
        let regression = RegressionFeatures {
            series: &series,
            targets: &learned,
            news_shrinkage: shrinkage,
        };
        let mut ruler = BayesRegression::new(RegressionFeatures::count(kind));
        let mut seen = Vec::new();
        let wanted = features.row_sessions();
        for (index, &session) in learned.sessions().iter().enumerate().skip(FIRST_ROW) {
            let values = regression.past(index);
            if wanted.binary_search(&session).is_ok() {
                seen.push(Row {
                    session: rows[session].session(),
                    standardised: ruler.standardised(&values),
                    outcome: learned.moves()[index],
                });
            }
            ruler.measure(&values);
        }
        (seen.len() == wanted.len() && !seen.is_empty()).then_some(Self {
            rows: seen,
            features,
        })
    }

    /// Number of rows of sessions before this one.
    fn before(&self, end: Option<SessionDate>) -> usize {
        let before = |end| self.rows.partition_point(|row| row.session < end);
        end.map_or(self.rows.len(), before)
    }
}

pub(crate) fn kind_of(target: ModelTarget) -> TargetKind {
    match target {
        ModelTarget::Opening => TargetKind::FromOpening,
        ModelTarget::LastClose | ModelTarget::Original => TargetKind::WholeSession,
    }
}
