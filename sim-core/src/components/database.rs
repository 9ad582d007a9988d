//! A database: connections with a hard limit, shared cores, I/O, contention, row locks and a log.

mod log;
mod query;
mod spec;
mod terms;
#[cfg(test)]
mod tests;
mod usl;

use serde::{Deserialize, Serialize};

use self::log::Log;
use self::query::{COMPUTED, CONNECT, FLUSHED, Job, LOCKED_OUT, READ, SHARED, TOO_LONG, UNLISTED};
pub use self::spec::{ConnectSpec, DatabaseSpec, LockSpec, LogSpec, QueryKind, StandbySpec};
use self::terms::Terms;
pub use self::usl::UslSpec;
use super::{Bound, Component, Limits, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::kernel::{Action, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::lease::Loans;
use crate::engine::lines::Lines;
use crate::engine::meter::{Counter, Sketch, Station};
use crate::engine::request::{Ask, Cause, Outcome, ReqId, Want};
use crate::engine::share::Share;
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;
use crate::wiring::{Flaw, Site, Wider};

/// What a timer means, beside what it means to a query.
const TAKEN_OVER: u64 = 6 << 32;

/// How the disk does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Disk {
    /// How many times as long it takes.
    slow: f64,
    is_full: bool,
}

impl Disk {
    const FINE: Disk = Disk { slow: 1.0, is_full: false };
}

/// A database in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Database {
    terms: Terms,
    slow: f64,
    disk: Disk,
    jobs: Slab<Job>,
    /// `None` where queries neither share cores nor hinder each other.
    share: Option<Share>,
    shared_timer: Timer,
    /// Connections that are open.
    loans: Loans,
    /// Queries in progress on connections of their own, and connections being opened.
    riding: u32,
    /// Rows that are locked, and who wants them.
    rows: Lines<u32>,
    log: Log,
    /// The standby is taking over.
    is_down: bool,
    meter: Station,
    cpu: Station,
    locks: Station,
    sessions: Station,
    latency: Sketch,
    unknown: Counter,
    lock_timeouts: Counter,
    statement_timeouts: Counter,
}

impl Database {
    // connections ------------------------------------------------------------------------------

    /// Whether every connection is taken; then one more is turned away at once.
    #[inline]
    fn is_full(&self) -> bool {
        self.riding + self.loans.len() as u32 >= self.terms.limit
    }

    /// Somebody wants a connection to keep.
    fn connect(&mut self, cx: &mut Cx<'_>, (req, ask): (ReqId, Ask)) {
        if self.terms.connect.is_some() {
            self.riding += 1;
            self.begin(cx, (req, Ask { lease: 0, ..ask }), CONNECT);
        } else {
            self.lend(cx, req);
        }
    }

    fn lend(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        cx.ask_mut(req).lease = self.loans.lend();
        self.count_sessions(cx.now());
        cx.reply(req, Outcome::Done);
    }

    fn count_sessions(&mut self, now: Nanos) {
        self.sessions.busy.set(now, self.loans.len() as u32);
    }

    // taking over ------------------------------------------------------------------------------

    /// The standby takes over from a machine that died.
    fn take_over(&mut self, cx: &mut Cx<'_>) {
        let law = self.terms.failover.as_ref();
        let span = law.map_or(0, |law| law.sample_nanos(&mut cx.stream("failover")));
        let about = Duration(if span < 10 * SECOND { span } else { span - span % SECOND });
        cx.journal(format!("its standby takes over in about {about}"));
        cx.after(span, TAKEN_OVER);
    }

    fn open_doors(&mut self, now: Nanos) {
        let (cores, speed) = self.terms.power(0, self.slow);
        self.share = self.terms.shares().then(|| Share::new(now, cores, speed));
        self.set_capacities(now);
    }

