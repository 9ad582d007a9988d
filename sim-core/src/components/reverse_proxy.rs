//! A reverse proxy that works as nginx does: peers, passive health, retries, limits, TLS.

mod build;
mod choose;
mod clients;
mod crc32;
mod flow;
mod health;
mod idle;
mod limits;
mod next;
mod peers;
mod spec;
mod tally;
#[cfg(test)]
mod tests;
mod worker;

use serde::{Deserialize, Serialize};

use self::clients::Clients;
use self::flow::{Phase, Visit};
use self::health::Health;
use self::idle::Keepalive;
use self::limits::{LimitConn, LimitReq};
use self::next::{NextUpstream, READ_TIMEOUT_S};
use self::peers::{Peer, Roster, State};
pub use self::spec::{
    Balance, Condition, HealthSpec, KeepaliveSpec, LimitConnSpec, LimitReqSpec, ReverseProxySpec,
    ServerSpec, TlsSpec,
};
use self::tally::Counts;
use self::worker::Worker;
use super::{Bound, Component, Limits, Survey};
use crate::engine::agenda::Lane;
use crate::engine::chance::{Stream, below};
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::meter::Station;
use crate::engine::request::{Cause, Outcome, ReqId};
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};
use crate::rules::health::Check;
use crate::rules::servers::whole;
use crate::units::Duration;
use crate::wiring::{Flaw, Site, Wider};

/// Where the clock of whole seconds stands when a run begins: long after it was set to 0.
const EPOCH_S: u64 = 1_000_000_000;

/// What a timer, or a fork, is about: the high half of its word; the low half is a number.
const CPU: u64 = 0;
const HELD: u64 = 1;
const CONNECT: u64 = 2;
const UPSTREAM: u64 = 3;
const PROBE: u64 = 4;
const LATE: u64 = 5;
const IDLE: u64 = 6;

#[inline]
fn word(kind: u64, index: u32) -> u64 {
    kind << 32 | u64::from(index)
}

/// A reverse proxy in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReverseProxy {
    roster: Roster,
    balance: Balance,
    zone: bool,
    next: NextUpstream,
    keepalive: Keepalive,
    connect_timeout: Nanos,
    read_timeout: Nanos,
    connect_ns: Nanos,
    ignores_abort: bool,
    cpu_ns: Nanos,
    sockets_max: u32,
    limit_req: Option<LimitReq>,
    limit_conn: Option<LimitConn>,
    clients: Option<Clients>,
    health: Option<Health>,
    /// Of the first look at a try, and of that at one on a kept connection.
    first_lane: Option<Lane>,
    read_lane: Option<Lane>,
    slow: f64,
    stream: Stream,
    /// How far into a second the machine's clock was at the start, ns.
    fraction: Nanos,
    workers: Vec<Worker>,
    visits: Slab<Visit>,
    checks: Vec<Check>,
    /// Checks so far: each has luck of its own.
    probes: u64,
    connections: Station,
    cpu: Station,
    counts: Counts,
}

impl ReverseProxy {
    /// A try is looked at when connecting or reading may have taken too long, whatever is first.
    fn first_look(&self) -> Nanos {
        let connecting = self.connect_timeout - self.connect_ns.min(self.connect_timeout);
        connecting.min(self.read_timeout)
    }

    /// A node that may be a peer came into service, or is on its way out.
    fn tell(&mut self, cx: &mut Cx<'_>, node: u32, is_up: bool) {
        let known = self.roster.peers.iter().position(|peer| peer.node == node);
        let Some(index) = known.map(|index| index as u32) else { return };
        self.forget_idle(cx.now(), index);
        let peer = &mut self.roster.peers[index as usize];
        if peer.is_listed == is_up {
            return;
        }
        peer.is_listed = is_up;
        let fresh = State::new(peer);
        self.roster.arrange();
        for worker in &mut self.workers {
            let state = &mut worker.states[index as usize];
            *state = State { conns: state.conns, ..fresh.clone() };
        }
        if is_up { self.watch_peer(cx, index) } else { self.unwatch_peer(cx, index) }
    }

    /// Fresh worker processes take over: they trust every peer and have no connections yet. The old
    /// ones finish what they hold, and close what is idle.
    fn reload(&mut self, cx: &mut Cx<'_>) {
        for worker in 0..self.workers.len() as u32 {
            self.close_idle(cx, worker);
            let states = &mut self.workers[worker as usize].states;
            for (state, peer) in states.iter_mut().zip(&self.roster.peers) {
                *state = State { conns: state.conns, ..State::new(peer) };
            }
        }
        if let Some(clients) = &mut self.clients {
            clients.hang_up();
        }
    }

