//! The price of the moment: what an intraday answer says of the target session, as far as it was
//! known at the as-of time.
//!
//! The last bar that had ended gives the price; what came later, and whatever else an answer holds,
//! changes nothing. A price that contradicts what is stored is no quote, with the reason.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::{PriceRange, Provider, Quote, QuoteAbsent, SessionTimes};

use crate::providers::{IntradayAnswer, IntradayRow};
use crate::split::{RATIOS, Split};

/// Agreement of two closes of one session, and of a ratio with a split's.
pub(crate) const SAME_BASIS: f64 = 0.005;
/// Agreement of a move with a split's ratio where no close shows the basis.
const SPLIT_LIKE: f64 = 0.02;
/// A move of one session that is not believed, in logarithms; it grows with the sessions' root.
const UNBELIEVABLE: f64 = 0.4;
/// Moves from here on are held against the ratios of splits where no close shows the basis.
const SUSPICIOUS: f64 = 0.25;
/// A split that moves prices less cannot be told from the market's own move.
const TELLING: f64 = 0.1;
/// A move from a bar to the one that follows without a pause, or within a bar, that is not believed:
/// the exchanges stop trading for five minutes at 5 to 20 % (Limit Up-Limit Down), so that a larger one
/// has a gap before it.
const OF_A_BAR: f64 = 0.15;
/// A first row that starts later after the opening does not hold the opening price.
const OPENS_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// Knowledge that a quote is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// The provider that answered.
    pub(crate) source: Provider,
    pub(crate) session: SessionTimes,
    /// Nothing later than this exists.
    pub(crate) as_of: DateTime<Utc>,
    /// The session is the one in progress, so that the vendor's last trade has to be of it.
    pub(crate) live: bool,
    pub(crate) last_close: f64,
    pub(crate) sessions_ahead: u32,
    /// The stored close of the session before the target, which the vendor names too.
    pub(crate) previous_close: Option<f64>,
    /// Splits known from daily prices.
    pub(crate) splits: &'a [Split],
}

/// A quote, and what brings stored prices to its basis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quoted {
    pub(crate) quote: Quote,
    /// By what every stored price is multiplied: 1, or a split of the day itself.
    pub(crate) factor: f64,
}

/// Reads the quote from an answer.
///
/// # Errors
/// [`QuoteAbsent::NoQuote`] when the answer has no usable price of the session,
/// [`QuoteAbsent::Implausible`] when the price contradicts what is known.
pub(crate) fn quote(
    intraday: &IntradayAnswer,
    expected: &Expected<'_>,
) -> Result<Quoted, QuoteAbsent> {
    let price = observed(intraday, expected)?;
    let day = expected.session.date().map_err(|_| QuoteAbsent::NoQuote)?;
    let split: f64 = announced(intraday, expected, day.date());
    let factor = basis(intraday.previous_close, expected, split)?;
    let step = (price.price / (expected.last_close * factor)).ln();
    let sessions = f64::from(expected.sessions_ahead) + 1.0;
    if step.is_nan() || step.abs() > UNBELIEVABLE * sessions.sqrt() {
        return Err(QuoteAbsent::Implausible);
    }
    let named = intraday
        .previous_close
        .and(expected.previous_close)
        .is_some();
    if looks_like_a_split(step, factor, split, named) {
        return Err(QuoteAbsent::Implausible);
    }
    if (price.open / price.price).ln().abs() > UNBELIEVABLE {
        return Err(QuoteAbsent::Implausible);
    }
    let quote = price.accepted(&expected.session, expected.as_of)?;
    Ok(Quoted { quote, factor })
}

/// The price, opening and range that the rows known at the as-of time hold.
fn observed(intraday: &IntradayAnswer, expected: &Expected<'_>) -> Result<Quote, QuoteAbsent> {
    let (open, close) = (expected.session.open(), expected.session.close());
    let (traded_at, traded) = intraday.last_trade;
    if expected.live && traded_at.is_some_and(|at| at < open) {
        return Err(QuoteAbsent::NoQuote);
    }
    let known = |row: &&IntradayRow| open <= row.start && row.start < close.min(expected.as_of);
    let is_live = |row: &IntradayRow| {
        let on_grid = (row.start - open).num_seconds() % intraday.step.num_seconds() == 0;
        !on_grid || row.is_print() && traded_at == Some(row.start)
    };
    let end = |row: &IntradayRow| (row.start + intraday.step).min(close);
    let bars: Vec<&IntradayRow> = intraday
        .rows
        .iter()
        .filter(known)
        .filter(|row| !is_live(row) && end(row) <= expected.as_of)
        .collect();
    if !bars.is_sorted_by(|a, b| a.start < b.start) {
        return Err(QuoteAbsent::NoQuote);
    }
    let opening = intraday
        .rows
        .iter()
        .find(|row| open <= row.start && row.start <= expected.as_of && row.open.is_some())
        .filter(|row| row.start == open || !is_live(row))
        .filter(|row| row.start < open + OPENS_WITHIN.max(intraday.step))
        .and_then(|row| row.open)
        .ok_or(QuoteAbsent::NoQuote)?;
    let quoted = |price: f64, at: DateTime<Utc>, range: Option<PriceRange>| Quote {
        price,
        at,
        open: opening,
        range,
        source: expected.source,
    };
    let traded_bars: Vec<(&IntradayRow, f64)> = bars
        .into_iter()
        .filter_map(|row| Some((row, row.close?)))
        .collect();
    if let Some(((last, price), before)) = traded_bars.split_last() {
        let leaps = |(row, close): &(&IntradayRow, f64)| {
            end(row) == last.start && (price / close).ln().abs() > OF_A_BAR
        };
        if before.last().is_some_and(leaps) {
            return Err(QuoteAbsent::Implausible);
        }
        // A replay shows the opening as a row before any bar of the session has ended.
        let is_opening = before.is_empty() && last.start == open && last.is_flat();
        let at = if is_opening { open } else { end(last) };
        return Ok(quoted(*price, at, range(&traded_bars, *price)));
    }
    let is_past = |at: DateTime<Utc>| open <= at && at <= expected.as_of;
    let live_row = intraday
        .rows
        .iter()
        .rfind(|row| is_live(row) && is_past(row.start) && row.close.is_some())
        .and_then(|row| Some((row.close?, row.start)));
    let trade = traded.zip(traded_at.filter(|at| is_past(*at)));
    let (price, at) = live_row.or(trade).ok_or(QuoteAbsent::NoQuote)?;
    Ok(quoted(price, at, None))
}

