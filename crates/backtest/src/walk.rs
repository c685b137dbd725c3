//! The walk: every ticker, session, time and model, on all cores.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use chrono::{NaiveDate, TimeDelta};
use closecall_calendar::{Calendar, Session};
use closecall_forecast::{FitCache, ForecastSettings, ModelKind, PooledModel, forecast_with_model};
use closecall_protocol::{DatasetBuilt, SessionDate, SessionTimes};
use closecall_sentiment::DatasetBuilder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::asked::AskedTime;
use crate::dataset::{dataset_at, without_news};
use crate::error::Error;
use crate::history::{History, Quotes};
use crate::journal::Journal;
use crate::line::Line;
use crate::variant::Variant;

/// Span after the opening in which a time still asks for the opening.
const OPENING: TimeDelta = TimeDelta::minutes(1);

/// A walk-forward backtest.
#[expect(missing_debug_implementations, reason = "it holds quotes")]
pub struct Walk<'a> {
    /// Recorded data.
    pub histories: &'a [History],
    /// Prices inside the session.
    pub quotes: &'a dyn Quotes,
    /// Scores headlines, best each one once ([`ScoredHeadlines`](crate::ScoredHeadlines)).
    pub builder: &'a DatasetBuilder,
    /// The exchange's calendar.
    pub calendar: &'a Calendar,
    /// First and last session forecast.
    pub from: NaiveDate,
    /// Last session forecast, itself included.
    pub to: NaiveDate,
    /// Times of day.
    pub times: &'a [AskedTime],
    /// Models.
    pub variants: &'a [Variant],
    /// `original` trains two networks a forecast: it is asked on one of this many sessions only.
    pub retrain: NonZeroUsize,
    /// Settings of the forecasts; their model is each variant's.
    pub settings: &'a ForecastSettings,
    /// Model that `closecall` starts from, where it does.
    pub model: Option<&'a PooledModel>,
    /// Calendar days that a forecast looks back on.
    pub window_days: u32,
    /// Threads.
    pub jobs: NonZeroUsize,
}

/// Progress of a walk: pairs of ticker and session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Finished, those of an earlier run included.
    pub done: usize,
    /// Finished by an earlier run.
    pub resumed: usize,
    /// All.
    pub total: usize,
}

/// One ticker's session.
#[derive(Clone, Copy)]
struct Job<'a> {
    history: &'a History,
    session: Session,
    date: SessionDate,
    actual: f64,
    /// Number of the session among those of the walk.
    number: usize,
}

