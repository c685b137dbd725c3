//! `closecall ledger recompute`: forecasts made again from what their picks had seen, and held
//! against what was recorded.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::Args;
use closecall_backtest::ScoredHeadlines;
use closecall_forecast::{FitCache, PooledModel, forecast_with_model};
use closecall_ledger::{Reader, State};
use closecall_market::MarketArchive;
use closecall_protocol::{CloseForecast, MarketScraped, Pick, PickId, PickReason};
use closecall_sentiment::DatasetBuilder;
use serde_json::{Map, Value, json};

use crate::exit::{Code, CodedError, OrExit};
use crate::model_file;
use crate::settings::Settings;

/// Make forecasts again.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct RecomputeArgs {
    /// The picks
    #[arg(value_name = "PICK")]
    picks: Vec<PickId>,
    /// Number of forecasts of the ledger, drawn by their identities
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Every forecast of the ledger
    #[arg(long)]
    all: bool,
}

/// Result for one pick.
enum Recomputed {
    /// The same to the bit.
    Same(Box<CloseForecast>),
    /// Another, in these fields.
    Other(Vec<String>),
    /// It cannot be made again, and why.
    Missing(String),
}

/// Fields that say when and where a forecast was made, not what it says.
const OF_THE_MAKING: [&str; 2] = ["trace", "headlines"];
/// The same within `model`.
const OF_THE_FIT: [&str; 2] = ["trained_at", "remembered"];

pub(super) fn run(
    settings: &Settings,
    ledger: &Reader,
    folder: &Path,
    args: &RecomputeArgs,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let calendar = settings.calendar.calendar();
    let days = settings.market.window_days;
    let archive = MarketArchive::open(folder, calendar.clone(), days)?
        .ok_or_else(|| anyhow!("there is no market store in {}", folder.display()))
        .or_exit(Code::Data)?;
    let again = Again {
        settings,
        ledger,
        archive,
        datasets: DatasetBuilder::new(calendar, ScoredHeadlines::new(settings.scorer())),
        model: model_file::load(settings)?,
        cache: FitCache::default(),
        runtime: tokio::runtime::Builder::new_current_thread().build()?,
    };
    let picks = picks(ledger, args)?;
    let (count, mut same) = (picks.len(), 0);
    for pick_id in picks {
        let recomputed = again.recompute(pick_id)?;
        same += usize::from(matches!(recomputed, Recomputed::Same(_)));
        crate::stdout::print(if json {
            as_json(pick_id, &recomputed).to_string()
        } else {
            as_text(pick_id, &recomputed)
        })?;
    }
    if same == count {
        return Ok(ExitCode::SUCCESS);
    }
    let error = anyhow!("{same} of {count} forecasts were made again to the bit");
    Err(CodedError::new(Code::Data, error).into())
}

/// The forecasts asked for. Identities are hashes, so that the first by their order are a sample.
fn picks(ledger: &Reader, args: &RecomputeArgs) -> anyhow::Result<Vec<PickId>> {
    if !args.picks.is_empty() {
        return Ok(args.picks.clone());
    }
    let mut picks = Vec::new();
    ledger.for_each_entry(|entry| {
        if entry.state == State::Forecast && !entry.foreign {
            picks.push(entry.pick_id);
        }
    })?;
    if let Some(sample) = args.sample {
        picks.sort_unstable_by_key(ToString::to_string);
        picks.truncate(sample);
    }
    Ok(picks)
}

/// Everything that recomputing needs.
struct Again<'a> {
    settings: &'a Settings,
    ledger: &'a Reader,
    archive: MarketArchive,
    datasets: DatasetBuilder,
    /// The model file at hand.
    model: Option<Arc<PooledModel>>,
    cache: FitCache,
    runtime: tokio::runtime::Runtime,
}

