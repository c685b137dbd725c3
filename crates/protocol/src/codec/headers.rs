//! Headers read as what they carry; one that cannot be read is named.

use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};

use crate::Error;
use crate::codec::Record;

/// The years of everything that is dated: no market data are older, and no calendar knows later ones.
const YEARS: RangeInclusive<i32> = 1990..=2199;

/// The text of a header; `None` where it is absent.
pub(crate) fn header<'a>(record: &'a Record, name: &str) -> Result<Option<&'a str>, Error> {
    let present = record.headers.iter().any(|(header, _)| header == name);
    match record.header(name) {
        None if present => Err(Error::Undecodable(format!("header `{name}` is not text"))),
        text => Ok(text),
    }
}

/// A header that carries a moment, whichever it is.
pub(crate) fn any_time(record: &Record, name: &str) -> Result<Option<DateTime<Utc>>, Error> {
    parsed(record, name, "an RFC 3339 time")
}

/// A header that carries a moment of the years in which the calendar is at home.
pub(crate) fn time(record: &Record, name: &str) -> Result<Option<DateTime<Utc>>, Error> {
    any_time(record, name)?
        .map(|at| within_years(&format!("header `{name}`"), at))
        .transpose()
}

/// Refuses a moment outside the years in which the calendar is at home, naming where it stood.
pub(crate) fn within_years(name: &str, at: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    if YEARS.contains(&at.year()) {
        return Ok(at);
    }
    let (first, last) = (YEARS.start(), YEARS.end());
    Err(Error::Undecodable(format!(
        "{name} is {at}, outside the years {first} to {last}"
    )))
}

/// A header that carries a whole number.
pub(crate) fn number(record: &Record, name: &str) -> Result<Option<u32>, Error> {
    parsed(record, name, "a whole number")
}

/// A header that carries a finite number.
pub(crate) fn float(record: &Record, name: &str) -> Result<Option<f64>, Error> {
    match parsed::<f64>(record, name, "a number")? {
        Some(number) if !number.is_finite() => Err(Error::Undecodable(format!(
            "header `{name}` is {number}, not a finite number"
        ))),
        number => Ok(number),
    }
}

fn parsed<T: FromStr>(record: &Record, name: &str, what: &str) -> Result<Option<T>, Error> {
    header(record, name)?
        .map(|text| {
            text.parse()
                .map_err(|_| Error::Undecodable(format!("header `{name}` is not {what}")))
        })
        .transpose()
}
