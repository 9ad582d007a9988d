//! An application server: a master and worker processes that accept from one queue of the kernel.
//!
//! Where requests wait decides the curve. Sync workers accept only when they are idle: one line for
//! all of them. Threads and event loops accept early: a line in every process, and a request may
//! wait in one while another process is idle.

mod arbiter;
mod connections;
mod handshake;
mod job;
mod lingering;
mod listener;
mod pool;
mod pooled;
mod process;
mod reload;
mod run;
mod spec;
mod terms;
#[cfg(test)]
mod tests;
mod work;
mod workers;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::connections::Connections;
use self::handshake::Halves;
use self::job::{Job, Place};
use self::lingering::Lingering;
use self::listener::Listener;
use self::process::Crew;
pub use self::spec::{
    AppServerSpec, ClientLeft, CrashSpec, MemorySpec, ProcessPoolSpec, SynRetries, WorkerKind,
};
use self::terms::Terms;
pub use self::workers::Workers;
use super::{Bound, Component, Limits, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::Stream;
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::meter::{Counter, Sketch, Station};
use crate::engine::request::{Cause, Outcome, ReqId, Want};
use crate::engine::share::Share;
use crate::engine::slab::Slab;
use crate::engine::time::Nanos;
use crate::steps::{Aside, Op, Program, Work};
use crate::wiring::{Flaw, Site, Wider};

/// What a timer means: the high half of its word; the low half is a request's or a process's
/// number.
const JOB: u64 = 0;
const SHARED: u64 = 1 << 32;
const SYN: u64 = 2 << 32;
const GAVE_UP: u64 = 3 << 32;
const EXPIRED: u64 = 4 << 32;
const BORN: u64 = 5 << 32;
const OVERDUE: u64 = 6 << 32;
const LOOK: u64 = 7 << 32;
const LOADED: u64 = 8 << 32;
const LAST: u64 = 9 << 32;
const CRASH: u64 = 10 << 32;
const IDLE: u64 = 11 << 32;
const FIN: u64 = 12 << 32;
const CLOSED: u64 = 13 << 32;
const ACK: u64 = 14 << 32;
const COPY: u64 = 15 << 32;
const REMINDER: u64 = 16 << 32;
/// Set in the word of an answer about a session of the pool; the rest is a request's number.
const DIALLED: u64 = 1 << 32;

/// What is measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Meters {
    /// Workers, threads or connections, and the lines before them.
    slots: Station,
    /// The interpreter locks, or the event loops' turns.
    turns: Station,
    cpu: Station,
    pool: Station,
    latency: Sketch,
    /// Workers killed for their silence, replaced for their age, killed for memory.
    killed: Counter,
    retired: Counter,
    starved: Counter,
    pool_timeouts: Counter,
    /// Connections that pools have opened, or tried to.
    pool_opened: Counter,
    unknown: Counter,
    /// Idle connections that the server closed, and requests that came too late on one.
    idle_closed: Counter,
    resets: Counter,
}

/// One instance in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppServer {
    program: Arc<Program>,
    terms: Terms,
    slow: f64,
    jobs: Slab<Job>,
    aside: Aside,
    listener: Listener,
    halves: Halves,
    connections: Connections,
    crew: Crew,
    share: Option<Share>,
    shared_timer: Timer,
    /// The cores' next finish has changed.
    stale: bool,
    /// Processes that may go on with something; empty between events.
    freed: Vec<u32>,
    lingering: Slab<Lingering>,
    started: Nanos,
    next_fork: Nanos,
    /// The master will look for silent workers.
    looks: bool,
    /// Memory of all workers, bytes.
    used: u64,
    meters: Meters,
}

impl AppServer {
    fn new(spec: &AppServerSpec, site: &Site) -> Result<Self, Flaw> {
        let terms = Terms::new(spec, site)?;
        let pool = spec.pool.as_ref().map(|pool| &pool.to);
        let work = Work {
            database: pool.or(spec.database.as_ref()),
            steps: &spec.steps,
            endpoints: &spec.endpoints,
        };
        let program = Program::new(work, site)?;
        terms.check(&program)?;
        Ok(AppServer {
            program: Arc::new(program),
            terms,
            slow: 1.0,
            jobs: Slab::default(),
            aside: Aside::default(),
            listener: Listener::default(),
            halves: Halves::default(),
            connections: Connections::default(),
            crew: Crew::new(Stream::new(0)),
            share: None,
            shared_timer: Timer::NONE,
            stale: false,
            freed: Vec::new(),
            lingering: Slab::default(),
            started: 0,
            next_fork: 0,
            looks: false,
            used: 0,
            meters: Meters::default(),
        })
    }

