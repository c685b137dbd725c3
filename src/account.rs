//! Account of a run: where every accepted pick ended, beside what the ledger says of the forecasts.

use closecall_ledger::{LedgerSummary, PhaseSummary};
use closecall_web::ScoreVerdict;
use serde::Serialize;

/// The account of a run. Counts of picks are the run's; what became of the forecasts is the
/// ledger's, of all that it holds.
#[derive(Debug, Serialize)]
pub(crate) struct RunSummary {
    pub(crate) picks: u64,
    pub(crate) forecasts: u64,
    pub(crate) dead_letters: u64,
    pub(crate) duplicates: u64,
    /// Accepted, and neither forecast nor dead letter.
    pub(crate) lost: u64,
    pub(crate) restarts: u64,
    pub(crate) scored: u64,
    pub(crate) relative_mae: Option<f64>,
    /// First forecasts of a ticker, session and phase whose close is known.
    pub(crate) outcomes: u64,
    /// Outcomes that called nothing.
    pub(crate) same: u64,
    pub(crate) calls: u64,
    pub(crate) calls_right: u64,
    /// Outcomes on which the price alone stood on the right side.
    pub(crate) baseline_right: u64,
    pub(crate) phases: Vec<PhaseSummary>,
    /// Judgement of the whole record, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verdict: Option<ScoreVerdict>,
}

const HEADING: &str = concat!(
    "                             error, where 1 is that of         calls right      closes inside\n",
    "           outcomes    error  the price  yesterday's     forecast   the price     80 %     90 %",
);

impl RunSummary {
    /// Holds the picks that a run accepted against what the ledger gained.
    pub(crate) fn of(
        picks: u64,
        restarts: u64,
        before: &LedgerSummary,
        after: LedgerSummary,
    ) -> Self {
        // Fewer than before where the ledger was replaced: then picks are lost, which the account says.
        let forecasts = after.forecasts.saturating_sub(before.forecasts);
        let dead_letters = after.dead_letters.saturating_sub(before.dead_letters);
        let duplicates = after.duplicates.saturating_sub(before.duplicates);
        Self {
            picks,
            forecasts,
            dead_letters,
            duplicates,
            // A pick repeated from an earlier run is accepted here and stands in the ledger already.
            lost: picks.saturating_sub(forecasts + dead_letters + duplicates),
            restarts,
            scored: after.scored.saturating_sub(before.scored),
            relative_mae: after.relative_mae,
            outcomes: after.outcomes,
            same: after.same,
            calls: after.calls,
            calls_right: after.calls_right,
            baseline_right: after.baseline_right,
            phases: after.phases,
            verdict: None,
        }
    }

    /// The account for people.
    pub(crate) fn text(&self) -> String {
        let Self {
            picks,
            forecasts,
            dead_letters,
            duplicates,
            lost,
            restarts,
            outcomes,
            same,
            ..
        } = self;
        let mut text = format!(
            "\n{picks} picks: {forecasts} forecasts, {dead_letters} dead letters, \
             {duplicates} duplicates, {lost} lost; {restarts} restarts\n"
        );
        if *outcomes == 0 {
            text += "no close has come yet: nothing is scored\n";
        } else {
            text += HEADING;
            for phase in &self.phases {
                text += &format!("\n{}", row(phase));
            }
            text += &format!(
                "\n{outcomes} outcomes ({same} \"same\"): the first forecast of each ticker, session \
                 and part of the day\n"
            );
        }
        if let Some(verdict) = &self.verdict {
            let ScoreVerdict {
                heading,
                bands,
                text: figures,
                ..
            } = verdict;
            text += format!("{heading} {bands}").trim_end();
            text += &format!("\n{figures}");
        }
        text
    }
}

/// A row of the table for people, in columns as [`HEADING`] names them.
fn row(phase: &PhaseSummary) -> String {
    let ratio = |of: f64| match of > 0.0 {
        true => format!("{:.3}", phase.error / of),
        false => "-".to_owned(),
    };
    let share = |share: Option<f64>| {
        share.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", 100.0 * share))
    };
    format!(
        "{:<10} {:>8} {:>8} {:>10} {:>12} {:>12} {:>11} {:>8} {:>8}",
        phase.phase.to_string(),
        phase.outcomes,
        format!("{:.2} %", 100.0 * phase.error),
        ratio(phase.baseline_error),
        ratio(phase.last_close_error),
        format!("{} of {}", phase.calls_right, phase.calls),
        match phase.baseline_calls {
            // Without a price of the day there is nothing that it calls.
            0 => "-".to_owned(),
            calls => format!("{} of {calls}", phase.baseline_right),
        },
        share(phase.coverage_80),
        share(phase.coverage_90),
    )
}
