//! Requests, losses and latencies: what users saw.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::facts::{Class, Facts, add, ratio};
use crate::engine::meter::Histogram;
use crate::engine::request::Cause;
use crate::engine::tally::Causes;
use crate::run::Run;

/// Logical requests of the whole run, warm-up included: issued = completed + failed + in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Begun.
    pub issued: u64,
    /// Answered.
    pub completed: u64,
    /// Given up.
    pub failed: u64,
    /// Neither, when the run ended.
    pub in_flight: u64,
}

/// Tries at requests, in the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Begun: each request's first one and every retry.
    pub issued: u64,
    /// Answers, of attempts and of calls inside the cluster, that nobody waited for any more.
    pub wasted: u64,
}

/// Counts by cause of the whole run; every cause is listed, also with 0.
pub type Failures = IndexMap<String, u64>;

/// Latencies in ms, from a request's first attempt to its answer, of the requests answered after
/// the warm-up; `None` if there were none. Percentiles are off by at most 0.4 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Mean, exact.
    pub mean: Option<f64>,
    /// Half of the requests were faster.
    pub p50: Option<f64>,
    /// 90 % were faster.
    pub p90: Option<f64>,
    /// 95 % were faster.
    pub p95: Option<f64>,
    /// 99 % were faster.
    pub p99: Option<f64>,
    /// 99.9 % were faster.
    pub p999: Option<f64>,
    /// The slowest, exact.
    pub max: Option<f64>,
}

/// One class of requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// Requests of the whole run.
    pub requests: Requests,
    /// Losses by cause.
    pub failures: Failures,
    /// Requests never begun, because the sessions that would have made them had been left.
    #[serde(default)]
    pub forgone: u64,
    /// What an answer brings in, USD, where the scenario says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_each: Option<f64>,
    /// Requests answered per second after the warm-up.
    pub goodput_rps: f64,
    /// Latencies.
    pub latency_ms: Latency,
}

impl Latency {
    pub(super) fn of(histogram: &Histogram) -> Self {
        let at = |p| histogram.quantile(p).map(ms);
        Latency {
            mean: histogram.mean().map(|ns| ns / 1e6),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max().map(ms),
        }
    }
}

/// Nanoseconds as ms.
pub(super) fn ms(ns: u64) -> f64 {
    ns as f64 / 1e6
}

pub(super) fn requests<'a>(classes: impl Iterator<Item = &'a Class<'a>>) -> (Requests, Causes) {
    let (mut sum, mut causes) = (Requests::default(), [0; Cause::ALL.len()]);
    for tally in classes.flat_map(|class| &class.tallies) {
        sum.issued += tally.issued;
        sum.completed += tally.completed;
        sum.failed += tally.failed.iter().sum::<u64>();
        sum.in_flight += tally.in_flight();
        add(&mut causes, &tally.failed);
    }
    (sum, causes)
}

pub(super) fn failures(causes: &Causes) -> Failures {
    Cause::ALL.iter().map(|&cause| (cause.name().to_owned(), causes[cause as usize])).collect()
}

pub(super) fn latency(facts: &Facts<'_>) -> Latency {
    let mut all = Histogram::default();
    facts.classes.values().for_each(|class| all.merge(&class.latency()));
    Latency::of(&all)
}

/// Latencies of the requests answered after the warm-up, by class.
#[must_use]
pub fn histograms(run: &Run) -> IndexMap<String, Histogram> {
    let facts = Facts::of(run);
    let all = facts.classes.iter();
    all.map(|(name, class)| ((*name).to_owned(), class.latency())).collect()
}

pub(super) fn classes(facts: &Facts<'_>) -> IndexMap<String, ClassReport> {
    let class = |(name, class): (&&str, &Class<'_>)| {
        let (requests, causes) = requests(std::iter::once(class));
        let latency = class.latency();
        let report = ClassReport {
            requests,
            failures: failures(&causes),
            forgone: class.tallies.iter().map(|tally| tally.forgone).sum(),
            usd_each: class.tallies.iter().map(|tally| tally.usd_each).find(|usd| *usd > 0.0),
            goodput_rps: ratio(latency.count() as f64, facts.span_s()),
            latency_ms: Latency::of(&latency),
        };
        ((*name).to_owned(), report)
    };
    facts.classes.iter().map(class).collect()
}
