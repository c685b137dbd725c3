//! Assembly of what is known for a pick, whether it was gathered now or is had again.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use closecall_calendar::Calendar;
use closecall_protocol::{
    Annotations, Article, Bar, MarketScraped, NewsSums, Pick, Provider, Quote, QuoteAbsent, Repair,
    SessionDate, SessionTimes,
};

use super::window::PickWindow;

/// Parts of a scrape, all on one basis.
#[derive(Debug)]
pub(crate) struct ScrapeParts {
    pub(crate) provider: Provider,
    /// Whether that is another than the one asked first.
    pub(crate) provider_switched: bool,
    pub(crate) bars: Arc<[Bar]>,
    /// Whether the last close is an intraday bar's.
    pub(crate) provisional: bool,
    pub(crate) repairs: Arc<[Repair]>,
    pub(crate) quote: Result<Quote, QuoteAbsent>,
    pub(crate) articles: Vec<Article>,
    pub(crate) news_sums: NewsSums,
    pub(crate) fetched_at: DateTime<Utc>,
}

impl ScrapeParts {
    /// The scrape of a pick; `None` where its session lies outside the dates that messages carry.
    pub(crate) fn of(
        self,
        pick: Pick,
        window: &PickWindow,
        calendar: &Calendar,
    ) -> Option<MarketScraped> {
        let newest = self.bars.last().map(|bar| bar.session().date());
        let ahead = newest.map_or(0, |newest| {
            let until = calendar.sessions_between(newest, window.target.date);
            until.saturating_sub(1)
        });
        Some(MarketScraped {
            target: SessionDate::new(window.target.date).ok()?,
            session: SessionTimes::from(&window.target),
            sessions_ahead: u32::try_from(ahead).unwrap_or(u32::MAX),
            quote: self.quote,
            provider: self.provider,
            provider_switched: self.provider_switched,
            provisional: self.provisional,
            repairs: self.repairs,
            bars: self.bars,
            articles: self.articles.into(),
            news_sums: self.news_sums,
            fetched_at: self.fetched_at,
            pick,
            annotations: Annotations::default(),
        })
    }
}
