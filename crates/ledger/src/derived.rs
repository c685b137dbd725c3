//! Tables that follow from the log: which forecasts wait for a score, which are outcomes, and the
//! running figures. They are a fold over the rows in their order, kept in the same transaction as
//! the rows, and can be made again from the log at any time (`replay`).

use closecall_protocol::{CloseForecast, Phase, ScoringRule};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Error;
use crate::figures::Figures;
use crate::pick_rows::OF_PICK;
use crate::row::{Event, Row};
use crate::score::Score;

/// `waiting` holds forecasts without a score that may get one; `outcomes` the first forecast of
/// each ticker, session and phase by its as-of time.
pub(crate) const TABLES: &str = "
CREATE TABLE waiting (
    ticker  TEXT NOT NULL,
    session TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (ticker, session, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE outcomes (
    ticker  TEXT NOT NULL,
    session TEXT NOT NULL,
    phase   TEXT NOT NULL,
    as_of   INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (ticker, session, phase)
) STRICT, WITHOUT ROWID;
CREATE TABLE figures (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    content TEXT NOT NULL
) STRICT;
";

/// The fold: a row of the log at a time. `log` is where the rows lie, `tables` where the derived
/// tables do; in the ledger itself both are one.
pub(crate) struct Fold<'a> {
    pub(crate) log: &'a Connection,
    pub(crate) tables: &'a Connection,
    pub(crate) figures: Figures,
}

impl Fold<'_> {
    /// Takes in the row at `seq`. `scored` is the forecast that a score is about, with the number
    /// of its row; a score without one is left out, as damage that `verify` names.
    pub(crate) fn row(
        &mut self,
        seq: i64,
        row: &Row,
        scored: Option<(i64, &CloseForecast)>,
    ) -> Result<(), Error> {
        match &row.event {
            Event::Forecast { late, forecast, .. } => {
                self.figures.forecasts += 1;
                self.supersede(seq, row)?;
                if *late {
                    self.figures.late += 1;
                } else {
                    self.wait(seq, forecast)?;
                    self.first_of_phase(seq, forecast)?;
                }
            }
            Event::Foreign { .. } => {
                self.figures.foreign += 1;
                self.supersede(seq, row)?;
            }
            Event::DeadLetter { .. } => self.figures.dead_letters += 1,
            Event::Score { score, .. } => {
                if let Some((of, forecast)) = scored {
                    self.score(of, forecast, score)?;
                }
            }
        }
        self.figures.rows = seq;
        Ok(())
    }

    /// A dead letter of the same pick counts no more.
    fn supersede(&mut self, seq: i64, row: &Row) -> Result<(), Error> {
        let given_up = self
            .log
            .prepare_cached(&format!(
                "SELECT 1 FROM log WHERE {OF_PICK} AND kind = 'dead_letter' AND seq < ?2"
            ))?
            .exists(params![row.pick_id.to_string(), seq])?;
        self.figures.dead_letters = self
            .figures
            .dead_letters
            .saturating_sub(u64::from(given_up));
        Ok(())
    }

    fn wait(&self, seq: i64, forecast: &CloseForecast) -> Result<(), Error> {
        self.tables
            .prepare_cached("INSERT INTO waiting (ticker, session, seq) VALUES (?1, ?2, ?3)")?
            .execute(params![
                forecast.ticker.as_str(),
                forecast.target.to_string(),
                seq
            ])?;
        Ok(())
    }

    /// Rows of one session may be recorded in another order than that of their as-of times.
    fn first_of_phase(&self, seq: i64, forecast: &CloseForecast) -> Result<(), Error> {
        let Some(phase) = phase(forecast) else {
            return Ok(());
        };
        self.tables
            .prepare_cached(
                "INSERT INTO outcomes (ticker, session, phase, as_of, seq)
                VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT DO UPDATE SET as_of = excluded.as_of, seq = excluded.seq
                WHERE excluded.as_of < outcomes.as_of",
            )?
            .execute(params![
                forecast.ticker.as_str(),
                forecast.target.to_string(),
                phase.to_string(),
                forecast.as_of.timestamp_millis(),
                seq
            ])?;
        Ok(())
    }

    fn score(&mut self, of: i64, forecast: &CloseForecast, score: &Score) -> Result<(), Error> {
        let (ticker, session) = (forecast.ticker.as_str(), forecast.target.to_string());
        self.tables
            .prepare_cached("DELETE FROM waiting WHERE ticker = ?1 AND session = ?2 AND seq = ?3")?
            .execute(params![ticker, session, of])?;
        self.figures.scored(score);
        let Some(phase) = phase(forecast) else {
            return Ok(());
        };
        let first: Option<i64> = self
            .tables
            .prepare_cached(
                "SELECT seq FROM outcomes WHERE ticker = ?1 AND session = ?2 AND phase = ?3",
            )?
            .query_row(params![ticker, session, phase.to_string()], |row| {
                row.get(0)
            })
            .optional()?;
        if first == Some(of) {
            self.figures.outcome(phase, forecast, score);
        }
        Ok(())
    }
}

/// Writes the figures down.
pub(crate) fn write_figures(tables: &Connection, figures: &Figures) -> Result<(), Error> {
    let content = serde_json::to_string(figures).map_err(Error::Json)?;
    tables
        .prepare_cached(
            "INSERT INTO figures (id, content) VALUES (1, ?1)
            ON CONFLICT DO UPDATE SET content = excluded.content",
        )?
        .execute([content])?;
    Ok(())
}

/// The phase in which a forecast can be an outcome; those of rule 1 have none.
fn phase(forecast: &CloseForecast) -> Option<Phase> {
    forecast
        .phase
        .filter(|_| forecast.scoring_rule() == ScoringRule::Reference)
}

/// The figures as they were written down.
pub(crate) fn figures(connection: &Connection) -> Result<Figures, Error> {
    let content: Option<String> = connection
        .query_row("SELECT content FROM figures", [], |row| row.get(0))
        .optional()?;
    content.map_or_else(
        || Ok(Figures::default()),
        |content| serde_json::from_str(&content).map_err(Error::Json),
    )
}