    fn set_capacity(&mut self, now: Nanos, workers: u32) {
        self.cpu.set_capacity(now, workers);
        self.connections.set_capacity(now, workers.saturating_mul(self.sockets_max));
    }
}

impl Component for ReverseProxy {
    const NAME: &'static str = "reverse-proxy";
    const SUMMARY: &'static str =
        "A reverse proxy that works as nginx does: passive health, retries, limits, TLS.";
    const RELOADS: bool = true;
    type Spec = ReverseProxySpec;

    fn build(spec: &ReverseProxySpec, site: &Site) -> Result<Self, Flaw> {
        let workers = whole("worker_processes", spec.worker_processes, (1, 1, 1_024))?;
        let sockets = whole("worker_connections", spec.worker_connections, (512, 2, 1_000_000))?;
        let roster = build::roster(spec, site)?;
        let health = spec.health.as_ref().map(|spec| Health::new(spec, site)).transpose()?;
        Ok(ReverseProxy {
            balance: spec.balance,
            zone: spec.zone,
            next: NextUpstream::new(spec, site)?,
            keepalive: Keepalive::new(spec.keepalive.as_ref()),
            connect_timeout: build::span("proxy_connect_timeout", spec.proxy_connect_timeout, 60)?,
            read_timeout: build::span(
                "proxy_read_timeout",
                spec.proxy_read_timeout,
                READ_TIMEOUT_S,
            )?,
            connect_ns: spec.connect.map_or(0, Duration::nanos),
            ignores_abort: spec.proxy_ignore_client_abort,
            cpu_ns: spec.cpu.map_or(0, Duration::nanos),
            sockets_max: sockets,
            limit_req: spec.limit_req.as_ref().map(LimitReq::new).transpose()?,
            limit_conn: spec.limit_conn.as_ref().map(LimitConn::new).transpose()?,
            clients: spec.tls.as_ref().map(Clients::new),
            health,
            first_lane: None,
            read_lane: None,
            slow: 1.0,
            stream: Stream::new(0),
            fraction: 0,
            workers: vec![Worker::new(&roster); workers as usize],
            visits: Slab::default(),
            checks: vec![Check::default(); roster.peers.len()],
            probes: 0,
            connections: Station::new(0, 0),
            cpu: Station::new(0, 0),
            counts: Counts::default(),
            roster,
        })
    }

    fn retune(
        &mut self,
        cx: &mut Cx<'_>,
        spec: &ReverseProxySpec,
        site: &Site,
    ) -> Result<(), Flaw> {
        let mut fresh = Self::build(spec, site)?;
        let nodes = |roster: &Roster| roster.peers.iter().map(|peer| peer.node).collect::<Vec<_>>();
        if nodes(&fresh.roster) != nodes(&self.roster)
            || fresh.workers.len() != self.workers.len()
            || fresh.clients.is_some() != self.clients.is_some()
            || fresh.limit_conn.is_some() != self.limit_conn.is_some()
        {
            return Err(Flaw::new(
                "",
                "peers, worker processes, tls and limit_conn are fixed while the run goes on",
                "change weights, limits, times or the balance",
            ));
        }
        for (peer, before) in fresh.roster.peers.iter_mut().zip(&self.roster.peers) {
            (peer.is_listed, peer.is_healthy) = (before.is_listed, before.is_healthy);
        }
        fresh.roster.arrange();
        for worker in &mut self.workers {
            for (state, peer) in worker.states.iter_mut().zip(&fresh.roster.peers) {
                state.effective_weight = i64::from(peer.weight);
            }
        }
        if let Some(limit) = &mut fresh.limit_req {
            limit.succeed(self.limit_req.take(), cx.now());
        }
        if let Some(limit) = &mut fresh.limit_conn {
            limit.succeed(self.limit_conn.take());
        }
        if let (Some(clients), Some(before)) = (&mut fresh.clients, self.clients.take()) {
            clients.succeed(before);
        }
        fresh.prepare(&mut |delay| cx.lane(delay));
        *self = ReverseProxy {
            slow: self.slow,
            stream: self.stream.clone(),
            fraction: self.fraction,
            workers: std::mem::take(&mut self.workers),
            visits: std::mem::take(&mut self.visits),
            checks: std::mem::take(&mut self.checks),
            probes: self.probes,
            connections: self.connections,
            cpu: self.cpu,
            counts: std::mem::take(&mut self.counts),
            ..fresh
        };
        self.set_capacity(cx.now(), self.workers.len() as u32);
        for peer in 0..self.roster.peers.len() as u32 {
            let is_listed = self.roster.peers[peer as usize].is_listed;
            if is_listed && self.health.is_some() {
                self.watch_peer(cx, peer);
            } else {
                self.unwatch_peer(cx, peer);
            }
        }
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("connections", &self.connections);
        survey.resource("cpu", &self.cpu);
        self.counts.show(survey);
    }

