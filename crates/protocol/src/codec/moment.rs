//! The headers of a dataset that say of which moment it is: the target session, the price of the
//! moment or why there is none, where the prices come from and what was repaired in them.
//!
//! Absent headers mean unknown; what the calendar knows is then taken from it. A header that is
//! there and cannot be read refuses the record, naming the header. A quote that can be read and
//! breaks a rule of the protocol is no quote, with the reason `implausible`.

use chrono::{DateTime, Utc};
use closecall_calendar::Calendar;

use crate::codec::Record;
use crate::codec::headers::{float, header, number, time};
use crate::codec::pick::undecodable;
use crate::message::pick_timestamp;
use crate::value::{PriceRange, Provider, Quote, QuoteAbsent, Repair, SessionTimes};
use crate::{DatasetBuilt, Error, Pick};

/// Header of the target session's opening.
pub const SESSION_OPEN: &str = "closecall-session-open";
/// Header of its close.
pub const SESSION_CLOSE: &str = "closecall-session-close";
/// Header of the sessions between the last known close and the target.
pub const SESSIONS_AHEAD: &str = "closecall-sessions-ahead";
/// Header of the price of the moment.
pub const QUOTE_PRICE: &str = "closecall-quote-price";
/// Header of when that was true.
pub const QUOTE_AT: &str = "closecall-quote-at";
/// Header of the session's opening price.
pub const QUOTE_OPEN: &str = "closecall-quote-open";
/// Header of the session's high up to then.
pub const QUOTE_HIGH: &str = "closecall-quote-high";
/// Header of its low.
pub const QUOTE_LOW: &str = "closecall-quote-low";
/// Header of whose price it is.
pub const QUOTE_SOURCE: &str = "closecall-quote-source";
/// Header of why there is no price of the moment.
pub const QUOTE_ABSENT: &str = "closecall-quote-absent";
/// Header of whose bars they are.
pub const PROVIDER: &str = "closecall-provider";
/// Header of whether the ticker's forecast before rested on another provider's bars.
pub const PROVIDER_SWITCHED: &str = "closecall-provider-switched";
/// Header of whether the last close is an intraday bar's.
pub const PROVISIONAL: &str = "closecall-provisional";
/// Header of what was repaired.
pub const REPAIRS: &str = "closecall-repairs";
/// Header of the rows' identity, for readers; it follows from the rows.
pub const VINTAGE: &str = "closecall-vintage";

/// Longest JSON of repairs, in bytes.
const MAX_REPAIRS_BYTES: usize = 2_048;

/// No target is further away: more sessions than a year has.
const MAX_SESSIONS_AHEAD: u32 = 400;

/// Content of the headers.
pub(super) struct Moment {
    pub(super) session: SessionTimes,
    /// `None` follows from the rows and the calendar.
    pub(super) sessions_ahead: Option<u32>,
    pub(super) quote: Result<Quote, QuoteAbsent>,
    pub(super) provider: Option<Provider>,
    pub(super) provider_switched: Option<bool>,
    pub(super) provisional: bool,
    pub(super) repairs: Vec<Repair>,
}

/// Adds the headers.
pub(super) fn write(mut record: Record, message: &DatasetBuilt) -> Result<Record, Error> {
    let session = &message.session;
    record = record
        .with_header(SESSION_OPEN, pick_timestamp(session.open()))
        .with_header(SESSION_CLOSE, pick_timestamp(session.close()))
        .with_header(SESSIONS_AHEAD, message.sessions_ahead.to_string());
    record = match &message.quote {
        Ok(quote) => with_quote(record, quote),
        Err(absent) => record.with_header(QUOTE_ABSENT, absent.to_string()),
    };
    if let Some(provider) = message.provider {
        record = record.with_header(PROVIDER, provider.to_string());
    }
    if let Some(switched) = message.provider_switched {
        record = record.with_header(PROVIDER_SWITCHED, switched.to_string());
    }
    if message.provisional {
        record = record.with_header(PROVISIONAL, "true");
    }
    if !message.repairs.is_empty() {
        record = record.with_header(REPAIRS, repairs_json(&message.repairs)?);
    }
    Ok(record.with_header(VINTAGE, message.vintage().to_string()))
}

/// A number's `Display` is the shortest text that reads back to the same double.
fn with_quote(record: Record, quote: &Quote) -> Record {
    let record = record
        .with_header(QUOTE_PRICE, quote.price.to_string())
        .with_header(QUOTE_AT, pick_timestamp(quote.at))
        .with_header(QUOTE_OPEN, quote.open.to_string())
        .with_header(QUOTE_SOURCE, quote.source.to_string());
    match quote.range {
        None => record,
        Some(range) => record
            .with_header(QUOTE_HIGH, range.high.to_string())
            .with_header(QUOTE_LOW, range.low.to_string()),
    }
}

