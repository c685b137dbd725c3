//! A session's news as a number.

use closecall_protocol::SessionNews;

/// Mean sentiment, shrunken as if `neutral` headlines of sentiment 0 stood beside; `None` without
/// news.
pub(crate) fn shrunken(news: SessionNews, neutral: f64) -> Option<f64> {
    let n = f64::from(news.articles);
    news.sentiment.map(|mean| mean * n / (n + neutral))
}