    /// Ends what a job has under way elsewhere; the others run on for nobody.
    fn leave_children(&self, cx: &mut Cx<'_>, job: &Job) {
        for &child in job.child.iter().chain(self.aside.siblings(job.aside)) {
            cx.detach(child);
            cx.cancel(child);
        }
    }

    fn set_speed(&mut self, now: Nanos) {
        if let Some(share) = &mut self.share {
            share.set_speed(now, f64::from(self.terms.cores), 1.0 / self.slow);
            self.stale = true;
        }
    }

    /// Whether a connection of the pool is held while the request computes.
    fn holds_sessions(&self) -> bool {
        self.program.ops.iter().any(|op| matches!(op, Op::Release { .. }))
    }
}

impl Component for AppServer {
    const NAME: &'static str = "app-server";
    const SUMMARY: &'static str =
        "A machine's application server: accept queue, worker processes, threads or event loops.";
    const RELOADS: bool = true;
    type Spec = AppServerSpec;

    fn build(spec: &AppServerSpec, site: &Site) -> Result<Self, Flaw> {
        AppServer::new(spec, site)
    }

    fn retune(&mut self, cx: &mut Cx<'_>, spec: &AppServerSpec, site: &Site) -> Result<(), Flaw> {
        let mut fresh = AppServer::new(spec, site)?;
        let (old, new) = (&self.terms, &fresh.terms);
        if (old.kind, old.gil) != (new.kind, new.gil) || old.pool.is_some() != new.pool.is_some() {
            let message = "workers cannot become another kind while the run goes on";
            return Err(Flaw::new("worker", message, "keep the kind, the lock and the pool"));
        }
        if let (Some(old), Some(new), Some(pool)) = (&old.pool, &new.pool, &spec.pool) {
            old.check_change(new, &pool.form())?;
        }
        if !self.jobs.is_empty() {
            fresh.program = fresh.program.instead_of(&self.program)?;
        }
        fresh.prepare(&mut |delay| cx.lane(delay));
        self.program = fresh.program;
        self.terms = fresh.terms;
        if self.share.is_some() {
            self.set_speed(cx.now());
            self.resize(cx);
            self.settle(cx);
        }
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        let meters = &self.meters;
        let has_pool = self.terms.pool.is_some();
        let holds = has_pool && self.holds_sessions();
        match self.terms.kind {
            WorkerKind::Sync => survey.resource("workers", &meters.slots),
            WorkerKind::Gthread => survey.resource("threads", &meters.slots),
            WorkerKind::Gevent => survey.resource("connections", &meters.slots),
            WorkerKind::Uvicorn => {}
        }
        if holds {
            survey.resource("pool", &meters.pool);
        }
        if self.terms.kind.has_loop() {
            survey.resource("event-loops", &meters.turns);
        } else if self.has_lock() {
            survey.resource("gil", &meters.turns);
        }
        survey.resource("cpu", &meters.cpu);
        if has_pool && !holds {
            survey.resource("pool", &meters.pool);
        }
        let counts = [
            ("listen_overflows", &self.listener.overflows),
            ("half_open", &self.halves.opened),
            ("silent_accepts", &self.halves.silent),
            ("worker_timeouts", &meters.killed),
            ("max_requests_restarts", &meters.retired),
            ("out_of_memory_kills", &meters.starved),
            ("pool_timeouts", &meters.pool_timeouts),
            ("unknown_endpoint", &meters.unknown),
            ("idle_closed", &meters.idle_closed),
            ("resets", &meters.resets),
        ];
        survey.counts.extend(counts.map(|(name, counter)| (name, counter.count())));
        if has_pool {
            survey.counts.push(("pool_opened", meters.pool_opened.count()));
        }
    }

    fn bound(spec: &AppServerSpec) -> Bound {
        terms::bound(spec)
    }

    fn limits(spec: &AppServerSpec) -> Limits {
        terms::limits(spec)
    }

    fn endpoints(spec: &AppServerSpec) -> Vec<String> {
        spec.endpoints.keys().map(|name| name.0.clone()).collect()
    }

    fn replicas(spec: &AppServerSpec) -> u32 {
        spec.replicas.unwrap_or(1)
    }

    fn widen(spec: &AppServerSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        terms::widen(spec, resource)
    }
}

