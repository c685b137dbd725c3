//! Limits of the vendors: breakers of a host and family of endpoints, requests
//! of a day. A restart forgets neither.

use chrono::{DateTime, NaiveDate};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::Store;
use crate::error::Error;
use crate::vendor::EndpointFamily;
use crate::vendor::breaker::Breaker;
use crate::vendor::quota::Quota;

impl Store {
    /// The breaker of a family at a host; closed where nothing is known.
    pub(crate) async fn breaker(
        &self,
        family: EndpointFamily,
        host: String,
    ) -> Result<Breaker, Error> {
        self.run("read", move |connection| breaker(connection, family, &host))
            .await
    }

    /// Keeps the breaker of a family at a host.
    pub(crate) async fn put_breaker(
        &self,
        family: EndpointFamily,
        host: String,
        breaker: Breaker,
    ) -> Result<(), Error> {
        let statement = "INSERT OR REPLACE INTO breakers VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.run("write", move |connection| {
            let until = breaker.open_until.map(|until| until.timestamp());
            let (vendor, name) = (family.vendor().name(), family.name());
            let values = params![vendor, name, host, breaker.faults, breaker.openings, until];
            connection.execute(statement, values)
        })
        .await?;
        Ok(())
    }

    /// The requests of the newest day that a vendor was asked on.
    pub(crate) async fn quota(&self, vendor: &'static str) -> Result<Quota, Error> {
        self.run("read", move |connection| quota(connection, vendor))
            .await
    }

    /// Keeps the requests of a day.
    pub(crate) async fn put_quota(&self, vendor: &'static str, quota: Quota) -> Result<(), Error> {
        let statement = "INSERT OR REPLACE INTO quotas VALUES (?1, ?2, ?3, ?4)";
        self.run("write", move |connection| {
            let values = params![vendor, quota.day.to_string(), quota.used, quota.spent];
            connection.execute(statement, values)
        })
        .await?;
        Ok(())
    }
}

fn breaker(
    connection: &Connection,
    family: EndpointFamily,
    host: &str,
) -> rusqlite::Result<Breaker> {
    let query = "SELECT faults, openings, open_until FROM breakers
        WHERE vendor = ?1 AND family = ?2 AND host = ?3";
    let read = |row: &Row<'_>| {
        let until: Option<i64> = row.get(2)?;
        Ok(Breaker {
            faults: row.get(0)?,
            openings: row.get(1)?,
            open_until: until.and_then(|until| DateTime::from_timestamp(until, 0)),
        })
    };
    let known = connection
        .query_row(query, [family.vendor().name(), family.name(), host], read)
        .optional()?;
    Ok(known.unwrap_or_default())
}

fn quota(connection: &Connection, vendor: &str) -> rusqlite::Result<Quota> {
    let query = "SELECT day, used, spent FROM quotas WHERE vendor = ?1 ORDER BY day DESC LIMIT 1";
    let read = |row: &Row<'_>| {
        let day: String = row.get(0)?;
        Ok(Quota {
            day: day.parse().unwrap_or(NaiveDate::MIN),
            used: row.get(1)?,
            spent: row.get(2)?,
        })
    };
    let known = connection.query_row(query, [vendor], read).optional()?;
    Ok(known.unwrap_or_default())
}