/// The newest repairs that the bound allows.
fn repairs_json(mut repairs: &[Repair]) -> Result<String, Error> {
    loop {
        let json = serde_json::to_string(repairs).map_err(undecodable)?;
        if json.len() <= MAX_REPAIRS_BYTES {
            return Ok(json);
        }
        repairs = &repairs[repairs.len().div_ceil(4)..];
    }
}

/// Reads the headers of a record about `pick`.
pub(super) fn read(record: &Record, pick: &Pick, calendar: &Calendar) -> Result<Moment, Error> {
    let as_of = pick.as_of();
    let session = match session(record)? {
        None => SessionTimes::from(&calendar.target(as_of)),
        Some(session) if session.close() > as_of => session,
        Some(session) => {
            let close = session.close();
            return Err(Error::Undecodable(format!(
                "header `{SESSION_CLOSE}`: the session had closed at {close}, before its slot {as_of}"
            )));
        }
    };
    let sessions_ahead = number(record, SESSIONS_AHEAD)?;
    if let Some(ahead) = sessions_ahead.filter(|ahead| *ahead > MAX_SESSIONS_AHEAD) {
        return Err(Error::Undecodable(format!(
            "header `{SESSIONS_AHEAD}` is {ahead}, at most {MAX_SESSIONS_AHEAD}"
        )));
    }
    let quote = match quote(record)? {
        Some(quote) => quote.accepted(&session, as_of),
        None => Err(absent(record, as_of, &session)?),
    };
    Ok(Moment {
        session,
        sessions_ahead,
        quote,
        provider: header(record, PROVIDER)?.map(Provider::named),
        provider_switched: header(record, PROVIDER_SWITCHED)?.and_then(|text| text.parse().ok()),
        provisional: header(record, PROVISIONAL)? == Some("true"),
        repairs: repairs(record)?,
    })
}

fn session(record: &Record) -> Result<Option<SessionTimes>, Error> {
    let names = [SESSION_OPEN, SESSION_CLOSE];
    match (time(record, SESSION_OPEN)?, time(record, SESSION_CLOSE)?) {
        (None, None) => Ok(None),
        (Some(open), Some(close)) => SessionTimes::new(open, close).map(Some),
        (open, close) => Err(incomplete(&names, &[open.is_some(), close.is_some()])),
    }
}

fn quote(record: &Record) -> Result<Option<Quote>, Error> {
    let (price, at) = (float(record, QUOTE_PRICE)?, time(record, QUOTE_AT)?);
    let (open, source) = (float(record, QUOTE_OPEN)?, header(record, QUOTE_SOURCE)?);
    let (high, low) = (float(record, QUOTE_HIGH)?, float(record, QUOTE_LOW)?);
    let present = [
        price.is_some(),
        at.is_some(),
        open.is_some(),
        source.is_some(),
    ];
    if high.is_some() != low.is_some() {
        return Err(incomplete(
            &[QUOTE_HIGH, QUOTE_LOW],
            &[high.is_some(), low.is_some()],
        ));
    }
    let (Some(price), Some(at), Some(open), Some(source)) = (price, at, open, source) else {
        if present.contains(&true) || high.is_some() {
            let names = [QUOTE_PRICE, QUOTE_AT, QUOTE_OPEN, QUOTE_SOURCE];
            return Err(incomplete(&names, &present));
        }
        return Ok(None);
    };
    // A high below the low drops both.
    let range = low
        .zip(high)
        .and_then(|(low, high)| PriceRange::new(low, high));
    let source = Provider::named(source);
    Ok(Some(Quote {
        price,
        at,
        open,
        range,
        source,
    }))
}

fn incomplete(names: &[&str], present: &[bool]) -> Error {
    let missing = names.iter().zip(present).find(|(_, present)| !**present);
    let missing = missing.map_or(names[0], |(name, _)| name);
    Error::Undecodable(format!("header `{missing}` is missing beside its others"))
}

/// A reason that this build does not know is still a reason.
fn absent(
    record: &Record,
    as_of: DateTime<Utc>,
    session: &SessionTimes,
) -> Result<QuoteAbsent, Error> {
    Ok(match header(record, QUOTE_ABSENT)? {
        Some(code) => code.parse().unwrap_or(QuoteAbsent::NoQuote),
        None => QuoteAbsent::at(as_of, session),
    })
}

fn repairs(record: &Record) -> Result<Vec<Repair>, Error> {
    let refused = |what: String| Error::Undecodable(format!("header `{REPAIRS}` {what}"));
    let Some(json) = header(record, REPAIRS)? else {
        return Ok(Vec::new());
    };
    if json.len() > MAX_REPAIRS_BYTES {
        let bytes = json.len();
        return Err(refused(format!(
            "has {bytes} bytes, at most {MAX_REPAIRS_BYTES}"
        )));
    }
    let repairs: Vec<Repair> =
        serde_json::from_str(json).map_err(|error| refused(undecodable(error).to_string()))?;
    Ok(repairs)
}
