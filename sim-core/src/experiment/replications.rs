//! Independent runs of one scenario: what is sure about it, and what is the luck of one day.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::course::{Course, Sums};
use super::inputs::{Inputs, Spread};
use super::measure::{Measure, Sample, pooled};
use super::statistics::Estimate;
use super::warmup::WarmUp;
use crate::engine::chance::{mix, name_key};
use crate::engine::meter::Histogram;
use crate::engine::time::SECOND;
use crate::report::Unit;
use crate::scenario::objective::Objective as Written;
use crate::scenario::plan::Plan;

/// The seed of a replication: the first is the scenario's own, the others are drawn from it.
#[must_use]
pub fn replication_seed(seed: u64, index: u32) -> u64 {
    if index == 0 { seed } else { mix(mix(seed, name_key("replication")), u64::from(index)) }
}

/// Replications of one scenario, as they come in.
#[derive(Clone, Debug, PartialEq)]
pub struct Replications {
    plan: std::sync::Arc<Plan>,
    confidence: f64,
    measures: Vec<Measure>,
    samples: Vec<Sample>,
    latencies: IndexMap<String, Histogram>,
    windows: Sums,
    warmup: Option<WarmUp>,
}

/// What replications say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The version of this form, 1.
    pub schema_version: u32,
    /// The scenario's name.
    pub name: String,
    /// The scenario's hash, 16 hexadecimal digits.
    pub scenario_hash: String,
    /// How long each run lasts, simulated seconds.
    pub duration_s: f64,
    /// How sure the intervals are, 0 to 1.
    pub confidence: f64,
    /// What was found out about the beginning, where that was looked for: in scenarios in which
    /// nothing changes with time and no warm-up is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<WarmUp>,
    /// What is known within limits only, and what that makes of each figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
    /// Whether the objectives hold.
    pub verdict: Surety,
    /// Objectives in the order of the scenario.
    pub objectives: Vec<Objective>,
    /// What broke first, the most frequent first.
    pub breaks: Vec<Breaks>,
    /// Every measure with its interval.
    pub estimates: IndexMap<String, Option<Estimate>>,
    /// The measures, in the order of each sample's values.
    pub measures: Vec<Measure>,
    /// The runs.
    pub samples: Vec<Sample>,
    /// Figures over time, warm-up included; `None` where they were left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<Course>,
}

/// How sure it is that an objective holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surety {
    /// The whole interval holds it.
    Held,
    /// None of the interval holds it.
    Missed,
    /// The bound lies within the interval.
    CannotTell,
    /// There is none.
    NoObjectives,
}

/// An objective over all replications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// As written.
    pub expression: String,
    /// What its value is measured in.
    pub unit: Unit,
    /// The bound.
    pub bound: f64,
    /// Its value, on average over runs; `None` if it could be measured in none.
    pub value: Option<Estimate>,
    /// Whether it holds.
    pub verdict: Surety,
    /// The runs in which it held.
    pub held_in: u32,
    /// The share of days on which it holds.
    pub held_share: Option<Estimate>,
}

/// What broke first in some of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breaks {
    /// Like `web cpu`; `None` where nothing was saturated.
    pub what: Option<String>,
    /// In so many runs.
    pub runs: u32,
    /// From when on, seconds.
    pub from_s: Option<Estimate>,
}

/// How narrow intervals are, against how narrow they should be.
#[derive(Clone, Debug, PartialEq)]
pub enum Precision {
    /// Every one is narrow enough.
    Reached,
    /// The widest one, and about how many replications it would take.
    Missing {
        /// What it is of.
        name: String,
        /// Half of its length over the value or the objective's bound, whichever is larger.
        half: f64,
        /// Replications that would do, all in all; `None` where none would, because the inputs are
        /// not known well enough.
        needed: Option<u64>,
    },
}

/// Measures that stand for a scenario without objectives.
pub(super) const PLAIN: [&str; 2] = ["latency_ms.mean", "latency_ms.p95"];

impl Replications {
    /// None yet. `confidence` is how sure intervals are to hold the truth, like 0.95.
    #[must_use]
    pub fn new(plan: std::sync::Arc<Plan>, confidence: f64) -> Self {
        let (measures, samples) = (Vec::new(), Vec::new());
        let latencies = IndexMap::new();
        let windows = Sums::default();
        Replications { plan, confidence, measures, samples, latencies, windows, warmup: None }
    }

