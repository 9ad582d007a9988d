//! What a person writes about a database, and what it can serve at most.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::usl::{Usl, UslSpec};
use crate::components::{Bound, Limits};
use crate::engine::chance::LawSpec;
use crate::units::{Bytes, Duration};
use crate::wiring::{EndpointName, Wider};

/// A database whose queries wait for their row first, then compute on shared cores, then wait for
/// I/O, and then for the log, if they write. A query of a client that has left goes on to its end:
/// the server process notices only when it next talks to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSpec {
    /// Connections that there can be; one more fails at once with `too_many_connections`, it never
    /// queues. A connection that a pool or a worker has opened counts from then until it is closed;
    /// a query that comes without one rides on its own while it is in progress. Default 100, as
    /// `max_connections` of `PostgreSQL`.
    #[serde(default = "hundred")]
    pub max_connections: u32,
    /// Of these, kept for administrators; default 0. 3 in `PostgreSQL`
    /// (`superuser_reserved_connections`): the 98th ordinary client is turned away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<u32>,
    /// What opening a connection costs: a process and a log-in. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<ConnectSpec>,
    /// Memory that an open connection takes, for the report; about 10 MiB where huge pages are off,
    /// 2 MiB where they are on. Default: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_memory: Option<Bytes>,
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
    /// The log that commits wait for. Default: commits cost nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogSpec>,
    /// How long a query waits for its row before it fails with `error`; default, and 0s: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_timeout: Option<Duration>,
    /// How long a query may take, waiting included, before it fails with `error`; default, and 0s:
    /// for ever. Whoever waits for the log already is not interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_timeout: Option<Duration>,
    /// A second machine that takes over when this one dies: after its time the database serves
    /// again by itself, under the same name, with every connection broken. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<StandbySpec>,
}

/// What opening a connection costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectSpec {
    /// CPU time of one core: starting a process, hashing a password. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<LawSpec>,
    /// Time for the rest of the log-in, which no load makes longer. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io: Option<LawSpec>,
}

/// The write-ahead log. One flush at a time; it serves every commit that came before it began, so
/// commits that come during one share the next (group commit).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogSpec {
    /// How long a flush takes: 0.1 ms to 1 ms on local flash, 1 ms to 3 ms on network block
    /// storage, 5 ms to 10 ms on a spinning disk.
    pub fsync: LawSpec,
    /// Whether commits wait for it (`synchronous_commit`); default true. Without, a crash loses the
    /// commits of the last 0.6 s at most.
    #[serde(default = "yes")]
    pub synchronous: bool,
}

fn yes() -> bool {
    true
}

/// A row that a query changes: it is locked until the query has committed, and others who want it
/// wait in order of arrival. A query locks one row, so nobody can wait in a circle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockSpec {
    /// Rows of which each query picks one; 1 is a single hot row.
    pub rows: u64,
    /// How unevenly: the exponent of Zipf's law; default 0, all rows alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s: Option<f64>,
    /// The table they belong to: kinds that name the same one lock the same rows. Default: each
    /// kind has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
}

/// A machine that takes over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandbySpec {
    /// From the death of the one to the other's first answer; until then nobody can connect. 60 s
    /// to 120 s for an Amazon RDS Multi-AZ instance.
    pub failover: LawSpec,
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
    /// Whether it writes, so that it ends when the log is on disk; default false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub commit: bool,
    /// The row that it locks before anything else, if it changes one that others want too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockSpec>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

fn hundred() -> u32 {
    100
}

/// The mean of a law, seconds; 0 without one.
fn mean(law: &Option<LawSpec>) -> f64 {
    law.as_ref().map_or(0.0, LawSpec::mean_s)
}

/// Connections for ordinary clients.
fn ordinary(spec: &DatabaseSpec) -> u32 {
    spec.max_connections.saturating_sub(spec.reserved.unwrap_or(0))
}

/// What other parts can disagree with.
pub(super) fn limits(spec: &DatabaseSpec) -> Limits {
    let kinds = spec.queries.iter();
    let takes = kinds.map(|(name, kind)| (name.0.clone(), mean(&kind.cpu) + mean(&kind.io)));
    let accepts = Some(u64::from(ordinary(spec)));
    Limits { accepts, takes: takes.collect(), ..Limits::default() }
}

/// What it can serve if every query were of the cheapest kind: connections over time in progress,
/// power over CPU time.
pub(super) fn bound(spec: &DatabaseSpec) -> Bound {
    let usl = spec.contention.as_ref().and_then(|usl| Usl::new(usl).ok());
    let cores = spec.cores.map_or(f64::INFINITY, f64::from);
    let connections = ordinary(spec);
    let power = cores.min(usl.map_or(f64::INFINITY, |usl| usl.peak(connections)));
    let log = spec.log.as_ref().filter(|log| log.synchronous).map(|log| log.fsync.clone());
    let flush = mean(&log);
    let kinds = spec.queries.values().map(|kind| {
        let flush = if kind.commit { flush } else { 0.0 };
        (mean(&kind.cpu), mean(&kind.io) + flush)
    });
    let other = spec.service.is_some().then(|| (mean(&spec.service), 0.0));
    let rates = kinds.chain(other).map(|(cpu, io)| {
        let by_power = if cpu > 0.0 { power / cpu } else { f64::INFINITY };
        by_power.min(f64::from(connections) / (cpu + io))
    });
    let per_second = rates.reduce(f64::max).filter(|rate| rate.is_finite());
    Bound { per_second, ..Bound::default() }
}

/// More connections or more cores; nobody buys a second row or a quicker disk by a number.
pub(super) fn widen(spec: &DatabaseSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
    match resource {
        Some("connections" | "sessions") => Wider::only("max_connections", spec.max_connections),
        Some("cpu") => spec.cores.map_or_else(Vec::new, |cores| Wider::only("cores", cores)),
        _ => Vec::new(),
    }
}