/// The range of the bars, without the lows and highs that lie far from the closes on both sides; none
/// where what is left still lies further from the price than a day's prices do.
fn range(bars: &[(&IntradayRow, f64)], price: f64) -> Option<PriceRange> {
    let belongs = |place: usize, end: f64| {
        let close = |at: usize| bars.get(at).map(|(_, close)| *close);
        // The newest close is the price, which is believed.
        let around = [
            place.checked_sub(1).and_then(close),
            close(place + 1).or(Some(price)),
        ];
        let mut closes = around.into_iter().flatten();
        closes.any(|close| (end / close).ln().abs() <= OF_A_BAR)
    };
    let ends = |of: fn(&IntradayRow) -> Option<f64>| {
        let each = bars.iter().enumerate();
        each.filter_map(move |(place, (row, _))| of(row).filter(|end| belongs(place, *end)))
    };
    let low = ends(|row| row.low).reduce(f64::min)?;
    let high = ends(|row| row.high).reduce(f64::max)?;
    let believable = |end: f64| (end / price).ln().abs() <= UNBELIEVABLE;
    PriceRange::new(low, high).filter(|_| believable(low) && believable(high))
}

/// The ratio of the splits of the target day, by either answer; 1 without any.
fn announced(intraday: &IntradayAnswer, expected: &Expected<'_>, day: chrono::NaiveDate) -> f64 {
    let of_day = |splits: &[Split]| -> Option<f64> {
        let ratios = splits.iter().filter(|split| split.date == day);
        ratios.map(|split| split.ratio).reduce(|a, b| a * b)
    };
    of_day(&intraday.splits)
        .or_else(|| of_day(expected.splits))
        .unwrap_or(1.0)
}

/// The factor that brings stored prices to the vendor's basis of the moment: both know the close
/// before.
fn basis(vendor: Option<f64>, expected: &Expected<'_>, split: f64) -> Result<f64, QuoteAbsent> {
    let Some((vendor, stored)) = vendor.zip(expected.previous_close) else {
        return Ok(1.0);
    };
    let ratio = vendor / stored;
    let agrees = |factor: f64| (ratio / factor - 1.0).abs() <= SAME_BASIS;
    if agrees(1.0) {
        Ok(1.0)
    } else if agrees(1.0 / split) {
        Ok(1.0 / split)
    } else {
        Err(QuoteAbsent::Implausible)
    }
}

/// Whether a move that a believable day could have is rather a split's: one that is announced for
/// the day and was applied to nothing, or, where no close shows the basis, any that splits have.
fn looks_like_a_split(step: f64, factor: f64, split: f64, named: bool) -> bool {
    let shift = -split.ln();
    let unapplied =
        factor == 1.0 && shift.abs() > TELLING && (step - shift).abs() < step.abs() / 2.0;
    let like = |ratio: &f64| (step.abs() - ratio.ln()).abs() <= SPLIT_LIKE;
    unapplied || !named && step.abs() > SUSPICIOUS && RATIOS.iter().any(like)
}

/// The price at which a session closed, when its bars reach its closing time: that of the bar which
/// ends then, or, where the vendor leaves it out, of the row stamped with that time.
pub(crate) fn closing_price(intraday: &IntradayAnswer, session: &SessionTimes) -> Option<f64> {
    let ends = |row: &&IntradayRow| {
        session.open() <= row.start
            && row.start < session.close()
            && row.start + intraday.step >= session.close()
    };
    let at_close = |row: &&IntradayRow| row.start == session.close();
    let rows = intraday.rows.iter();
    let of_bar = rows.clone().rev().find(ends).and_then(|row| row.close);
    of_bar.or_else(|| rows.rev().find(at_close)?.close)
}

#[cfg(test)]
mod tests;