    /// The same with what was found out about the beginning of the runs; the plan leaves it out
    /// already.
    #[must_use]
    pub fn warmed_up(self, warmup: Option<WarmUp>) -> Self {
        Replications { warmup, ..self }
    }

    /// Takes the next one in. Whoever plays them in parallel hands them in in the order of their
    /// numbers.
    pub fn add(&mut self, mut sample: Sample) {
        if self.samples.is_empty() {
            self.measures = std::mem::take(&mut sample.measures);
        }
        sample.measures = Vec::new();
        for (class, histogram) in std::mem::take(&mut sample.latencies) {
            self.latencies.entry(class).or_default().merge(&histogram);
        }
        self.windows.add(&std::mem::take(&mut sample.windows));
        self.samples.push(sample);
    }

    /// How many are in.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.samples.len() as u32
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn measures(&self) -> &[Measure] {
        &self.measures
    }

    pub(super) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The values of a measure in the runs that have one.
    fn values(&self, place: usize) -> Vec<f64> {
        self.samples.iter().filter_map(|sample| sample.values[place]).collect()
    }

    /// The figure that a measure is of all runs together.
    pub(super) fn point(&self, place: usize) -> Option<f64> {
        match &self.measures[place].pooled {
            Some(of) => pooled(&self.latencies, of),
            None => {
                let values = self.values(place);
                (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
            }
        }
    }

    /// Whether the runs differ in their inputs too.
    fn is_doubtful(&self) -> bool {
        self.plan.doubt.is_some()
    }

    /// How a measure spreads, where the runs differ in their inputs too.
    fn spread(&self, place: usize) -> Option<Spread> {
        if !self.is_doubtful() {
            return None;
        }
        let runs: Vec<Option<f64>> =
            self.samples.iter().map(|sample| sample.values[place]).collect();
        Spread::of(self.point(place)?, &runs)
    }

    fn inputs(&self) -> Option<Inputs> {
        let names = self.measures.iter().map(|measure| &measure.name[..]).enumerate();
        let spreads = names.map(|(place, name)| (name, self.spread(place)));
        Some(Inputs::of(self.plan.doubt.as_ref()?, &self.samples, spreads))
    }

    fn estimate(&self, place: usize) -> Option<Estimate> {
        let point = self.point(place)?;
        let found = match self.spread(place) {
            Some(spread) => spread.estimate(point, self.confidence),
            // with inputs that differ, one pair tells nothing of the spread
            None if self.is_doubtful() => Estimate { value: point, low: None, high: None },
            None => Estimate::around(point, &self.values(place), self.confidence),
        };
        // nothing that is measured here is below zero
        Some(Estimate { low: found.low.map(|low| low.max(0.0)), ..found })
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.measures.iter().position(|measure| measure.name == name)
    }

    /// Whether the intervals of all objectives (without any: of mean and 95th percentile) are
    /// narrower than `wanted` to either side, as a part of the value or of the bound, whichever is
    /// larger.
    #[must_use]
    pub fn precision(&self, wanted: f64) -> Precision {
        let bounds = self.plan.objectives.iter();
        let mut looked: Vec<(String, f64)> =
            bounds.map(|one| (format!("objectives.{}", one.expression), one.bound.abs())).collect();
        if looked.is_empty() {
            looked = PLAIN.map(|name| (name.to_owned(), 0.0)).to_vec();
        }
        let mut worst: Option<(String, f64, f64)> = None;
        for (name, bound) in looked {
            let place = self.place(&name);
            let found = place.and_then(|place| self.estimate(place));
            let scale = found.map_or(bound, |one| one.value.abs().max(bound));
            let half = match found.and_then(|one| one.half()) {
                Some(0.0) => 0.0,
                Some(half) => half / scale,
                // nothing measured, or one run only
                None => f64::INFINITY,
            };
            let spread = place.and_then(|place| self.spread(place));
            let floor = spread.map_or(0.0, |spread| spread.floor(self.confidence) / scale);
            if worst.as_ref().is_none_or(|(_, most, _)| half > *most) {
                worst = Some((name, half, floor));
            }
        }
        match worst {
            Some((name, half, floor)) if half > wanted => {
                let name = name.trim_start_matches("objectives.").to_owned();
                Precision::Missing { name, half, needed: self.needed(half, floor, wanted) }
            }
            _ => Precision::Reached,
        }
    }

    /// Replications that narrow an interval to `wanted`, of which so much stays.
    fn needed(&self, half: f64, floor: f64, wanted: f64) -> Option<u64> {
        let (now, then) = (half * half - floor * floor, wanted * wanted - floor * floor);
        let needed = f64::from(self.len()) * now / then;
        (then > 0.0).then(|| needed.ceil().min(1e12) as u64)
    }

    /// What they say so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let objectives = self.objectives();
        let names = self.measures.iter().map(|measure| measure.name.clone());
        Summary {
            schema_version: 1,
            name: self.plan.name.clone(),
            scenario_hash: format!("{:016x}", self.plan.hash),
            duration_s: self.plan.duration as f64 / SECOND as f64,
            confidence: self.confidence,
            warmup: self.warmup,
            inputs: self.inputs(),
            verdict: Surety::of_all(&objectives),
            objectives,
            breaks: breaks(&self.samples, self.confidence),
            estimates: names.zip((0..self.measures.len()).map(|at| self.estimate(at))).collect(),
            measures: self.measures.clone(),
            samples: self.samples.clone(),
            course: self.windows.course(self.confidence),
        }
    }

