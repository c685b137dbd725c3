//! Sums over the rows of the ledger, kept as they are read: outcomes, the newest forecasts of
//! each ticker, and which rows are dead letters. Pure: rows in, state out.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike as _, Utc};
use closecall_ledger::{DeadLetterRow, Entry, Happening, LedgerEvent, Score, State};
use closecall_protocol::{Interval, Phase, PickId, Reason, ScoringRule, SessionDate, Ticker};
use closecall_scoring::{Band, Claim, Outcome};

use crate::api::entry::ForecastEntry;

/// Sessions of a ticker whose forecasts are kept for its fan: as many as it draws, and today's.
const SESSIONS: usize = 61;

/// The first forecast of a ticker, session and phase, beside the close that came.
#[derive(Debug, Clone)]
pub(crate) struct OutcomeRecord {
    pub(crate) ticker: Ticker,
    pub(crate) phase: Phase,
    pub(crate) as_of: DateTime<Utc>,
    pub(crate) outcome: Outcome,
}

/// Claim of a forecast, for the fan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) pick_id: PickId,
    pub(crate) as_of: DateTime<Utc>,
    pub(crate) phase: Option<Phase>,
    pub(crate) prediction: f64,
    pub(crate) reference: Option<f64>,
    pub(crate) reference_at: Option<DateTime<Utc>>,
    pub(crate) intervals: Vec<Interval>,
    /// The close that came, on this forecast's own basis.
    pub(crate) actual: Option<f64>,
}

/// One ticker.
#[derive(Debug, Clone, Default)]
pub(crate) struct TickerBook {
    /// The newest forecast in time that was recorded before its session's close.
    pub(crate) newest: Option<ForecastEntry>,
    /// Forecasts of its last sessions, each in the order of recording.
    pub(crate) said: BTreeMap<SessionDate, Vec<Said>>,
    pub(crate) picks: u64,
    /// Rises with every change of its outcomes.
    pub(crate) generation: u64,
}

/// A row that is a dead letter.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetterRef {
    pub(crate) stage: String,
    pub(crate) reason: Reason,
}

/// A forecast that waits for its close.
#[derive(Debug)]
struct Waiting {
    ticker: Ticker,
    session: SessionDate,
    entry: Box<Entry>,
}

/// Sums over the rows.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// The last row that was read.
    pub(crate) rows: i64,
    /// Its hash.
    pub(crate) head: String,
    pub(crate) forecasts: u64,
    pub(crate) late: u64,
    pub(crate) foreign: u64,
    pub(crate) last_recorded_at: Option<DateTime<Utc>>,
    pub(crate) last_forecast_at: Option<DateTime<Utc>>,
    pub(crate) outcomes: BTreeMap<(SessionDate, Ticker, Phase), OutcomeRecord>,
    /// Rises with every change of the outcomes.
    pub(crate) generation: u64,
    pub(crate) tickers: BTreeMap<Ticker, TickerBook>,
    pub(crate) dead: BTreeMap<i64, DeadLetterRef>,
    dead_of: HashMap<PickId, i64>,
    waiting: HashMap<PickId, Waiting>,
}

impl Book {
    /// Takes in a row; `letter` is what it says where it is a dead letter.
    pub(crate) fn apply(&mut self, event: &LedgerEvent, letter: Option<&DeadLetterRow>) {
        self.rows = event.seq;
        self.last_recorded_at = Some(event.recorded_at);
        match &event.happening {
            Happening::Recorded(entry) if entry.state == State::DeadLetter => {
                if let Some(letter) = letter {
                    self.dead_letter(event.seq, letter);
                }
            }
            Happening::Recorded(entry) => self.forecast(entry),
            Happening::Scored(score) => self.scored(event.pick_id, score),
        }
    }

    fn dead_letter(&mut self, seq: i64, letter: &DeadLetterRow) {
        let entry = DeadLetterRef {
            stage: letter.stage.clone(),
            reason: letter.reason,
        };
        self.dead.insert(seq, entry);
        self.dead_of.insert(letter.pick_id, seq);
    }

