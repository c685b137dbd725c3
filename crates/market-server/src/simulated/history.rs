//! The days that were computed so far, of the market and of each ticker.
//!
//! A day follows from the one before it, so a ticker's history is computed from its beginning. It is
//! kept in blocks: the last day of each block is remembered, and of the blocks themselves those used
//! last, so that a market of hundreds of tickers stays small. Nothing depends on the order of
//! asking.

use std::collections::HashMap;

use chrono::{DateTime, Days, NaiveDate, Utc};

use closecall_calendar::Calendar;
use closecall_protocol::Ticker;

use super::companies::{Company, company};
use super::inside;
use super::path::{Day, MarketDay, Recipe};
use crate::session_bar::SessionBar;

/// Sessions a block.
const BLOCK: usize = 100;

/// Blocks of a ticker that are kept: a year of sessions lies in at most four.
const KEPT: usize = 5;

/// Days that the market is computed on at a time.
const STRIDE: u64 = 200;

/// All that was computed so far.
#[derive(Debug)]
pub(super) struct ReturnHistory {
    recipe: Recipe,
    calendar: Calendar,
    /// The next date to look at.
    next: NaiveDate,
    market: Vec<MarketDay>,
    tickers: HashMap<Ticker, TickerHistory>,
}

#[derive(Debug)]
struct TickerHistory {
    ticker: Ticker,
    company: Company,
    /// The last day of each block.
    lasts: Vec<Day>,
    /// The blocks used last, the newest at the end.
    kept: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    number: usize,
    days: Vec<Day>,
    /// Daily bars, each made when it is first asked for.
    bars: Vec<Option<SessionBar>>,
}

impl ReturnHistory {
    pub(super) fn new(recipe: Recipe, calendar: Calendar) -> Self {
        Self {
            recipe,
            calendar,
            // Two years to forget the start before the first session that is shown.
            next: NaiveDate::from_ymd_opt(1988, 1, 1).unwrap_or_default(),
            market: Vec::new(),
            tickers: HashMap::new(),
        }
    }

    /// A ticker's days whose sessions open in `[from, to)`.
    pub(super) fn days(
        &mut self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Vec<Day> {
        self.indices(from, to)
            .filter_map(|index| {
                self.block(ticker, index / BLOCK)?
                    .days
                    .get(index % BLOCK)
                    .copied()
            })
            .collect()
    }

    /// The daily bars of the same.
    pub(super) fn bars(
        &mut self,
        ticker: &Ticker,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Vec<SessionBar> {
        self.indices(from, to)
            .filter_map(|index| {
                let seed = self.recipe.seed;
                let block = self.block(ticker, index / BLOCK)?;
                let day = block.days.get(index % BLOCK)?;
                let bar = block.bars.get_mut(index % BLOCK)?;
                Some(*bar.get_or_insert_with(|| inside::bar(seed, ticker, &company(ticker), day)))
            })
            .collect()
    }

    /// The moment at which the newest session opened that had opened by `at`.
    pub(super) fn newest_opening(&mut self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cover(at);
        let opened = self.market.partition_point(|day| day.session.open <= at);
        Some(self.market.get(opened.checked_sub(1)?)?.session.open)
    }

    fn indices(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> std::ops::Range<usize> {
        self.cover(to);
        let index = |at| self.market.partition_point(|day| day.session.open < at);
        index(from)..index(to)
    }

    /// Computes the market's days up to a moment at least.
    fn cover(&mut self, at: DateTime<Utc>) {
        let until = Calendar::date_at(at);
        while self.next <= until {
            self.advance();
        }
    }

    fn advance(&mut self) {
        let last = self.next + Days::new(STRIDE - 1);
        for session in self.calendar.sessions(self.next, last) {
            let day = MarketDay::new(self.recipe.seed, session, self.market.last());
            self.market.push(day);
        }
        self.next = last + Days::new(1);
    }

    /// A block of a ticker's days, whole.
    fn block(&mut self, ticker: &Ticker, number: usize) -> Option<&mut Block> {
        while self.market.len() < (number + 1) * BLOCK {
            self.advance();
        }
        let history = self
            .tickers
            .entry(ticker.clone())
            .or_insert_with(|| TickerHistory {
                ticker: ticker.clone(),
                company: company(ticker),
                lasts: Vec::new(),
                kept: Vec::new(),
            });
        history.block(&self.recipe, &self.market, number)
    }
}

impl TickerHistory {
    fn block(
        &mut self,
        recipe: &Recipe,
        market: &[MarketDay],
        number: usize,
    ) -> Option<&mut Block> {
        if let Some(place) = self.kept.iter().position(|block| block.number == number) {
            let used = self.kept.remove(place);
            self.kept.push(used);
            return self.kept.last_mut();
        }
        let mut days = Vec::new();
        for next in self.lasts.len().min(number)..=number {
            days = self.compute(recipe, market, next);
            if next == self.lasts.len() {
                self.lasts.extend(days.last());
            }
        }
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Block {
            number,
            bars: vec![None; days.len()],
            days,
        });
        self.kept.last_mut()
    }

    fn compute(&self, recipe: &Recipe, market: &[MarketDay], number: usize) -> Vec<Day> {
        let first = number * BLOCK;
        let before = number.checked_sub(1).and_then(|last| self.lasts.get(last));
        let mut days: Vec<Day> = Vec::with_capacity(BLOCK);
        for market in market.get(first..first + BLOCK).unwrap_or_default() {
            let day = recipe.day(&self.ticker, &self.company, market, days.last().or(before));
            days.push(day);
        }
        days
    }
}
