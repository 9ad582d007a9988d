//! What a run amounted to, in the order a person needs it; text, JSON and CSV are views of it.

mod account;
mod bottleneck;
mod branches;
mod cost;
mod counts;
mod csv;
mod facts;
pub mod figures;
mod frames;
pub(crate) mod html;
mod latency_map;
mod live;
mod nodes;
mod objectives;
mod orders;
mod recovery;
mod saturation;
mod story;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod timeline;
mod why;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use self::account::{Account, Entry};
pub use self::bottleneck::Bottleneck;
pub use self::branches::{Difference, ObjectivePair, Stretch};
pub use self::cost::{Cost, NodeCost, TrafficCost};
pub use self::counts::{Attempts, ClassReport, Failures, Latency, Requests, histograms};
pub(crate) use self::csv::quoted;
use self::facts::{Facts, ratio, seconds};
pub use self::frames::{FrameReport, PartFrameReport, RequestsFrame, ResourceFrameReport};
pub use self::html::axis::{Scale, times, times_between};
pub use self::html::heat::SHADES;
pub(crate) use self::html::markup::Markup;
pub use self::latency_map::{Cells, LatencyMap, LatencyWindow, WINDOWS_MAX};
pub use self::live::News;
pub use self::nodes::{InstanceReport, Instances, NodeReport, ResourceReport};
pub use self::objectives::{Breach, ObjectiveReport, Unit};
pub use self::orders::Orders;
pub use self::recovery::Recovery;
pub use self::timeline::{Moment, Scaling};
pub use self::why::{ClassShare, Population, SpanLine, TimeShare, Traced, Why};
use crate::run::Run;

/// The version of the JSON contract: fields are added under it, never changed or removed.
pub const SCHEMA_VERSION: u32 = 1;

/// Whether the cluster did what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every objective held.
    Held,
    /// At least one was missed.
    Missed,
    /// The scenario states none.
    NoObjectives,
}

/// The report of one run. Rates, latencies, utilisations, objectives and the account of time cover
/// the time after the warm-up; counts of requests cover the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The scenario's name.
    pub name: String,
    /// What the scenario demonstrates.
    pub summary: String,
    /// Whether the objectives held.
    pub verdict: Verdict,
    /// Verdict per objective, in the order of the scenario.
    pub objectives: Vec<ObjectiveReport>,
    /// What limits the cluster, with the evidence.
    pub bottleneck: Bottleneck,
    /// Where the requests' time went.
    pub time: Account,
    /// Logical requests.
    pub requests: Requests,
    /// Tries at them.
    pub attempts: Attempts,
    /// Losses by cause.
    pub failures: Failures,
    /// Answers per second, those that nobody waited for any more included.
    pub throughput_rps: f64,
    /// Requests answered per second: somebody was waiting for each.
    pub goodput_rps: f64,
    /// Latencies of all classes together.
    pub latency_ms: Latency,
    /// By class of requests, `users/endpoint`.
    pub classes: IndexMap<String, ClassReport>,
    /// By node of the scenario.
    pub nodes: IndexMap<String, NodeReport>,
    /// What it costs, where any node has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What answers brought in and what was lost, where users say what they are worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Orders>,
    /// Instances that came and went.
    pub scaling: Vec<Scaling>,
    /// Notable events.
    pub timeline: Vec<Moment>,
    /// Events beyond those that the timeline keeps.
    pub timeline_cut: u64,
    /// How long after each disturbance the objectives held again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<Recovery>,
    /// How long the scenario lasts, simulated seconds.
    pub duration_s: f64,
    /// How much of it was simulated, seconds: less where the run was interrupted.
    pub simulated_s: f64,
    /// The part of it that is not measured, seconds.
    pub warmup_s: f64,
    /// Whether the run ended before the scenario did.
    pub interrupted: bool,
    /// The version of Busyhour.
    pub version: String,
    /// The scenario's hash, 16 hexadecimal digits: equal for two files that mean the same.
    pub scenario_hash: String,
    /// The seed.
    pub seed: u64,
    /// The run's digest, 16 hexadecimal digits: equal wherever the same run is played.
    pub digest: String,
    /// The command that repeats the run, where a door knows it.
    pub command: Option<String>,
    /// What the engine did.
    pub engine: Engine,
    /// Why the slowest requests took so long, where requests were traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Why>,
    /// Figures over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<Vec<FrameReport>>,
    /// Latencies over time, coarser in time than the frames and finer in latency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_map: Option<LatencyMap>,
}

