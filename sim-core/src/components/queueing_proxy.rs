//! A reverse proxy that works as HAProxy does: slots, one queue for all servers, retries, checks.

mod build;
mod checks;
mod flow;
mod queue;
mod servers;
mod spec;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::flow::{Stage, Visit};
use self::servers::Servers;
pub use self::spec::{ProxyBalance, ProxyCheckSpec, ProxyServerSpec, QueueingProxySpec};
use super::{Bound, Component, Limits, Survey};
use crate::engine::agenda::Lane;
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::meter::Station;
use crate::engine::queue::Queue;
use crate::engine::request::{Cause, Outcome, ReqId};
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};
use crate::rules::health::{Check, CheckTerms};
use crate::rules::thread::Thread;
use crate::units::Duration;
use crate::wiring::{Flaw, Site, Wider};

/// What a timer, or a fork, is about: the high half of its word; the low half is a number.
const THREAD: u64 = 0;
const QUEUED: u64 = 1 << 32;
const CONNECT: u64 = 2 << 32;
const PAUSE: u64 = 3 << 32;
const SENT: u64 = 4 << 32;
const PROBE: u64 = 5 << 32;
const LATE: u64 = 6 << 32;

/// The times of the form, ns; `None` for ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Times {
    queue: Option<Nanos>,
    connect: Option<Nanos>,
    server: Option<Nanos>,
    /// Between two attempts at one server.
    pause: Nanos,
    /// Round trip of a fresh connection.
    handshake: Nanos,
    cpu: Nanos,
}

/// Counts since the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    queue_timeouts: u64,
    connect_errors: u64,
    retries: u64,
    redispatches: u64,
    statuses: [u64; STATUSES.len()],
    checks: u64,
    checks_failed: u64,
}

/// The statuses that the proxy answers by itself.
const STATUSES: [(u16, &str); 3] = [(502, "status_502"), (503, "status_503"), (504, "status_504")];

/// A queueing proxy in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueueingProxy {
    servers: Servers,
    times: Times,
    retries: u32,
    redispatches: bool,
    drops_aborted: bool,
    check: Option<CheckTerms>,
    checks: Vec<Check>,
    /// Checks so far: each has luck of its own.
    probes: u64,
    /// Those who take the first slot on any server.
    line: Queue,
    thread: Thread,
    visits: Slab<Visit>,
    slow: f64,
    slots: Station,
    cpu: Station,
    counts: Counts,
}

impl QueueingProxy {
    /// A node that may be a server came into service, or is on its way out.
    fn tell(&mut self, cx: &mut Cx<'_>, node: u32, is_up: bool) {
        let known = self.servers.all.iter().position(|server| server.node == node);
        let Some(index) = known else { return };
        let server = &mut self.servers.all[index];
        if server.is_listed == is_up {
            return;
        }
        server.is_listed = is_up;
        let index = index as u32;
        if is_up {
            self.watch(cx, index);
            self.take_over(cx, index);
        } else {
            self.unwatch(cx, index);
            self.send_away(cx, index);
        }
        self.set_capacities(cx.now());
    }

    fn set_capacities(&mut self, now: Nanos) {
        self.slots.set_capacity(now, self.servers.slots().unwrap_or(0));
        self.cpu.set_capacity(now, u32::from(self.times.cpu > 0));
    }
}

impl Component for QueueingProxy {
    const NAME: &'static str = "queueing-proxy";
    const SUMMARY: &'static str =
        "A reverse proxy that works as HAProxy does: slots, a queue for all servers, retries.";
    type Spec = QueueingProxySpec;

    fn build(spec: &QueueingProxySpec, site: &Site) -> Result<Self, Flaw> {
        let servers = build::servers(spec, site)?;
        let connect = build::span("timeout_connect", spec.timeout_connect)?;
        let queue = build::span("timeout_queue", spec.timeout_queue)?;
        let times = Times {
            queue: queue.or(connect),
            connect,
            server: build::span("timeout_server", spec.timeout_server)?,
            pause: connect.unwrap_or(SECOND).min(SECOND),
            handshake: spec.connect.map_or(0, Duration::nanos),
            cpu: spec.cpu.map_or(0, Duration::nanos),
        };
        Ok(QueueingProxy {
            times,
            retries: spec.retries.unwrap_or(3),
            redispatches: spec.redispatch,
            drops_aborted: spec.abortonclose,
            check: build::check(spec, site)?,
            checks: vec![Check::default(); servers.all.len()],
            probes: 0,
            line: Queue::default(),
            thread: Thread::default(),
            visits: Slab::default(),
            slow: 1.0,
            slots: Station::new(0, 0),
            cpu: Station::new(0, 0),
            counts: Counts::default(),
            servers,
        })
    }