    fn set_capacities(&mut self, now: Nanos) {
        self.meter.set_capacity(now, self.terms.max_connections);
        self.cpu.set_capacity(now, self.terms.cores_shown());
        self.sessions.set_capacity(now, self.terms.limit);
        self.log.disk.set_capacity(now, 1);
    }
}

impl Component for Database {
    const NAME: &'static str = "database";
    const SUMMARY: &'static str =
        "A relational database: a connection limit, shared cores, I/O and contention.";
    const HAS_DISK: bool = true;
    type Spec = DatabaseSpec;

    fn build(spec: &DatabaseSpec, site: &Site) -> Result<Self, Flaw> {
        Ok(Database {
            terms: Terms::new(spec, site)?,
            slow: 1.0,
            disk: Disk::FINE,
            jobs: Slab::default(),
            share: None,
            shared_timer: Timer::NONE,
            loans: Loans::default(),
            riding: 0,
            rows: Lines::default(),
            log: Log::new(),
            is_down: false,
            meter: Station::new(0, 0),
            cpu: Station::new(0, 0),
            locks: Station::new(0, 0),
            sessions: Station::new(0, 0),
            latency: Sketch::default(),
            unknown: Counter::default(),
            lock_timeouts: Counter::default(),
            statement_timeouts: Counter::default(),
        })
    }

    /// Queries in progress keep the work they have; a lower connection limit ends none of them.
    fn retune(&mut self, cx: &mut Cx<'_>, spec: &DatabaseSpec, site: &Site) -> Result<(), Flaw> {
        let mut fresh = Terms::new(spec, site)?;
        if fresh.by_endpoint != self.terms.by_endpoint {
            let message = "the kinds of query are fixed while the run goes on";
            return Err(Flaw::new("queries", message, "keep the kinds and change their times"));
        }
        if fresh.shares() != self.terms.shares() {
            let message = "queries cannot start or stop sharing cores while the run goes on";
            return Err(Flaw::new("cores", message, "change the number of cores instead"));
        }
        if fresh.shown() != self.terms.shown() {
            let message = "locks, log and connections cannot be added while the run goes on";
            return Err(Flaw::new(
                "log",
                message,
                "write them at the start and change their times",
            ));
        }
        let now = cx.now();
        fresh.prepare(&mut |delay| cx.lane(delay));
        self.terms = fresh;
        if !self.is_down {
            self.set_capacities(now);
        }
        self.retime(now);
        self.rearm(cx);
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("connections", &self.meter);
        survey.resource("cpu", &self.cpu);
        survey.counts.push(("unknown_kind", self.unknown.count()));
        let [locks, log, sessions] = self.terms.shown();
        if locks {
            survey.resource("row locks", &self.locks);
            survey.counts.push(("lock_timeouts", self.lock_timeouts.count()));
        }
        if log {
            survey.resource("disk", &self.log.disk);
            survey.counts.push(("flushes", self.log.flushes));
        }
        if sessions {
            survey.resource("sessions", &self.sessions);
        }
        if self.terms.connection_memory > 0 {
            let most = u64::from(self.sessions.busy.max()) * self.terms.connection_memory;
            survey.counts.push(("connection_mib", most >> 20));
        }
        if self.terms.statement_timeout.is_some() {
            survey.counts.push(("statement_timeouts", self.statement_timeouts.count()));
        }
    }

    fn bound(spec: &DatabaseSpec) -> Bound {
        spec::bound(spec)
    }

    fn limits(spec: &DatabaseSpec) -> Limits {
        spec::limits(spec)
    }

    fn endpoints(spec: &DatabaseSpec) -> Vec<String> {
        spec.queries.keys().map(|name| name.0.clone()).collect()
    }

    fn widen(spec: &DatabaseSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        spec::widen(spec, resource)
    }
}

