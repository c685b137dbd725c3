//! The chart service's JSON, as loosely as it can be read: only the symbol must be there.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::vendor::number::Cell;

#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) chart: Option<Body>,
    /// The outer key of the vendor's refusals at the door.
    pub(super) finance: Option<Body>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Body {
    pub(super) result: Option<Vec<Series>>,
    pub(super) error: Option<Refusal>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    pub(super) code: Option<String>,
    pub(super) description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Series {
    pub(super) meta: Meta,
    /// Missing altogether when there are no bars.
    pub(super) timestamp: Option<Vec<Cell>>,
    pub(super) events: Option<Events>,
    pub(super) indicators: Option<Indicators>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) symbol: String,
    pub(super) data_granularity: Option<String>,
    pub(super) exchange_timezone_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Events {
    pub(super) dividends: Option<BTreeMap<String, Dividend>>,
    pub(super) splits: Option<BTreeMap<String, Split>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dividend {
    pub(super) date: Cell,
    pub(super) amount: Cell,
}

#[derive(Debug, Deserialize)]
pub(super) struct Split {
    pub(super) date: Cell,
    pub(super) numerator: Cell,
    pub(super) denominator: Cell,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Indicators {
    pub(super) quote: Option<Vec<Quote>>,
    pub(super) adjclose: Option<Vec<Adjusted>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Quote {
    pub(super) open: Option<Vec<Cell>>,
    pub(super) high: Option<Vec<Cell>>,
    pub(super) low: Option<Vec<Cell>>,
    pub(super) close: Option<Vec<Cell>>,
    pub(super) volume: Option<Vec<Cell>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Adjusted {
    pub(super) adjclose: Option<Vec<Cell>>,
}
