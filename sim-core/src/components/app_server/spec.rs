//! What a person writes about a service of application servers.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workers::Workers;
use crate::engine::chance::LawSpec;
use crate::engine::time::SECOND;
use crate::steps::StepSpec;
use crate::units::{Bytes, Duration};
use crate::wiring::{EndpointName, Target};

/// How a worker process serves: it decides where requests wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkerKind {
    /// One request at a time; an idle worker takes the next connection from the machine's accept
    /// queue, which is one line for all workers.
    #[default]
    Sync,
    /// Threads; a process takes up to `worker_connections` connections at once, busy threads or
    /// not, and keeps those that wait.
    Gthread,
    /// Green threads on one event loop, up to `worker_connections` at once.
    Gevent,
    /// Coroutines on one event loop; it takes every connection there is.
    Uvicorn,
}

impl WorkerKind {
    /// How long it keeps an idle connection unless it is told otherwise.
    pub(super) fn keepalive(self) -> Duration {
        match self {
            WorkerKind::Sync => Duration(0),
            WorkerKind::Gthread | WorkerKind::Gevent => Duration(2 * SECOND),
            WorkerKind::Uvicorn => Duration(5 * SECOND),
        }
    }

    /// Whether all requests of a process run on one event loop.
    pub(super) fn has_loop(self) -> bool {
        matches!(self, WorkerKind::Gevent | WorkerKind::Uvicorn)
    }
}

/// When a client repeats a SYN that was dropped. Six doublings follow in both; who still has no
/// connection then gives up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SynRetries {
    /// Linux before 6.5: after 1, 3, 7, 15, 31 and 63 s; `ETIMEDOUT` after 127 s.
    Classic,
    /// Linux from 6.5 on (`tcp_syn_linear_timeouts` = 4): after 1, 2, 3, 4, 5, 7, 11, 19, 35 and
    /// 67 s; `ETIMEDOUT` after 131 s.
    #[default]
    Linear,
}

/// What a worker does about a client that has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientLeft {
    /// Works on for nobody, as every worker does that does not look.
    #[default]
    Ignore,
    /// Ends the request after the step at hand: only what runs on an event loop can look.
    Notice,
}

/// Memory of the machine and of the workers on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemorySpec {
    /// What the machine, or the container's limit, has.
    pub machine: Bytes,
    /// What the system, the master and pages shared between workers take; default 0B.
    #[serde(default)]
    pub base: Bytes,
    /// What a fresh worker takes for itself.
    pub worker: Bytes,
    /// What every request leaves behind in its worker; default 0B.
    #[serde(default)]
    pub leak: Bytes,
}

/// A connection pool in every worker process. It starts empty and opens connections when they are
/// needed; what it opens adds up over the processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessPoolSpec {
    /// The database, or the proxy before it; queries that do not say where go there.
    pub to: Target,
    /// Connections that a process keeps. `SQLAlchemy`: 5 (`pool_size`).
    pub size: u32,
    /// Further ones in need; one that comes back while `size` lie idle is closed. Default 0;
    /// `SQLAlchemy`: 10 (`max_overflow`).
    #[serde(default)]
    pub overflow: u32,
    /// How long a request waits for one before it fails with `pool_timeout`. Default 30s, as in
    /// `SQLAlchemy` (`pool_timeout`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How long opening one takes; default 0s. What the database's own `connect` costs comes on
    /// top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<LawSpec>,
    /// Whether its connections are sessions of the node behind it: they count there from opening
    /// to closing, idle or not, and opening one may be refused with `too_many_connections`.
    /// Default true; without, only queries in progress count there, as behind a proxy that shares
    /// its connections query by query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<bool>,
    /// Whether all connections are taken for broken when one is found so: each is opened anew when
    /// it is next taken. Default true, as in `SQLAlchemy` (`invalidate_pool_on_disconnect`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forget_all: Option<bool>,
}

/// How the program dies of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrashSpec {
    /// Time from its start to its end: 0s for a program that cannot start.
    pub after: LawSpec,
    /// Its exit code, for a supervisor; default 1. A program that ends because it is done has 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u8>,
}

