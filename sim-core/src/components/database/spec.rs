//! What a person writes about a database, and what it can serve at most.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::usl::{Usl, UslSpec};
use crate::components::Bound;
use crate::engine::chance::LawSpec;
use crate::wiring::EndpointName;

/// A database whose queries compute first, on shared cores, and then wait for I/O.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSpec {
    /// Queries that can be in progress; one more fails at once with `too_many_connections`, it
    /// never queues. Default 100, as `max_connections` of `PostgreSQL`.
    #[serde(default = "hundred")]
    pub max_connections: u32,
    /// Cores that computing queries share evenly, each on one at most. Default: no limit, every
    /// query computes at full speed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores: Option<u32>,
    /// What a query costs, by kind.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub queries: IndexMap<EndpointName, QueryKind>,
    /// CPU time of a query whose kind is not listed and whose caller asks for no time of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<LawSpec>,
    /// How queries slow each other down beyond the sharing of cores: locks, latches, cache lines.
    /// Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contention: Option<UslSpec>,
}

/// What a kind of query costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryKind {
    /// CPU time of one core. Default: what the caller asks for, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<LawSpec>,
    /// Time for I/O after it, which no load makes longer. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io: Option<LawSpec>,
}

fn hundred() -> u32 {
    100
}

/// What it can serve if every query were of the cheapest kind: connections over time in progress,
/// power over CPU time.
pub(super) fn bound(spec: &DatabaseSpec) -> Bound {
    let mean = |law: &Option<LawSpec>| {
        law.as_ref().and_then(|law| law.compile().ok()).map_or(0.0, |law| law.mean())
    };
    let usl = spec.contention.as_ref().and_then(|usl| Usl::new(usl).ok());
    let cores = spec.cores.map_or(f64::INFINITY, f64::from);
    let power = cores.min(usl.map_or(f64::INFINITY, |usl| usl.peak(spec.max_connections)));
    let kinds = spec.queries.values().map(|kind| (mean(&kind.cpu), mean(&kind.io)));
    let other = spec.service.is_some().then(|| (mean(&spec.service), 0.0));
    let rates = kinds.chain(other).map(|(cpu, io)| {
        let by_power = if cpu > 0.0 { power / cpu } else { f64::INFINITY };
        by_power.min(f64::from(spec.max_connections) / (cpu + io))
    });
    Bound { per_second: rates.reduce(f64::max).filter(|rate| rate.is_finite()) }
}