    fn forecast(&mut self, entry: &Entry) {
        // A forecast that comes later supersedes its pick's dead letter.
        if let Some(seq) = self.dead_of.remove(&entry.pick_id) {
            self.dead.remove(&seq);
        }
        if entry.foreign {
            self.foreign += 1;
            return;
        }
        self.forecasts += 1;
        self.last_forecast_at = Some(entry.recorded_at);
        self.late += u64::from(entry.late);
        let (Some(ticker), Some(session)) = (&entry.ticker, entry.session) else {
            return;
        };
        let book = self.tickers.entry(ticker.clone()).or_default();
        book.picks += 1;
        let newer = book
            .newest
            .as_ref()
            .is_none_or(|newest| newest.as_of <= entry.as_of);
        if !entry.late && newer {
            book.newest = Some(ForecastEntry::of(entry));
        }
        if let Some(said) = Said::of(entry) {
            book.said.entry(session).or_default().push(said);
            while book.said.len() > SESSIONS {
                book.said.pop_first();
            }
        }
        if !entry.late {
            let waiting = Waiting {
                ticker: ticker.clone(),
                session,
                entry: Box::new(entry.clone()),
            };
            self.waiting.insert(entry.pick_id, waiting);
        }
    }

    fn scored(&mut self, pick_id: PickId, score: &Score) {
        let Some(Waiting {
            ticker,
            session,
            entry,
        }) = self.waiting.remove(&pick_id)
        else {
            return;
        };
        if let Some(book) = self.tickers.get_mut(&ticker) {
            if let Some(newest) = book.newest.as_mut().filter(|newest| newest.is(pick_id)) {
                newest.score = Some((*score).into());
            }
            let said = book.said.get_mut(&session).into_iter().flatten();
            for said in said.filter(|said| said.pick_id == pick_id) {
                said.actual = Some(score.actual);
            }
        }
        if score.rule != ScoringRule::Reference {
            return;
        }
        let (Some(phase), Some(as_of)) = (entry.phase, entry.as_of) else {
            return;
        };
        let key = (session, ticker.clone(), phase);
        // Counted is the first forecast in time.
        if self
            .outcomes
            .get(&key)
            .is_some_and(|first| first.as_of <= as_of)
        {
            return;
        }
        if let Some(outcome) = outcome(&entry, session, score.actual) {
            let record = OutcomeRecord {
                ticker,
                phase,
                as_of,
                outcome,
            };
            if let Some(book) = self.tickers.get_mut(&record.ticker) {
                book.generation += 1;
            }
            self.outcomes.insert(key, record);
            self.generation += 1;
        }
    }

    /// Dead letters by stage and reason, the most frequent first.
    pub(crate) fn dead_letter_counts(&self) -> Vec<(String, Reason, u64)> {
        let mut counts: BTreeMap<(String, Reason), u64> = BTreeMap::new();
        for letter in self.dead.values() {
            *counts
                .entry((letter.stage.clone(), letter.reason))
                .or_default() += 1;
        }
        let mut counts: Vec<_> = counts
            .into_iter()
            .map(|((stage, reason), count)| (stage, reason, count))
            .collect();
        counts.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        counts
    }

    /// The newest forecast in time whose session was not over when it was recorded.
    pub(crate) fn newest(&self) -> Option<&ForecastEntry> {
        let newest = self
            .tickers
            .values()
            .filter_map(|book| book.newest.as_ref());
        newest.max_by_key(|entry| (entry.as_of, entry.seq))
    }
}

impl Said {
    fn of(entry: &Entry) -> Option<Self> {
        Some(Self {
            pick_id: entry.pick_id,
            as_of: entry.as_of?,
            phase: entry.phase,
            prediction: entry.prediction?,
            reference: entry.reference,
            reference_at: entry.reference_at,
            intervals: entry.intervals.clone(),
            actual: None,
        })
    }
}

fn outcome(entry: &Entry, session: SessionDate, actual: f64) -> Option<Outcome> {
    let bands: Vec<Band> = entry
        .intervals
        .iter()
        .map(|interval| Band {
            level: interval.level,
            lower: interval.lower,
            upper: interval.upper,
        })
        .collect();
    let claim = Claim {
        last_close: entry.close?,
        reference: entry.reference?,
        prediction: entry.prediction?,
        scale: entry.scale?,
        probability_up: entry.probability_up?,
        bands: &bands,
    };
    Outcome::of(&claim, session.date().num_days_from_ce(), actual)
}
