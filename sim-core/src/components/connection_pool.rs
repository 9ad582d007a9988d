//! A pool of connections in a client: a call takes one, or opens one, or waits for one.

mod opening;
mod spec;
mod terms;
#[cfg(test)]
mod tests;
mod waking;

use serde::{Deserialize, Serialize};

pub use self::spec::ConnectionPoolSpec;
use self::terms::Terms;
use super::{Component, Limits, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::Stream;
use crate::engine::kernel::{Answer, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::lease::Loans;
use crate::engine::meter::{Counter, Sketch, Station};
use crate::engine::queue::{Queue, Waiter};
use crate::engine::request::{Cause, Doing, Outcome, ReqId, Want};
use crate::engine::slab::Slab;
use crate::engine::time::Nanos;
use crate::rules::pool::{self, Stock};
use crate::wiring::{Flaw, Site, Wider};

/// What a timer means: the high half of its word; the low half is a job's number.
const EXPIRED: u64 = 0;
const OPENED: u64 = 1 << 32;
const WOKEN: u64 = 2 << 32;
/// Set in the word of an answer about a session; the rest is a job's number. Other answers bring
/// the number of a connection, or that of a loan, which does not reach this bit in any run.
const DIALLED: u64 = 1 << 63;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    Waiting {
        ticket: u32,
        timer: Timer,
    },
    /// Told that there is a connection, and not running yet.
    Waking {
        since: Nanos,
        timer: Timer,
        wake: Timer,
    },
    Opening,
    /// An idle connection is tried.
    Testing {
        connection: u32,
    },
}

/// A call that the pool holds: one that waits, or one for which a connection is being opened or
/// tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    /// `None` once its caller has left, and where a connection is opened for nobody.
    req: Option<ReqId>,
    stage: Stage,
}

/// A pool in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConnectionPool {
    terms: Terms,
    stock: Stock,
    line: Queue,
    jobs: Slab<Job>,
    loans: Loans,
    /// The connection of each loan, by the loan's place.
    lent: Vec<u32>,
    luck: Stream,
    meter: Station,
    latency: Sketch,
    timeouts: Counter,
    opened: Counter,
}

impl ConnectionPool {
    fn has_room(&self) -> bool {
        self.stock.has_room(&self.terms.pool)
    }

    /// Gives a connection to a call: an idle one, or a new one.
    #[inline]
    fn grant(&mut self, cx: &mut Cx<'_>, req: ReqId, waited: Nanos) {
        self.meter.seize(cx.now(), waited);
        self.provide(cx, req);
    }

    #[inline]
    fn provide(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let now = cx.now();
        if self.terms.lifetime.is_some() {
            self.close_old(cx);
        }
        let Some((connection, since)) = self.stock.take() else {
            self.open_for(cx, Some(req));
            return;
        };
        if self.stock.is_void(connection) {
            self.close(cx, connection);
            self.open_for(cx, Some(req));
            return;
        }
        if self.terms.test_after.is_some_and(|after| now - since >= after) {
            let stage = Stage::Testing { connection };
            let index = self.jobs.insert(Job { req: Some(req), stage });
            cx.hold(req, u64::from(index));
            self.dial(cx, Some(req), (index, self.stock.session(connection)));
            return;
        }
        self.hand_over(cx, req, connection);
    }

    /// A call has a connection: it goes ahead, or takes the connection with it.
    #[inline]
    fn hand_over(&mut self, cx: &mut Cx<'_>, req: ReqId, connection: u32) {
        if cx.ask(req).want != Want::Lease {
            cx.ask_mut(req).lease = self.stock.session(connection);
            cx.call(req, self.terms.pool.to, u64::from(connection));
            return;
        }
        let lease = self.loans.lend();
        let place = lease as u32 as usize;
        if self.lent.len() <= place {
            self.lent.resize(place + 1, 0);
        }
        self.lent[place] = connection;
        cx.ask_mut(req).lease = lease;
        cx.reply(req, Outcome::Done);
    }

