//! A walk is the same whatever the threads do, goes on where it was stopped, and looks at nothing
//! that came later.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use closecall_backtest::{
    AskedTime, Error, History, Journal, Line, Progress, Quotes, Report, Run, ScoredHeadlines,
    Variant, Walk,
};
use closecall_calendar::Calendar;
use closecall_forecast::ForecastSettings;
use closecall_protocol::{
    Article, Bar, Ohlcv, PriceRange, Provider, Quote, QuoteAbsent, SessionDate, SessionTimes,
    Ticker,
};
use closecall_scoring::Bootstrap;
use closecall_sentiment::{DatasetBuilder, Vader};

/// Two years of a made-up stock: small steps of a fixed pseudo-random kind.
fn history(name: &str, salt: u64) -> History {
    let calendar = Calendar::default();
    let mut close = 100.0_f64;
    let mut state = salt;
    let mut step = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) * 0.04
    };
    let bars = calendar
        .sessions(date("2021-01-04"), date("2022-03-31"))
        .map(|session| {
            let open = close * (1.0 + step());
            close = open * (1.0 + step());
            let numbers = Ohlcv {
                open,
                high: open.max(close) * 1.01,
                low: open.min(close) * 0.99,
                close,
                adj_close: close,
                volume: 1e6,
            };
            Bar::new(SessionDate::new(session.date).unwrap(), numbers).unwrap()
        });
    let article = |day: &str, title: &str| {
        let at: DateTime<Utc> = format!("{day}T12:00:00Z").parse().unwrap();
        Article::new(at, title, None, None, None).unwrap()
    };
    History {
        ticker: Ticker::new(name).unwrap(),
        bars: bars.collect(),
        articles: vec![
            article("2022-01-20", "A splendid success"),
            article("2022-03-16", "A terrible disaster"),
        ],
        revisions: Vec::new(),
    }
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Openings, as a record without bars inside the session has them.
struct Openings<'a>(&'a [History]);

impl Quotes for Openings<'_> {
    fn quote(
        &self,
        ticker: &Ticker,
        session: &SessionTimes,
        as_of: DateTime<Utc>,
        _last_close: f64,
    ) -> Result<Quote, QuoteAbsent> {
        if as_of < session.open() {
            return Err(QuoteAbsent::NotYetOpen);
        }
        let history = self.0.iter().find(|h| h.ticker == *ticker).unwrap();
        let today = session.date().unwrap();
        let bar = history.bars.iter().find(|bar| bar.session() == today);
        let open = bar.and_then(Bar::open).ok_or(QuoteAbsent::NoQuote)?;
        Ok(Quote {
            price: open,
            at: session.open(),
            open,
            range: PriceRange::new(open, open),
            source: Provider::Files,
        })
    }

    fn inside(&self, _: &Ticker, _: &SessionTimes) -> bool {
        false
    }
}

struct Asked<'a> {
    histories: &'a [History],
    jobs: usize,
    variants: &'a [&'a str],
    times: &'a [&'a str],
}

impl Asked<'_> {
    /// Runs the walk, stopping after `stop_after` tickers' sessions where given.
    fn run(&self, journal: &Path, stop_after: Option<usize>) -> Result<Option<Vec<Line>>, Error> {
        let settings = ForecastSettings::default();
        let calendar = Calendar::default();
        let scorer = ScoredHeadlines::new(Vader::new());
        let builder = DatasetBuilder::new(calendar.clone(), scorer);
        let times: Vec<AskedTime> = self.times.iter().map(|t| t.parse().unwrap()).collect();
        let variants: Vec<Variant> = self.variants.iter().map(|v| v.parse().unwrap()).collect();
        let walk = Walk {
            histories: self.histories,
            quotes: &Openings(self.histories),
            builder: &builder,
            calendar: &calendar,
            from: date("2022-03-14"),
            to: date("2022-03-18"),
            times: &times,
            variants: &variants,
            retrain: NonZeroUsize::new(5).unwrap(),
            settings: &settings,
            model: None,
            window_days: 300,
            jobs: NonZeroUsize::new(self.jobs).unwrap(),
        };
        let mut journal = Journal::open(journal, &walk.name())?;
        let mut taken = 0;
        let mut on_progress = |progress: Progress| {
            taken += 1;
            assert!(progress.done <= progress.total);
            if stop_after.is_some_and(|most| taken >= most) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        walk.run(&mut journal, &mut on_progress)
    }
}

const ALL: [&str; 3] = ["ridge", "ridge-without-news", "persistence"];
const BOTH: [&str; 3] = ["before", "09:31", "14:00"];

fn asked(histories: &[History], jobs: usize) -> Asked<'_> {
    Asked {
        histories,
        jobs,
        variants: &ALL,
        times: &BOTH,
    }
}

fn whole(histories: &[History], jobs: usize) -> Vec<Line> {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    asked(histories, jobs).run(&journal, None).unwrap().unwrap()
}

