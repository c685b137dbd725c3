//! The store on a real file.

mod bar_history;
mod files;
mod prices;
mod scores;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use closecall_protocol::{
    Article, Bar, NewsSums, Ohlcv, Provider, Repair, RepairField, RepairRule, SessionTimes, Ticker,
};

use super::*;
use crate::alphavantage::NewsItem;
use crate::error::Error;
use crate::providers::{IntradayAnswer, IntradayRow};
use crate::source::DataSource;
use crate::split::Split;
use crate::vendor::EndpointFamily;

pub(crate) fn ticker() -> Ticker {
    Ticker::new("NVDA").unwrap()
}

pub(crate) fn series() -> Series {
    Series::new(Provider::Yahoo, &ticker())
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn bar(session: &str, close: f64) -> Bar {
    let (open, high, low) = (close, close * 1.01, close * 0.99);
    let quote = Ohlcv {
        open,
        high,
        low,
        close,
        adj_close: close,
        volume: 1e6,
    };
    Bar::new(session.parse().unwrap(), quote).unwrap()
}

pub(crate) fn fetched(bars: Vec<Bar>, splits: &[Split]) -> FetchedBars {
    FetchedBars {
        bars,
        splits: splits.to_vec(),
        repairs: vec![],
    }
}

pub(crate) fn news(published: &str, title: &str, url: Option<&str>) -> NewsItem {
    let article = Article::new(at(published), title, None, url, None).unwrap();
    NewsItem {
        article,
        relevance: Some(0.5),
        vendor_score: None,
    }
}

pub(crate) fn open(dir: &tempfile::TempDir) -> Store {
    Store::open(dir.path(), &DataSource::Live).unwrap()
}

pub(crate) async fn closes(store: &Store) -> Vec<f64> {
    let stored = store
        .bars(&series(), day("2000-01-01"), day("2100-01-01"))
        .await
        .unwrap();
    stored.bars.iter().map(|bar| bar.close()).collect()
}

pub(crate) fn span(start: &str, end: &str) -> Span {
    Span {
        start: at(start),
        end: at(end),
    }
}