    /// Requests that are under way keep their times and attempts.
    fn retune(&mut self, cx: &mut Cx<'_>, spec: &Self::Spec, site: &Site) -> Result<(), Flaw> {
        let fresh = Self::build(spec, site)?;
        let nodes = |of: &Servers| of.all.iter().map(|it| it.node).collect::<Vec<_>>();
        if nodes(&fresh.servers) != nodes(&self.servers) || fresh.check != self.check {
            let message = "servers and checks are fixed while the run goes on";
            return Err(Flaw::new("", message, "change weights, limits, times or the balance"));
        }
        for (server, new) in self.servers.all.iter_mut().zip(fresh.servers.all) {
            (server.weight, server.maxconn) = (new.weight, new.maxconn);
        }
        self.servers.balance = fresh.servers.balance;
        self.times = fresh.times;
        (self.retries, self.redispatches) = (fresh.retries, fresh.redispatches);
        self.drops_aborted = fresh.drops_aborted;
        self.set_capacities(cx.now());
        for index in 0..self.servers.all.len() as u32 {
            self.take_over(cx, index);
        }
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("slots", &self.slots);
        if self.times.cpu > 0 {
            survey.resource("cpu", &self.cpu);
        }
        let counts = &self.counts;
        let statuses = STATUSES.iter().zip(counts.statuses);
        survey.counts.extend(statuses.map(|(&(_, name), count)| (name, count)));
        survey.counts.extend([
            ("queue_timeouts", counts.queue_timeouts),
            ("connect_errors", counts.connect_errors),
            ("retries", counts.retries),
            ("redispatches", counts.redispatches),
            ("checks", counts.checks),
            ("checks_failed", counts.checks_failed),
        ]);
    }

    fn bound(spec: &QueueingProxySpec) -> Bound {
        let cpu = spec.cpu.map_or(0.0, Duration::seconds);
        Bound { per_second: (cpu > 0.0).then(|| 1.0 / cpu), forwards: true, in_order: false }
    }

    fn limits(spec: &QueueingProxySpec) -> Limits {
        build::limits(spec)
    }

    fn carries_leases(_spec: &QueueingProxySpec) -> bool {
        false
    }

    fn widen(spec: &QueueingProxySpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        match (resource, spec.maxconn) {
            (Some("slots"), Some(limit)) if limit > 0 => Wider::only("maxconn", limit),
            _ => Vec::new(),
        }
    }
}

impl Behaviour for QueueingProxy {
    fn prepare(&mut self, _lanes: &mut dyn FnMut(Nanos) -> Lane) {}

    /// The configuration outlives the process: servers that were listed still are.
    fn start(&mut self, cx: &mut Cx<'_>) {
        for index in 0..self.servers.all.len() as u32 {
            let (node, group, is_listed) = {
                let server = &self.servers.all[index as usize];
                (server.node, server.group, server.is_listed)
            };
            cx.watch(group);
            if is_listed {
                self.watch(cx, index);
            } else if cx.in_service(node) {
                self.tell(cx, node, true);
            }
        }
        self.set_capacities(cx.now());
    }

    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let index = self.visits.insert(Visit::new(req, cx.now()));
        cx.hold(req, u64::from(index));
        if self.times.cpu > 0 { self.compute(cx, index) } else { self.dispatch(cx, index, None) }
    }

    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let index = answer.word as u32;
        match answer.word & !0xffff_ffff {
            PROBE => self.probed(cx, index, answer.outcome),
            _ => self.answered(cx, (index, answer.req), answer.outcome),
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let index = word as u32;
        match word & !0xffff_ffff {
            THREAD => self.computed(cx),
            QUEUED => self.waited_too_long(cx, index),
            CONNECT => self.shaken(cx, index),
            PAUSE => self.try_again(cx, index),
            PROBE => self.probe(cx, index),
            LATE => self.probe_late(cx, index),
            _ => self.look(cx, index),
        }
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Member { node, up, .. } = note {
            self.tell(cx, node, up);
        }
    }

    fn waits_for(&self, held: u64) -> Option<&'static str> {
        let visit = self.visits.get(held as u32)?;
        Some(if visit.stage == Stage::Thread { "cpu" } else { "slots" })
    }

    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        self.aborted(cx, gone.req);
    }

    /// All that it knew was in memory.
    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        for visit in self.visits.drain() {
            visit.stage.drop_all(cx);
            cx.reply(visit.req, Outcome::Failed(cause));
        }
        for index in 0..self.servers.all.len() as u32 {
            self.unwatch(cx, index);
            let server = &mut self.servers.all[index as usize];
            (server.served, server.line) = (0, Queue::default());
        }
        self.line = Queue::default();
        self.thread.clear();
        self.slots.close(cx.now());
        self.cpu.close(cx.now());
    }

    fn act(&mut self, _cx: &mut Cx<'_>, action: Action) -> bool {
        let Action::Slow(factor) = action else { return false };
        self.slow = factor;
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals::of(&self.slots, now)
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.slots.reset(now);
        self.cpu.reset(now);
        self.counts = Counts::default();
    }
}