impl Behaviour for AppServer {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        Arc::make_mut(&mut self.program).prepare(lanes);
        self.terms.prepare(lanes);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.crew = Crew::new(cx.stream("workers"));
        self.open(cx);
        if let Some(law) = &self.terms.crash {
            let after = law.sample_nanos(&mut cx.stream("crash"));
            cx.after(after, CRASH);
        }
        self.settle(cx);
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let ask = cx.ask(req);
        if ask.want == Want::Kept && ask.lease != 0 {
            self.call_again(cx, req);
        } else if self.listener.is_open {
            let pc = self.program.start(ask.endpoint);
            let index = self.jobs.insert(Job::new(req, cx.now(), pc));
            cx.hold(req, u64::from(index));
            self.arrive(cx, index);
        } else {
            cx.hang_up(req, Cause::Refused);
            return;
        }
        self.settle(cx);
    }

    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        self.answered(cx, answer);
        self.settle(cx);
    }

    #[inline]
    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let index = word as u32;
        match word & !0xffff_ffff {
            JOB => self.resume(cx, index),
            SHARED => self.share_done(cx),
            SYN => self.outside(cx, index, false),
            GAVE_UP => self.outside(cx, index, true),
            EXPIRED => self.pool_timeout(cx, index),
            BORN => self.born(cx, index),
            OVERDUE => self.overdue(cx, index),
            LOOK => self.look(cx),
            LOADED => self.loaded(cx),
            LAST => self.end_all(cx),
            IDLE => self.close_idle(cx, index),
            FIN => self.told(cx, index),
            CLOSED => self.closed(cx, index),
            ACK => self.acknowledged(cx, index),
            COPY => self.copy(cx, index),
            REMINDER => self.remind(cx, index),
            _ => self.crash(cx),
        }
        self.settle(cx);
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        match note {
            Note::Leaving => self.close(cx),
            Note::Release { lease } => self.released(cx, lease),
            _ => return,
        }
        self.settle(cx);
    }

    fn waits_for(&self, held: u64) -> Option<&'static str> {
        match self.jobs.get(held as u32)?.place {
            Place::Pool { .. } => Some("pool"),
            Place::Line if self.terms.kind.has_loop() => Some("event-loops"),
            _ => None,
        }
    }

    /// Nobody looks whether the client is still there, but a client without a connection stops
    /// asking for one, and an event loop may notice after the step at hand.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        cx.mark_cancelled(gone.req);
        let index = cx.held(gone.req) as u32;
        let Some(job) = self.jobs.get_mut(index) else { return };
        if matches!(job.place, Place::Outside { .. }) {
            self.abort(cx, index, Cause::Cancelled);
        } else if self.terms.notice {
            job.is_gone = true;
            for &child in job.child.iter().chain(self.aside.siblings(job.aside)) {
                cx.cancel(child);
            }
        }
    }

    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for job in self.jobs.drain() {
            self.leave_children(cx, &job);
            self.aside.end(cx, job.aside);
            let is_outside = matches!(job.place, Place::Outside { .. } | Place::Half);
            let cause = if is_outside { Cause::Refused } else { cause };
            cx.reply(job.req, Outcome::Failed(cause));
        }
        self.lingering.drain();
        self.listener.shut();
        self.halves.clear();
        self.connections.void();
        (0..self.crew.all.len() as u32).for_each(|process| self.hang_up(cx, process));
        self.crew = Crew::new(Stream::new(0));
        self.share = None;
        self.shared_timer = Timer::NONE;
        (self.looks, self.used) = (false, 0);
        let meters = &mut self.meters;
        for station in [&mut meters.slots, &mut meters.turns, &mut meters.cpu, &mut meters.pool] {
            station.close(now);
        }
    }

    fn act(&mut self, cx: &mut Cx<'_>, action: Action) -> bool {
        match action {
            Action::Slow(factor) => {
                self.slow = factor;
                self.set_speed(cx.now());
            }
            Action::Reload => self.reload(cx),
            Action::Flush | Action::SlowDisk(_) | Action::FullDisk(_) => return false,
        }
        self.settle(cx);
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        let queued = self.meters.slots.queue.level();
        let has_loop = self.terms.kind.has_loop();
        let turns = if has_loop { self.meters.turns.queue.level() } else { 0 };
        let latency = self.meters.latency.seal();
        Vitals { queued: queued + turns, latency, ..Vitals::of(&self.meters.cpu, now) }
    }

    fn reset_meters(&mut self, now: Nanos) {
        let meters = &mut self.meters;
        for station in [&mut meters.slots, &mut meters.turns, &mut meters.cpu, &mut meters.pool] {
            station.reset(now);
        }
        let counters = [
            &mut self.listener.overflows,
            &mut self.halves.opened,
            &mut self.halves.silent,
            &mut meters.killed,
            &mut meters.retired,
            &mut meters.starved,
            &mut meters.pool_timeouts,
            &mut meters.pool_opened,
            &mut meters.unknown,
            &mut meters.idle_closed,
            &mut meters.resets,
        ];
        counters.into_iter().for_each(Counter::reset);
    }
}