    fn limits(spec: &ReverseProxySpec) -> Limits {
        let reuses = Keepalive::new(spec.keepalive.as_ref()).reuses();
        Limits { reuses, ..next::limits(spec) }
    }

    /// What its cores can do, without handshakes.
    fn bound(spec: &ReverseProxySpec) -> Bound {
        let cpu = spec.cpu.map_or(0.0, Duration::seconds);
        let workers = f64::from(spec.worker_processes.unwrap_or(1));
        Bound { per_second: (cpu > 0.0).then(|| workers / cpu), forwards: true, in_order: false }
    }

    fn widen(spec: &ReverseProxySpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        match resource {
            Some("cpu") => Wider::only("worker_processes", spec.worker_processes.unwrap_or(1)),
            Some("connections") => {
                Wider::only("worker_connections", spec.worker_connections.unwrap_or(512))
            }
            _ => Vec::new(),
        }
    }
}

impl Behaviour for ReverseProxy {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.first_lane = Some(lanes(self.first_look()));
        self.read_lane = Some(lanes(self.read_timeout));
    }

    /// The configuration outlives the process: peers that were listed still are.
    fn start(&mut self, cx: &mut Cx<'_>) {
        self.stream = cx.stream("balance");
        self.fraction = below(&mut cx.stream("clock"), SECOND);
        self.set_capacity(cx.now(), self.workers.len() as u32);
        for index in 0..self.roster.peers.len() as u32 {
            let Peer { node, group, is_listed, .. } = self.roster.peers[index as usize];
            cx.watch(group);
            if is_listed {
                self.watch_peer(cx, index);
            } else if cx.in_service(node) {
                self.tell(cx, node, true);
            }
        }
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        self.admit(cx, req);
    }

    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let index = answer.word as u32;
        match answer.word >> 32 {
            PROBE => self.probed(cx, index, answer.outcome),
            _ => self.answered(cx, (index, answer.req), answer.outcome),
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let index = word as u32;
        match word >> 32 {
            CPU => {
                if let Some(done) = self.computed(cx, index) {
                    self.limit(cx, done);
                }
            }
            HELD => self.enter(cx, index),
            CONNECT => self.connected(cx, index),
            PROBE => self.probe(cx, index),
            LATE => self.probe_late(cx, index),
            IDLE => self.sweep(cx, index),
            _ => self.look(cx, index),
        }
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        match note {
            Note::Member { node, up, .. } => self.tell(cx, node, up),
            Note::Closed { lease } => self.hung_up(cx.now(), lease),
            _ => {}
        }
    }

    fn waits_for(&self, held: u64) -> Option<&'static str> {
        let visit = self.visits.get(held as u32)?;
        Some(if visit.phase == Phase::Held { "limit_req" } else { "cpu" })
    }

    /// Nobody waits above the proxy but the client whose request it holds.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        self.leave(cx, gone.req);
    }

    /// Everything that it knew was in memory.
    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for visit in self.visits.drain() {
            if let Some(child) = visit.child {
                cx.detach(child);
                cx.cancel(child);
            }
            cx.reply(visit.req, Outcome::Failed(cause));
        }
        for peer in 0..self.checks.len() as u32 {
            self.unwatch_peer(cx, peer);
        }
        for worker in 0..self.workers.len() as u32 {
            self.close_idle(cx, worker);
        }
        self.workers.fill(Worker::new(&self.roster));
        if let Some(limit) = &mut self.limit_req {
            limit.clear();
        }
        if let Some(limit) = &mut self.limit_conn {
            limit.clear();
        }
        if let Some(clients) = &mut self.clients {
            clients.clear();
        }
        self.connections.close(now);
        self.cpu.close(now);
    }

    fn act(&mut self, cx: &mut Cx<'_>, action: Action) -> bool {
        match action {
            Action::Slow(factor) => self.slow = factor,
            Action::Reload => self.reload(cx),
            Action::Flush | Action::SlowDisk(_) | Action::FullDisk(_) => return false,
        }
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals::of(&self.cpu, now)
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.connections.reset(now);
        self.cpu.reset(now);
        self.counts = Counts::default();
    }
}
