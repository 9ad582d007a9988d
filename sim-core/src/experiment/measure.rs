//! What is measured of each run of an experiment: the same list for every run of a scenario.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::course::{Window, windows};
use crate::engine::meter::Histogram;
use crate::report::{Latency, Report, Unit, histograms};
use crate::run::Run;

/// A figure of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Where the report has it, like `latency_ms.p99` or `nodes.web.cpu.utilisation`.
    pub name: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Which figure of recorded latencies it is, where it is one: then it is taken from those of
    /// all runs together, not as a mean of the runs' figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooled: Option<Pooled>,
}

/// A figure of all recorded latencies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// The class of requests; `None` for all.
    pub class: Option<String>,
    /// The percentile, 0 to 1; `None` for the mean.
    pub percentile: Option<f64>,
}

/// One run, as much of it as an experiment keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Its seed: `busyhour run --seed` plays it again.
    pub seed: u64,
    /// Its digest, 16 hexadecimal digits.
    pub digest: String,
    /// Its figures, in the order of the measures; `None` where nothing could be measured.
    pub values: Vec<Option<f64>>,
    /// Which objectives it held.
    pub held: Vec<bool>,
    /// What it drew for inputs that are known within limits only, in the order of the scenario.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drawn: Vec<f64>,
    /// What broke first, like `web cpu`, and when, seconds.
    pub broke: Option<(String, f64)>,
    /// Latencies by class, until they are merged with those of the other runs.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub(super) latencies: IndexMap<String, Histogram>,
    /// What the values are of, until it is merged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) measures: Vec<Measure>,
    /// Figures over time, until they are summed with those of the other runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) windows: Vec<Window>,
}

impl Sample {
    /// What an experiment keeps of a finished run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        Self::of_both(run, &Report::of(run))
    }

    /// The same without figures over time, which take most of the work where a run is short.
    #[must_use]
    pub fn without_course(run: &Run) -> Self {
        Self::of_both(run, &Report::without_frames(run))
    }

    fn of_both(run: &Run, report: &Report) -> Self {
        Sample {
            drawn: run.plan().drawn.clone(),
            latencies: histograms(run),
            ..Sample::of_report(report)
        }
    }

    /// What an experiment keeps of a run's report; recorded latencies are not in one.
    pub(super) fn of_report(report: &Report) -> Self {
        let (measures, values) = figures(report).into_iter().unzip();
        let found = &report.bottleneck;
        let broke = found.node.as_ref().map(|node| {
            let resource = found.resource.as_deref().unwrap_or("is down");
            (format!("{node} {resource}"), found.from_s.unwrap_or(0.0))
        });
        Sample {
            seed: report.seed,
            digest: report.digest.clone(),
            values,
            held: report.objectives.iter().map(|objective| objective.held).collect(),
            drawn: Vec::new(),
            broke,
            latencies: IndexMap::new(),
            measures,
            windows: windows(report),
        }
    }
}

/// Every measure of a report with its value.
fn figures(report: &Report) -> Vec<(Measure, Option<f64>)> {
    let mut all = Vec::new();
    latencies(&mut all, "", None, &report.latency_ms);
    let mut value = |name: String, unit: Unit, value: Option<f64>| {
        all.push((Measure { name, unit, pooled: None }, value));
    };
    let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
    let requests = report.requests;
    value("errors".to_owned(), Unit::Share, share(requests.failed, requests.issued));
    value("goodput_rps".to_owned(), Unit::PerSecond, Some(report.goodput_rps));
    if let Some(cost) = &report.cost {
        value("cost.usd_per_hour".to_owned(), Unit::UsdPerHour, Some(cost.usd_per_hour));
        let each = cost.usd_per_1000_good;
        value("cost.usd_per_1000_good".to_owned(), Unit::UsdPer1000Good, each);
    }
    if let Some(orders) = &report.orders {
        value("orders.usd_lost".to_owned(), Unit::Usd, Some(orders.usd_lost));
    }
    for objective in &report.objectives {
        value(format!("objectives.{}", objective.expression), objective.unit, objective.value);
    }
    for (name, node) in &report.nodes {
        for (resource, figures) in &node.resources {
            let name = format!("nodes.{name}.{resource}.utilisation");
            value(name, Unit::Share, Some(figures.utilisation));
        }
    }
    if report.classes.len() > 1 {
        for (name, class) in &report.classes {
            let requests = class.requests;
            let errors = share(requests.failed, requests.issued);
            let measure =
                Measure { name: format!("classes.{name}.errors"), unit: Unit::Share, pooled: None };
            all.push((measure, errors));
            latencies(&mut all, &format!("classes.{name}."), Some(name), &class.latency_ms);
        }
    }
    all
}

fn latencies(
    all: &mut Vec<(Measure, Option<f64>)>,
    before: &str,
    class: Option<&String>,
    latency: &Latency,
) {
    let figures = [
        ("mean", None, latency.mean),
        ("p50", Some(0.5), latency.p50),
        ("p90", Some(0.9), latency.p90),
        ("p95", Some(0.95), latency.p95),
        ("p99", Some(0.99), latency.p99),
        ("p999", Some(0.999), latency.p999),
    ];
    for (figure, percentile, value) in figures {
        let pooled = Pooled { class: class.cloned(), percentile };
        let name = format!("{before}latency_ms.{figure}");
        all.push((Measure { name, unit: Unit::Ms, pooled: Some(pooled) }, value));
    }
}

/// The figure that a measure is of latencies recorded in many runs, ms.
pub(super) fn pooled(latencies: &IndexMap<String, Histogram>, of: &Pooled) -> Option<f64> {
    let mut all = Histogram::default();
    let wanted = latencies.iter().filter(|(name, _)| of.class.as_ref().is_none_or(|c| c == *name));
    wanted.for_each(|(_, histogram)| all.merge(histogram));
    match of.percentile {
        None => all.mean().map(|ns| ns / 1e6),
        Some(p) => all.quantile(p).map(|ns| ns as f64 / 1e6),
    }
}
