//! The bars inside one session, as the vendor has them: for a recording, not for a forecast.

use chrono::{DateTime, Utc};
use closecall_calendar::Session;
use closecall_protocol::Ticker;
use tokio::time::Instant;

use super::{Market, PRICES_WITHIN};
use crate::providers::{IntradayAnswer, IntradayWindow};
use crate::vendor::VendorFault;

/// The bars of a session that had ended when they were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionBars {
    /// The width of each in minutes.
    pub minutes: i64,
    /// Start, and open, high, low, close and volume of each whole bar, ascending.
    pub bars: Vec<(DateTime<Utc>, [f64; 5])>,
}

impl Market {
    /// Asks for the bars of a session up to now: `None` where the vendor has none.
    ///
    /// # Errors
    /// The vendor's fault, after the usual tries.
    pub async fn session_bars(
        &self,
        ticker: &Ticker,
        session: &Session,
    ) -> Result<Option<SessionBars>, VendorFault> {
        let until = self.clock.now().min(session.close);
        let window = IntradayWindow::Past {
            from: session.open,
            as_of: until,
        };
        let deadline = Instant::now() + PRICES_WITHIN;
        let answer = self.first_inside(ticker, window, deadline).await?;
        Ok(answer.map(|answer| {
            // The row of the official close starts with it, and ends after it.
            let ended = answer
                .rows
                .iter()
                .filter(|row| session.open <= row.start && row.start + answer.step <= until);
            let whole = ended.filter_map(|row| {
                let numbers = [row.open?, row.high?, row.low?, row.close?, row.volume?];
                Some((row.start, numbers))
            });
            SessionBars {
                minutes: answer.step.num_minutes(),
                bars: whole.collect(),
            }
        }))
    }

    /// The answer of the first provider in the chain that has one.
    async fn first_inside(
        &self,
        ticker: &Ticker,
        window: IntradayWindow,
        deadline: Instant,
    ) -> Result<Option<IntradayAnswer>, VendorFault> {
        let mut first_fault = None;
        for provider in &self.chain {
            match provider.intraday(ticker, window, deadline).await {
                Ok(Some(answer)) => return Ok(Some(answer)),
                Ok(None) => {}
                Err(fault) => drop(first_fault.get_or_insert(fault)),
            }
        }
        first_fault.map_or(Ok(None), Err)
    }
}
