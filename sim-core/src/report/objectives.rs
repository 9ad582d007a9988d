//! Objectives: their value over the run, and when they were broken.

use serde::{Deserialize, Serialize};

use super::counts::ms;
use super::facts::{Class, Facts, ratio, seconds, total};
use super::figures::{at, duration_ms, percent, significant};
use crate::engine::meter::Histogram;
use crate::run::ClassFrame;
use crate::scenario::objective::{Metric, Objective};

/// One objective after the warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveReport {
    /// As written.
    pub expression: String,
    /// The class of requests that it looks at, or all of a group of users; `None` for all.
    pub class: Option<String>,
    /// What its value and its bound are measured in.
    pub unit: Unit,
    /// The bound.
    pub bound: f64,
    /// Its value: latencies in ms, errors as a share, rates per second; `None` if nothing could be
    /// measured.
    pub value: Option<f64>,
    /// Whether it held. What could not be measured does not hold.
    pub held: bool,
    /// When it was broken, frame by frame; short relapses are merged.
    pub broken: Vec<Breach>,
}

/// What a value of an objective is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// A share of 1.
    Share,
    /// Requests per second.
    PerSecond,
    /// USD/h.
    UsdPerHour,
    /// USD per 1,000 good requests.
    #[serde(rename = "usd_per_1000_good")]
    UsdPer1000Good,
    /// USD.
    Usd,
}

impl Unit {
    fn of(metric: Metric) -> Self {
        match metric {
            Metric::LatencyMean | Metric::LatencyMax | Metric::LatencyPercentile(_) => Unit::Ms,
            Metric::Errors | Metric::Availability => Unit::Share,
            Metric::Throughput | Metric::Goodput => Unit::PerSecond,
            Metric::Cost => Unit::UsdPerHour,
            Metric::CostPer1000Good => Unit::UsdPer1000Good,
        }
    }

    /// A value with its unit, for people.
    #[must_use]
    pub fn say(self, value: f64) -> String {
        match self {
            Unit::Ms => duration_ms(value),
            Unit::Share => percent(value),
            Unit::PerSecond => format!("{}/s", significant(value)),
            Unit::UsdPerHour => format!("{} USD/h", significant(value)),
            Unit::UsdPer1000Good => format!("{} USD/1000 good", significant(value)),
            Unit::Usd => format!("{} USD", significant(value)),
        }
    }
}

/// A stretch of time in which an objective was broken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// Its first frame's start, seconds.
    pub start_s: f64,
    /// Its last frame's end, seconds.
    pub end_s: f64,
    /// The value furthest from the bound.
    pub worst: f64,
    /// Whether it lasted to the end of the run.
    pub to_the_end: bool,
}

impl ObjectiveReport {
    /// `broken from 33m 10s to 39m 40s and 2 more times`, or nothing; of one that holds over the
    /// whole run `but not from ...`.
    pub(crate) fn broken_said(&self) -> String {
        let Some(first) = self.broken.first() else { return String::new() };
        let more = self.broken.len() - 1;
        let until = if first.to_the_end { "the end".to_owned() } else { at(first.end_s) };
        let more = match more {
            0 => String::new(),
            1 => " and once more".to_owned(),
            more => format!(" and {more} more times"),
        };
        let word = if self.held { "but not" } else { "broken" };
        format!("{word} from {} to {until}{more}", at(first.start_s))
    }
}

/// Relapses after fewer frames than this, or than this part of all frames, belong to one breach.
const CALM: (usize, usize) = (4, 50);
/// Slower requests than a percentile that a window needs before the percentile means something.
const SLOWER: f64 = 5.0;
/// Share of the ended requests that must be answered for a window to count as available, as in
/// service level agreements that count a minute with more than 5 % errors as downtime.
const AVAILABLE: f64 = 0.95;
/// Seconds of an hour.
const HOUR_S: f64 = 3_600.0;
/// Losses in a window that are more than chance.
const LOSSES: u64 = 3;

pub(super) fn objectives(facts: &Facts<'_>) -> Vec<ObjectiveReport> {
    facts.plan.objectives.iter().map(|objective| evaluate(facts, objective)).collect()
}

fn evaluate(facts: &Facts<'_>, objective: &Objective) -> ObjectiveReport {
    let classes: Vec<&Class<'_>> = facts
        .classes
        .iter()
        .filter(|(name, _)| concerns(objective, name))
        .map(|(_, class)| class)
        .collect();
    let value = match objective.metric {
        Metric::Availability => availability(facts, objective, &classes),
        metric => overall(facts, metric, &classes),
    };
    ObjectiveReport {
        expression: objective.expression.clone(),
        class: objective.class.clone(),
        unit: Unit::of(objective.metric),
        bound: objective.bound,
        value,
        held: objective.holds(value),
        broken: breaches(facts, objective, &classes),
    }
}

/// What an objective's value is measured in.
pub(super) fn unit(objective: &Objective) -> Unit {
    Unit::of(objective.metric)
}

/// An objective's value over the frames that count, as one window; `usd_per_hour` is the price of
/// that time.
pub(super) fn in_stretch(
    facts: &Facts<'_>,
    objective: &Objective,
    usd_per_hour: Option<f64>,
) -> Option<f64> {
    let classes = facts.classes.iter().filter(|(name, _)| concerns(objective, name));
    let classes: Vec<&Class<'_>> = classes.map(|(_, class)| class).collect();
    if objective.metric == Metric::Availability {
        return availability(facts, objective, &classes);
    }
    let frames = facts.measured.iter().flat_map(|frame| classes.iter().map(|one| one.frame(frame)));
    let sum = total(frames.collect::<Vec<_>>().iter());
    let good = sum.completed as f64;
    match objective.metric {
        Metric::Cost => usd_per_hour,
        Metric::CostPer1000Good => usd_per_hour
            .filter(|_| good > 0.0)
            .map(|usd| usd * facts.span_s() / HOUR_S / good * 1_000.0),
        _ => within(objective, &sum, (facts.span_s(), 0.0)),
    }
}

