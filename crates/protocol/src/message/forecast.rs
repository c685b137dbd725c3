//! A forecast of one session's close.
//!
//! [`ForecastValues`] are what a model computed, unrounded. A [`CloseForecast`] is what is
//! published of them: it is rounded once, here, and cannot be changed afterwards, so that every
//! record of it says the same.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::Error;
use crate::message::annotations::MAX_HEADLINES;
use crate::message::rounding::decimals;
use crate::message::{
    Headline, ModelSummary, Phase, PickId, PriceRounding, Reference, ReferenceKind, RelativeMae,
    ScoringRule, StageTrace,
};
use crate::value::{
    PriceRange, Provider, Quote, QuoteAbsent, Repair, SessionDate, Ticker, Vintage,
};

/// Everything that a forecast says, as it was computed. Prices in the quote's currency, adjusted
/// for splits.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastValues {
    /// The session whose close is forecast.
    pub target: SessionDate,
    /// The forecast close.
    pub prediction: f64,
    /// The session of the last known close.
    pub last_session: SessionDate,
    /// The last known close.
    pub last_close: f64,
    /// The ticker.
    pub ticker: Ticker,
    /// The pick that it answers.
    pub pick_id: PickId,
    /// Nothing that became known later was used.
    pub as_of: DateTime<Utc>,
    /// Probability that the close is above the last one.
    pub probability_up: f64,
    /// Prediction intervals for the close, by rising level.
    pub intervals: Vec<Interval>,
    /// Articles in the window.
    pub articles: u64,
    /// Finished sessions in the window.
    pub sessions: u32,
    /// Provenance of the report.
    pub model: ModelSummary,
    /// The model file's walk-forward error against persistence, where a file was used.
    pub relative_mae: Option<RelativeMae>,
    /// Age of the prices at the as-of time, in seconds.
    pub data_age_s: i64,
    /// The last closes, ascending, at most 60: earlier forecasts are scored by them.
    pub history: Vec<(SessionDate, f64)>,
    /// The price it starts from; `None` of a forecast made before there were references, which
    /// starts from the last close and is scored by its own rule.
    pub reference: Option<Reference>,
    /// The part of the day, by the reference's time.
    pub phase: Option<Phase>,
    /// Sessions between the last known close and the target.
    pub sessions_ahead: Option<u32>,
    /// Probability that the close is above the reference.
    pub probability_up_from_here: Option<f64>,
    /// Expected size of the move that is left, as a log return; published as computed.
    pub scale: Option<f64>,
    /// The price of the moment.
    pub quote: Option<Quote>,
    /// The reason that there is none.
    pub quote_absent: Option<QuoteAbsent>,
    /// Provider of the prices.
    pub provider: Option<Provider>,
    /// Whether that is another than the one asked first.
    pub provider_switched: Option<bool>,
    /// Whether the last close is an intraday bar's.
    pub provisional: Option<bool>,
    /// Numbers that were not taken as they came.
    pub repairs: Vec<Repair>,
    /// Identity of the rows it was made from.
    pub vintage: Option<Vintage>,
    /// Hash of the settings it was made with, 16 hexadecimal digits.
    pub settings_hash: Option<String>,
    /// News of the window by session, for those that look at it.
    pub news: Option<Vec<NewsMean>>,
    /// The stages it passed.
    pub trace: Option<Vec<StageTrace>>,
    /// Its newest headlines.
    pub headlines: Option<Vec<Headline>>,
}

/// A published forecast of one session's close. Also the record on `stock-prediction-output` and
/// what `predict --json` prints.
#[derive(Debug, Clone, PartialEq)]
pub struct CloseForecast(ForecastValues);

impl Deref for CloseForecast {
    type Target = ForecastValues;

    fn deref(&self) -> &ForecastValues {
        &self.0
    }
}

impl CloseForecast {
    /// Publishes what was computed: prices to the nearest cent (four decimals where the last close
    /// is below 1), bounds to the next price outwards, probabilities to four decimals. Publishing
    /// what is published changes nothing.
    ///
    /// # Errors
    /// [`Error::Number`] for a number that is not finite, or a price that is none.
    pub fn publish(mut values: ForecastValues) -> Result<Self, Error> {
        let round = PriceRounding::of(values.last_close);
        values.prediction = round.nearest(values.prediction);
        values.last_close = round.nearest(values.last_close);
        values.probability_up = decimals(values.probability_up, 4);
        values.probability_up_from_here = values.probability_up_from_here.map(|p| decimals(p, 4));
        for interval in &mut values.intervals {
            interval.lower = round.down(interval.lower);
            interval.upper = round.up(interval.upper);
        }
        for (_, close) in &mut values.history {
            *close = round.nearest(*close);
        }
        if let Some(reference) = &mut values.reference {
            reference.price = round.nearest(reference.price);
        }
        if let Some(quote) = &mut values.quote {
            quote.price = round.nearest(quote.price);
            quote.open = round.nearest(quote.open);
            quote.range = quote.range.map(|range| PriceRange {
                low: round.nearest(range.low),
                high: round.nearest(range.high),
            });
        }
        values.headlines = values.headlines.map(|headlines| {
            let mut kept: Vec<_> = headlines
                .into_iter()
                .filter_map(Headline::cleaned)
                .collect();
            kept.truncate(MAX_HEADLINES);
            kept
        });
        values.model.gate = decimals(values.model.gate, 6);
        values.model.asked_change_pct = values.model.asked_change_pct.map(|pct| decimals(pct, 3));
        let forecast = Self(values);
        forecast.check()?;
        Ok(forecast)
    }