/// What tells a report from any other JSON.
#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

/// What the engine did; times depend on the machine and are no part of the digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Engine {
    /// Events handled.
    pub events: u64,
    /// CPU time spent on them, seconds, where a door measured it.
    pub cpu_seconds: Option<f64>,
    /// Logical requests simulated per second of CPU time.
    pub requests_per_cpu_second: Option<f64>,
}

impl Report {
    /// The report of a run as far as it has come. The run is not changed by it.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let settled = run.settled();
        let facts = Facts::of(&settled);
        Report {
            frames: Some(frames::frames(&facts)),
            latency_map: Some(latency_map::latency_map(&facts)),
            ..Self::totals(run.digest(), &settled, &facts)
        }
    }

    /// The same without anything over time, which takes most of the work where a run is short.
    pub(crate) fn without_frames(run: &Run) -> Self {
        let settled = run.settled();
        Self::totals(run.digest(), &settled, &Facts::of(&settled))
    }

    fn totals(digest: u64, run: &Run, facts: &Facts<'_>) -> Self {
        let plan = run.plan();
        let (requests, causes) = counts::requests(facts.classes.values());
        let objectives = objectives::objectives(facts);
        let bottleneck = bottleneck::bottleneck(facts, &causes);
        let core = &run.world().core;
        let completed = facts.completed();
        Report {
            schema_version: SCHEMA_VERSION,
            name: plan.name.clone(),
            summary: plan.summary.clone(),
            verdict: verdict(&objectives),
            time: account::account(facts),
            requests,
            attempts: Attempts { issued: core.attempts, wasted: core.wasted },
            failures: counts::failures(&causes),
            throughput_rps: ratio((completed + facts.wasted) as f64, facts.span_s()),
            goodput_rps: ratio(completed as f64, facts.span_s()),
            latency_ms: counts::latency(facts),
            classes: counts::classes(facts),
            nodes: nodes::nodes(facts),
            cost: facts.cost.clone(),
            orders: orders::orders(facts),
            scaling: timeline::scaling(facts),
            timeline: timeline::timeline(facts, &core.journal, &objectives, &bottleneck),
            timeline_cut: core.journal_cut,
            recovery: recovery::recoveries(facts, &core.journal, &objectives),
            objectives,
            bottleneck,
            duration_s: seconds(plan.duration),
            simulated_s: seconds(run.now()),
            warmup_s: seconds(facts.since),
            interrupted: !run.is_over(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario_hash: format!("{:016x}", plan.hash),
            seed: run.seed(),
            digest: format!("{digest:016x}"),
            command: None,
            engine: Engine { events: core.events, ..Engine::default() },
            trace: None,
            frames: None,
            latency_map: None,
        }
    }

    /// The same report with the CPU time that the run took, seconds.
    #[must_use]
    pub fn with_cpu_seconds(mut self, cpu_seconds: f64) -> Self {
        self.engine.cpu_seconds = Some(cpu_seconds);
        self.engine.requests_per_cpu_second =
            (cpu_seconds > 0.0).then(|| self.requests.issued as f64 / cpu_seconds);
        self
    }

    /// The same report without anything over time: what a door asks for before and after a run.
    #[must_use]
    pub fn brief(mut self) -> Self {
        (self.frames, self.latency_map) = (None, None);
        self
    }

    /// A report from its JSON, as [`Report::to_json`] wrote it.
    ///
    /// # Errors
    /// A sentence with what is wrong and what to do.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let version = serde_json::from_str::<Version>(text).map_err(|error| {
            format!("it is no saved report ({error}): write one with run --format json")
        })?;
        if version.schema_version != SCHEMA_VERSION {
            let found = version.schema_version;
            return Err(format!(
                "its schema_version is {found}, not {SCHEMA_VERSION}: run it again"
            ));
        }
        serde_json::from_str(text).map_err(|error| {
            format!("another version of Busyhour wrote it ({error}): run the scenario again")
        })
    }

    /// The report as JSON, indented, with a line break at the end.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_json(&self) -> Result<String, String> {
        indented(self)
    }
}

/// JSON for programs that people look into, too: indented, with a line break at the end.
pub(crate) fn indented(what: &impl Serialize) -> Result<String, String> {
    let text = serde_json::to_string_pretty(what).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn verdict(objectives: &[ObjectiveReport]) -> Verdict {
    match objectives {
        [] => Verdict::NoObjectives,
        all if all.iter().all(|objective| objective.held) => Verdict::Held,
        _ => Verdict::Missed,
    }
}
