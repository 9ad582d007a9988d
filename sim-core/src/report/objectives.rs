//! Objectives: their value over the run, and when they were broken.

use serde::Serialize;

use super::counts::ms;
use super::facts::{Class, Facts, ratio, seconds, total};
use crate::engine::meter::Histogram;
use crate::engine::time::Nanos;
use crate::run::{ClassFrame, Frame};
use crate::scenario::objective::{Metric, Objective};

/// One objective after the warm-up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObjectiveReport {
    /// As written.
    pub expression: String,
    /// Its value: latencies in ms, errors as a share, rates per second; `None` if nothing could be
    /// measured.
    pub value: Option<f64>,
    /// Whether it held. What could not be measured does not hold.
    pub held: bool,
    /// When it was broken, frame by frame; short relapses are merged.
    pub broken: Vec<Breach>,
    #[serde(skip)]
    pub(super) metric: Metric,
}

/// A stretch of time in which an objective was broken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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

/// Relapses after fewer frames than this belong to one breach.
const CALM: usize = 4;

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
    let value = overall(facts, objective.metric, &classes);
    ObjectiveReport {
        expression: objective.expression.clone(),
        value,
        held: objective.holds(value),
        broken: breaches(facts, objective, &classes),
        metric: objective.metric,
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
    }
}

/// The value in one frame; `None` where too few requests ended in it to tell.
fn within(metric: Metric, class: &ClassFrame, span_s: f64) -> Option<f64> {
    let failed: u64 = class.failed.iter().sum();
    let ended = class.completed + failed;
    match metric {
        Metric::LatencyMean => class.latency.mean().map(|ns| ns / 1e6),
        Metric::LatencyMax => class.latency.quantile(1.0).map(ms),
        Metric::LatencyPercentile(p) => {
            let enough = class.latency.count() as f64 * (1.0 - p / 100.0) >= 1.0;
            class.latency.quantile(p / 100.0).filter(|_| enough).map(ms)
        }
        Metric::Errors => (ended > 0).then(|| failed as f64 / ended as f64),
        Metric::Throughput | Metric::Goodput => Some(ratio(class.completed as f64, span_s)),
    }
}

fn breaches(facts: &Facts<'_>, objective: &Objective, classes: &[&Class<'_>]) -> Vec<Breach> {
    let mut found: Vec<(usize, usize, f64)> = Vec::new();
    let below = objective.holds(Some(f64::MIN));
    let worse = |a: f64, b: f64| if below { a.max(b) } else { a.min(b) };
    let mut last = None;
    for (index, frame) in facts.measured.iter().enumerate() {
        let class = total(classes.iter().map(|class| class.frame(frame)).collect::<Vec<_>>().iter());
        let span_s = seconds(frame.end - frame.start);
        let Some(value) = within(objective.metric, &class, span_s) else { continue };
        last = Some(index);
        if objective.holds(Some(value)) {
            continue;
        }
        match found.last_mut() {
            Some((_, end, worst)) if index - *end <= CALM => {
                (*end, *worst) = (index, worse(*worst, value));
            }
            _ => found.push((index, index, value)),
        }
    }
    let at = |index: usize, of: fn(&Frame) -> Nanos| seconds(of(&facts.measured[index]));
    let breach = |(first, end, worst): (usize, usize, f64)| Breach {
        start_s: at(first, |frame| frame.start),
        end_s: at(end, |frame| frame.end),
        worst,
        to_the_end: last == Some(end),
    };
    found.into_iter().map(breach).collect()
}
