//! Knowledge of a ticker at a moment, as the pipeline would have built it.

use chrono::{DateTime, Days, Utc};
use closecall_calendar::{Calendar, Session};
use closecall_protocol::{
    Annotations, DatasetBuilt, DatasetRow, MarketScraped, NewsSums, Pick, PickId, PickReason,
    Provider, SessionDate, SessionNews, SessionTimes,
};
use closecall_sentiment::DatasetBuilder;

use crate::error::Error;
use crate::history::{History, Quotes};

/// The dataset for `session` at `as_of`: sessions of the last `window_days` calendar days that had
/// closed, articles up to the moment, and the quote. `None` where no session had closed.
///
/// # Errors
/// [`Error::Dataset`] when the articles cannot be scored.
pub fn dataset_at(
    history: &History,
    session: &Session,
    as_of: DateTime<Utc>,
    window_days: u32,
    quotes: &dyn Quotes,
    calendar: &Calendar,
    builder: &DatasetBuilder,
) -> Result<Option<DatasetBuilt>, Error> {
    let from = Calendar::date_at(as_of) - Days::new(u64::from(window_days));
    let first = calendar
        .session(from)
        .unwrap_or_else(|| calendar.next(from));
    let known = calendar.last_closed(as_of);
    let dates = [session.date, first.date, known.date].map(SessionDate::new);
    let [Ok(target), Ok(first_date), Ok(last)] = dates else {
        return Ok(None);
    };
    let bars = history.bars_between(first_date, last, as_of);
    let Some(newest) = bars.last() else {
        return Ok(None);
    };
    let times = SessionTimes::from(session);
    let between = calendar.sessions_between(newest.session().date(), session.date);
    let scraped = MarketScraped {
        pick: Pick {
            pick_id: PickId::of_slot(0, as_of, &history.ticker),
            ticker: history.ticker.clone(),
            slot: as_of,
            expires_at: None,
            reason: PickReason::Request,
        },
        target,
        session: times,
        sessions_ahead: u32::try_from(between.saturating_sub(1)).unwrap_or(u32::MAX),
        quote: quotes.quote(&history.ticker, &times, as_of, newest.close()),
        provider: Provider::Files,
        provider_switched: false,
        provisional: false,
        repairs: [].into(),
        bars: bars.into(),
        articles: history
            .articles_between(calendar.previous(first.date).close, as_of)
            .to_vec()
            .into(),
        news_sums: NewsSums::default(),
        fetched_at: as_of,
        annotations: Annotations::default(),
    };
    builder
        .build(&scraped)
        .map(Some)
        .map_err(|source| Error::Dataset {
            ticker: history.ticker.clone(),
            session: target,
            source,
        })
}

/// The same dataset, as if not one article had been published.
pub(crate) fn without_news(dataset: &DatasetBuilt) -> DatasetBuilt {
    let silent = |row: &DatasetRow| DatasetRow::new(*row.bar(), SessionNews::default());
    DatasetBuilt {
        rows: dataset.rows.iter().map(silent).collect(),
        live: SessionNews::default(),
        ..dataset.clone()
    }
}
