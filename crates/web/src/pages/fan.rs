//! The fan on a page: a forecast drawn over the closes before it, said in a sentence, and as a table.

use closecall_calendar::Calendar;
use closecall_charts::{Claimed, Fan, PastBand, fan};
use closecall_protocol::{CloseForecast, Direction, ReferenceKind};
use maud::{Markup, html};

use super::board::is_over;
use super::context::PageContext;
use super::drawing::{self, two};
use crate::api::entry::{ForecastEntry, IntervalEntry};
use crate::api::tickers::{self, PastEntry};
use crate::record::{Said, TrackRecord};
use crate::text::{THIN, change, dated, day, price, time, whole_share};

/// Closes on a wide drawing and on a narrow one.
const NARROW_CLOSES: usize = 30;

/// Said of a session that is over.
pub(crate) const NOT_KNOWN: &str = "the close is not known yet";

/// A forecast with what is drawn around it.
pub(crate) struct ShownForecast {
    pub(crate) entry: ForecastEntry,
    pub(crate) forecast: CloseForecast,
    pub(crate) past: Vec<PastEntry>,
    /// Share of the session and price, at the earlier picks of the same session.
    today: Vec<(f64, f64)>,
    /// Share of the session and claim of the earlier picks of the same session.
    trail: Vec<(f64, Claimed)>,
    /// Share of the session at which the reference was true.
    from: f64,
    /// Whether its session has closed.
    pub(crate) over: bool,
}

impl ShownForecast {
    pub(crate) fn new(
        context: &PageContext<'_>,
        record: &TrackRecord,
        entry: ForecastEntry,
        forecast: CloseForecast,
    ) -> Self {
        let past = tickers::past(record, &forecast);
        let session = context.site.calendar.session(forecast.target.date());
        let share = |at: Option<chrono::DateTime<chrono::Utc>>| {
            let (at, session) = (at?, session.as_ref()?);
            let whole = (session.close - session.open).num_seconds() as f64;
            Some(((at - session.open).num_seconds() as f64 / whole).clamp(0.0, 1.0))
        };
        let from = match forecast.reference_kind() {
            ReferenceKind::LastClose => 0.0,
            _ => share(forecast.reference.and_then(|reference| reference.at)).unwrap_or(0.0),
        };
        let book = record.book();
        let said = book
            .tickers
            .get(&forecast.ticker)
            .and_then(|ticker| ticker.said.get(&forecast.target));
        let seen = |said: &Said| Some((share(said.reference_at)?, said.reference?));
        let mut today: Vec<(f64, f64)> = said.into_iter().flatten().filter_map(seen).collect();
        // The session's path begins at its opening.
        today.extend(forecast.quote.map(|quote| (0.0, quote.open)));
        let earlier = |said: &Said| {
            (said.as_of < forecast.as_of).then_some(())?;
            let intervals: Vec<IntervalEntry> = said.intervals.iter().map(Into::into).collect();
            Some((
                share(Some(said.as_of))?,
                claimed(said.prediction, &intervals)?,
            ))
        };
        let mut trail: Vec<(f64, Claimed)> =
            said.into_iter().flatten().filter_map(earlier).collect();
        trail.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Of those before the opening the last one stands for all.
        let before = trail.iter().filter(|earlier| earlier.0 <= 0.0).count();
        trail.drain(..before.saturating_sub(1));
        today.push((from, forecast.reference_price()));
        today.retain(|price| price.0 <= from);
        today.sort_by(|a, b| a.0.total_cmp(&b.0));
        today.dedup_by_key(|price| price.0);
        if from <= 0.0 {
            today.clear();
        }
        drop(book);
        Self {
            over: is_over(context, &entry),
            entry,
            forecast,
            past,
            today,
            trail,
            from,
        }
    }

    fn chart(&self, closes: usize, id: &str, size: (f64, f64)) -> Option<String> {
        let claimed = drawing::claimed(&self.entry)?;
        let history = &self.forecast.history;
        let skipped = history.len().saturating_sub(closes);
        let history = &history[skipped..];
        let past = self.past.iter().filter_map(|past| {
            let close = history.iter().position(|close| close.0 == past.session)?;
            Some(PastBand {
                close,
                claimed: past_claimed(past)?,
                actual: past.actual,
            })
        });
        let shown = Fan {
            name: self.forecast.ticker.to_string(),
            closes: history
                .iter()
                .map(|(session, close)| (day(session.date()), *close))
                .collect(),
            past: past.collect(),
            today: self.today.clone(),
            trail: self.trail.clone(),
            reference: (self.forecast.reference_price(), self.from),
            claimed,
            actual: self.entry.score.map(|score| score.actual),
            target: day(self.forecast.target.date()),
        };
        Some(fan(&shown, id, size))
    }

