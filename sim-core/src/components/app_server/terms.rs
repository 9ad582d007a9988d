//! What the form says, ready to run.

use serde::{Deserialize, Serialize};

use super::spec::{AppServerSpec, ClientLeft, SynRetries, WorkerKind};
use crate::components::{Bound, Limits, Room};
use crate::engine::agenda::Lane;
use crate::engine::chance::{Law, LawSpec};
use crate::engine::time::{Nanos, SECOND};
use crate::rules::{self, pool::PoolTerms};
use crate::steps::{Demand, Op, Program, own_demand};
use crate::units::Duration;
use crate::wiring::{Flaw, Site, Wider};

const BACKLOG: u32 = 2_048;
const SOMAXCONN: u32 = 4_096;
const CONNECTIONS: u32 = 1_000;
const SILENCE: Duration = Duration(30 * SECOND);

/// Memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) machine: u64,
    pub(super) base: u64,
    pub(super) worker: u64,
    pub(super) leak: u64,
}

/// The knobs as numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) kind: WorkerKind,
    pub(super) workers: u32,
    /// Requests that a process works on at once; on an event loop one computes.
    pub(super) slots: u32,
    /// Connections that a process holds.
    pub(super) room: u32,
    /// How long an idle connection stays open, 0 for not at all; its lane while it is above 0.
    keepalive: Nanos,
    pub(super) keep_lane: Option<Lane>,
    /// Idle connections that a process keeps at most.
    pub(super) idle: u32,
    /// Connections at which one more is answered with 503.
    pub(super) crowd: u32,
    pub(super) cores: u32,
    pub(super) gil: bool,
    /// Processes that can run at once when they are told of a connection; no number where who is
    /// told first differs from time to time.
    pub(super) wakes: u32,
    /// Connections that the accept queue holds.
    pub(super) backlog: u32,
    pub(super) retries: SynRetries,
    /// Ticks a second of the one machine where the clients are.
    pub(super) kernel_hz: Option<u32>,
    /// A client's pause before it repeats what was not acknowledged.
    pub(super) rto: Option<Law>,
    /// 0 for never.
    pub(super) timeout: Nanos,
    pub(super) graceful: Nanos,
    /// 0 for never.
    pub(super) max_requests: u32,
    pub(super) jitter: u32,
    pub(super) boot: Option<Law>,
    pub(super) respawn: Option<Law>,
    pub(super) launch: Option<Law>,
    /// How long a place waits for its client's close.
    pub(super) lingers: Option<Law>,
    pub(super) preload: bool,
    pub(super) memory: Option<Memory>,
    pub(super) pool: Option<PoolTerms>,
    /// One broken connection is taken for all.
    pub(super) forget_all: bool,
    pub(super) notice: bool,
    pub(super) crash: Option<Law>,
    /// The exit code of a crash.
    pub(super) code: u8,
}

/// A law, or what is wrong with it.
pub(super) fn law(path: &str, spec: Option<&LawSpec>) -> Result<Option<Law>, Flaw> {
    let law = spec.map(LawSpec::compile).transpose();
    law.map_err(|message| Flaw::told(path, &message, "correct the law"))
}

/// A law that takes any time at all.
fn some_time(path: &str, spec: Option<&LawSpec>) -> Result<Option<Law>, Flaw> {
    Ok(law(path, spec)?.filter(|law| law.constant_nanos() != Some(0)))
}

fn lingers(spec: &AppServerSpec, kind: WorkerKind) -> Result<Option<Law>, Flaw> {
    let time = some_time("lingers", spec.lingers.as_ref())?;
    if time.is_some() && kind != WorkerKind::Sync {
        let message = "only a sync worker waits for its client to close";
        return Err(Flaw::new("lingers", message, "leave it out, or write worker: sync"));
    }
    Ok(time)
}

fn within(path: &str, number: u32, (least, most): (u32, u32)) -> Result<u32, Flaw> {
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    let message = format!("{path} cannot be {number}");
    Err(Flaw::new(path, message, format!("write {least} to {most}")))
}

/// A knob that only some kinds of worker have.
fn only(path: &str, given: Option<u32>, has: bool, whose: &str) -> Result<Option<u32>, Flaw> {
    let Some(number) = given else { return Ok(None) };
    if !has {
        let message = format!("{path} means nothing to this kind of worker");
        return Err(Flaw::new(path, message, format!("leave it out, or write worker: {whose}")));
    }
    within(path, number, (1, 1_000_000)).map(Some)
}

