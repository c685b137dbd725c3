//! Lists that many forecasts share: the history of closes and the news of the window, which the 48
//! forecasts of a ticker and session have in common. Each distinct list is stored once, by the
//! SHA-256 of its text; rows name that hash, so the chain of rows covers the lists too.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use closecall_protocol::{CloseForecast, NewsMean, SessionDate};

use crate::damage::Damage;
use crate::error::Error;

/// SHA-256 of a list's text, in 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContentHash(String);

impl ContentHash {
    fn of(text: &str) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The lists of a forecast by their hashes.
#[derive(Debug)]
pub(crate) struct ListHashes {
    pub(crate) history: ContentHash,
    pub(crate) news: Option<ContentHash>,
}

/// Stores the lists of a forecast, and gives the forecast without them.
pub(crate) fn detach(
    connection: &Connection,
    forecast: &CloseForecast,
) -> Result<(CloseForecast, ListHashes), Error> {
    let (bare, history, news) = forecast.clone().detach_lists();
    let history = store(connection, &history)?;
    let news = news.map(|news| store(connection, &news)).transpose()?;
    Ok((bare, ListHashes { history, news }))
}

pub(crate) fn store(connection: &Connection, list: &impl Serialize) -> Result<ContentHash, Error> {
    let text = serde_json::to_string(list).map_err(Error::Json)?;
    let hash = ContentHash::of(&text);
    connection
        .prepare_cached("INSERT OR IGNORE INTO contents (hash, content) VALUES (?1, ?2)")?
        .execute(params![hash.0, text])?;
    Ok(hash)
}

/// The forecast of a row with its lists.
pub(crate) fn attach(
    connection: &Connection,
    forecast: CloseForecast,
    history: Option<&ContentHash>,
    news: Option<&ContentHash>,
) -> Result<CloseForecast, Error> {
    let history: Option<Vec<(SessionDate, f64)>> = load(connection, history)?;
    let news: Option<Vec<NewsMean>> = load(connection, news)?;
    Ok(forecast.attach_lists(history, news))
}

/// Closes that a row names.
pub(crate) fn closes(
    connection: &Connection,
    hash: &ContentHash,
) -> Result<Vec<(SessionDate, f64)>, Error> {
    load(connection, Some(hash)).map(Option::unwrap_or_default)
}

fn load<T: for<'a> Deserialize<'a>>(
    connection: &Connection,
    hash: Option<&ContentHash>,
) -> Result<Option<T>, Error> {
    let Some(hash) = hash else {
        return Ok(None);
    };
    let text: Option<String> = connection
        .prepare_cached("SELECT content FROM contents WHERE hash = ?1")?
        .query_row([&hash.0], |row| row.get(0))
        .optional()?;
    let missing = || {
        let what = "is missing";
        Error::Damaged(Damage::Content {
            hash: hash.0.clone(),
            what,
        })
    };
    let text = text.ok_or_else(missing)?;
    let list = serde_json::from_str(&text).map_err(Error::Json)?;
    Ok(Some(list))
}

/// Lists that are not what their hash says.
pub(crate) fn check(connection: &Connection) -> rusqlite::Result<Vec<Damage>> {
    let mut statement = connection.prepare("SELECT hash, content FROM contents ORDER BY hash")?;
    let mut rows = statement.query([])?;
    let mut damages = Vec::new();
    while let Some(row) = rows.next()? {
        let (hash, content): (String, String) = (row.get(0)?, row.get(1)?);
        if ContentHash::of(&content).0 != hash {
            let what = "is not what it was when it was written";
            damages.push(Damage::Content { hash, what });
        }
    }
    Ok(damages)
}