#[test]
fn one_thread_and_three_make_the_same_lines() {
    let histories = [history("AAA", 1), history("BBB", 2)];
    let lines = whole(&histories, 1);
    // Two tickers, five sessions, two times (nothing is recorded inside the session), three models.
    assert_eq!(lines.len(), 2 * 5 * 2 * 3);
    assert_eq!(whole(&histories, 3), lines);
}

#[test]
fn a_walk_that_was_stopped_goes_on_where_it_was() {
    let histories = [history("AAA", 1), history("BBB", 2)];
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let asked = asked(&histories, 2);
    assert_eq!(asked.run(&journal, Some(4)).unwrap(), None);

    // As a kill leaves it: the last line cut off in the middle.
    let text = std::fs::read(&journal).unwrap();
    let done = text.split(|byte| *byte == b'\n').count();
    std::fs::write(&journal, &text[..text.len() - 20]).unwrap();

    let lines = asked.run(&journal, None).unwrap().unwrap();
    assert_eq!(lines, whole(&histories, 1));
    let text = std::fs::read_to_string(&journal).unwrap();
    assert!(text.lines().count() > done);

    // What is finished is not made again: with everything in the journal, nothing is taken.
    let again = asked.run(&journal, Some(1)).unwrap();
    assert_eq!(again, Some(lines));
}

#[test]
fn a_journal_of_other_data_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let before = [history("AAA", 1)];
    let after = [history("AAA", 3)];
    asked(&before, 1).run(&journal, None).unwrap();
    let lines = asked(&after, 1).run(&journal, None).unwrap().unwrap();
    assert_eq!(lines, whole(&after, 1));
}

#[test]
fn nothing_that_came_later_changes_a_forecast() {
    let known = [history("AAA", 1)];
    let mut changed = [history("AAA", 1)];
    // From 2022-03-17 on everything is another: bars, and an article that morning.
    let cut = changed[0]
        .bars
        .iter()
        .position(|b| b.session().date() >= date("2022-03-17"));
    for bar in &mut changed[0].bars[cut.unwrap()..] {
        *bar = Bar::of_close(bar.session(), 2.0 * bar.close()).unwrap();
    }
    let at = "2022-03-17T12:00:00Z".parse().unwrap();
    let article = Article::new(at, "A wonderful triumph", None, None, None).unwrap();
    changed[0].articles.push(article);
    let early = |lines: Vec<Line>| -> Vec<Line> {
        let until = date("2022-03-16");
        lines
            .into_iter()
            .filter(|l| l.session.date() <= until)
            .collect()
    };
    let (before, after) = (whole(&known, 1), whole(&changed, 1));
    assert_ne!(before, after);
    assert_eq!(early(before), early(after));
}

#[test]
fn the_report_puts_the_price_itself_at_one() {
    let histories = [history("AAA", 1), history("BBB", 2)];
    let lines = whole(&histories, 1);
    let run = Run {
        version: "0".into(),
        command: "test".into(),
        seed: 7,
        path: "plain".into(),
        walk: "none".into(),
        retrain: 5,
    };
    let variants: Vec<Variant> = ALL.iter().map(|v| v.parse().unwrap()).collect();
    let report = Report::of(run, &lines, &variants, Bootstrap::default());
    let price = &report.models["persistence"];
    // One outcome a ticker, session and phase.
    let phases: HashSet<_> = lines
        .iter()
        .map(|l| (l.session, &l.ticker, l.phase))
        .collect();
    assert_eq!(price.total.summary.outcomes, phases.len());
    assert_eq!(price.total.summary.relative_mae.unwrap().value, 1.0);
    assert_eq!(price.total.summary.brier, price.total.baseline_brier);
    assert_eq!(price.times.len(), 2);
    let thirds: usize = price
        .thirds
        .iter()
        .map(|third| third.summary.outcomes)
        .sum();
    assert_eq!(thirds, lines.len() / 3);
    assert_eq!((report.sessions, report.trials), (5, 3));
    // Goals are of the product's own model, which was not asked.
    assert!(report.goals.is_empty());
    let text = closecall_backtest::tables(&report);
    assert!(
        text.contains("persistence") && !text.contains("NaN"),
        "{text}"
    );
    let zones: usize = price.zones.iter().sum();
    assert_eq!(zones, phases.len());
    // The price's error added up against itself.
    assert!(price.series.len() == phases.len() && price.series.iter().all(|x| *x == 0.0));
    let page = closecall_backtest::page(&report);
    for elsewhere in ["http:", "https:", "src=", "@import", "url(", "NaN"] {
        assert!(!page.contains(elsewhere), "{elsewhere}");
    }
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert_eq!(
        page.matches("<section").count(),
        page.matches("</section>").count()
    );
    assert!(page.matches("<svg").count() >= 1 && page.contains("persistence"));
}

#[test]
fn a_span_without_sessions_is_refused() {
    let empty = History {
        bars: Vec::new(),
        ..history("AAA", 1)
    };
    let folder = tempfile::tempdir().unwrap();
    let error = asked(&[empty], 1).run(&folder.path().join("journal"), None);
    assert!(matches!(error, Err(Error::Empty { .. })), "{error:?}");
}
