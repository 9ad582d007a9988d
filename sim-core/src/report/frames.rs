//! Frames as a report shows them: plain numbers per class and node over time.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::cost::rent_at;
use super::counts::{Failures, failures, ms};
use super::facts::{Class, Facts, ratio, seconds, total};
use crate::run::{ClassFrame, Frame, PartFrame};

/// One window of the run, warm-up included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameReport {
    /// Where it begins, simulated seconds.
    pub start_s: f64,
    /// Where it ends, simulated seconds.
    pub end_s: f64,
    /// All classes together.
    pub requests: RequestsFrame,
    /// By class.
    pub classes: IndexMap<String, RequestsFrame>,
    /// By node.
    pub parts: IndexMap<String, PartFrameReport>,
    /// Losses in it by cause; causes without any are left out.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub failures: Failures,
}

/// Requests in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestsFrame {
    /// Begun in it.
    pub issued: u64,
    /// Answered in it.
    pub completed: u64,
    /// Given up in it.
    pub failed: u64,
    /// Median latency of those answered, ms, within 3.2 %; `None` if none was.
    pub p50_ms: Option<f64>,
    /// 95th percentile, ms.
    pub p95_ms: Option<f64>,
    /// 99th percentile, ms.
    pub p99_ms: Option<f64>,
}

/// A node in a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartFrameReport {
    /// Instances in service at its end.
    pub instances: u32,
    /// Requests that wait in it, on average.
    #[serde(default)]
    pub waiting: f64,
    /// Requests that are worked on in it, on average.
    #[serde(default)]
    pub working: f64,
    /// Requests that travel through it, on average.
    #[serde(default)]
    pub travelling: f64,
    /// Requests that it took on or passed on, as far as it counts them.
    #[serde(default)]
    pub taken: u64,
    /// Requests that found no place in it, not even in line.
    #[serde(default)]
    pub turned_away: u64,
    /// By resource.
    pub resources: IndexMap<String, ResourceFrameReport>,
    /// What the instances in service at its end cost, USD/h; `None` without a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_per_hour: Option<f64>,
}

/// A resource in a window, all instances together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResourceFrameReport {
    /// Time held over time there was to hold.
    pub utilisation: f64,
    /// In line on average.
    pub queue_mean: f64,
}

pub(super) fn frames(facts: &Facts<'_>) -> Vec<FrameReport> {
    since(facts, 0)
}

/// The frames from a number on.
pub(super) fn since(facts: &Facts<'_>, first: usize) -> Vec<FrameReport> {
    facts.frames.iter().skip(first).map(|frame| report(facts, frame)).collect()
}

fn report(facts: &Facts<'_>, frame: &Frame) -> FrameReport {
    let class =
        |(name, class): (&&str, &Class<'_>)| ((*name).to_owned(), requests(&class.frame(frame)));
    let served = facts.parts.iter().zip(&frame.parts).enumerate();
    let served = served.filter(|(_, (part, _))| !part.source);
    let parts = served.map(|(index, (part, figures))| {
        let rent = rent_at(facts, index, frame.start);
        let resources = part.resources.iter().zip(&figures.resources).map(|(name, resource)| {
            let report = ResourceFrameReport {
                utilisation: ratio(resource.busy_ns as f64, resource.capacity_ns as f64),
                queue_mean: ratio(resource.queue_ns as f64, (frame.end - frame.start) as f64),
            };
            ((*name).to_owned(), report)
        });
        let [waiting, working, travelling] =
            figures.spent_ns.map(|ns| ratio(ns as f64, (frame.end - frame.start) as f64));
        let report = PartFrameReport {
            instances: figures.instances,
            waiting,
            working,
            travelling,
            taken: figures.taken,
            turned_away: figures.turned_away,
            resources: resources.collect(),
            usd_per_hour: rent.map(|rent| f64::from(figures.instances) * rent.usd_per_hour),
        };
        (part.name.to_owned(), report)
    });
    let all = total(frame.classes.iter());
    let mut failures = failures(&all.failed);
    failures.retain(|_, n| *n > 0);
    FrameReport {
        start_s: seconds(frame.start),
        end_s: seconds(frame.end),
        requests: requests(&all),
        classes: facts.classes.iter().map(class).collect(),
        parts: parts.collect(),
        failures,
    }
}

/// What all instances in service at a frame's end cost, USD/h.
pub(super) fn rent_usd_per_hour(facts: &Facts<'_>, frame: &Frame) -> f64 {
    let one = |(index, figures): (usize, &PartFrame)| {
        let rent = rent_at(facts, index, frame.start);
        rent.map_or(0.0, |rent| f64::from(figures.instances) * rent.usd_per_hour)
    };
    frame.parts.iter().enumerate().map(one).sum()
}

pub(super) fn requests(class: &ClassFrame) -> RequestsFrame {
    let at = |p| class.latency.quantile(p).map(ms);
    RequestsFrame {
        issued: class.issued,
        completed: class.completed,
        failed: class.failed.iter().sum(),
        p50_ms: at(0.5),
        p95_ms: at(0.95),
        p99_ms: at(0.99),
    }
}
