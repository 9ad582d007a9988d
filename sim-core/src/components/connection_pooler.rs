//! A pooler between clients and a database: many client connections share few server connections.

mod queries;
mod servers;
mod spec;
mod terms;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::spec::{ConnectionPoolerSpec, PoolMode};
use self::terms::Terms;
use super::{Bound, Component, Limits, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::Stream;
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::lease::Loans;
use crate::engine::meter::{Counter, Sketch, Station};
use crate::engine::queue::Queue;
use crate::engine::request::{Ask, Cause, Outcome, ReqId, Want};
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};
use crate::rules::pool::Stock;
use crate::rules::thread::Thread;
use crate::units::Duration;
use crate::wiring::{Flaw, Site, Wider};

/// What a timer or an answer is about: the high half of its word; the low half is a job's number.
const THREAD: u64 = 0;
const EXPIRED: u64 = 1 << 32;
const RESERVE: u64 = 2 << 32;
const OPENING: u64 = 3 << 32;
const RETRY: u64 = 4 << 32;
const SWEEP: u64 = 5 << 32;
const DIALLED: u64 = 6 << 32;
const RUNNING: u64 = 7 << 32;

/// Those who have waited too long are looked for three times a second.
const TICK: Nanos = SECOND / 3;
/// No server connection.
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    /// In line for the pooler's thread, or on it.
    Thread,
    /// In line for a server connection.
    Waiting { ticket: u32, timer: Timer },
    /// The database works on it.
    Running { server: u32, child: ReqId },
}

/// A query in the pooler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    req: ReqId,
    /// The client's connection; 0 for one that comes and goes with the query.
    client: u64,
    since: Nanos,
    stage: Stage,
}

/// A connection pooler in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConnectionPooler {
    terms: Terms,
    /// Server connections.
    stock: Stock,
    line: Queue,
    thread: Thread,
    jobs: Slab<Job>,
    /// Client connections that stay open.
    loans: Loans,
    /// The server connection that each of them keeps, by the loan's place, or [`NONE`].
    kept: Vec<u32>,
    /// Clients who came with one query.
    passing: u32,
    is_opening: bool,
    is_sweeping: bool,
    /// Why the last log-in failed, if it did; none is tried before that time.
    login_failure: Option<Cause>,
    retries_at: Nanos,
    started: Nanos,
    luck: Stream,
    slow: f64,
    meter: Station,
    clients: Station,
    cpu: Station,
    latency: Sketch,
    wait_timeouts: Counter,
    opened: Counter,
}

impl ConnectionPooler {
    fn connected(&self) -> u32 {
        self.passing + self.loans.len() as u32
    }

    fn count_clients(&mut self, now: Nanos) {
        let connected = self.connected();
        self.clients.busy.set(now, connected);
    }

    /// A client connects to stay.
    fn welcome(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let lease = self.loans.lend();
        let place = lease as u32 as usize;
        if self.kept.len() <= place {
            self.kept.resize(place + 1, NONE);
        }
        self.kept[place] = NONE;
        self.count_clients(cx.now());
        cx.ask_mut(req).lease = lease;
        cx.reply(req, Outcome::Done);
    }

    /// A client disconnects; what it still wanted is left as it is.
    fn farewell(&mut self, cx: &mut Cx<'_>, client: u64) {
        if self.loans.release(client).is_some() {
            self.count_clients(cx.now());
            if let Some(server) = self.part(client) {
                self.free(cx, server);
            }
            return;
        }
        let its = |&index: &u32| self.jobs.get(index).is_some_and(|job| job.client == client);
        let left: Vec<u32> = self.jobs.numbers().filter(its).collect();
        left.into_iter().for_each(|index| self.abandon(cx, index));
    }

    /// A query is over. The server connection, if it is still good, goes back unless its client
    /// keeps it.
    fn end(&mut self, cx: &mut Cx<'_>, client: u64, server: Option<u32>) {
        let has_left = match client {
            0 => {
                self.passing -= 1;
                true
            }
            client => self.loans.leave(client, false).is_some(),
        };
        if has_left {
            self.count_clients(cx.now());
        }
        let keeps = self.terms.mode == PoolMode::Session && !has_left;
        if let Some(server) = server.or(self.kept_by(client)).filter(|_| !keeps) {
            self.part(client);
            self.free(cx, server);
        }
    }

    /// The pooler closes a client's connection in the middle of a query.
    fn dismiss(&mut self, cx: &mut Cx<'_>, job: &Job, cause: Cause) {
        self.loans.release(job.client);
        cx.hang_up(job.req, cause);
        self.end(cx, job.client, None);
    }

    /// The client of a query has left. A server connection in the middle of one is closed: the
    /// database works on, and nobody else can have it.
    fn abandon(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index).cloned() else { return };
        match job.stage {
            Stage::Thread => {
                cx.mark_cancelled(job.req);
                return;
            }
            Stage::Waiting { ticket, timer } => self.leave_line(cx, (ticket, timer)),
            Stage::Running { server, child } => {
                cx.detach(child);
                cx.cancel(child);
                self.lose(cx, job.client, server);
            }
        }
        self.jobs.remove(index);
        cx.reply(job.req, Outcome::Failed(Cause::Cancelled));
        self.end(cx, job.client, None);
    }

    fn set_capacities(&mut self, now: Nanos) {
        self.meter.set_capacity(now, self.terms.pool.limit);
        self.clients.set_capacity(now, self.terms.clients_max);
        self.cpu.set_capacity(now, u32::from(self.terms.cpu > 0));
    }
}

impl Component for ConnectionPooler {
    const NAME: &'static str = "connection-pooler";
    const SUMMARY: &'static str =
        "A pooler that works as pgbouncer does: many clients share few connections to a database.";
    type Spec = ConnectionPoolerSpec;

