//! A market with another future: everything that came after a moment is changed at random.

use chrono::{DateTime, TimeDelta, Utc};
use closecall_protocol::{Article, Bar, Ohlcv, TitleScore};

use crate::error::Error;
use crate::history::BarRevision;
use crate::simulated::{Dice, SimulatedMarket};

/// Bars before the moment that are seen again with other numbers after it.
const REVISIONS: usize = 5;

/// The market as it would be, had other things happened after `as_of`: bars of sessions that had
/// not closed, prices of minutes that had not ended, articles, and later versions of older bars.
pub(super) fn after(
    market: &SimulatedMarket,
    as_of: DateTime<Utc>,
    dice: &mut Dice,
) -> Result<SimulatedMarket, Error> {
    let mut altered = market.clone();
    let mut closed = 0;
    for (bar, made) in altered.history.bars.iter_mut().zip(&mut altered.sessions) {
        if made.session.close <= as_of {
            closed += 1;
            continue;
        }
        *bar = changed(bar, dice)?;
        for (minute, price) in made.prices.iter_mut().enumerate() {
            let minute = i64::try_from(minute).unwrap_or(i64::MAX);
            if made.session.open + TimeDelta::minutes(minute) > as_of {
                *price *= (0.03 * dice.normal()).exp();
            }
        }
    }
    revise(&mut altered, closed, as_of, dice)?;
    retell(&mut altered, as_of, dice)?;
    Ok(altered)
}

fn revise(
    altered: &mut SimulatedMarket,
    closed: usize,
    as_of: DateTime<Utc>,
    dice: &mut Dice,
) -> Result<(), Error> {
    for _ in 0..REVISIONS {
        let at = closed.saturating_sub(1 + dice.below(20));
        let bar = changed(&altered.history.bars[at], dice)?;
        let seen = as_of + TimeDelta::seconds(1 + dice.below(100_000) as i64);
        altered.history.revisions.push(BarRevision { seen, bar });
    }
    altered
        .history
        .revisions
        .sort_by_key(|revision| revision.seen);
    Ok(())
}

/// Later articles are left out or say something else, and one comes a second after the moment.
fn retell(
    altered: &mut SimulatedMarket,
    as_of: DateTime<Utc>,
    dice: &mut Dice,
) -> Result<(), Error> {
    let failed = |error: closecall_protocol::Error| Error::Simulated(error.to_string());
    let mut score = || TitleScore::of_compound(2.0 * dice.uniform() - 1.0).map_err(failed);
    let articles = &mut altered.history.articles;
    let first = articles.partition_point(|article| article.published <= as_of);
    let later: Vec<Article> = articles.split_off(first);
    let at = as_of + TimeDelta::seconds(1);
    let news = Article::new(at, "News of the moment", None, None, None).map_err(failed)?;
    articles.push(news.with_score(Some(score()?)));
    for article in later.into_iter().step_by(2) {
        articles.push(article.with_score(Some(score()?)));
    }
    articles.sort_by_key(|article| article.published);
    Ok(())
}

/// The bar of the same session with other prices.
pub(super) fn changed(bar: &Bar, dice: &mut Dice) -> Result<Bar, Error> {
    let (open, close) = (bar.open().unwrap_or(bar.close()), bar.close());
    let factor = (0.03 * dice.normal()).exp();
    let (open, close) = (open * factor, close * (factor * factor));
    let numbers = Ohlcv {
        open,
        high: open.max(close) * (1.0 + 0.01 * dice.uniform()),
        low: open.min(close) * (1.0 - 0.01 * dice.uniform()),
        close,
        adj_close: close,
        volume: 1e6 * (1.0 + dice.uniform()),
    };
    Bar::new(bar.session(), numbers).map_err(|error| Error::Simulated(error.to_string()))
}
