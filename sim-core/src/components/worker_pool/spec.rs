//! What a person writes about a service of worker pools, and what it can serve at most.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::components::{Bound, Limits, Room};
use crate::engine::queue::Order;
use crate::steps::{Demand, StepSpec, own_demand};
use crate::wiring::{EndpointName, Target, Wider};

/// What a worker does about a client that has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientGone {
    /// Takes the request out of the line, or ends it after the step at hand.
    #[default]
    Notice,
    /// Works on as if the client were still there: it never learns.
    Ignore,
}

/// A service of worker pools, one per instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkerPoolSpec {
    /// Instances in service at the start; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Requests that one instance works on at the same time.
    pub workers: u32,
    /// Cores of an instance, shared by its computing steps; default: every worker has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// Requests that may wait at an instance; one more is turned away. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// Who is served next; default `fifo`.
    #[serde(default)]
    pub order: Order,
    /// What happens when the client has left; default `notice`.
    #[serde(default)]
    pub client_gone: ClientGone,
    /// Where queries go that do not say it themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Target>,
    /// Steps of every request, where endpoints are not told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepSpec>,
    /// Steps by endpoint.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub endpoints: IndexMap<EndpointName, Vec<StepSpec>>,
}

/// What one instance can serve if no step ever waits: workers over held time, cores over CPU time,
/// of the endpoint that costs least; a mix can only be worse.
pub(super) fn bound(spec: &WorkerPoolSpec) -> Bound {
    let all = spec.endpoints.values().chain((!spec.steps.is_empty()).then_some(&spec.steps));
    let rate = all.map(|steps| {
        let (held, cpu) = own_demand(steps);
        let by_workers = f64::from(spec.workers) / held;
        spec.cores.map_or(by_workers, |cores| by_workers.min(f64::from(cores) / cpu))
    });
    let per_second = rate.reduce(f64::max).filter(|rate| rate.is_finite());
    Bound { per_second, in_order: spec.order == Order::Fifo, forwards: false }
}

/// What requests do here, and how much of that at a time.
pub(super) fn limits(spec: &WorkerPoolSpec) -> Limits {
    let slots = f64::from(spec.workers);
    let cores = spec.cores.map_or(slots, f64::from);
    Limits {
        work: Demand::all(&spec.steps, &spec.endpoints),
        room: Some(Room { slots, computing: f64::INFINITY, cores }),
        ..Limits::default()
    }
}

/// More instances, where computing is what there is too little of; else more workers.
pub(super) fn widen(spec: &WorkerPoolSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
    let replicas = || vec![Wider::twice("replicas", spec.replicas.unwrap_or(1))];
    let workers = || vec![Wider::twice("workers", spec.workers)];
    let cores = spec.cores.map(|cores| vec![Wider::twice("cores", cores)]);
    match resource {
        Some("workers") => vec![workers()],
        Some(_) => vec![replicas(), cores.unwrap_or_else(workers)],
        None => vec![replicas()],
    }
}
