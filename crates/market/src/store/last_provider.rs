//! The provider whose prices a ticker's newest forecast rested on, so that a change is noticed.

use closecall_protocol::{Provider, Ticker};
use rusqlite::{OptionalExtension, params};

use super::connection::Store;
use crate::error::Error;

impl Store {
    /// The provider of the forecast before; `None` where there is none.
    pub(crate) async fn last_provider(&self, ticker: &Ticker) -> Result<Option<Provider>, Error> {
        let ticker = ticker.clone();
        let query = "SELECT provider FROM served WHERE ticker = ?1";
        self.run("read", move |connection| {
            let name = connection.query_row(query, [ticker.as_str()], |row| {
                let name: String = row.get(0)?;
                Ok(Provider::named(&name))
            });
            name.optional()
        })
        .await
    }

    /// Remembers the provider of a forecast.
    pub(crate) async fn put_last_provider(
        &self,
        ticker: &Ticker,
        provider: Provider,
    ) -> Result<(), Error> {
        let ticker = ticker.clone();
        self.run("write", move |connection| {
            let name: &'static str = provider.into();
            let statement = "INSERT OR REPLACE INTO served VALUES (?1, ?2)";
            connection.execute(statement, params![ticker.as_str(), name])
        })
        .await?;
        Ok(())
    }
}