    /// The drawing, its legend, and the same as a table.
    pub(crate) fn figure(&self, id: &str, width: f64) -> Markup {
        let all = self.forecast.history.len();
        let wide = self.chart(all, &format!("{id}-w"), (width, 300.0));
        let narrow = self.chart(NARROW_CLOSES, &format!("{id}-n"), (340.0, 250.0));
        html! {
            figure.wf { (two(wide.unwrap_or_default(), narrow.unwrap_or_default())) }
            (drawing::said_and_came())
            @if !self.trail.is_empty() { (drawing::trail_key()) }
            (self.table())
        }
    }

    fn table(&self) -> Markup {
        html! {
            @if !self.past.is_empty() {
                details {
                    summary { "The same as a table (" (self.past.len()) " scored sessions)" }
                    div.scroll {
                        table {
                            thead { tr {
                                th scope="col" { "Session" }
                                th.r scope="col" { "90" (THIN) "% band" }
                                th.r scope="col" { "Close" }
                                th scope="col" { "Fell" }
                            } }
                            tbody {
                                @for past in &self.past {
                                    @if let Some(claimed) = past_claimed(past) {
                                        tr {
                                            td { (day(past.session.date())) }
                                            td.r { (price(claimed.outer.0, past.actual)) " to " (price(claimed.outer.1, past.actual)) }
                                            td.r { (price(past.actual, past.actual)) }
                                            td { (drawing::fell(claimed.place(past.actual)).words()) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The close that came; where the session is over without it, that it is not known.
    fn end(&self) -> String {
        match self.entry.score {
            Some(score) => format!(
                "; it closed at {}",
                price(score.actual, self.forecast.last_close)
            ),
            None if self.over => format!("; {NOT_KNOWN}"),
            None => String::new(),
        }
    }

    /// The forecast in a sentence.
    pub(crate) fn sentence(&self) -> Markup {
        let entry = &self.entry;
        let close = self.forecast.last_close;
        let shown = |value: f64| price(value, close);
        let (Some(inner), Some(outer)) = (entry.band(0.8), entry.band(0.9)) else {
            return html! {};
        };
        html! {
            p.say {
                b { (shown(self.forecast.prediction)) } ", " (call(entry)) ". It "
                @if self.over { "was to close" } @else { "closes" } " between "
                b { (shown(inner.0)) } " and " b { (shown(inner.1)) } " four times in five, between "
                (shown(outer.0)) " and " (shown(outer.1)) " nine times in ten" (self.end()) "."
            }
            p.say { (rests_on(entry)) "." }
        }
    }
}

fn past_claimed(past: &PastEntry) -> Option<Claimed> {
    claimed(past.prediction, &past.intervals)
}

fn claimed(point: f64, intervals: &[IntervalEntry]) -> Option<Claimed> {
    let band = |level: f64| {
        let found = intervals
            .iter()
            .find(|interval| crate::api::score::is_level(interval.level, level));
        found.map(|interval| (interval.lower, interval.upper))
    };
    Some(Claimed {
        point,
        inner: band(0.8)?,
        outer: band(0.9)?,
    })
}

/// "a rise of 0.42 % with 87 % probability".
pub(crate) fn call(entry: &ForecastEntry) -> String {
    let (Some(close), Some(prediction)) = (entry.close, entry.prediction) else {
        return "no forecast".to_owned();
    };
    let moved = change((prediction - close) / close);
    let up = entry.probability_up.unwrap_or(0.5);
    match entry.direction() {
        Some(Direction::Rise) => format!("a rise ({moved}) with {} probability", whole_share(up)),
        Some(Direction::Fall) => format!(
            "a fall ({moved}) with {} probability",
            whole_share(1.0 - up)
        ),
        _ => "the same as the last close".to_owned(),
    }
}

/// Basis of the forecast, in one line.
pub(crate) fn rests_on(entry: &ForecastEntry) -> String {
    let reference = entry.reference.zip(entry.close);
    let from = match (entry.reference_kind, reference) {
        (Some(ReferenceKind::Quote), Some((reference, close))) => {
            let at = entry
                .reference_at
                .map_or_else(String::new, |at| format!(" at {}", time(at)));
            format!("From {}{at}", price(reference, close))
        }
        (Some(ReferenceKind::Opening), Some((reference, close))) => {
            format!("From the opening at {}", price(reference, close))
        }
        _ => "From the close before, with nothing known of the day itself".to_owned(),
    };
    match entry.sessions_ahead {
        Some(ahead) if ahead > 0 => format!("{from}; against a close {} sessions back", ahead + 1),
        _ => from,
    }
}

/// The moment up to which data were used.
pub(crate) fn data_up_to(context: &PageContext<'_>, entry: &ForecastEntry) -> Markup {
    html! {
        @if let Some(as_of) = entry.as_of {
            "data up to " (dated(Calendar::date_at(as_of), context.stages.clock)) ", " (time(as_of)) " ET"
        }
    }
}