    /// A query on a lent connection goes ahead; on one that is no more it fails.
    fn call_on(&mut self, cx: &mut Cx<'_>, req: ReqId, lease: u64) {
        if !self.loans.enter(lease) {
            cx.reply(req, Outcome::Failed(Cause::Reset));
            return;
        }
        cx.ask_mut(req).lease = self.stock.session(self.lent[lease as u32 as usize]);
        cx.call(req, self.terms.pool.to, lease);
    }

    fn enqueue(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let since = cx.now();
        let stage = Stage::Waiting { ticket: 0, timer: Timer::NONE };
        let index = self.jobs.insert(Job { req: Some(req), stage });
        cx.hold(req, u64::from(index));
        cx.doing(req, Doing::Waiting);
        self.meter.enqueue(since);
        let ticket = self.line.push(Waiter { req, since, word: u64::from(index) });
        let timer = self.terms.pool.timeout.arm(cx, (req, 0), 1.0, EXPIRED | u64::from(index));
        if let Some(job) = self.jobs.get_mut(index) {
            job.stage = Stage::Waiting { ticket, timer };
        }
    }

    /// Gives what there is to those in line, then closes what nobody needs.
    fn serve_line(&mut self, cx: &mut Cx<'_>) {
        match self.terms.wake {
            Some(_) => self.wake_next(cx),
            None => self.grant_all(cx),
        }
        while let Some(spare) = self.stock.take_spare(&self.terms.pool) {
            self.close(cx, spare);
        }
    }

    /// Those in line have what there is, at once.
    fn grant_all(&mut self, cx: &mut Cx<'_>) {
        while self.has_room()
            && let Some(waiter) = self.line.pop(self.terms.order)
        {
            let now = cx.now();
            self.meter.dequeue(now);
            if let Some(job) = self.jobs.remove(waiter.word as u32)
                && let Stage::Waiting { timer, .. } = job.stage
            {
                cx.disarm(timer);
            }
            self.grant(cx, waiter.req, now - waiter.since);
        }
    }

    /// A connection comes back, or breaks; the next in line gets its place.
    #[inline]
    fn give_back(&mut self, cx: &mut Cx<'_>, connection: u32, broken: bool) {
        self.meter.release(cx.now());
        let mut is_gone = true;
        if broken {
            self.lose(cx, connection);
        } else if !self.stock.put(connection, cx.now(), &self.terms.pool) {
            self.close(cx, connection);
        } else {
            is_gone = false;
        }
        self.serve_line(cx);
        if is_gone {
            self.fill(cx);
        }
    }

    fn end_loan(&mut self, cx: &mut Cx<'_>, lease: u64, is_broken: bool) {
        let connection = self.lent[lease as u32 as usize];
        self.give_back(cx, connection, is_broken);
    }

    /// Takes a waiting call out of the line; false if it does not wait.
    fn leave_line(&mut self, cx: &mut Cx<'_>, index: u32, cause: Cause) -> bool {
        let Some(Job { stage, req: Some(req) }) = self.jobs.get(index) else { return false };
        let req = *req;
        match *stage {
            Stage::Waiting { ticket, timer } => {
                cx.disarm(timer);
                self.line.remove(ticket);
            }
            Stage::Waking { timer, wake, .. } => {
                cx.disarm(timer);
                cx.disarm(wake);
            }
            Stage::Opening | Stage::Testing { .. } => return false,
        }
        self.meter.dequeue(cx.now());
        self.jobs.remove(index);
        cx.reply(req, Outcome::Failed(cause));
        self.wake_next(cx);
        true
    }
}

impl Component for ConnectionPool {
    const NAME: &'static str = "connection-pool";
    const SUMMARY: &'static str =
        "A client's pool of connections: size, overflow, checkout wait and its timeout.";
    type Spec = ConnectionPoolSpec;

    fn build(spec: &ConnectionPoolSpec, site: &Site) -> Result<Self, Flaw> {
        Ok(ConnectionPool {
            terms: Terms::new(spec, site)?,
            stock: Stock::default(),
            line: Queue::default(),
            jobs: Slab::default(),
            loans: Loans::default(),
            lent: Vec::new(),
            luck: Stream::new(0),
            meter: Station::new(0, 0),
            latency: Sketch::default(),
            timeouts: Counter::default(),
            opened: Counter::default(),
        })
    }

