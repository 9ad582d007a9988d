//! A pool of connections in a client: a call takes one, or opens one, or waits for one.

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Component, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::{Law, LawSpec, name_key};
use crate::engine::delay::Delay;
use crate::engine::kernel::{Answer, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::lease::Loans;
use crate::engine::meter::{Counter, Sketch, Station};
use crate::engine::queue::{Order, Queue, Waiter};
use crate::engine::request::{Cause, Doing, Outcome, ReqId, Want};
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;
use crate::wiring::{Flaw, Site, Target};

/// A pool of connections to one node. It starts empty and opens connections when they are needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionPoolSpec {
    /// The database that the connections lead to, or the next pool before it.
    pub to: Target,
    /// Connections that stay open once opened. `SQLAlchemy` has 5 by default, `HikariCP` 10.
    pub size: u32,
    /// Further connections, opened when `size` are taken; one that comes back while `size` lie idle
    /// is closed. Default 0, as in `HikariCP`; `SQLAlchemy` has 10.
    #[serde(default)]
    pub overflow: u32,
    /// How long a call waits for a connection before it fails with `pool_timeout`. Default 30s, as
    /// in `SQLAlchemy` (`pool_timeout`) and `HikariCP` (`connectionTimeout`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How long opening a connection takes: network, process start and log-in. Default 0s; 2 ms to
    /// 10 ms is usual to a `PostgreSQL` nearby, 20 ms to 100 ms with encryption and distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<LawSpec>,
    /// Which waiting call gets the next connection; default `fifo`.
    #[serde(default)]
    pub order: Order,
}

const CONNECT: u64 = name_key("connection pool connect");
const TIMEOUT: Nanos = 30 * SECOND;

/// What a timer means: the high half of its word; the low half is a job's number.
const EXPIRED: u64 = 0;
const OPENED: u64 = 1 << 32;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    Waiting { ticket: u32, timer: Timer },
    Opening,
}

/// A call that the pool holds: one that waits, or one for which a connection is being opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    /// `None` once its caller has left while the connection was being opened.
    req: Option<ReqId>,
    stage: Stage,
}

/// What the form says, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    to: u32,
    size: u32,
    limit: u32,
    timeout: Delay,
    connect: Option<Delay>,
    order: Order,
    salt: u64,
}

/// A pool in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConnectionPool {
    terms: Terms,
    /// Connections there are: taken, being opened or idle.
    open: u32,
    idle: u32,
    line: Queue,
    jobs: Slab<Job>,
    loans: Loans,
    meter: Station,
    latency: Sketch,
    timeouts: Counter,
    opened: Counter,
}

impl Terms {
    fn new(spec: &ConnectionPoolSpec, site: &Site) -> Result<Self, Flaw> {
        let to = site.node(&spec.to).map_err(|flaw| Flaw { path: "to".into(), ..flaw })?;
        for (path, number, least) in [("size", spec.size, 1), ("overflow", spec.overflow, 0)] {
            if !(least..=100_000).contains(&number) {
                let message = format!("{number} connections are not possible");
                return Err(Flaw::new(path, message, format!("write {least} to 100000")));
            }
        }
        let connect =
            spec.connect.as_ref().map(LawSpec::compile).transpose().map_err(|message| {
                let (what, remedy) =
                    message.split_once(": ").unwrap_or((&message, "correct the law"));
                Flaw::new("connect", what, remedy)
            })?;
        let wait = spec.timeout.map_or(TIMEOUT, Duration::nanos);
        Ok(Terms {
            to,
            size: spec.size,
            limit: spec.size + spec.overflow,
            timeout: Delay::new(Law::Constant { nanos: wait }),
            connect: connect.filter(|law| law.constant_nanos() != Some(0)).map(Delay::new),
            order: spec.order,
            salt: name_key(&site.name),
        })
    }

    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.timeout.prepare(lanes);
        if let Some(connect) = &mut self.connect {
            connect.prepare(lanes);
        }
    }
}

impl ConnectionPool {
    fn has_room(&self) -> bool {
        self.idle > 0 || self.open < self.terms.limit
    }

    /// Gives a connection to a call: an idle one, or a new one.
    #[inline]
    fn grant(&mut self, cx: &mut Cx<'_>, req: ReqId, waited: Nanos) {
        self.meter.seize(cx.now(), waited);
        if self.idle > 0 {
            self.idle -= 1;
            self.hand_over(cx, req);
            return;
        }
        self.open += 1;
        self.opened.add(1);
        let Some(connect) = &self.terms.connect else {
            self.hand_over(cx, req);
            return;
        };
        let index = self.jobs.insert(Job { req: Some(req), stage: Stage::Opening });
        cx.hold(req, u64::from(index));
        cx.doing(req, Doing::Working);
        connect.arm(cx, (req, self.terms.salt ^ CONNECT), 1.0, OPENED | u64::from(index));
    }

    /// A call has a connection: it goes ahead, or takes the connection with it.
    #[inline]
    fn hand_over(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        if cx.ask(req).want == Want::Answer {
            cx.call(req, self.terms.to, 0);
            return;
        }
        cx.ask_mut(req).lease = self.loans.lend();
        cx.reply(req, Outcome::Done);
    }