/// Whether an objective looks at a class: at all of them, at one, or at all of a group of users.
fn concerns(objective: &Objective, class: &str) -> bool {
    objective.class.as_deref().is_none_or(|wanted| {
        class.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn overall(facts: &Facts<'_>, metric: Metric, classes: &[&Class<'_>]) -> Option<f64> {
    let mut latency = Histogram::default();
    classes.iter().for_each(|class| latency.merge(&class.latency()));
    let failed: u64 = classes.iter().map(|class| class.measured_failed()).sum();
    let (done, span) = (latency.count(), facts.span_s());
    match metric {
        Metric::LatencyMean => latency.mean().map(|ns| ns / 1e6),
        Metric::LatencyMax => latency.max().map(ms),
        Metric::LatencyPercentile(p) => latency.quantile(p / 100.0).map(ms),
        Metric::Errors => (done + failed > 0).then(|| failed as f64 / (done + failed) as f64),
        Metric::Throughput => (span > 0.0).then(|| (done + facts.wasted) as f64 / span),
        Metric::Goodput => (span > 0.0).then(|| done as f64 / span),
        Metric::Availability => None,
        Metric::Cost => facts.cost.as_ref().map(|cost| cost.usd_per_hour),
        Metric::CostPer1000Good => facts.cost.as_ref().and_then(|cost| cost.usd_per_1000_good),
    }
}

/// The value in a window; `None` where too few requests ended in it to tell.
fn within(objective: &Objective, class: &ClassFrame, (span_s, least_s): (f64, f64)) -> Option<f64> {
    let failed: u64 = class.failed.iter().sum();
    let ended = class.completed + failed;
    match objective.metric {
        Metric::LatencyMean => class.latency.mean().map(|ns| ns / 1e6),
        Metric::LatencyMax => class.latency.quantile(1.0).map(ms),
        Metric::LatencyPercentile(p) => {
            let enough = class.latency.count() as f64 * (1.0 - p / 100.0) >= SLOWER;
            class.latency.quantile(p / 100.0).filter(|_| enough).map(ms)
        }
        Metric::Errors => {
            let chance = failed < LOSSES && objective.bound > 0.0;
            let failed = if chance { 0 } else { failed };
            (ended > 0).then(|| failed as f64 / ended as f64)
        }
        Metric::Throughput | Metric::Goodput => Some(ratio(class.completed as f64, span_s)),
        Metric::Availability if ended > 0 => {
            let available = class.completed as f64 >= AVAILABLE * ended as f64;
            (span_s >= least_s).then_some(f64::from(u8::from(available)))
        }
        // nothing ends although somebody asks: at first it may just be under way
        Metric::Availability => (class.issued > 0 && span_s >= 2.0 * least_s).then_some(0.0),
        // a budget is for the whole run, not for each moment
        Metric::Cost | Metric::CostPer1000Good => None,
    }
}

/// Share of the time in windows in which the service was available.
fn availability(facts: &Facts<'_>, objective: &Objective, classes: &[&Class<'_>]) -> Option<f64> {
    let (mut up, mut all) = (0.0, 0.0);
    for (first, end, value) in windows(facts, objective, classes) {
        let length = seconds(facts.measured[end].end - facts.measured[first].start);
        up += value * length;
        all += length;
    }
    (all > 0.0).then(|| up / all)
}

/// A stretch of frames, first and last, and the objective's value in it.
type Window = (usize, usize, f64);

/// Frames one by one, or several together where a single one says too little.
fn windows(facts: &Facts<'_>, objective: &Objective, classes: &[&Class<'_>]) -> Vec<Window> {
    let mut all = Vec::new();
    let mut open: Option<(usize, ClassFrame)> = None;
    // frames are a little longer or shorter than their number says
    let least_s = (facts.span_s() / 100.0).min(60.0) * (1.0 - 1e-9);
    for (index, frame) in facts.measured.iter().enumerate() {
        let mut parts: Vec<ClassFrame> = classes.iter().map(|class| class.frame(frame)).collect();
        let first = open.as_ref().map_or(index, |(first, _)| *first);
        parts.extend(open.take().map(|(_, before)| before));
        let sum = total(parts.iter());
        let span_s = seconds(frame.end - facts.measured[first].start);
        match within(objective, &sum, (span_s, least_s)) {
            Some(value) => all.push((first, index, value)),
            None => open = Some((first, sum)),
        }
    }
    all
}

fn breaches(facts: &Facts<'_>, objective: &Objective, classes: &[&Class<'_>]) -> Vec<Breach> {
    let calm = CALM.0.max(facts.measured.len() / CALM.1);
    let windows = windows(facts, objective, classes);
    let last = windows.last().map(|window| window.1);
    let below = objective.holds(Some(f64::MIN));
    let mut found: Vec<Window> = Vec::new();
    for (first, end, value) in windows.into_iter().filter(|w| !objective.holds(Some(w.2))) {
        match found.last_mut() {
            Some((_, until, worst)) if first - *until <= calm => {
                *until = end;
                *worst = if below { worst.max(value) } else { worst.min(value) };
            }
            _ => found.push((first, end, value)),
        }
    }
    let breach = |(first, end, worst): Window| Breach {
        start_s: seconds(facts.measured[first].start),
        end_s: seconds(facts.measured[end].end),
        worst,
        to_the_end: last == Some(end),
    };
    found.into_iter().map(breach).collect()
}
