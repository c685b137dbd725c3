//! Forecasts and dead letters to record. What a test is about it sets itself.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Calendar;
use closecall_ledger::{DeadLetterRow, Error, Ledger, LedgerInput, Reader, Recorded};
use closecall_protocol::{
    CloseForecast, ForecastValues, ForeignPrediction, Interval, ModelSummary, Phase, PickId,
    Prediction, Reason, Reference, ReferenceKind, SessionDate, Ticker,
};
use serde_json::json;
use tempfile::TempDir;

/// A directory with a ledger in it.
pub(crate) struct Fixture {
    pub(crate) directory: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn writer(&self) -> Ledger {
        Ledger::open(self.directory.path(), Calendar::default()).unwrap()
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(self.directory.path()).unwrap()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("ledger.sqlite")
    }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn session(text: &str) -> SessionDate {
    text.parse().unwrap()
}

/// History from `(session, close)` as text.
pub(crate) fn history(closes: &[(&str, f64)]) -> Vec<(SessionDate, f64)> {
    closes
        .iter()
        .map(|(date, close)| (session(date), *close))
        .collect()
}

/// A forecast made at `as_of` for the session that is then next to close, from `history`, whose
/// last entry is the as-of close.
pub(crate) fn forecast(
    ticker: &str,
    as_of: &str,
    prediction: f64,
    closes: &[(&str, f64)],
) -> CloseForecast {
    let history = history(closes);
    let reference = Reference {
        price: history[history.len() - 1].1,
        kind: ReferenceKind::LastClose,
        at: None,
    };
    let mut values = values(ticker, at(as_of), history, reference, Phase::Before);
    values.prediction = prediction;
    values.intervals = vec![Interval {
        level: 0.8,
        lower: prediction * 0.98,
        upper: prediction * 1.02,
    }];
    CloseForecast::publish(values).unwrap()
}

/// A forecast at `reference` itself, made at `as_of` for the session that is then next to close; the
/// last entry of `history` is the as-of close.
pub(crate) fn values(
    ticker: &str,
    as_of: DateTime<Utc>,
    history: Vec<(SessionDate, f64)>,
    reference: Reference,
    phase: Phase,
) -> ForecastValues {
    let ticker = Ticker::new(ticker).unwrap();
    let (last_session, last_close) = history[history.len() - 1];
    ForecastValues {
        target: SessionDate::new(Calendar::default().target(as_of).date).unwrap(),
        prediction: reference.price,
        last_session,
        last_close,
        pick_id: PickId::of_slot(7, as_of, &ticker),
        ticker,
        as_of,
        probability_up: 0.5,
        intervals: [(0.8, 2.0), (0.9, 3.0)]
            .map(|(level, far)| Interval {
                level,
                lower: reference.price - far,
                upper: reference.price + far,
            })
            .to_vec(),
        articles: 12,
        sessions: 205,
        model: ModelSummary {
            name: "closecall".into(),
            spec: "nowcast-v1/test".into(),
            seed: 7,
            path: "plain".into(),
            rows: 196,
            gate: 0.25,
            file: None,
            trained_at: as_of,
            reason: None,
            target: None,
            remembered: None,
            asked_change_pct: None,
        },
        relative_mae: None,
        data_age_s: 60,
        history,
        reference: Some(reference),
        phase: Some(phase),
        sessions_ahead: Some(0),
        probability_up_from_here: Some(0.5),
        scale: Some(0.02),
        quote: None,
        quote_absent: None,
        provider: None,
        provider_switched: None,
        provisional: None,
        repairs: Vec::new(),
        vintage: None,
        settings_hash: None,
        news: None,
        trace: None,
        headlines: None,
    }
}

/// Recording of one thing at a time.
pub(crate) trait Recording {
    fn record_forecast(
        &mut self,
        forecast: &CloseForecast,
        at: DateTime<Utc>,
    ) -> Result<Recorded, Error>;
    fn record_foreign(
        &mut self,
        foreign: &ForeignPrediction,
        at: DateTime<Utc>,
    ) -> Result<Recorded, Error>;
    fn record_dead_letter(&mut self, letter: &DeadLetterRow) -> Result<Recorded, Error>;
}

impl Recording for Ledger {
    fn record_forecast(
        &mut self,
        forecast: &CloseForecast,
        at: DateTime<Utc>,
    ) -> Result<Recorded, Error> {
        let prediction = Box::new(Prediction::Ours(Box::new(forecast.clone())));
        self.record(&LedgerInput::Prediction(prediction, at))
    }

    fn record_foreign(
        &mut self,
        foreign: &ForeignPrediction,
        at: DateTime<Utc>,
    ) -> Result<Recorded, Error> {
        let prediction = Box::new(Prediction::Foreign(foreign.clone()));
        self.record(&LedgerInput::Prediction(prediction, at))
    }

    fn record_dead_letter(&mut self, letter: &DeadLetterRow) -> Result<Recorded, Error> {
        self.record(&LedgerInput::DeadLetter(Box::new(letter.clone())))
    }
}

/// The same forecast with some of its values changed.
pub(crate) fn changed(
    forecast: CloseForecast,
    change: impl FnOnce(&mut ForecastValues),
) -> CloseForecast {
    let mut values = forecast.into_values();
    change(&mut values);
    CloseForecast::publish(values).unwrap()
}

/// The same forecast from a price of the running session.
pub(crate) fn quoted(forecast: CloseForecast, price: f64, phase: Phase) -> CloseForecast {
    changed(forecast, |values| {
        values.phase = Some(phase);
        values.reference = Some(Reference {
            price,
            kind: ReferenceKind::Quote,
            at: Some(values.as_of),
        });
    })
}

pub(crate) fn dead_letter(pick_id: PickId, reason: Reason, at: DateTime<Utc>) -> DeadLetterRow {
    DeadLetterRow {
        pick_id,
        stage: "scraper".into(),
        reason,
        message: "the vendor does not answer".into(),
        ticker: Some(Ticker::new("AAPL").unwrap()),
        attempts: 1,
        payload: json!({"stock_name": "AAPL", "z": 1, "a": 0.1}),
        at,
        topic: None,
        partition: None,
        offset: None,
    }
}

pub(crate) fn foreign(offset: i64, target: &str) -> ForeignPrediction {
    ForeignPrediction {
        pick_id: PickId::of_record("stock-prediction-output", 3, offset),
        ticker: Ticker::new("AAPL").unwrap(),
        target: session(target),
        prediction: 190.5,
        last_session: session("2023-06-28"),
        last_close: 189.25,
    }
}

/// A ledger of `count` forecasts of AAPL, a minute apart on 29 June 2023, the last with a history
/// that scores none; closed again, so that the database file holds it all.
pub(crate) fn filled(count: i64) -> Fixture {
    let fixture = Fixture::new();
    let mut ledger = fixture.writer();
    for minute in 0..count {
        let as_of = at("2023-06-29T14:00:00Z") + TimeDelta::minutes(minute);
        let made = forecast(
            "AAPL",
            &as_of.to_rfc3339(),
            190.0 + 0.01 * minute as f64,
            &[("2023-06-27", 188.06), ("2023-06-28", 189.25)],
        );
        ledger
            .record_forecast(&made, as_of + TimeDelta::seconds(5))
            .unwrap();
    }
    drop(ledger);
    fixture
}