    /// What the first `runs` say of an objective at a confidence of its own, and its value there.
    pub(super) fn judged(
        &self,
        index: usize,
        runs: u32,
        confidence: f64,
    ) -> (Surety, Option<Estimate>) {
        let written = &self.plan.objectives[index];
        let place = self.place(&format!("objectives.{}", written.expression));
        let first = &self.samples[..self.samples.len().min(runs as usize)];
        let values = |at: usize| first.iter().filter_map(move |sample| sample.values[at]);
        let values: Vec<f64> = place.map(values).into_iter().flatten().collect();
        let value = Estimate::mean(&values, confidence);
        (verdict(written, value.as_ref()), value)
    }

    /// What broke first, the most frequent first.
    pub(super) fn breaks(&self) -> Vec<Breaks> {
        breaks(&self.samples, self.confidence)
    }

    pub(super) fn objectives(&self) -> Vec<Objective> {
        (0..self.plan.objectives.len()).map(|index| self.objective(index)).collect()
    }

    fn objective(&self, index: usize) -> Objective {
        let written = &self.plan.objectives[index];
        let place = self.place(&format!("objectives.{}", written.expression));
        let value = place.and_then(|place| self.estimate(place));
        let verdict = verdict(written, value.as_ref());
        let held_in = self.samples.iter().filter(|sample| sample.held[index]).count() as u32;
        Objective {
            expression: written.expression.clone(),
            unit: place.map_or(Unit::Share, |place| self.measures[place].unit),
            bound: written.bound,
            value,
            verdict,
            held_in,
            held_share: Estimate::share(held_in, self.len(), self.confidence),
        }
    }
}

/// What broke first, the most frequent first.
pub(super) fn breaks(samples: &[Sample], confidence: f64) -> Vec<Breaks> {
    let mut all: IndexMap<Option<&str>, Vec<f64>> = IndexMap::new();
    for sample in samples {
        match &sample.broke {
            Some((what, at)) => all.entry(Some(what)).or_default().push(*at),
            None => all.entry(None).or_default().push(0.0),
        }
    }
    let one = |(what, at): (Option<&str>, Vec<f64>)| Breaks {
        what: what.map(str::to_owned),
        runs: at.len() as u32,
        from_s: what.and_then(|_| Estimate::mean(&at, confidence)),
    };
    let mut breaks: Vec<Breaks> = all.into_iter().map(one).collect();
    breaks.sort_by_key(|one| std::cmp::Reverse(one.runs));
    breaks
}

impl Surety {
    /// Of all objectives together: as sure as the least sure one.
    pub(super) fn of_all(objectives: &[Objective]) -> Self {
        let any = |surety| objectives.iter().any(|objective| objective.verdict == surety);
        match () {
            () if objectives.is_empty() => Surety::NoObjectives,
            () if any(Surety::Missed) => Surety::Missed,
            () if any(Surety::CannotTell) => Surety::CannotTell,
            () => Surety::Held,
        }
    }
}

/// Whether the whole of a value's interval holds an objective, or none of it.
fn verdict(written: &Written, value: Option<&Estimate>) -> Surety {
    let ends = value.map(|one| [one.low.or(Some(one.value)), one.high.or(Some(one.value))]);
    match ends.unwrap_or([None; 2]).map(|end| written.holds(end)) {
        [true, true] => Surety::Held,
        [false, false] => Surety::Missed,
        _ => Surety::CannotTell,
    }
}
