//! A database: connections with a hard limit, shared cores, I/O, and contention between queries.

mod spec;
#[cfg(test)]
mod tests;
mod usl;

use serde::{Deserialize, Serialize};

pub use self::spec::{DatabaseSpec, QueryKind};
use self::usl::Usl;
pub use self::usl::UslSpec;
use super::{Bound, Component, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::{LawSpec, mix, name_key};
use crate::engine::delay::{Delay, stretch};
use crate::engine::kernel::{Action, Behaviour, Cancelled, Cx, Vitals};
use crate::engine::meter::{Counter, Sketch, Station};
use crate::engine::request::{Cause, Doing, Outcome, ReqId, Want};
use crate::engine::share::Share;
use crate::engine::slab::Slab;
use crate::engine::time::Nanos;
use crate::wiring::{Flaw, Site};

const CPU: u64 = name_key("database cpu");
const IO: u64 = name_key("database io");

/// What a timer means: the high half of its word; the low half is a job's number.
const COMPUTED: u64 = 0;
const READ: u64 = 1 << 32;
const SHARED: u64 = 2 << 32;

/// A kind of query, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kind {
    cpu: Option<Delay>,
    io: Option<Delay>,
    /// Of every kind another, so that their times are independent.
    salt: u64,
}

/// What the form says, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    max_connections: u32,
    cores: Option<u32>,
    kinds: Vec<Kind>,
    /// Index in `kinds` by endpoint number; `u16::MAX` where there is none.
    by_endpoint: Vec<u16>,
    service: Option<Delay>,
    usl: Option<Usl>,
    salt: u64,
}

/// A query in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    req: ReqId,
    began: Nanos,
    kind: u16,
}

/// A database in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Database {
    terms: Terms,
    slow: f64,
    jobs: Slab<Job>,
    /// `None` where queries neither share cores nor hinder each other.
    share: Option<Share>,
    shared_timer: Timer,
    meter: Station,
    cpu: Station,
    latency: Sketch,
    unknown: Counter,
}

fn delay(path: &str, spec: Option<&LawSpec>) -> Result<Option<Delay>, Flaw> {
    let law = spec.map(LawSpec::compile).transpose().map_err(|message| {
        let (message, remedy) = message.split_once(": ").unwrap_or((&message, "correct the law"));
        Flaw::new(path, message, remedy)
    })?;
    Ok(law.map(Delay::new))
}

fn within(path: &str, number: Option<u32>) -> Result<(), Flaw> {
    match number {
        Some(number) if !(1..=100_000).contains(&number) => {
            let message = format!("{path} cannot be {number}");
            Err(Flaw::new(path, message, "write 1 to 100000"))
        }
        _ => Ok(()),
    }
}

impl Terms {
    fn new(spec: &DatabaseSpec, site: &Site) -> Result<Self, Flaw> {
        within("max_connections", Some(spec.max_connections))?;
        within("cores", spec.cores)?;
        let salt = name_key(&site.name);
        let mut by_endpoint = vec![u16::MAX; site.endpoints.len()];
        let mut kinds = Vec::new();
        for (name, kind) in &spec.queries {
            let path = format!("queries.{}", name.0);
            let number = site.endpoint(&name.0);
            let number = number.map_err(|flaw| Flaw { path: path.clone(), ..flaw })?;
            by_endpoint[number as usize] = kinds.len() as u16;
            kinds.push(Kind {
                cpu: delay(&format!("{path}.cpu"), kind.cpu.as_ref())?,
                io: delay(&format!("{path}.io"), kind.io.as_ref())?,
                salt: mix(salt, name_key(&name.0)),
            });
        }
        Ok(Terms {
            max_connections: spec.max_connections,
            cores: spec.cores,
            kinds,
            by_endpoint,
            service: delay("service", spec.service.as_ref())?,
            usl: spec.contention.as_ref().map(Usl::new).transpose()?,
            salt,
        })
    }

    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        let of_kinds = self.kinds.iter_mut().flat_map(|kind| [&mut kind.cpu, &mut kind.io]);
        for delay in of_kinds.chain([&mut self.service]).flatten() {
            delay.prepare(lanes);
        }
    }

    fn shares(&self) -> bool {
        self.cores.is_some() || self.usl.is_some()
    }

    /// Cores that a meter can show.
    fn cores_shown(&self) -> u32 {
        self.cores.unwrap_or(self.max_connections)
    }

    /// Cores and their speed while `active` queries are in progress: the law slows each query, the
    /// cores cap what all get together.
    fn power(&self, active: u32, slow: f64) -> (f64, f64) {
        let cores = self.cores.map_or(f64::INFINITY, f64::from);
        let speed = self.usl.map_or(1.0, |usl| usl.speed(active));
        (cores / speed, speed / slow)
    }
}

impl Database {
    /// The law of a query's CPU time with its salt: of its kind, else of queries in general; none
    /// where the caller asks for a time, or the kind does not compute.
    fn cpu_of(&self, kind: u16, asked: Nanos) -> Option<(&Delay, u64)> {
        let kind = self.terms.kinds.get(kind as usize);
        match kind {
            Some(Kind { cpu: Some(law), salt, .. }) => Some((law, salt ^ CPU)),
            None if asked == 0 => {
                self.terms.service.as_ref().map(|law| (law, self.terms.salt ^ CPU))
            }
            _ => None,
        }
    }