impl Behaviour for Database {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.terms.prepare(lanes);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        if self.is_down {
            self.take_over(cx);
        } else {
            self.open_doors(cx.now());
        }
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let ask = *cx.ask(req);
        if ask.lease != 0 {
            if !self.loans.enter(ask.lease) {
                cx.reply(req, Outcome::Failed(Cause::Reset));
                return;
            }
            if ask.want == Want::Lease {
                // somebody only wants to know whether it is there
                self.loans.leave(ask.lease, false);
                cx.reply(req, Outcome::Done);
                return;
            }
        } else if self.is_down {
            cx.reply(req, Outcome::Failed(Cause::Refused));
            return;
        } else if self.is_full() {
            self.meter.turn_away();
            cx.reply(req, Outcome::Failed(Cause::TooManyConnections));
            return;
        } else if ask.want == Want::Lease {
            self.connect(cx, (req, ask));
            return;
        } else {
            self.riding += 1;
        }
        let kind = self.terms.by_endpoint.get(ask.endpoint as usize).copied().unwrap_or(UNLISTED);
        if kind == UNLISTED && ask.endpoint != 0 && ask.demand == 0 && self.terms.service.is_none()
        {
            self.unknown.add(1);
            self.riding -= u32::from(ask.lease == 0);
            self.loans.leave(ask.lease, false);
            cx.reply(req, Outcome::Failed(Cause::Error));
            return;
        }
        self.begin(cx, (req, ask), kind);
    }

    #[inline]
    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let index = word as u32;
        match word & !0xffff_ffff {
            COMPUTED => {
                self.cpu.busy.down(cx.now());
                self.computed(cx, index);
            }
            READ => {
                self.commit(cx, index);
                self.hurry(cx);
            }
            SHARED => self.shared(cx),
            FLUSHED => self.flushed(cx),
            LOCKED_OUT => self.give_up(cx, index, true),
            TOO_LONG => self.give_up(cx, index, false),
            _ => {
                self.is_down = false;
                self.open_doors(cx.now());
                cx.journal("its standby serves, without any of the old connections".to_owned());
            }
        }
    }

    /// A connection is closed.
    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Release { lease } = note {
            self.loans.release(lease);
            self.count_sessions(cx.now());
        }
    }

    /// Connections that are too many are refused, and cores are shared: only rows are waited for.
    fn waits_for(&self, _held: u64) -> Option<&'static str> {
        Some("row locks")
    }

    /// A query in progress is not interrupted: a server process notices that its client is gone
    /// only when it next reads from it or writes to it.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        cx.mark_cancelled(gone.req);
    }

    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for job in self.jobs.drain() {
            cx.reply(job.req, Outcome::Failed(cause));
        }
        self.share = None;
        self.shared_timer = Timer::NONE;
        self.rows = Lines::default();
        self.log.stop(now);
        self.loans.void();
        self.riding = 0;
        for station in [&mut self.meter, &mut self.cpu, &mut self.locks, &mut self.sessions] {
            station.close(now);
        }
        self.is_down = self.terms.failover.is_some();
        if self.is_down {
            // the standby has a disk of its own
            self.disk = Disk::FINE;
            cx.come_back();
        }
    }

    /// Slower: what computes slows down at once, I/O from the next query on.
    fn act(&mut self, cx: &mut Cx<'_>, action: Action) -> bool {
        match action {
            Action::Slow(factor) => {
                self.slow = factor;
                self.retime(cx.now());
                self.rearm(cx);
            }
            Action::SlowDisk(factor) => self.disk.slow = factor,
            Action::FullDisk(is_full) => self.disk.is_full = is_full,
            Action::Flush | Action::Reload => return false,
        }
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals { latency: self.latency.seal(), ..Vitals::of(&self.cpu, now) }
    }

    fn reset_meters(&mut self, now: Nanos) {
        let stations = [&mut self.meter, &mut self.cpu, &mut self.locks, &mut self.sessions];
        stations.into_iter().chain([&mut self.log.disk]).for_each(|station| station.reset(now));
        self.log.flushes = 0;
        self.unknown.reset();
        self.lock_timeouts.reset();
        self.statement_timeouts.reset();
    }
}
