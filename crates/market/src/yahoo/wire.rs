//! The chart service's JSON, as loosely as it can be read: only the symbol must be there.

use serde::Deserialize;

use crate::vendor::bounded::{AtMost, First};
use crate::vendor::number::Cell;

/// A column of an answer; ten years of sessions have 2,520 rows, a day of minutes 390.
pub(super) type Column = AtMost<Cell, 20_000>;

#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) chart: Option<ChartBody>,
    /// The outer key of the vendor's refusals at the door.
    pub(super) finance: Option<ChartBody>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChartBody {
    pub(super) result: Option<First<ChartResult>>,
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
    pub(super) timestamp: Option<Column>,
    pub(super) events: Option<ChartEvents>,
    pub(super) indicators: Option<Indicators>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) symbol: String,
    pub(super) data_granularity: Option<String>,
    pub(super) exchange_timezone_name: Option<String>,
    pub(super) gmtoffset: Option<Cell>,
    pub(super) currency: Option<String>,
    pub(super) instrument_type: Option<String>,
    pub(super) regular_market_time: Option<Cell>,
    pub(super) regular_market_price: Option<Cell>,
    pub(super) chart_previous_close: Option<Cell>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChartEvents {
    pub(super) splits: Option<AtMost<SplitEvent, 1_000>>,
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
    pub(super) quote: Option<First<QuoteColumns>>,
    pub(super) adjclose: Option<First<AdjustedColumn>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct QuoteColumns {
    pub(super) open: Option<Column>,
    pub(super) high: Option<Column>,
    pub(super) low: Option<Column>,
    pub(super) close: Option<Column>,
    pub(super) volume: Option<Column>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AdjustedColumn {
    pub(super) adjclose: Option<Column>,
}
