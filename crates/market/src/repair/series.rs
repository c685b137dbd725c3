//! A series under repair: its rows, what of them is kept, and what has been done so far.

use std::f64::consts::LN_2;

use chrono::NaiveDate;
use closecall_calendar::Calendar;
use closecall_protocol::{Bar, Repair, RepairField, RepairRule, SessionDate};

use super::outcome::{MOST_REPAIRS, Repaired, Unsound};
use crate::split::Split;

/// Deviation of daily moves that is assumed of a series too short to show its own.
const USUAL_DEVIATION: f64 = 0.02;
/// Moves that a deviation is taken from, at least.
const ENOUGH_MOVES: usize = 10;
/// No move below this is impossible, whatever the deviation; in logarithms.
const BELIEVABLE_MOVE: f64 = 0.4;
/// The same of a move that is taken back at once.
const BELIEVABLE_SPIKE: f64 = 0.3;

/// The same of a night's move that the next night takes back, and of the prices of one row. The
/// greatest in six years of seven recorded tickers, March 2020 among them, are 0.13 and 4.8
/// deviations, 0.10 and 8.
const BELIEVABLE_NIGHT: f64 = 0.08;
const BELIEVABLE_RANGE: f64 = 0.15;

/// The market's own move beside a split that nothing announces, at most; in logarithms. Days of real
/// splits closed up to 12.6 % higher (TSLA 2020-08-31; AAPL on that day 3.4 %). So a jump by 0.527 is a
/// split of two for one in a market whose ordinary days reach 5 %, and a real fall in a calmer one;
/// falls of less than 42 % are real in any: 35 % have been.
pub(super) const BESIDE_A_SPLIT: f64 = 0.15;

/// Rows from a jump on that confirm the level after it.
pub(super) const CONFIRMED_BY: usize = 3;

/// The factor of a repair that leaves a number out.
pub(super) const LEFT_OUT: f64 = 0.0;

/// The series, in logarithms where moves are meant.
#[derive(Debug)]
pub(super) struct RepairSeries<'a> {
    /// Those still kept, ascending.
    pub(super) bars: Vec<Bar>,
    pub(super) splits: &'a [Split],
    calendar: &'a Calendar,
    /// Robust deviation of a session's move.
    pub(super) deviation: f64,
    /// Days of splits that have explained a jump: none explains a second one by its day alone.
    pub(super) spent: Vec<NaiveDate>,
    repairs: Vec<Repair>,
}

impl<'a> RepairSeries<'a> {
    pub(super) fn new(bars: &[Bar], splits: &'a [Split], calendar: &'a Calendar) -> Self {
        Self {
            deviation: deviation(bars),
            bars: bars.to_vec(),
            splits,
            calendar,
            spent: Vec::new(),
            repairs: Vec::new(),
        }
    }

    /// Logarithm of a row's close.
    pub(super) fn level(&self, row: usize) -> f64 {
        self.bars[row].close().ln()
    }

    /// The move from the row before to this one.
    pub(super) fn step(&self, row: usize) -> f64 {
        self.level(row) - self.level(row - 1)
    }

    /// Sessions from the row before to this one: 1 where none is missing.
    pub(super) fn sessions(&self, row: usize) -> usize {
        let (from, to) = (self.date(row - 1), self.date(row));
        self.calendar.sessions_between(from, to).max(1)
    }

    pub(super) fn date(&self, row: usize) -> NaiveDate {
        self.bars[row].session().date()
    }

    /// The least move of one session that is not believed.
    pub(super) fn impossible(&self) -> f64 {
        (8.0 * self.deviation).max(BELIEVABLE_MOVE)
    }

    /// The least move of one session that cannot be real when it is taken back at once.
    pub(super) fn spike(&self) -> f64 {
        (8.0 * self.deviation).max(BELIEVABLE_SPIKE)
    }

    /// The least move of a night that cannot be real when the next night takes it back.
    pub(super) fn overnight(&self) -> f64 {
        (7.0 * self.deviation).max(BELIEVABLE_NIGHT)
    }

    /// Distance of the prices of one row from each other at most.
    pub(super) fn within_a_row(&self) -> f64 {
        (10.0 * self.deviation).max(BELIEVABLE_RANGE)
    }

    /// The least move that is a factor of two, an ordinary day's move against it included.
    pub(super) fn doubling(&self) -> f64 {
        LN_2 - (3.0 * self.deviation).clamp(0.03, BESIDE_A_SPLIT)
    }