    fn build(spec: &ConnectionPoolerSpec, site: &Site) -> Result<Self, Flaw> {
        Ok(ConnectionPooler {
            terms: Terms::new(spec, site)?,
            stock: Stock::default(),
            line: Queue::default(),
            thread: Thread::default(),
            jobs: Slab::default(),
            loans: Loans::default(),
            kept: Vec::new(),
            passing: 0,
            is_opening: false,
            is_sweeping: false,
            login_failure: None,
            retries_at: 0,
            started: 0,
            luck: Stream::new(0),
            slow: 1.0,
            meter: Station::new(0, 0),
            clients: Station::new(0, 0),
            cpu: Station::new(0, 0),
            latency: Sketch::default(),
            wait_timeouts: Counter::default(),
            opened: Counter::default(),
        })
    }

    /// Those who wait keep their time; connections above a smaller limit are closed as they come
    /// back.
    fn retune(&mut self, cx: &mut Cx<'_>, spec: &Self::Spec, site: &Site) -> Result<(), Flaw> {
        let mut fresh = Terms::new(spec, site)?;
        self.terms.pool.check_change(&fresh.pool, &spec.form())?;
        if fresh.mode != self.terms.mode {
            let message = "clients that are connected cannot change the mode";
            return Err(Flaw::new("pool_mode", message, "write it at the start"));
        }
        fresh.prepare(&mut |delay| cx.lane(delay));
        self.terms = fresh;
        self.set_capacities(cx.now());
        self.launch(cx);
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("server connections", &self.meter);
        survey.resource("client connections", &self.clients);
        if self.terms.cpu > 0 {
            survey.resource("cpu", &self.cpu);
        }
        survey.counts.push(("query_wait_timeouts", self.wait_timeouts.count()));
        survey.counts.push(("opened", self.opened.count()));
    }

    fn bound(spec: &ConnectionPoolerSpec) -> Bound {
        let cpu = spec.cpu.map_or(0.0, Duration::seconds);
        Bound { per_second: (cpu > 0.0).then(|| 1.0 / cpu), ..Bound::default() }
    }

    fn limits(spec: &ConnectionPoolerSpec) -> Limits {
        spec.limits()
    }

    fn widen(spec: &ConnectionPoolerSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        spec.widen(resource)
    }
}

impl Behaviour for ConnectionPooler {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.terms.prepare(lanes);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.luck = cx.stream("connections");
        self.started = cx.now();
        self.set_capacities(cx.now());
    }

    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let &Ask { lease, want, .. } = cx.ask(req);
        if lease != 0 && !self.loans.enter(lease) {
            cx.reply(req, Outcome::Failed(Cause::Reset));
        } else if lease != 0 && want == Want::Lease {
            // somebody only wants to know whether it is there
            self.loans.leave(lease, false);
            cx.reply(req, Outcome::Done);
        } else if lease == 0 && self.connected() >= self.terms.clients_max {
            self.clients.turn_away();
            cx.hang_up(req, Cause::TooManyConnections);
        } else if lease == 0 && want == Want::Lease {
            self.welcome(cx, req);
        } else {
            self.passing += u32::from(lease == 0);
            self.count_clients(cx.now());
            let job = Job { req, client: lease, since: cx.now(), stage: Stage::Thread };
            let index = self.jobs.insert(job);
            cx.hold(req, u64::from(index));
            if self.terms.cpu > 0 { self.compute(cx, index) } else { self.find_server(cx, index) }
        }
    }

    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        match answer.word & !0xffff_ffff {
            DIALLED => self.logged_in(cx, answer),
            _ => self.answered(cx, answer.word as u32, answer.outcome),
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        match word & !0xffff_ffff {
            THREAD => self.computed(cx),
            EXPIRED => self.expired(cx, word as u32),
            OPENING => self.log_in(cx),
            SWEEP => self.sweep(cx),
            // the reserve may be used now, or a log-in be tried again
            _ => self.launch(cx),
        }
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Release { lease } = note {
            self.farewell(cx, lease);
        }
    }

    fn waits_for(&self, held: u64) -> Option<&'static str> {
        let job = self.jobs.get(held as u32)?;
        Some(if job.stage == Stage::Thread { "cpu" } else { "server connections" })
    }

    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        let index = cx.held(gone.req) as u32;
        self.abandon(cx, index);
    }

    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for job in self.jobs.drain() {
            match job.stage {
                Stage::Waiting { timer, .. } => {
                    cx.disarm(timer);
                }
                Stage::Running { child, .. } => {
                    cx.detach(child);
                    cx.cancel(child);
                }
                Stage::Thread => {}
            }
            cx.reply(job.req, Outcome::Failed(cause));
        }
        self.terms.pool.hang_up(cx, &mut self.stock);
        self.line = Queue::default();
        self.thread.clear();
        self.loans.void();
        self.passing = 0;
        (self.is_opening, self.is_sweeping) = (false, false);
        (self.login_failure, self.retries_at) = (None, 0);
        for station in [&mut self.meter, &mut self.clients, &mut self.cpu] {
            station.close(now);
        }
    }

    fn act(&mut self, _cx: &mut Cx<'_>, action: Action) -> bool {
        let Action::Slow(factor) = action else { return false };
        self.slow = factor;
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals { latency: self.latency.seal(), ..Vitals::of(&self.meter, now) }
    }

    fn reset_meters(&mut self, now: Nanos) {
        for station in [&mut self.meter, &mut self.clients, &mut self.cpu] {
            station.reset(now);
        }
        self.wait_timeouts.reset();
        self.opened.reset();
    }
}
