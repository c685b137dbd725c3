//! Ensures that no bytes make a reader of records panic: 20,000 mutations of good records a codec,
//! more with `CLOSECALL_MUTATIONS=1000000`.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::codec::dead_letter::{self, Refusal};
use closecall_protocol::codec::{Arrival, Record, dataset, forecast, pick};
use closecall_protocol::{
    Annotations, Bar, CloseForecast, DatasetBuilt, DatasetRow, Pick, PickId, PickReason,
    Prediction, PriceRange, Provider, Quote, Reason, SessionNews, SessionTimes, Ticker,
    TickerPicked,
};
use testing::{Dice, mutations};

/// A good record with its value or one of its headers spoilt.
fn spoilt(good: &Record, dice: &mut Dice) -> Record {
    let mut record = good.clone();
    let part = dice.below(record.headers.len() + 2);
    match record.headers.get_mut(part) {
        Some((_, Some(value))) => dice.spoil(value),
        _ => dice.spoil(record.value.get_or_insert_default()),
    }
    record
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn arrival() -> Arrival {
    Arrival {
        topic: "stock-name-selector".into(),
        partition: 3,
        offset: 42,
        timestamp: at("2023-06-30T14:00:00.250Z"),
        expires_after: Some(TimeDelta::hours(1)),
    }
}

fn a_pick() -> Pick {
    let (ticker, slot) = (Ticker::new("AAPL").unwrap(), at("2023-06-30T14:00:00Z"));
    Pick {
        pick_id: PickId::of_slot(7, slot, &ticker),
        ticker,
        slot,
        expires_at: Some(slot + TimeDelta::hours(1)),
        reason: PickReason::Schedule,
    }
}

fn a_dataset() -> DatasetBuilt {
    let row = |day: &str, close: f64| {
        let bar = Bar::of_close(day.parse().unwrap(), close).unwrap();
        let bar = bar.with_open(Some(close)).with_volume(Some(1e6));
        DatasetRow::new(bar, SessionNews::default())
    };
    DatasetBuilt {
        pick: a_pick(),
        target: "2023-06-30".parse().unwrap(),
        session: SessionTimes::new(at("2023-06-30T13:30:00Z"), at("2023-06-30T20:00:00Z")).unwrap(),
        sessions_ahead: 0,
        quote: Ok(Quote {
            price: 191.63,
            at: at("2023-06-30T13:59:00Z"),
            open: 190.1,
            range: PriceRange::new(190.0, 192.0),
            source: Provider::Yahoo,
        }),
        provider: Some(Provider::Yahoo),
        provider_switched: Some(false),
        provisional: false,
        repairs: [].into(),
        rows: [row("2023-06-28", 189.25), row("2023-06-29", 189.59)].into(),
        live: SessionNews::default(),
        fetched_at: Some(at("2023-06-30T13:59:58Z")),
        annotations: Annotations::default(),
    }
}

/// As the first version wrote it, so that what is missing today is part of what is mutated.
const FORECAST: &str = r#"{"Date":"2023-06-30","Prediction":190.12,"Prev_date":"2023-06-29","Close":189.59,"Stock Name":"AAPL","pick_id":"9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c","as_of":"2023-06-30T14:00:00Z","baseline":189.59,"change":0.53,"change_pct":0.28,"direction":"rise","probability_up":0.53,"intervals":[{"level":0.8,"lower":187.1,"upper":193.0}],"articles":5123,"sessions":206,"model":{"name":"closecall","spec":"gru16x1-d16","seed":7,"path":"avx2","rows":196,"gate":0.25,"file":null,"trained_at":"2023-06-30T14:00:05Z","reason":null},"relative_mae":null,"data_age_s":3600,"history":[["2023-06-29",189.59]]}"#;

/// Counts how many mutations were still readable: a test whose mutations are all refused at the
/// first byte would show nothing.
fn each(good: &Record, read: impl Fn(&Record) -> bool) {
    let mut dice = Dice(42);
    let readable = (0..mutations())
        .filter(|_| read(&spoilt(good, &mut dice)))
        .count();
    assert!(readable > mutations() / 50, "{readable} readable");
    assert!(readable < mutations(), "all readable");
}

#[test]
fn picks() {
    let good = pick::encode(&TickerPicked { pick: a_pick() }).unwrap();
    each(&good, |record| pick::decode(record, &arrival()).is_ok());
}

#[test]
fn datasets() {
    let (good, calendar) = (dataset::encode(&a_dataset()).unwrap(), Calendar::default());
    each(&good, |record| {
        match dataset::decode(record, &arrival(), &calendar) {
            Ok(read) => {
                assert!(read.rows.iter().all(|row| row.close().is_finite()));
                assert!(read.quote.is_err() || read.quote.unwrap().price > 0.0);
                dataset::encode(&read).unwrap();
                true
            }
            Err(refused) => {
                assert!(refused.to_string().len() < 1_000);
                false
            }
        }
    });
}

#[test]
fn forecasts() {
    let first: CloseForecast = serde_json::from_str(FORECAST).unwrap();
    let good = forecast::encode(&Prediction::Ours(Box::new(first))).unwrap();
    for good in [
        good,
        Record {
            value: Some(FORECAST.into()),
            ..Record::default()
        },
    ] {
        each(&good, |record| match forecast::decode(record, &arrival()) {
            Ok(read) => {
                if let Prediction::Ours(forecast) = &read {
                    assert!(forecast.numbers().all(|(_, number)| number.is_finite()));
                }
                forecast::encode(&read).unwrap();
                true
            }
            Err(_) => false,
        });
    }
}

/// Reading a dead letter never fails, since that would make another.
#[test]
fn dead_letters() {
    let refusal = Refusal {
        stage: "scraper".into(),
        reason: Reason::Unavailable,
        message: "the vendor does not answer".into(),
        attempts: 1,
        group: "closecall.scraper".into(),
    };
    let record = pick::encode(&TickerPicked { pick: a_pick() }).unwrap();
    let good = dead_letter::encode(&record, &arrival(), None, &refusal);
    let mut dice = Dice(7);
    for _ in 0..mutations() {
        let letter = spoilt(&good, &mut dice);
        let read = dead_letter::decode(&letter, &arrival());
        assert!(!read.stage.is_empty() || letter.header("dlt-stage") == Some(""));
        std::hint::black_box(dead_letter::replay(&letter, &arrival(), None));
    }
}
