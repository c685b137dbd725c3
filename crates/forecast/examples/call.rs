//! A dataset in, a call out: 206 sessions of a made-up stock, and the forecast of the next close.
//!
//! ```text
//! cargo run -p closecall-forecast --example call
//! ```

use std::error::Error;
use std::ops::ControlFlow;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use closecall_forecast::{ForecastSettings, forecast};
use closecall_protocol::{
    Annotations, Bar, DatasetBuilt, DatasetRow, Ohlcv, Pick, PickId, PickReason, QuoteAbsent,
    SessionDate, SessionNews, SessionTimes, Ticker,
};

const SESSIONS: u64 = 206;

/// A number between -1 and 1 that follows from `n` alone.
fn noise(n: u64) -> f64 {
    let mixed = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64
        / (1_u64 << 52) as f64
        - 1.0
}

/// The rows of the sessions from `first` on: a price that wanders by some 2 % a session, and news.
fn rows(first: NaiveDate) -> Result<Vec<DatasetRow>, Box<dyn Error>> {
    let mut close = 100.0;
    let mut rows = Vec::new();
    for n in 0..SESSIONS {
        let session = SessionDate::new(first + Days::new(n))?;
        let open = close * (1.0 + 0.008 * noise(3 * n));
        close = open * (1.0 + 0.02 * noise(3 * n + 1));
        let numbers = Ohlcv {
            open,
            high: open.max(close) * 1.004,
            low: open.min(close) * 0.996,
            close,
            adj_close: close,
            volume: 1e6,
        };
        let news = SessionNews::new(session, Some(0.3 * noise(3 * n + 2)), 12)?;
        rows.push(DatasetRow::new(Bar::new(session, numbers)?, news));
    }
    Ok(rows)
}

fn main() -> Result<(), Box<dyn Error>> {
    let as_of: DateTime<Utc> = "2026-01-05T14:00:00Z".parse()?;
    let open = as_of + TimeDelta::minutes(30);
    let target = SessionDate::new(as_of.date_naive())?;
    let ticker = Ticker::new("DEMO")?;
    let rows = rows(as_of.date_naive() - Days::new(SESSIONS))?;
    let dataset = DatasetBuilt {
        pick: Pick {
            pick_id: PickId::of_slot(7, as_of, &ticker),
            ticker,
            slot: as_of,
            expires_at: None,
            reason: PickReason::Request,
        },
        target,
        session: SessionTimes::new(open, open + TimeDelta::minutes(390))?,
        sessions_ahead: 0,
        // The session is not open yet, so the forecast starts from the last close.
        quote: Err(QuoteAbsent::NotYetOpen),
        provider: None,
        provider_switched: None,
        provisional: false,
        repairs: [].into(),
        rows: rows.into(),
        live: SessionNews::new(target, Some(0.1), 5)?,
        fetched_at: None,
        annotations: Annotations::default(),
    };

    let settings = ForecastSettings::default();
    let called = forecast(&dataset, &settings, as_of, &mut |_| {
        ControlFlow::Continue(())
    })?;
    println!("{} of {}", called.ticker, called.target);
    println!("  last close  {:.2}", called.last_close);
    println!("  forecast    {:.2}", called.prediction);
    println!("  a rise with {:.1} %", 100.0 * called.probability_up);
    for band in &called.intervals {
        let level = 100.0 * band.level;
        println!(
            "  {level:.0} % band   {:.2} to {:.2}",
            band.lower, band.upper
        );
    }
    Ok(())
}
