//! Metadata of the pipeline's messages, for delivery and dead letters.

use chrono::{DateTime, Utc};
use closecall_protocol::codec::forecast::OriginalBody;
use closecall_protocol::{DatasetBuilt, MarketScraped, Pick, Prediction, TickerPicked};
use closecall_supervision::MessageMetadata;
use serde_json::{Value, json};

/// Describes every fact of the pipeline: all but a foreign prediction are about a pick.
#[derive(Debug, Clone, Copy, Default)]
pub struct PickMetadata;

fn pick_json(pick: &Pick) -> Value {
    json!({
        "stock_name": pick.ticker,
        "pick_id": pick.pick_id,
        "slot": pick.slot,
        "expires_at": pick.expires_at,
        "reason": pick.reason,
    })
}

impl MessageMetadata<TickerPicked> for PickMetadata {
    fn id(&self, message: &TickerPicked) -> String {
        message.pick.pick_id.to_string()
    }

    fn label(&self, message: &TickerPicked) -> Option<String> {
        Some(message.pick.ticker.to_string())
    }

    fn expires_at(&self, message: &TickerPicked) -> Option<DateTime<Utc>> {
        message.pick.expires_at
    }

    fn to_json(&self, message: &TickerPicked) -> Value {
        pick_json(&message.pick)
    }
}

impl MessageMetadata<MarketScraped> for PickMetadata {
    fn id(&self, message: &MarketScraped) -> String {
        message.pick.pick_id.to_string()
    }

    fn label(&self, message: &MarketScraped) -> Option<String> {
        Some(message.pick.ticker.to_string())
    }

    fn expires_at(&self, message: &MarketScraped) -> Option<DateTime<Utc>> {
        message.pick.expires_at
    }

    /// The pick and the amounts: the data themselves are in the store, and thousands of headlines
    /// do not belong into a ledger.
    fn to_json(&self, message: &MarketScraped) -> Value {
        json!({
            "pick": pick_json(&message.pick),
            "target": message.target,
            "bars": message.bars.len(),
            "articles": message.articles.len(),
            "fetched_at": message.fetched_at,
        })
    }
}

impl MessageMetadata<DatasetBuilt> for PickMetadata {
    fn id(&self, message: &DatasetBuilt) -> String {
        message.pick.pick_id.to_string()
    }

    fn label(&self, message: &DatasetBuilt) -> Option<String> {
        Some(message.pick.ticker.to_string())
    }

    fn expires_at(&self, message: &DatasetBuilt) -> Option<DateTime<Utc>> {
        message.pick.expires_at
    }

    fn to_json(&self, message: &DatasetBuilt) -> Value {
        let rows: Vec<Value> = message
            .rows
            .iter()
            .map(|row| {
                json!([
                    row.session(),
                    row.close(),
                    row.news().sentiment,
                    row.news().articles
                ])
            })
            .collect();
        json!({
            "pick": pick_json(&message.pick),
            "target": message.target,
            "rows": rows,
            "live": [message.live.sentiment, message.live.articles],
            "fetched_at": message.fetched_at,
        })
    }
}

/// A forecast does not expire: it is made, and losing it would not help. One that comes late is
/// recorded as late.
impl MessageMetadata<Prediction> for PickMetadata {
    fn id(&self, message: &Prediction) -> String {
        message.pick_id().to_string()
    }

    fn label(&self, message: &Prediction) -> Option<String> {
        Some(message.ticker().to_string())
    }

    fn to_json(&self, message: &Prediction) -> Value {
        match message {
            Prediction::Ours(forecast) => serde_json::to_value(forecast).unwrap_or(Value::Null),
            Prediction::Foreign(foreign) => {
                serde_json::to_value(OriginalBody::of(foreign)).unwrap_or(Value::Null)
            }
        }
    }
}