    /// The least move that may hide a factor of two behind a large day's move against it.
    pub(super) fn hidden_doubling(&self) -> f64 {
        LN_2 - (5.0 * self.deviation).clamp(0.05, 0.2)
    }

    /// Distance of two levels that lie `sessions` apart within which they are one.
    pub(super) fn agreement(&self, sessions: usize) -> f64 {
        self.ordinary(sessions).max(0.12)
    }

    /// The largest ordinary move over this number of sessions.
    pub(super) fn ordinary(&self, sessions: usize) -> f64 {
        3.0 * self.deviation * (sessions as f64).sqrt()
    }

    /// The largest move of the market into a row beside a split that is dated to another. Half of an
    /// ordinary one while later rows do not confirm it: the split may be at its day after all, and this
    /// row a wrong one.
    pub(super) fn beside_a_split(&self, row: usize) -> f64 {
        let ordinary = self.ordinary(self.sessions(row));
        match self.bars.len() - row {
            CONFIRMED_BY.. => ordinary,
            _ => 0.5 * ordinary,
        }
    }

    /// The refusal for the move into a row.
    pub(super) fn jump(&self, row: usize, why: &'static str) -> Unsound {
        Unsound::Jump {
            from: self.date(row - 1),
            to: self.date(row),
            factor: self.step(row).exp(),
            why,
        }
    }

    /// Multiplies all prices of the rows before `row` by `factor`.
    pub(super) fn rescale_before(&mut self, row: usize, factor: f64, rule: RepairRule) {
        for bar in &mut self.bars[..row] {
            *bar = rescaled(bar, factor);
        }
        self.note(self.bars[row - 1], RepairField::Close, rule, factor);
    }

    /// Leaves out the rows before `row`.
    pub(super) fn cut_before(&mut self, row: usize) {
        self.note(
            self.bars[row - 1],
            RepairField::Row,
            RepairRule::Level,
            LEFT_OUT,
        );
        self.bars.drain(..row);
    }

    pub(super) fn note(&mut self, bar: Bar, field: RepairField, rule: RepairRule, factor: f64) {
        self.repairs.push(Repair {
            session: bar.session(),
            field,
            rule,
            factor,
        });
    }

    /// Whether the series is past repair already.
    pub(super) fn too_many(&self) -> bool {
        self.repairs.len() > MOST_REPAIRS
    }

    pub(super) fn finish(mut self) -> Result<Repaired, Unsound> {
        if self.too_many() {
            let repairs = self.repairs.len();
            return Err(Unsound::TooMany { repairs });
        }
        self.repairs.sort_by_key(|repair| repair.session);
        Ok(Repaired {
            bars: self.bars,
            repairs: self.repairs,
        })
    }
}

/// The median of the moves' sizes, as a deviation; jumps do not enlarge it.
fn deviation(bars: &[Bar]) -> f64 {
    const OF_MEDIAN: f64 = 1.4826;
    let mut sizes: Vec<f64> = bars
        .windows(2)
        .map(|pair| (pair[1].close() / pair[0].close()).ln().abs())
        .collect();
    if sizes.len() < ENOUGH_MOVES {
        return USUAL_DEVIATION;
    }
    sizes.sort_by(f64::total_cmp);
    (OF_MEDIAN * sizes[sizes.len() / 2]).clamp(0.005, 0.06)
}

/// The bar with every price times `factor`, and as many times fewer shares traded.
pub(crate) fn rescaled(bar: &Bar, factor: f64) -> Bar {
    let scaled = |price: Option<f64>| price.map(|price| price * factor);
    let whole = Bar::of_close(bar.session(), bar.close() * factor);
    whole.map_or(*bar, |whole| {
        whole
            .with_open(scaled(bar.open()))
            .with_range(
                scaled(bar.range().map(|range| range.low)),
                scaled(bar.range().map(|range| range.high)),
            )
            .with_adj_close(scaled(bar.adj_close()))
            .with_volume(bar.volume().map(|shares| shares / factor))
    })
}

/// The repair that a rescaling of all prices up to a session is.
pub(crate) fn split_repair(newest: SessionDate, factor: f64) -> Repair {
    Repair {
        session: newest,
        field: RepairField::Close,
        rule: RepairRule::Split,
        factor,
    }
}