/// A service of application servers; an instance is a machine, or a container, with one master and
/// its worker processes. Names and defaults are gunicorn's where it has the setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppServerSpec {
    /// Instances in service at the start; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// How a worker serves; default `sync`. `sync` with several threads is `gthread`.
    #[serde(default)]
    pub worker: WorkerKind,
    /// Worker processes, or `auto` for 2 x cores + 1; default 1.
    #[serde(default)]
    pub workers: Workers,
    /// Threads of a process, with `gthread`; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
    /// Connections that a process takes at once, with `gthread` and `gevent`; default 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_connections: Option<u32>,
    /// With `uvicorn`: a request that makes so many connections in its process is answered with
    /// 503 at once (`queue_full`); default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_concurrency: Option<u32>,
    /// How long a connection stays open after an answer, where the caller keeps it too; not with
    /// `sync`, which closes every one. It stays with its process, and takes one of the process's
    /// `worker_connections`. Default 2s; `uvicorn` 5s (`timeout_keep_alive`); 0s closes every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keepalive: Option<Duration>,
    /// Cores of the machine, shared by its processes.
    pub cores: u32,
    /// Whether the threads of a process compute one at a time (CPython's global interpreter lock);
    /// default true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gil: Option<bool>,
    /// Connections that the server lets wait to be accepted; default 2048.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u32>,
    /// The kernel's cap on that, `net.core.somaxconn`; default 4096 (Linux 5.4 on; 128 before).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub somaxconn: Option<u32>,
    /// How clients whose SYN finds the accept queue full repeat it; default `linear`.
    #[serde(default)]
    pub syn_retries: SynRetries,
    /// Ticks a second (`CONFIG_HZ`) of the kernel on the one machine where all clients are, a proxy
    /// or a load generator: what it repeats comes together on the teeth of its timer wheel.
    /// Default: clients on many machines, each with ticks of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel_hz: Option<u32>,
    /// How long a client waits for the acknowledgement of what it sent before it sends it again,
    /// and then twice as long each time; at least and by default 200ms (`TCP_RTO_MIN`). It counts
    /// where the accept queue was full when a connection was to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto: Option<LawSpec>,
    /// A worker that has not been heard of for this long is killed at the master's next look, once
    /// a second: `sync` by one long request, `gevent` and `uvicorn` by a long computation, threads
    /// never. Default 30s; 0s is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How long requests in progress may take to end when the instance, or a worker, is told to
    /// stop; default 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graceful_timeout: Option<Duration>,
    /// A worker ends after so many requests and is replaced; default 0: never.
    #[serde(default)]
    pub max_requests: u32,
    /// Each worker adds up to so many to that, drawn when it starts; default 0.
    #[serde(default)]
    pub max_requests_jitter: u32,
    /// How long the application takes to load in a new worker; default 0s. Instances of the start
    /// have loaded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<LawSpec>,
    /// The same for a worker that replaces another while the master runs: files have been read
    /// before. Default: as `boot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respawn: Option<LawSpec>,
    /// How long after its start the master listens, before workers are forked; default 0s.
    /// Instances of the start listen already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch: Option<LawSpec>,
    /// How long after the answer the client has closed its connection, which a sync worker of
    /// gunicorn 27 waits for before it takes the next one: from far away a round trip; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lingers: Option<LawSpec>,
    /// The master loads the application before it listens, and workers start with it loaded;
    /// default false.
    #[serde(default)]
    pub preload: bool,
    /// Memory; without it there is always enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemorySpec>,
    /// A connection pool in every process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<ProcessPoolSpec>,
    /// What happens when the client has left; default `ignore`.
    #[serde(default)]
    pub client_gone: ClientLeft,
    /// The program dies of itself and takes the instance out of service; default: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash: Option<CrashSpec>,
    /// Where queries go that do not say it themselves, without `pool`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Target>,
    /// Steps of every request, where endpoints are not told apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepSpec>,
    /// Steps by endpoint.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub endpoints: IndexMap<EndpointName, Vec<StepSpec>>,
}