    #[inline]
    fn compute(&mut self, cx: &mut Cx<'_>, index: u32, (req, kind): (ReqId, u16)) {
        let now = cx.now();
        let asked = cx.ask(req).demand;
        let law = self.cpu_of(kind, asked);
        if self.share.is_none() {
            let word = COMPUTED | u64::from(index);
            match law {
                Some((law, salt)) => law.arm(cx, (req, salt), self.slow, word),
                None => cx.after(stretch(asked, self.slow), word),
            };
            self.cpu.busy.up(now);
            return;
        }
        let demand = law.map_or(asked, |(law, salt)| law.draw(cx, req, salt));
        self.retime(now);
        if let Some(share) = &mut self.share {
            share.add(now, demand, u64::from(index));
        }
        self.rearm(cx);
    }

    /// Brings the share's speed in line with how many queries are in progress.
    fn retime(&mut self, now: Nanos) {
        if let Some(share) = &mut self.share {
            let (cores, speed) = self.terms.power(self.jobs.len() as u32, self.slow);
            share.set_speed(now, cores, speed);
        }
    }

    fn rearm(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let Some(share) = &mut self.share else { return };
        let cores = self.terms.cores_shown();
        self.cpu.busy.set(now, share.len().min(cores));
        self.cpu.queue.set(now, share.len().saturating_sub(cores));
        cx.disarm(self.shared_timer);
        self.shared_timer = match share.next() {
            Some(at) => cx.after(at - now, SHARED),
            None => Timer::NONE,
        };
    }

    fn shared(&mut self, cx: &mut Cx<'_>) {
        while let Some(word) = self.share.as_mut().and_then(|share| share.pop_finished(cx.now())) {
            self.computed(cx, word as u32);
        }
        self.retime(cx.now());
        self.rearm(cx);
    }

    /// A query has computed: it goes on to its I/O, or is answered.
    #[inline]
    fn computed(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        let kind = self.terms.kinds.get(job.kind as usize);
        match kind.and_then(|kind| kind.io.as_ref().map(|io| (io, kind.salt))) {
            Some((io, salt)) => {
                io.arm(cx, (job.req, salt ^ IO), self.slow, READ | u64::from(index));
            }
            None => self.finish(cx, index),
        }
    }

    #[inline]
    fn finish(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.remove(index) else { return };
        let now = cx.now();
        self.meter.release(now);
        if cx.is_monitored() {
            self.latency.record(now - job.began);
        }
        cx.reply(job.req, Outcome::Done);
    }
}

impl Component for Database {
    const NAME: &'static str = "database";
    const SUMMARY: &'static str =
        "A relational database: a connection limit, shared cores, I/O and contention.";
    type Spec = DatabaseSpec;

    fn build(spec: &DatabaseSpec, site: &Site) -> Result<Self, Flaw> {
        Ok(Database {
            terms: Terms::new(spec, site)?,
            slow: 1.0,
            jobs: Slab::default(),
            share: None,
            shared_timer: Timer::NONE,
            meter: Station::new(0, 0),
            cpu: Station::new(0, 0),
            latency: Sketch::default(),
            unknown: Counter::default(),
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
        let now = cx.now();
        fresh.prepare(&mut |delay| cx.lane(delay));
        self.terms = fresh;
        self.meter.set_capacity(now, self.terms.max_connections);
        self.cpu.set_capacity(now, self.terms.cores_shown());
        self.retime(now);
        self.rearm(cx);
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("connections", &self.meter);
        survey.resource("cpu", &self.cpu);
        survey.counts.push(("unknown_kind", self.unknown.count()));
    }

    fn bound(spec: &DatabaseSpec) -> Bound {
        spec::bound(spec)
    }

    fn endpoints(spec: &DatabaseSpec) -> Vec<String> {
        spec.queries.keys().map(|name| name.0.clone()).collect()
    }
}

impl Behaviour for Database {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.terms.prepare(lanes);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let (cores, speed) = self.terms.power(0, self.slow);
        self.share = self.terms.shares().then(|| Share::new(now, cores, speed));
        self.meter.set_capacity(now, self.terms.max_connections);
        self.cpu.set_capacity(now, self.terms.cores_shown());
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let now = cx.now();
        let ask = cx.ask(req);
        if ask.want == Want::Lease {
            // it lends nothing: a session without a query is free
            cx.reply(req, Outcome::Done);
            return;
        }
        if self.jobs.len() >= self.terms.max_connections as usize {
            self.meter.turn_away();
            cx.reply(req, Outcome::Failed(Cause::TooManyConnections));
            return;
        }
        let kind = self.terms.by_endpoint.get(ask.endpoint as usize).copied().unwrap_or(u16::MAX);
        if kind == u16::MAX && ask.endpoint != 0 && ask.demand == 0 && self.terms.service.is_none()
        {
            self.unknown.add(1);
            cx.reply(req, Outcome::Failed(Cause::Error));
            return;
        }
        let index = self.jobs.insert(Job { req, began: now, kind });
        self.meter.seize(now, 0);
        cx.doing(req, Doing::Working);
        self.compute(cx, index, (req, kind));
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
                self.finish(cx, index);
                if self.terms.usl.is_some() {
                    self.retime(cx.now());
                    self.rearm(cx);
                }
            }
            _ => self.shared(cx),
        }
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
        for station in [&mut self.meter, &mut self.cpu] {
            station.queue.set(now, 0);
            station.busy.set(now, 0);
            station.set_capacity(now, 0);
        }
    }

    /// Slower: what computes slows down at once, I/O from the next query on.
    fn act(&mut self, cx: &mut Cx<'_>, action: Action) -> bool {
        let Action::Slow(factor) = action else { return false };
        self.slow = factor;
        self.retime(cx.now());
        self.rearm(cx);
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals {
            node: 0,
            busy_ns: self.cpu.busy.area_at(now),
            capacity_ns: self.cpu.capacity.area_at(now),
            queued: self.cpu.queue.level(),
            latency: self.latency.seal(),
        }
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        self.cpu.reset(now);
        self.unknown.reset();
    }
}
