//! One example of each message, with everything in it that can be.

use chrono::{DateTime, TimeDelta, Utc};

use crate::codec::*;
use crate::*;

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn arrival(topic: Topic) -> Arrival {
    Arrival {
        topic: topic.name().to_owned(),
        partition: 3,
        offset: 42,
        timestamp: at("2023-06-30T14:00:00.250Z"),
        expires_after: Some(TimeDelta::hours(1)),
    }
}

pub(super) fn raw(value: impl Into<Vec<u8>>) -> Record {
    Record {
        value: Some(value.into()),
        ..Record::default()
    }
}

pub(super) fn pick() -> Pick {
    let (ticker, slot) = (Ticker::new("AAPL").unwrap(), at("2023-06-30T14:00:00Z"));
    let pick_id = PickId::of_slot(7, slot, &ticker);
    let expires_at = Some(slot + TimeDelta::hours(1));
    Pick {
        ticker,
        pick_id,
        slot,
        expires_at,
        reason: PickReason::Schedule,
    }
}

pub(super) fn row(day: &str, close: f64, news: SessionNews) -> DatasetRow {
    let quote = Ohlcv {
        open: close,
        high: close,
        low: close,
        close,
        adj_close: close,
        volume: 1e6,
    };
    DatasetRow::new(Bar::new(day.parse().unwrap(), quote).unwrap(), news)
}

pub(super) fn session() -> SessionTimes {
    SessionTimes::new(at("2023-06-30T13:30:00Z"), at("2023-06-30T20:00:00Z")).unwrap()
}

/// A price with no short decimal form.
pub(super) fn quote() -> Quote {
    Quote {
        price: 191.630_004_882_812_5,
        at: at("2023-06-30T13:59:00Z"),
        open: 0.1 + 0.2 + 190.0,
        range: PriceRange::new(190.1, 191.9),
        source: Provider::Yahoo,
    }
}

pub(super) fn repair() -> Repair {
    Repair {
        session: "2023-06-10".parse().unwrap(),
        field: RepairField::Close,
        rule: RepairRule::Split,
        factor: 0.1,
    }
}

fn annotations() -> Annotations {
    let stage = |stage: &str, took_ms| StageTrace {
        stage: stage.into(),
        began_at: Some(at("2023-06-30T14:00:00.125Z")),
        took_ms,
        attempts: 1,
    };
    Annotations {
        trace: vec![stage("scraper", 410), stage("sentiment", 198)],
        headlines: vec![Headline {
            title: "Up, and \"up\" again".into(),
            publisher: Some("Wire".into()),
            published_at: at("2023-06-30T13:00:00Z"),
            score: 0.4,
        }],
    }
}

pub(super) fn dataset() -> DatasetBuilt {
    let news = SessionNews {
        sentiment: Some(0.1027),
        articles: 12,
    };
    DatasetBuilt {
        pick: pick(),
        target: "2023-06-30".parse().unwrap(),
        session: session(),
        sessions_ahead: 0,
        quote: Ok(quote()),
        provider: Some(Provider::Yahoo),
        provider_switched: Some(true),
        provisional: false,
        repairs: [repair()].into(),
        rows: vec![
            row("2023-06-28", 189.25, news),
            row("2023-06-29", 189.589_996_337_890_63, SessionNews::default()),
        ]
        .into(),
        live: SessionNews {
            sentiment: Some(-0.25),
            articles: 4,
        },
        fetched_at: Some(at("2023-06-30T13:59:58Z")),
        annotations: annotations(),
    }
}

pub(super) fn values() -> ForecastValues {
    ForecastValues {
        target: "2023-06-30".parse().unwrap(),
        prediction: 190.123_4,
        last_session: "2023-06-29".parse().unwrap(),
        last_close: 189.589_996,
        ticker: Ticker::new("AAPL").unwrap(),
        pick_id: pick().pick_id,
        as_of: pick().slot,
        probability_up: 0.53,
        intervals: vec![Interval {
            level: 0.8,
            lower: 187.109,
            upper: 193.001,
        }],
        articles: 5123,
        sessions: 206,
        model: ModelSummary {
            name: "closecall".into(),
            spec: "gru16x1-d16".into(),
            seed: 7,
            path: "avx2".into(),
            rows: 196,
            gate: 0.25,
            file: None,
            trained_at: at("2023-06-30T14:00:05Z"),
            reason: None,
            target: Some(ModelTarget::Opening),
            remembered: Some(true),
            asked_change_pct: Some(0.123_4),
        },
        relative_mae: None,
        data_age_s: 3600,
        history: vec![("2023-06-29".parse().unwrap(), 189.589_996)],
        reference: Some(Reference {
            price: 191.630_004,
            kind: ReferenceKind::Quote,
            at: Some(at("2023-06-30T13:59:00Z")),
        }),
        phase: Some(Phase::Morning),
        sessions_ahead: Some(0),
        probability_up_from_here: Some(0.51),
        scale: Some(0.008_712_345_678_901),
        quote: Some(quote()),
        quote_absent: None,
        provider: Some(Provider::Yahoo),
        provider_switched: Some(false),
        provisional: Some(false),
        repairs: vec![repair()],
        vintage: Some(dataset().vintage()),
        settings_hash: Some("0123456789abcdef".into()),
        news: Some(vec![NewsMean(
            "2023-06-29".parse().unwrap(),
            Some(0.04),
            22,
        )]),
        trace: None,
        headlines: None,
    }
}

pub(super) fn prediction() -> CloseForecast {
    CloseForecast::publish(values()).unwrap()
}
