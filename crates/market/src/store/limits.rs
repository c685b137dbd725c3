//! Limits of the vendors: breakers of a host and family of endpoints, requests
//! of a day. A restart forgets neither.

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::{Store, writing};
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

    /// Changes the breaker of a family at a host, and gives what `change` makes of it. Changes that are
    /// made at once, be it by several processes, come one after the other.
    pub(crate) async fn change_breaker<T: Send + 'static>(
        &self,
        family: EndpointFamily,
        host: String,
        change: impl FnOnce(&mut Breaker) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.run("write", move |connection| {
            let transaction = writing(connection)?;
            let before = breaker(&transaction, family, &host)?;
            let mut after = before;
            let made = change(&mut after);
            if after != before {
                put_breaker(&transaction, family, &host, after)?;
            }
            transaction.commit()?;
            Ok(made)
        })
        .await
    }

    /// The requests of the newest day that a vendor was asked on.
    pub(crate) async fn quota(&self, vendor: &'static str) -> Result<Quota, Error> {
        self.run("read", move |connection| quota(connection, vendor))
            .await
    }

    /// Changes the requests of the day of `now`, and gives what `change` makes of them. Changes that
    /// are made at once, be it by several processes, come one after the other: each counts.
    pub(crate) async fn change_quota<T: Send + 'static>(
        &self,
        vendor: &'static str,
        now: DateTime<Utc>,
        change: impl FnOnce(&mut Quota) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.run("write", move |connection| {
            let transaction = writing(connection)?;
            let before = quota(&transaction, vendor)?;
            let mut after = before.at(now);
            let made = change(&mut after);
            if after != before {
                put_quota(&transaction, vendor, after)?;
            }
            transaction.commit()?;
            Ok(made)
        })
        .await
    }
}

fn put_breaker(
    connection: &Connection,
    family: EndpointFamily,
    host: &str,
    breaker: Breaker,
) -> rusqlite::Result<usize> {
    let statement = "INSERT OR REPLACE INTO breakers VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let until = breaker.open_until.map(|until| until.timestamp());
    let (vendor, name) = (family.vendor().name(), family.name());
    let values = params![vendor, name, host, breaker.faults, breaker.openings, until];
    connection.execute(statement, values)
}

fn put_quota(connection: &Connection, vendor: &str, quota: Quota) -> rusqlite::Result<usize> {
    let statement = "INSERT OR REPLACE INTO quotas VALUES (?1, ?2, ?3, ?4)";
    let values = params![vendor, quota.day.to_string(), quota.used, quota.spent];
    connection.execute(statement, values)
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