impl Terms {
    pub(super) fn new(spec: &AppServerSpec, site: &Site) -> Result<Self, Flaw> {
        use WorkerKind::{Gevent, Gthread, Sync, Uvicorn};
        let cores = within("cores", spec.cores, (1, 4_000))?;
        let workers = within("workers", spec.workers.count(cores), (1, 10_000))?;
        let threaded = matches!(spec.worker, Sync | Gthread);
        let threads = only("threads", spec.threads, threaded, "gthread")?.unwrap_or(1);
        let kind = kind(spec);
        let connections = spec.worker_connections;
        let pooled = matches!(kind, Gthread | Gevent);
        let connections = only("worker_connections", connections, pooled, "gthread")?;
        let crowd = spec.limit_concurrency;
        let crowd = only("limit_concurrency", crowd, kind == Uvicorn, "uvicorn")?;
        let notice = spec.client_gone == ClientLeft::Notice;
        if notice && !kind.has_loop() {
            let message = "a worker with threads never learns that its client has left";
            let remedy = "leave it out, or write worker: uvicorn or worker: gevent";
            return Err(Flaw::new("client_gone", message, remedy));
        }
        let keepalive = keepalive(spec, kind)?;
        let backlog = within("backlog", spec.backlog.unwrap_or(BACKLOG), (0, 10_000_000))?;
        let cap = within("somaxconn", spec.somaxconn.unwrap_or(SOMAXCONN), (0, 10_000_000))?;
        let crash = spec.crash.as_ref().map(|crash| &crash.after);
        let room = match kind {
            Sync => 1,
            Gthread | Gevent => connections.unwrap_or(CONNECTIONS).max(threads),
            Uvicorn => u32::MAX,
        };
        let pool = spec.pool.as_ref();
        Ok(Terms {
            kind,
            workers,
            slots: if kind.has_loop() { 1 } else { threads },
            room,
            keepalive,
            keep_lane: None,
            idle: if kind == Gthread { room - threads } else { room },
            crowd: crowd.unwrap_or(u32::MAX),
            cores,
            gil: spec.gil.unwrap_or(true),
            wakes: if kind == Gthread { cores } else { u32::MAX },
            // the kernel asks whether there are more than the limit, so one more fits
            backlog: backlog.min(cap) + 1,
            retries: spec.syn_retries,
            kernel_hz: spec
                .kernel_hz
                .map(|hz| within("kernel_hz", hz, (100, 1_000)))
                .transpose()?,
            rto: law("rto", spec.rto.as_ref())?,
            timeout: if kind == Gthread { 0 } else { spec.timeout.unwrap_or(SILENCE).nanos() },
            graceful: spec.graceful_timeout.unwrap_or(SILENCE).nanos(),
            max_requests: spec.max_requests,
            jitter: spec.max_requests_jitter,
            boot: some_time("boot", spec.boot.as_ref())?,
            respawn: law("respawn", spec.respawn.as_ref())?,
            launch: some_time("launch", spec.launch.as_ref())?,
            lingers: lingers(spec, kind)?,
            preload: spec.preload,
            memory: memory(spec)?,
            pool: pool.map(|pool| PoolTerms::new(&pool.form(), site)).transpose()?,
            forget_all: pool.and_then(|pool| pool.forget_all).unwrap_or(true),
            notice,
            crash: law("crash.after", crash)?,
            code: spec.crash.as_ref().and_then(|crash| crash.code).unwrap_or(1),
        })
    }

    pub(super) fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        if let Some(pool) = &mut self.pool {
            pool.prepare(lanes);
        }
        self.keep_lane = (self.keepalive > 0).then(|| lanes(self.keepalive));
    }

    /// Connections that all processes hold at most; `None` where they take every one.
    pub(super) fn places(&self) -> Option<u32> {
        match self.kind {
            WorkerKind::Uvicorn => None,
            WorkerKind::Gevent => Some(self.room),
            WorkerKind::Sync | WorkerKind::Gthread => Some(self.slots),
        }
    }

    /// Calls at the same time would need several connections of one request.
    pub(super) fn check(&self, program: &Program) -> Result<(), Flaw> {
        let Some(pool) = &self.pool else { return Ok(()) };
        let mut branches = 0;
        for op in &program.ops {
            match op {
                Op::Parallel { count } => branches = *count,
                Op::Call { out, .. } if branches > 0 && out.to == pool.to => {
                    let message = "queries on the process's own pool cannot run at the same time";
                    let remedy = "write them one after another, or put a connection-pool node \
                                  before the database";
                    return Err(Flaw::new("pool", message, remedy));
                }
                _ => branches = branches.saturating_sub(1),
            }
        }
        Ok(())
    }
}

/// How long idle connections stay open.
fn keepalive(spec: &AppServerSpec, kind: WorkerKind) -> Result<Nanos, Flaw> {
    if kind == WorkerKind::Sync && spec.keepalive.is_some_and(|time| time.nanos() > 0) {
        let message = "a sync worker closes every connection after its answer";
        let remedy = "leave keepalive out, or write worker: gthread";
        return Err(Flaw::new("keepalive", message, remedy));
    }
    Ok(spec.keepalive.unwrap_or(kind.keepalive()).nanos())
}

