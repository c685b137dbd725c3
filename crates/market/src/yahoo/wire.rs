//! The chart service's JSON, as loosely as it can be read: only the symbol must be there.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::vendor::number::Cell;

#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) chart: Option<ChartBody>,
    /// The outer key of the vendor's refusals at the door.
    pub(super) finance: Option<ChartBody>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChartBody {
    pub(super) result: Option<Vec<ChartResult>>,
    pub(super) error: Option<ChartRefusal>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChartRefusal {
    pub(super) code: Option<String>,
    pub(super) description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChartResult {
    pub(super) meta: Meta,
    /// Missing altogether when there are no bars.
    pub(super) timestamp: Option<Vec<Cell>>,
    pub(super) events: Option<ChartEvents>,
    pub(super) indicators: Option<Indicators>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) symbol: String,
    pub(super) data_granularity: Option<String>,
    pub(super) exchange_timezone_name: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) instrument_type: Option<String>,
    pub(super) regular_market_time: Option<Cell>,
    pub(super) regular_market_price: Option<Cell>,
    pub(super) chart_previous_close: Option<Cell>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChartEvents {
    pub(super) splits: Option<BTreeMap<String, SplitEvent>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SplitEvent {
    pub(super) date: Cell,
    pub(super) numerator: Cell,
    pub(super) denominator: Cell,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Indicators {
    pub(super) quote: Option<Vec<QuoteColumns>>,
    pub(super) adjclose: Option<Vec<AdjustedColumn>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct QuoteColumns {
    pub(super) open: Option<Vec<Cell>>,
    pub(super) high: Option<Vec<Cell>>,
    pub(super) low: Option<Vec<Cell>>,
    pub(super) close: Option<Vec<Cell>>,
    pub(super) volume: Option<Vec<Cell>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AdjustedColumn {
    pub(super) adjclose: Option<Vec<Cell>>,
}
