//! Leaks that are planted on purpose: datasets that know what they should not.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::{Bar, DatasetBuilt, DatasetRow, Ohlcv, PriceRange, SessionDate};

use super::check::LeakCheck;
use super::leak::Leak;
use crate::dataset::dataset_at;
use crate::error::Error;
use crate::history::History;
use crate::simulated::{SimulatedMarket, SimulatedMarkets};

/// Minutes of a vendor's bar.
const BAR: usize = 15;

/// Span after the cut in which the leak reads articles.
const LATE: TimeDelta = TimeDelta::hours(6);

/// The dataset as the product builds it, with what the leak knows besides.
pub(super) fn leaking_dataset(
    check: &LeakCheck<'_>,
    market: &SimulatedMarket,
    number: usize,
    as_of: DateTime<Utc>,
    leak: Option<Leak>,
) -> Result<DatasetBuilt, Error> {
    let session = market.sessions[number].session;
    let quotes = SimulatedMarkets(vec![market.clone()]);
    let built = |history: &History, as_of| {
        let made = dataset_at(
            history,
            &session,
            as_of,
            check.window_days,
            &quotes,
            check.calendar,
            check.builder,
        )?;
        made.ok_or_else(|| Error::Simulated("no session had closed".into()))
    };
    let honest = built(&market.history, as_of)?;
    let running = &market.history.bars[number];
    Ok(match leak {
        None => honest,
        Some(Leak::RunningClose) => knowing_the_close(honest, running),
        Some(Leak::RunningHigh) => {
            let elapsed = (as_of - session.open).num_minutes();
            let end = usize::try_from(elapsed).map_or(0, |minute| (minute / BAR + 1) * BAR);
            let prices = &market.sessions[number].prices;
            let high = prices[..=end.min(prices.len() - 1)].iter().copied();
            knowing_the_high(honest, running, high.fold(0.0, f64::max))?
        }
        Some(Leak::LateArticle) => {
            let late = (as_of + LATE).min(session.close - TimeDelta::seconds(1));
            DatasetBuilt {
                live: built(&market.history, late)?.live,
                ..honest
            }
        }
        Some(Leak::RevisedBar) => {
            let mut history = market.history.clone();
            for revision in &mut history.revisions {
                revision.seen = DateTime::<Utc>::MIN_UTC;
            }
            built(&history, as_of)?
        }
        Some(Leak::ScalerOverAllRows) => scaled_by_all(honest, &market.history)?,
    })
}

fn knowing_the_close(mut dataset: DatasetBuilt, running: &Bar) -> DatasetBuilt {
    match &mut dataset.quote {
        Ok(quote) => quote.price = running.close(),
        // Before the opening it comes in as one more row.
        Err(_) => {
            let row = DatasetRow::new(*running, dataset.live);
            dataset.rows = dataset.rows.iter().copied().chain([row]).collect();
        }
    }
    dataset
}

fn knowing_the_high(
    mut dataset: DatasetBuilt,
    running: &Bar,
    high: f64,
) -> Result<DatasetBuilt, Error> {
    match &mut dataset.quote {
        Ok(quote) => {
            let low = quote.range.map_or(quote.price, |range| range.low);
            quote.range = PriceRange::new(low, high.max(quote.price));
        }
        Err(_) => {
            let high = running.range().map_or(running.close(), |range| range.high);
            let higher = |bar: Ohlcv| Ohlcv {
                high: high.max(bar.high),
                ..bar
            };
            dataset.rows = with_last(&dataset, higher)?.into();
        }
    }
    Ok(dataset)
}

/// The rows, the last with other numbers.
fn with_last(
    dataset: &DatasetBuilt,
    change: impl Fn(Ohlcv) -> Ohlcv,
) -> Result<Vec<DatasetRow>, Error> {
    let mut rows = dataset.rows.to_vec();
    if let Some(last) = rows.last_mut() {
        let bar = rebuilt(last.bar().session(), change(numbers(last.bar())))?;
        *last = DatasetRow::new(bar, last.news());
    }
    Ok(rows)
}

fn scaled_by_all(dataset: DatasetBuilt, history: &History) -> Result<DatasetBuilt, Error> {
    let moves: Vec<f64> = history
        .bars
        .windows(2)
        .map(|pair| (pair[1].close() / pair[0].close()).ln())
        .collect();
    let square = moves.iter().map(|x| x * x).sum::<f64>() / moves.len().max(1) as f64;
    let factor = square.sqrt() / 0.015;
    let scaled = |row: &DatasetRow| {
        let bar = numbers(row.bar());
        let (top, bottom) = (bar.open.max(bar.close), bar.open.min(bar.close));
        let numbers = Ohlcv {
            high: top * (factor * (bar.high / top).ln()).exp(),
            low: bottom * (factor * (bar.low / bottom).ln()).exp(),
            ..bar
        };
        Ok(DatasetRow::new(
            rebuilt(row.session(), numbers)?,
            row.news(),
        ))
    };
    let rows: Result<Vec<DatasetRow>, Error> = dataset.rows.iter().map(scaled).collect();
    Ok(DatasetBuilt {
        rows: rows?.into(),
        ..dataset
    })
}

fn numbers(bar: &Bar) -> Ohlcv {
    let close = bar.close();
    let range = bar.range();
    Ohlcv {
        open: bar.open().unwrap_or(close),
        high: range.map_or(close, |range| range.high),
        low: range.map_or(close, |range| range.low),
        close,
        adj_close: close,
        volume: 1e6,
    }
}

fn rebuilt(session: SessionDate, numbers: Ohlcv) -> Result<Bar, Error> {
    Bar::new(session, numbers).map_err(|error| Error::Simulated(error.to_string()))
}
