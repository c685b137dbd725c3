//! A folder of CSV: `TICKER.csv`, in any of the forms of `closecall-price-files`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use closecall_calendar::Calendar;
use closecall_price_files::{DailyFile, DailyRow, FileError};
use closecall_protocol::{Bar, Provider, SessionDate, Ticker};
use tokio::time::Instant;

use super::{Asked, Chart, IntradayAnswer, IntradayWindow, PriceProvider};
use crate::split::Split;
use crate::vendor::VendorFault;

/// The folder.
#[derive(Debug)]
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }
}

impl PriceProvider for Files {
    fn provider(&self) -> Provider {
        Provider::Files
    }

    fn is_local(&self) -> bool {
        true
    }

    fn daily<'a>(
        &'a self,
        ticker: &'a Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        _deadline: Instant,
    ) -> Asked<'a, Chart> {
        Box::pin(async move {
            // A ticker is no path: its form has neither a separator nor a leading dot.
            let path = self.0.join(format!("{ticker}.csv"));
            let symbol = ticker.to_string();
            let read = move || closecall_price_files::read(&path, &symbol);
            let file = tokio::task::spawn_blocking(read)
                .await
                .map_err(|error| VendorFault::File(error.to_string()))?;
            let file = file.map_err(|error| match error {
                FileError::Unreadable { missing: true, .. } => {
                    VendorFault::UnknownSymbol(format!("there is no {ticker}.csv in files.folder"))
                }
                other => VendorFault::File(other.to_string()),
            })?;
            Ok(chart(file, Calendar::date_at(from), Calendar::date_at(to)))
        })
    }

    /// Files hold no price of the moment.
    fn intraday<'a>(
        &'a self,
        _ticker: &'a Ticker,
        _window: IntradayWindow,
        _deadline: Instant,
    ) -> Asked<'a, Option<IntradayAnswer>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

fn chart(file: DailyFile, from: NaiveDate, to: NaiveDate) -> Chart {
    let mut chart = Chart {
        empty_rows: file.empty_rows,
        ..Chart::default()
    };
    for row in file.rows {
        if row.date < from || to <= row.date {
            continue;
        }
        match bar(&row) {
            Ok(bar) => chart.bars.push(bar),
            Err(why) => chart.refuse(format!("{}: {why}", row.date)),
        }
    }
    chart.splits = file
        .splits
        .into_iter()
        .map(|(date, ratio)| Split { date, ratio })
        .collect();
    chart
}

fn bar(row: &DailyRow) -> Result<Bar, String> {
    let session = SessionDate::new(row.date).map_err(|error| error.to_string())?;
    let bar = Bar::of_close(session, row.close).map_err(|error| error.to_string())?;
    Ok(bar
        .with_open(row.open)
        .with_range(row.low, row.high)
        .with_adj_close(row.adj_close)
        .with_volume(row.volume))
}