    /// A query on a lent connection goes ahead; on one that is no more it fails.
    fn call_on(&mut self, cx: &mut Cx<'_>, req: ReqId, lease: u64) {
        if !self.loans.enter(lease) {
            cx.reply(req, Outcome::Failed(Cause::Reset));
            return;
        }
        cx.ask_mut(req).lease = 0;
        cx.call(req, self.terms.to, lease);
    }

    fn enqueue(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let since = cx.now();
        let stage = Stage::Waiting { ticket: 0, timer: Timer::NONE };
        let index = self.jobs.insert(Job { req: Some(req), stage });
        cx.hold(req, u64::from(index));
        cx.doing(req, Doing::Waiting);
        self.meter.enqueue(since);
        let ticket = self.line.push(Waiter { req, since, word: u64::from(index) });
        let timer = self.terms.timeout.arm(cx, (req, 0), 1.0, EXPIRED | u64::from(index));
        if let Some(job) = self.jobs.get_mut(index) {
            job.stage = Stage::Waiting { ticket, timer };
        }
    }

    /// Gives what there is to those in line, then closes what nobody needs.
    fn serve_line(&mut self, cx: &mut Cx<'_>) {
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
        while self.idle > 0 && (self.idle > self.terms.size || self.open > self.terms.limit) {
            self.idle -= 1;
            self.open -= 1;
        }
    }

    /// A connection comes back, or breaks; the next in line gets its place.
    #[inline]
    fn give_back(&mut self, cx: &mut Cx<'_>, broken: bool) {
        self.meter.release(cx.now());
        if broken || self.open > self.terms.limit {
            self.open -= 1;
        } else {
            self.idle += 1;
        }
        self.serve_line(cx);
    }

    /// Takes a waiting call out of the line; false if it does not wait.
    fn leave_line(&mut self, cx: &mut Cx<'_>, index: u32, cause: Cause) -> bool {
        let Some(job) = self.jobs.get(index) else { return false };
        let (Stage::Waiting { ticket, timer }, Some(req)) = (&job.stage, job.req) else {
            return false;
        };
        cx.disarm(*timer);
        self.line.remove(*ticket);
        self.meter.dequeue(cx.now());
        self.jobs.remove(index);
        cx.reply(req, Outcome::Failed(cause));
        true
    }

    /// A connection is open: its call goes ahead, or someone else's where that one has left.
    fn opened(&mut self, cx: &mut Cx<'_>, index: u32) {
        match self.jobs.remove(index) {
            Some(Job { req: Some(req), .. }) => self.hand_over(cx, req),
            Some(_) => self.give_back(cx, false),
            None => {}
        }
    }
}

/// Whether a connection is of no use after a call that ended like this.
fn breaks(outcome: Outcome) -> bool {
    use Cause::{Lost, Refused, Reset, TooManyConnections};
    matches!(outcome, Outcome::Failed(Refused | Reset | Lost | TooManyConnections))
}

impl Component for ConnectionPool {
    const NAME: &'static str = "connection-pool";
    const SUMMARY: &'static str =
        "A client's pool of connections: size, overflow, checkout wait and its timeout.";
    type Spec = ConnectionPoolSpec;

    fn build(spec: &ConnectionPoolSpec, site: &Site) -> Result<Self, Flaw> {
        Ok(ConnectionPool {
            terms: Terms::new(spec, site)?,
            open: 0,
            idle: 0,
            line: Queue::default(),
            jobs: Slab::default(),
            loans: Loans::default(),
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
        if fresh.to != self.terms.to {
            let message = format!("the open connections do not lead to {}", spec.to.0);
            return Err(Flaw::new("to", message, "change size, overflow, timeout or connect"));
        }
        fresh.prepare(&mut |delay| cx.lane(delay));
        self.terms = fresh;
        self.meter.set_capacity(cx.now(), self.terms.limit);
        self.serve_line(cx);
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("connections", &self.meter);
        survey.counts.push(("timeouts", self.timeouts.count()));
        survey.counts.push(("opened", self.opened.count()));
    }
}

impl Behaviour for ConnectionPool {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.terms.prepare(lanes);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.meter.set_capacity(cx.now(), self.terms.limit);
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
        if cx.is_monitored() {
            self.latency.record(cx.now() - cx.born(answer.req));
        }
        cx.reply(answer.req, answer.outcome);
        let is_broken = breaks(answer.outcome);
        match answer.word {
            0 => self.give_back(cx, is_broken),
            lease => {
                if let Some(is_broken) = self.loans.leave(lease, is_broken) {
                    self.give_back(cx, is_broken);
                }
            }
        }
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Release { lease } = note
            && let Some(is_broken) = self.loans.release(lease)
        {
            self.give_back(cx, is_broken);
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let index = word as u32;
        if word & OPENED != 0 {
            self.opened(cx, index);
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
            if let Stage::Waiting { timer, .. } = job.stage {
                cx.disarm(timer);
            }
            job.req.into_iter().for_each(|req| cx.reply(req, Outcome::Failed(cause)));
        }
        self.line = Queue::default();
        self.loans.void();
        (self.open, self.idle) = (0, 0);
        self.meter.queue.set(now, 0);
        self.meter.busy.set(now, 0);
        self.meter.set_capacity(now, 0);
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals {
            node: 0,
            busy_ns: self.meter.busy.area_at(now),
            capacity_ns: self.meter.capacity.area_at(now),
            queued: self.meter.queue.level(),
            latency: self.latency.seal(),
        }
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        self.timeouts.reset();
        self.opened.reset();
    }
}
