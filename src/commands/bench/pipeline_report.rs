//! Findings of `closecall bench pipeline`, as a table and as JSON.

use std::fmt::Write;

use serde::Serialize;

use super::stage_cost::{SlotCost, StageCost, WholeCost};

/// Milliseconds are of CPU time and for one pick.
#[derive(Debug, Serialize)]
pub(super) struct PipelineReport {
    tickers: u16,
    articles: u32,
    rounds: usize,
    stages: Vec<StageReport>,
    /// Sum of the stages, cold.
    cold_cpu_ms: f64,
    /// Sum of the stages, warm.
    warm_cpu_ms: f64,
    /// Forecasts of a CPU second, warm, fits remembered.
    forecasts_per_cpu_second: f64,
    /// The same where every fit is made for each forecast.
    forecasts_per_cpu_second_refit: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pipeline: Option<WholeReport>,
}

#[derive(Debug, Serialize)]
struct StageReport {
    stage: &'static str,
    cold_cpu_ms: f64,
    warm_cpu_ms: f64,
    cold_peak_mib: Option<f64>,
    warm_peak_mib: Option<f64>,
}

#[derive(Debug, Serialize)]
struct WholeReport {
    forecasts: usize,
    cpu_ms: f64,
    forecasts_per_cpu_second: f64,
    peak_mib: Option<f64>,
}

impl PipelineReport {
    pub(super) fn new(
        tickers: u16,
        articles: u32,
        cold: &SlotCost,
        warm: &[SlotCost],
        refit: &SlotCost,
        whole: Option<WholeCost>,
    ) -> Self {
        type Part = fn(&SlotCost) -> &StageCost;
        let parts: [(&'static str, Part); 4] = [
            (closecall_actors::stage::SCRAPER, |slot| &slot.scraper),
            (closecall_actors::stage::SENTIMENT, |slot| &slot.sentiment),
            (closecall_actors::stage::GRU_TRAINER, |slot| &slot.trainer),
            (closecall_actors::stage::REPORTER, |slot| &slot.reporter),
        ];
        let stages: Vec<StageReport> = parts
            .iter()
            .map(|(stage, part)| {
                let (cold, warm) = (part(cold), StageCost::all(warm.iter().map(part)));
                StageReport {
                    stage,
                    cold_cpu_ms: cold.cpu_ms(),
                    warm_cpu_ms: warm.cpu_ms(),
                    cold_peak_mib: cold.peak_mib,
                    warm_peak_mib: warm.peak_mib,
                }
            })
            .collect();
        let cold_cpu_ms = stages.iter().map(|stage| stage.cold_cpu_ms).sum();
        let warm_cpu_ms: f64 = stages.iter().map(|stage| stage.warm_cpu_ms).sum();
        let refit_ms: f64 = parts.iter().map(|(_, part)| part(refit).cpu_ms()).sum();
        Self {
            tickers,
            articles,
            rounds: warm.len(),
            stages,
            cold_cpu_ms,
            warm_cpu_ms,
            forecasts_per_cpu_second: 1000.0 / warm_cpu_ms,
            forecasts_per_cpu_second_refit: 1000.0 / refit_ms,
            pipeline: whole.map(|whole| WholeReport {
                forecasts: whole.forecasts,
                cpu_ms: 1000.0 * whole.cpu.as_secs_f64() / whole.forecasts as f64,
                forecasts_per_cpu_second: whole.forecasts as f64 / whole.cpu.as_secs_f64(),
                peak_mib: whole.peak_mib,
            }),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} tickers of about {} articles, one cold slot and {} warm ones; CPU ms a pick, and MiB \
             of this process at its peak\n{:<14}{:>10}{:>10}{:>12}{:>12}\n",
            self.tickers, self.articles, self.rounds, "", "cold", "warm", "cold MiB", "warm MiB"
        );
        let mib =
            |peak: Option<f64>| peak.map_or_else(|| "-".to_owned(), |peak| format!("{peak:.0}"));
        for stage in &self.stages {
            // Writing to a string does not fail.
            writeln!(
                text,
                "{:<14}{:>10.2}{:>10.2}{:>12}{:>12}",
                stage.stage,
                stage.cold_cpu_ms,
                stage.warm_cpu_ms,
                mib(stage.cold_peak_mib),
                mib(stage.warm_peak_mib)
            )
            .ok();
        }
        write!(
            text,
            "{:<14}{:>10.2}{:>10.2}\n{:.0} forecasts a CPU second, warm; {:.0} where every fit is made \
             for each",
            "all",
            self.cold_cpu_ms,
            self.warm_cpu_ms,
            self.forecasts_per_cpu_second,
            self.forecasts_per_cpu_second_refit
        )
        .ok();
        if let Some(whole) = &self.pipeline {
            write!(
                text,
                "\nthe pipeline whole, as `run --sweep`: {:.2} CPU ms a forecast over {} warm ones, {:.0} \
                 a CPU second, {} MiB at its peak",
                whole.cpu_ms,
                whole.forecasts,
                whole.forecasts_per_cpu_second,
                mib(whole.peak_mib)
            )
            .ok();
        }
        text
    }
}