impl Again<'_> {
    /// The model of this hash, where a forecast names one; else a sentence that says what is missing.
    fn model_named(&self, hash: Option<&str>) -> Result<Option<&PooledModel>, String> {
        let Some(wanted) = hash else {
            return Ok(None);
        };
        match self.model.as_deref() {
            Some(model) if model.hash() == wanted => Ok(Some(model)),
            Some(other) => Err(format!(
                "the model file {wanted} that it started from: `model.file` is {}",
                other.hash()
            )),
            None => Err(format!(
                "the model file {wanted} that it started from: set `model.file` to it"
            )),
        }
    }

    fn recompute(&self, pick_id: PickId) -> anyhow::Result<Recomputed> {
        let missing = |what: &str| Ok(Recomputed::Missing(what.to_owned()));
        let Some(recorded) = self.ledger.forecast(pick_id)? else {
            return missing("the ledger has no forecast of this pick");
        };
        let mut settings = self.settings.forecast.clone();
        settings.seed = recorded.model.seed;
        if let Some(made_with) = &recorded.settings_hash
            && *made_with != settings.hash()
        {
            let here = settings.hash();
            let what = format!("it was made with the settings {made_with}, these are {here}");
            return Ok(Recomputed::Missing(what));
        }
        let model = match self.model_named(recorded.model.file.as_deref()) {
            Ok(model) => model,
            Err(what) => return Ok(Recomputed::Missing(what)),
        };
        let pick = Pick {
            pick_id,
            ticker: recorded.ticker.clone(),
            slot: recorded.as_of,
            expires_at: None,
            reason: PickReason::Schedule,
        };
        let recalled = self.runtime.block_on(self.archive.recall(&pick));
        let scraped: MarketScraped = match recalled? {
            Ok(scraped) => scraped,
            Err(what) => return Ok(Recomputed::Missing(what.to_string())),
        };
        let dataset = self.datasets.build(&scraped)?;
        if recorded
            .vintage
            .is_some_and(|vintage| vintage != dataset.vintage())
        {
            return missing(
                "the rows that it was made from: those in the store have another hash, or [news] is set otherwise than it was",
            );
        }
        let mut go_on = |_| ControlFlow::Continue(());
        let at = recorded.model.trained_at;
        let made = forecast_with_model(&dataset, &settings, model, &self.cache, at, &mut go_on)
            .with_context(|| format!("cannot forecast {} again", recorded.ticker))?;
        let differing = differing(&said(&recorded)?, &said(&made)?);
        if differing.is_empty() {
            return Ok(Recomputed::Same(Box::new(made)));
        }
        Ok(Recomputed::Other(differing))
    }
}

/// Fields of a forecast, without when and where it was made.
fn said(forecast: &CloseForecast) -> anyhow::Result<Map<String, Value>> {
    let Value::Object(mut fields) = serde_json::to_value(forecast)? else {
        return Ok(Map::new());
    };
    fields.retain(|name, _| !OF_THE_MAKING.contains(&name.as_str()));
    if let Some(Value::Object(model)) = fields.get_mut("model") {
        model.retain(|name, _| !OF_THE_FIT.contains(&name.as_str()));
    }
    Ok(fields)
}

/// Names of the fields in which two differ, those within `model` with its name.
fn differing(one: &Map<String, Value>, other: &Map<String, Value>) -> Vec<String> {
    let names = one
        .keys()
        .chain(other.keys().filter(|name| !one.contains_key(*name)));
    let mut differing = Vec::new();
    for name in names {
        match (one.get(name), other.get(name)) {
            (Some(Value::Object(one)), Some(Value::Object(other))) => differing.extend(
                self::differing(one, other)
                    .iter()
                    .map(|within| format!("{name}.{within}")),
            ),
            (one, other) if one == other => {}
            _ => differing.push(name.clone()),
        }
    }
    differing
}

fn as_text(pick_id: PickId, recomputed: &Recomputed) -> String {
    match recomputed {
        Recomputed::Same(made) => format!(
            "{pick_id} the same to the bit: {} {}",
            made.ticker, made.prediction
        ),
        Recomputed::Other(fields) => {
            format!("{pick_id} another: it differs in {}", fields.join(", "))
        }
        Recomputed::Missing(what) => format!("{pick_id} cannot be made again: {what}"),
    }
}

fn as_json(pick_id: PickId, recomputed: &Recomputed) -> Value {
    match recomputed {
        Recomputed::Same(_) => json!({"pick_id": pick_id, "same": true}),
        Recomputed::Other(fields) => json!({"pick_id": pick_id, "same": false, "differs": fields}),
        Recomputed::Missing(what) => json!({"pick_id": pick_id, "same": null, "missing": what}),
    }
}