fn memory(spec: &AppServerSpec) -> Result<Option<Memory>, Flaw> {
    let Some(memory) = &spec.memory else { return Ok(None) };
    let [machine, base, worker, leak] =
        [memory.machine, memory.base, memory.worker, memory.leak].map(|bytes| bytes.0);
    if base.saturating_add(worker) > machine {
        let message = format!("not even one worker of {} fits", memory.worker);
        return Err(Flaw::new("memory.machine", message, "write a larger machine"));
    }
    Ok(Some(Memory { machine, base, worker, leak }))
}

/// The kind of worker: gunicorn makes `sync` with threads `gthread`.
fn kind(spec: &AppServerSpec) -> WorkerKind {
    let is_threaded = spec.worker == WorkerKind::Sync && spec.threads.is_some_and(|n| n > 1);
    if is_threaded { WorkerKind::Gthread } else { spec.worker }
}

/// What one instance can serve if no step ever waits: the least of slots over held time, processes
/// over CPU time where a process computes on one core, and cores over CPU time; of the endpoint
/// that costs least, for a mix can only be worse.
pub(super) fn bound(spec: &AppServerSpec) -> Bound {
    let Room { slots, computing, cores } = room(spec);
    let all = spec.endpoints.values().chain((!spec.steps.is_empty()).then_some(&spec.steps));
    let rate = all.map(|steps| {
        let (held, cpu) = own_demand(steps);
        (slots / held).min(computing.min(cores) / cpu)
    });
    let per_second = rate.reduce(f64::max).filter(|rate| rate.is_finite());
    Bound { per_second, ..Bound::default() }
}

fn room(spec: &AppServerSpec) -> Room {
    let workers = f64::from(spec.workers.count(spec.cores));
    let is_loop = spec.worker.has_loop();
    let slots = if is_loop { f64::INFINITY } else { workers * threads(spec) };
    let computing = if is_loop || spec.gil.unwrap_or(true) { workers } else { f64::INFINITY };
    Room { slots, computing, cores: f64::from(spec.cores) }
}

/// What other parts can disagree with. Only a sync worker is silent while it works on a request, so
/// that its master ends it.
pub(super) fn limits(spec: &AppServerSpec) -> Limits {
    let workers = spec.workers.count(spec.cores);
    let kind = kind(spec);
    let timeout = spec.timeout.unwrap_or(SILENCE).nanos();
    let grace = spec.graceful_timeout.unwrap_or(SILENCE).nanos();
    let is_even = spec.max_requests > 0 && spec.max_requests_jitter == 0;
    let limits = Limits {
        work: Demand::all(&spec.steps, &spec.endpoints),
        room: Some(room(spec)),
        kills_after: (kind == WorkerKind::Sync && timeout > 0).then_some(("timeout", timeout)),
        drains_in: Some(("graceful_timeout", grace)),
        keeps: keepalive(spec, kind).ok().filter(|&time| time > 0),
        recycles: is_even.then_some((spec.max_requests, workers)),
        ..Limits::default()
    };
    let Some(pool) = &spec.pool else { return limits };
    Limits {
        opens: vec![(pool.to.0.clone(), u64::from(workers) * pool.form().most())],
        waits: vec![("pool.timeout", rules::pool::wait(pool.timeout))],
        ..limits
    }
}

fn threads(spec: &AppServerSpec) -> f64 {
    f64::from(spec.threads.unwrap_or(1))
}

/// More of what is used up: more instances or cores where that is computing, else more processes,
/// threads or connections.
pub(super) fn widen(spec: &AppServerSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
    let replicas = vec![Wider::twice("replicas", spec.replicas.unwrap_or(1))];
    let workers = spec.workers.count(spec.cores);
    let open = spec.worker_connections.unwrap_or(CONNECTIONS);
    match (resource, &spec.pool) {
        (Some("workers" | "gil" | "event-loops"), _) => Wider::only("workers", workers),
        (Some("threads"), _) => Wider::only("threads", spec.threads.unwrap_or(1)),
        (Some("connections"), _) => Wider::only("worker_connections", open),
        (Some("pool"), Some(pool)) => {
            let overflow = Wider::twice("pool.overflow", pool.overflow);
            let fields = [Wider::twice("pool.size", pool.size), overflow];
            vec![fields.into_iter().filter(|wider| wider.from != wider.to).collect()]
        }
        (Some(_), _) => vec![replicas, vec![Wider::twice("cores", spec.cores)]],
        (None, _) => vec![replicas],
    }
}