    /// Calls that wait already keep their timeout; connections above a smaller limit are closed as
    /// they come back.
    fn retune(&mut self, cx: &mut Cx<'_>, spec: &Self::Spec, site: &Site) -> Result<(), Flaw> {
        let mut fresh = Terms::new(spec, site)?;
        self.terms.pool.check_change(&fresh.pool, &spec.form())?;
        fresh.prepare(&mut |delay| cx.lane(delay));
        self.terms = fresh;
        self.meter.set_capacity(cx.now(), self.terms.pool.limit);
        self.serve_line(cx);
        Ok(())
    }

    fn limits(spec: &ConnectionPoolSpec) -> Limits {
        Limits {
            opens: vec![(spec.to.0.clone(), spec.form().most())],
            waits: vec![("timeout", pool::wait(spec.timeout))],
            ..Limits::default()
        }
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("connections", &self.meter);
        survey.counts.push(("timeouts", self.timeouts.count()));
        survey.counts.push(("opened", self.opened.count()));
    }

    fn widen(spec: &ConnectionPoolSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        resource.map_or_else(Vec::new, |_| spec.widen())
    }
}

impl Behaviour for ConnectionPool {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.terms.prepare(lanes);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.luck = cx.stream("connections");
        self.meter.set_capacity(cx.now(), self.terms.pool.limit);
        self.fill(cx);
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let lease = cx.ask(req).lease;
        if lease != 0 {
            self.call_on(cx, req, lease);
        } else if self.has_room() {
            self.grant(cx, req, 0);
        } else {
            self.enqueue(cx, req);
        }
    }

    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        if answer.word & DIALLED != 0 {
            self.dialled(cx, answer.word as u32, answer);
            return;
        }
        if cx.is_monitored() {
            self.latency.record(cx.now() - cx.born(answer.req));
        }
        if self.terms.pool.sessions {
            cx.ask_mut(answer.req).lease = 0;
        }
        cx.reply(answer.req, answer.outcome);
        let is_broken = matches!(answer.outcome, Outcome::Failed(cause) if pool::breaks(cause));
        match answer.word {
            connection if connection >> 32 == 0 => {
                self.give_back(cx, connection as u32, is_broken);
            }
            lease => {
                if let Some(is_broken) = self.loans.leave(lease, is_broken) {
                    self.end_loan(cx, lease, is_broken);
                }
            }
        }
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Release { lease } = note
            && let Some(is_broken) = self.loans.release(lease)
        {
            self.end_loan(cx, lease, is_broken);
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let index = word as u32;
        if word & WOKEN != 0 {
            self.woken(cx, index);
        } else if word & OPENED != 0 {
            self.connected(cx, index);
            if !self.terms.pool.sessions {
                self.fill(cx);
            }
        } else if self.leave_line(cx, index, Cause::PoolTimeout) {
            self.timeouts.add(1);
        }
    }

    /// A waiting call leaves the line; on a connection the news goes on to the database.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        if gone.word.is_some() {
            cx.pass_on(gone);
            return;
        }
        let index = cx.held(gone.req) as u32;
        if !self.leave_line(cx, index, Cause::Cancelled)
            && let Some(job) = self.jobs.get_mut(index)
            && job.req.take().is_some()
        {
            // the connection goes on opening: the next in line will have it
            cx.reply(gone.req, Outcome::Failed(Cause::Cancelled));
        }
    }

    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for job in self.jobs.drain() {
            if let Stage::Waiting { timer, .. } | Stage::Waking { timer, .. } = job.stage {
                cx.disarm(timer);
            }
            if let Stage::Waking { wake, .. } = job.stage {
                cx.disarm(wake);
            }
            job.req.into_iter().for_each(|req| cx.reply(req, Outcome::Failed(cause)));
        }
        self.terms.pool.hang_up(cx, &mut self.stock);
        self.line = Queue::default();
        self.loans.void();
        self.meter.close(now);
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals { latency: self.latency.seal(), ..Vitals::of(&self.meter, now) }
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        self.timeouts.reset();
        self.opened.reset();
    }
}