impl<'a> Walk<'a> {
    /// A name for everything that decides the result, data included, so that a journal is used for
    /// no other walk.
    #[must_use]
    pub fn name(&self) -> String {
        #[derive(Serialize)]
        struct Named<'b> {
            from: NaiveDate,
            to: NaiveDate,
            times: &'b [AskedTime],
            variants: &'b [Variant],
            retrain: usize,
            settings: &'b ForecastSettings,
            window_days: u32,
            model: Option<&'b str>,
            scorer: &'b str,
            version: &'static str,
        }
        let named = Named {
            from: self.from,
            to: self.to,
            times: self.times,
            variants: self.variants,
            retrain: self.retrain.get(),
            settings: self.settings,
            window_days: self.window_days,
            model: self.model.map(PooledModel::hash),
            scorer: self.builder.scorer(),
            version: env!("CARGO_PKG_VERSION"),
        };
        let mut hasher = Sha256::new();
        hasher.update(serde_json::to_vec(&named).unwrap_or_default());
        for history in self.histories {
            hasher.update(format!("{}{:?}", history.ticker, history.bars));
            hasher.update((history.articles.len() as u64).to_le_bytes());
            hasher.update(format!("{:?}", history.revisions));
            for article in &history.articles {
                hasher.update(article.published.timestamp().to_le_bytes());
                hasher.update(article.title.as_bytes());
                hasher.update(article.summary.as_deref().unwrap_or_default());
            }
        }
        let digest = hasher.finalize();
        digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
    }

    /// Makes every forecast that the journal does not hold. The lines come in one order (session,
    /// ticker, time, model), whatever the threads did. `progress` is called after each pair of
    /// ticker and session; `Break` stops the walk, which then returns `None`.
    ///
    /// # Errors
    /// [`Error::Empty`] without a session to forecast, and whatever a forecast or the journal says.
    pub fn run(
        &self,
        journal: &mut Journal,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Vec<Line>>, Error> {
        let jobs = self.jobs();
        if jobs.is_empty() {
            let (from, to) = (self.from, self.to);
            return Err(Error::Empty { from, to });
        }
        let mut done = journal.take_done();
        let mut lines = Vec::new();
        let mut open = Vec::new();
        for job in &jobs {
            match done.remove(&(job.history.ticker.clone(), job.date)) {
                Some(known) => lines.extend(known),
                None => open.push(*job),
            }
        }
        let resumed = jobs.len() - open.len();
        let mut state = Progress {
            done: resumed,
            resumed,
            total: jobs.len(),
        };
        let mut take = |job: Job<'_>, new: Vec<Line>| {
            journal.add(&job.history.ticker, job.date, &new)?;
            lines.extend(new);
            state.done += 1;
            Ok(progress(state))
        };
        if self.on_all_cores(&open, &mut take)?.is_break() {
            return Ok(None);
        }
        let place = |variant: &Variant| self.variants.iter().position(|v| v == variant);
        lines.sort_by_cached_key(|line| {
            let variant = place(&line.variant);
            (line.session, line.ticker.clone(), line.time, variant)
        });
        Ok(Some(lines))
    }

    /// Threads take jobs in turn; what they bring is taken here, one after the other.
    fn on_all_cores(
        &self,
        jobs: &[Job<'a>],
        take: &mut dyn FnMut(Job<'a>, Vec<Line>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<ControlFlow<()>, Error> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, results) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.get().min(jobs.len()) {
                let sender = sender.clone();
                let (next, stop) = (&next, &stop);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else {
                            return;
                        };
                        // Without a receiver the walk has ended.
                        if sender.send((*job, self.forecasts(job, stop))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for (job, result) in results {
                let taken = match result {
                    Ok(Some(lines)) => take(job, lines),
                    // Cut off by the stop that is already under way.
                    Ok(None) => continue,
                    Err(error) => Err(error),
                };
                if !matches!(taken, Ok(ControlFlow::Continue(()))) {
                    stop.store(true, Ordering::Relaxed);
                    return taken;
                }
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Sessions first, so that a walk that is stopped has all tickers of what it has.
    fn jobs(&self) -> Vec<Job<'a>> {
        let sessions = self.calendar.sessions(self.from, self.to);
        let of_session = |(number, session): (usize, Session)| {
            self.histories.iter().filter_map(move |history| {
                let date = SessionDate::new(session.date).ok()?;
                Some(Job {
                    history,
                    session,
                    date,
                    actual: history.close_of(date)?,
                    number,
                })
            })
        };
        sessions.enumerate().flat_map(of_session).collect()
    }

    /// All times and models of one ticker's session; `None` where it was stopped.
    fn forecasts(&self, job: &Job<'_>, stop: &AtomicBool) -> Result<Option<Vec<Line>>, Error> {
        let mut lines = Vec::new();
        // A session's fits are asked for by all its times, and by no other session.
        let fits = FitCache::with_capacity(3 * self.variants.len());
        let times = SessionTimes::from(&job.session);
        let inside = self.quotes.inside(&job.history.ticker, &times);
        for &time in self.times {
            let Some(as_of) = time.on(&times) else {
                continue;
            };
            if !inside && as_of > times.open() + OPENING {
                continue;
            }
            let dataset = dataset_at(
                job.history,
                &job.session,
                as_of,
                self.window_days,
                self.quotes,
                self.calendar,
                self.builder,
            )?;
            let Some(dataset) = dataset else {
                continue;
            };
            for &variant in self.variants {
                if !self.asks(variant, job.number) {
                    continue;
                }
                match self.line(job, time, variant, &dataset, &fits, stop)? {
                    ControlFlow::Continue(line) => lines.extend(line),
                    ControlFlow::Break(()) => return Ok(None),
                }
            }
        }
        Ok(Some(lines))
    }

    fn asks(&self, variant: Variant, session: usize) -> bool {
        variant.model != ModelKind::Original || session.is_multiple_of(self.retrain.get())
    }

    fn line(
        &self,
        job: &Job<'_>,
        time: AskedTime,
        variant: Variant,
        dataset: &DatasetBuilt,
        fits: &FitCache,
        stop: &AtomicBool,
    ) -> Result<ControlFlow<(), Option<Line>>, Error> {
        let silent = (!variant.news).then(|| without_news(dataset));
        let settings = ForecastSettings {
            model: variant.model,
            ..self.settings.clone()
        };
        let mut go_on = |_| {
            if stop.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let dataset = silent.as_ref().unwrap_or(dataset);
        let made = forecast_with_model(
            dataset,
            &settings,
            self.model,
            fits,
            dataset.pick.as_of(),
            &mut go_on,
        );
        match made {
            Ok(made) => Ok(ControlFlow::Continue(Line::of(
                &made, time, variant, job.actual,
            ))),
            Err(closecall_forecast::Error::Cancelled { .. }) => Ok(ControlFlow::Break(())),
            Err(source) => Err(Error::Forecast {
                ticker: job.history.ticker.clone(),
                session: job.date,
                variant,
                source: Box::new(source),
            }),
        }
    }
}
