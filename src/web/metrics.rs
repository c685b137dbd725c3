//! Metrics that Prometheus scrapes: counts of events, kept as they happen, and the state of the
//! stages, read from the watchdog's last look. Each scrape registers what there is to tell then.

use std::collections::BTreeMap;
use std::fmt;

use closecall_ledger::{Happening, LedgerEvent};
use closecall_protocol::Direction;
use closecall_supervision::{Health, StageHealth};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::build_info::COMMIT;

/// Label names and values of one sample.
pub(crate) type Labels = Vec<(&'static str, String)>;

/// Counts of what the ledger gained in this process. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    forecasts: Family<Labels, Counter>,
    late: Counter,
    last_forecast: Gauge,
}

impl Counts {
    /// Counts a row of the ledger where it is a forecast of ours.
    pub(crate) fn event(&self, event: &LedgerEvent) {
        let Happening::Recorded(entry) = &event.happening else {
            return;
        };
        let prices = entry.close.zip(entry.prediction);
        let (Some(ticker), Some((close, prediction)), false) =
            (&entry.ticker, prices, entry.foreign)
        else {
            return;
        };
        let labels = vec![
            ("ticker", ticker.to_string()),
            (
                "direction",
                Direction::between(close, prediction).to_string(),
            ),
        ];
        self.forecasts.get_or_create(&labels).inc();
        self.late.inc_by(u64::from(entry.late));
        self.last_forecast.set(event.recorded_at.timestamp());
    }
}

/// A number that another part keeps, read when the page is asked for.
pub(crate) struct Reading {
    /// The name without prefix and suffix.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// Only ever rises.
    pub(crate) counter: bool,
    pub(crate) read: Box<dyn Fn() -> Vec<(Labels, i64)> + Send + Sync>,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Everything there is to scrape.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) counts: Counts,
    pub(crate) readings: Vec<Reading>,
}

impl Metrics {
    /// The page, in the OpenMetrics text format.
    ///
    /// # Errors
    /// None that formatting into a text can have.
    pub(crate) fn text(&self, health: &Health) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("closecall");
        self.counts(&mut registry);
        stages(&mut registry, &health.stages);
        for reading in &self.readings {
            reading.register(&mut registry);
        }
        let build = vec![("version", env!("CARGO_PKG_VERSION")), ("commit", COMMIT)];
        registry.register("build", "What is running", Info::new(build));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }

    fn counts(&self, registry: &mut Registry) {
        let Counts {
            forecasts,
            late,
            last_forecast,
        } = self.counts.clone();
        registry.register("forecasts", "Forecasts recorded", Shown(forecasts));
        registry.register(
            "late",
            "Forecasts recorded after their session's close",
            late,
        );
        let help = "When the last forecast was recorded";
        registry.register("last_forecast_timestamp_seconds", help, last_forecast);
    }
}

impl Reading {
    fn register(&self, registry: &mut Registry) {
        let samples = (self.read)();
        if self.counter {
            let family = Family::<Labels, Counter>::default();
            for (labels, value) in samples {
                family
                    .get_or_create(&labels)
                    .inc_by(value.max(0).cast_unsigned());
            }
            registry.register(self.name, self.help, Shown(family));
        } else {
            let family = Family::<Labels, Gauge>::default();
            for (labels, value) in samples {
                family.get_or_create(&labels).set(value);
            }
            registry.register(self.name, self.help, Shown(family));
        }
    }
}

/// A family that the page names even while it has no sample, so that what asks for it can be checked.
#[derive(Debug)]
struct Shown<M>(M);

impl<M: EncodeMetric> EncodeMetric for Shown<M> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        self.0.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        self.0.metric_type()
    }

    fn is_empty(&self) -> bool {
        false
    }
}

fn stages(registry: &mut Registry, stages: &BTreeMap<String, StageHealth>) {
    let state = Family::<Labels, Gauge>::default();
    let restarts = Family::<Labels, Counter>::default();
    let in_flight = Family::<Labels, Gauge>::default();
    let dead_letters = Family::<Labels, Counter>::default();
    for (name, stage) in stages {
        let of_stage = || vec![("stage", name.clone())];
        let now = serde_json::json!(stage.state);
        let now = now.as_str().unwrap_or_default().to_owned();
        state
            .get_or_create(&vec![("stage", name.clone()), ("state", now)])
            .set(1);
        restarts.get_or_create(&of_stage()).inc_by(stage.restarts);
        in_flight
            .get_or_create(&of_stage())
            .set(i64::try_from(stage.in_flight).unwrap_or(i64::MAX));
        for (reason, count) in &stage.dead_letters {
            let labels = vec![("stage", name.clone()), ("reason", (*reason).to_owned())];
            dead_letters.get_or_create(&labels).inc_by(*count);
        }
    }
    registry.register("stage_state", "1 for the state a stage is in", Shown(state));
    registry.register("stage_restarts", "Restarts of a stage", Shown(restarts));
    registry.register(
        "stage_in_flight",
        "Messages on their way to or in a stage",
        Shown(in_flight),
    );
    registry.register(
        "dead_letters",
        "Messages that a stage refused",
        Shown(dead_letters),
    );
    registry.register_collector(Box::new(WorkSeconds(stages.clone())));
}

/// Durations of the stages' work: their histograms, kept by the health board.
#[derive(Debug)]
struct WorkSeconds(BTreeMap<String, StageHealth>);

impl Collector for WorkSeconds {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Seconds that a piece of a stage's work took";
        let mut family =
            encoder.encode_descriptor("work_seconds", help, None, MetricType::Histogram)?;
        for (name, stage) in &self.0 {
            // The board's buckets are cumulative; the encoder adds them up itself.
            let mut below = 0;
            let buckets: Vec<(f64, u64)> = stage
                .work_buckets
                .iter()
                .map(|(bound, count)| {
                    let own = count - below;
                    below = *count;
                    // The format's name for the last bucket.
                    (if bound.is_finite() { *bound } else { f64::MAX }, own)
                })
                .collect();
            let labels = [("stage", name.clone())];
            family
                .encode_family(&labels)?
                .encode_histogram::<NoLabelSet>(stage.work_seconds, below, &buckets, None)?;
        }
        Ok(())
    }
}