    /// Its values, to make another forecast of.
    #[must_use]
    pub fn into_values(self) -> ForecastValues {
        self.0
    }

    /// The same forecast without its two long lists, and the lists, which many forecasts share.
    #[must_use]
    pub fn detach_lists(mut self) -> (Self, Vec<(SessionDate, f64)>, Option<Vec<NewsMean>>) {
        let history = std::mem::take(&mut self.0.history);
        let news = self.0.news.take();
        (self, history, news)
    }

    /// The same forecast with lists that [`Self::detach_lists`] gave; `None` keeps those it has.
    #[must_use]
    pub fn attach_lists(
        mut self,
        history: Option<Vec<(SessionDate, f64)>>,
        news: Option<Vec<NewsMean>>,
    ) -> Self {
        if let Some(history) = history {
            self.0.history = history;
        }
        self.0.news = news.or(self.0.news);
        self
    }

    /// The same forecast once it has passed another stage.
    #[must_use]
    pub fn passed(mut self, stage: StageTrace) -> Self {
        self.0.trace.get_or_insert_default().push(stage);
        self
    }

    /// Rounding of its prices.
    #[must_use]
    pub fn rounding(&self) -> PriceRounding {
        PriceRounding::of(self.last_close)
    }

    /// The price it starts from, which is also what it is measured against: the newest it knew.
    #[must_use]
    pub fn reference_price(&self) -> f64 {
        self.reference
            .map_or(self.last_close, |reference| reference.price)
    }

    /// Kind of that price.
    #[must_use]
    pub fn reference_kind(&self) -> ReferenceKind {
        self.reference
            .map_or(ReferenceKind::LastClose, |reference| reference.kind)
    }

    /// Rule by which it is scored.
    #[must_use]
    pub fn scoring_rule(&self) -> ScoringRule {
        match self.reference {
            Some(_) => ScoringRule::Reference,
            None => ScoringRule::LastClose,
        }
    }

    /// Published forecast minus published last close, so that the record agrees with itself.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.rounding().nearest(self.prediction - self.last_close)
    }

    /// The same in percent of the last close.
    #[must_use]
    pub fn change_pct(&self) -> f64 {
        decimals(100.0 * self.change() / self.last_close, 3)
    }

    /// Rise, fall or same, against the last close.
    #[must_use]
    pub fn direction(&self) -> Direction {
        Direction::between(self.last_close, self.prediction)
    }

    fn check(&self) -> Result<(), Error> {
        let refused = |field, value: f64, rule| Error::Number {
            field,
            value: value.to_string(),
            session: self.target.to_string(),
            rule,
        };
        let prices = [
            ("Prediction", self.prediction),
            ("Close", self.last_close),
            ("reference", self.reference_price()),
        ];
        for (field, value) in prices {
            if !(value > 0.0 && value <= 1e9) {
                return Err(refused(field, value, "a price is above 0 and at most 1e9"));
            }
        }
        match self.numbers().find(|(_, value)| !value.is_finite()) {
            Some((field, value)) => Err(refused(field, value, "a number is finite")),
            None => Ok(()),
        }
    }

    /// Every number that it carries beside its prices, with its name.
    pub fn numbers(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        let single = [
            ("probability_up", Some(self.probability_up)),
            ("probability_up_from_here", self.probability_up_from_here),
            ("scale", self.scale),
            ("gate", Some(self.model.gate)),
            ("asked_change_pct", self.model.asked_change_pct),
            ("quote", self.quote.map(|quote| quote.price + quote.open)),
        ];
        let relative = self
            .relative_mae
            .iter()
            .flat_map(|mae| [mae.value, mae.lower, mae.upper]);
        let intervals = self
            .intervals
            .iter()
            .flat_map(|i| [i.level, i.lower, i.upper]);
        let history = self.history.iter().map(|(_, close)| *close);
        let repairs = self.repairs.iter().map(|repair| repair.factor);
        single
            .into_iter()
            .filter_map(|(name, number)| Some((name, number?)))
            .chain(relative.map(|number| ("relative_mae", number)))
            .chain(intervals.map(|number| ("intervals", number)))
            .chain(history.map(|number| ("history", number)))
            .chain(repairs.map(|number| ("repairs", number)))
    }
}

/// Direction in which the close is called.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Direction {
    /// Above the last close.
    Rise,
    /// Below it.
    Fall,
    /// Equal to it, as published.
    Same,
}

impl Direction {
    /// From one published price to another.
    #[must_use]
    pub fn between(from: f64, to: f64) -> Self {
        if to > from {
            Self::Rise
        } else if to < from {
            Self::Fall
        } else {
            Self::Same
        }
    }
}

/// A prediction interval for the close.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Nominal coverage, such as 0.8.
    pub level: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// News of one session: its date, mean score, and number of articles; written as a list of three.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NewsMean(
    /// The session.
    pub SessionDate,
    /// Mean score of the headlines, in [-1, 1]; `None` without articles.
    pub Option<f64>,
    /// Number of them.
    pub u32,
);
