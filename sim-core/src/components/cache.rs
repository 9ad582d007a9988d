//! A cache: real keys with replacement and time to live, or a stated hit ratio; beside the origin
//! or before it.

mod contents;
mod flight;
mod persistence;
mod room;
mod sampled;
mod spec;
mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::contents::Contents;
use self::flight::{PARKED, SingleFlight};
use self::persistence::Saver;
pub use self::spec::{CacheSpec, EarlySpec, Persistence, Policy, SaveRule};
use super::{Bound, Component, Survey};
use crate::engine::agenda::Lane;
use crate::engine::chance::{LawSpec, Stream, flip, name_key, unit};
use crate::engine::delay::Delay;
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Vitals};
use crate::engine::meter::Station;
use crate::engine::queue::{Order, Queue, Waiter};
use crate::engine::request::{Ask, Cause, Doing, Outcome, ReqId};
use crate::engine::slab::Slab;
use crate::engine::time::{MILLISECOND, Nanos};
use crate::units::{Duration, Share};
use crate::wiring::{Flaw, Site, Wider};

const SERVICE: u64 = name_key("cache service");
const HIT: u64 = name_key("cache hit");
/// What further words of timers mean: a look whether a snapshot is due, and the end of its fork.
const CRON: u64 = 2 << 32;
const FORKED: u64 = 4 << 32;
/// How often Redis looks (`serverCron` at `hz 10`).
const CRON_EVERY: Nanos = 100 * MILLISECOND;
const EARLY: u64 = name_key("cache early refresh");
/// Set in the word kept with a request that waits; the rest is its ticket, else its place.
const IN_LINE: u64 = 1 << 32;

/// A cache in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cache {
    contents: Contents,
    /// Whether calls can be turned away at the door: while keys are read back, or by a limit.
    guarded: bool,
    max_clients: u32,
    single: Option<Box<SingleFlight>>,
    /// How eager it is, times how long making a value takes, ns.
    early: Option<f64>,
    saver: Saver,
    service: Option<Delay>,
    /// Servers there are, and servers that run: none while it stands still.
    threads: u32,
    servers: u32,
    hit: Option<f64>,
    origin: Option<u32>,
    salt: u64,
    slow: f64,
    luck: Stream,
    line: Queue,
    served: Slab<ReqId>,
    meter: Station,
    hits: u64,
    misses: u64,
    writes: u64,
    /// Look-ups that hit and were told to refresh the key nevertheless.
    refreshed: u64,
    /// Writes that found no room, and calls while keys were read back.
    refused: u64,
}

fn bad(path: &str, message: &str) -> Flaw {
    Flaw::told(path, message, "correct the value")
}

impl Cache {
    /// The look-up itself, or the write.
    #[inline]
    fn execute(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let (now, ask) = (cx.now(), *cx.ask(req));
        if ask.endpoint == Ask::WRITE {
            let outcome = self.write(cx, ask.key);
            cx.reply(req, outcome);
            return;
        }
        let hit = match self.hit {
            Some(ratio) => flip(&mut cx.draw(req, self.salt ^ HIT), ratio),
            None => self.contents.get(ask.key, now, &mut self.luck),
        };
        if hit && (self.early.is_none() || !self.is_early(cx, req)) {
            self.hits += 1;
            cx.reply(req, Outcome::Done);
            return;
        }
        if self.single.is_none() {
            self.fetch(cx, req);
        } else {
            self.fetch_alone(cx, req);
        }
    }

    /// A miss: the origin is asked, or the caller told.
    #[inline]
    fn fetch(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        self.misses += 1;
        match self.origin {
            Some(origin) => {
                let key = cx.ask(req).key;
                cx.call(req, origin, key);
            }
            None => cx.reply(req, Outcome::Failed(Cause::Miss)),
        }
    }

    /// A miss, if nobody fetches the key already.
    fn fetch_alone(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let Some(single) = &mut self.single else { return };
        let key = cx.ask(req).key;
        if let Some(flight) = single.of(key) {
            single.park(cx, flight, req);
            return;
        }
        single.begin(cx, key, req);
        self.fetch(cx, req);
    }

    /// A fetch came to nothing: the next one in line fetches.
    fn fetch_again(&mut self, cx: &mut Cx<'_>, flight: u32) {
        let next = self.single.as_mut().and_then(|single| single.pass_on(cx, flight));
        if let Some(req) = next {
            cx.doing(req, Doing::Working);
            self.fetch(cx, req);
        }
    }

    /// Whether luck chooses this look-up to refresh its key. Where one fetch is under way already,
    /// a second is not begun.
    fn is_early(&mut self, cx: &mut Cx<'_>, req: ReqId) -> bool {
        let (Some(span), key) = (self.early, cx.ask(req).key) else { return false };
        let Some(left) = self.contents.left(key, cx.now()) else { return false };
        let draw = unit(&mut cx.draw(req, self.salt ^ EARLY));
        let is_early = -span * libm::log(draw) >= left as f64
            && self.single.as_ref().is_none_or(|single| single.of(key).is_none());
        self.refreshed += u64::from(is_early);
        is_early
    }

    /// Writes a key; those who waited for it are answered also where it found no room.
    fn write(&mut self, cx: &mut Cx<'_>, key: u64) -> Outcome {
        let mut outcome = Outcome::Done;
        self.writes += 1;
        if self.hit.is_none() && self.contents.put(key, cx.now(), &mut self.luck).is_err() {
            self.refused += 1;
            outcome = Outcome::Failed(Cause::Error);
        }
        if self.saver.is_on() {
            self.saver.wrote(cx.now());
        }
        if let Some(single) = &mut self.single
            && let Some(flight) = single.of(key)
        {
            single.land(cx, flight);
        }
        outcome
    }

    /// A lock has lasted too long; or it is time to look for a snapshot, or a fork is over.
    fn alarm(&mut self, cx: &mut Cx<'_>, word: u64) {
        match word {
            CRON => self.cron(cx),
            FORKED => {
                self.servers = self.threads;
                while self.take_next(cx) {}
            }
            _ => {
                if let Some(single) = &mut self.single {
                    single.overdue.add(1);
                }
                self.fetch_again(cx, word as u32);
            }
        }
    }

    /// A snapshot that is due stops everything for the time of its fork.
    fn cron(&mut self, cx: &mut Cx<'_>) {
        cx.after(CRON_EVERY, CRON);
        let span = self.saver.fork(cx.now(), self.contents.used().unwrap_or(0));
        if span > 0 {
            self.servers = 0;
            cx.after(span, FORKED);
        }
    }

    /// What turns calls away before they are looked at.
    fn turns_away(&mut self, cx: &mut Cx<'_>, req: ReqId) -> bool {
        let there = self.meter.busy.level() + self.meter.queue.level();
        let parked = self.single.as_ref().map_or(0, |single| single.meter.queue.level());
        let cause = if cx.now() < self.saver.loading_until {
            self.refused += 1;
            Cause::Error
        } else if there + parked >= self.max_clients {
            self.meter.turn_away();
            Cause::TooManyConnections
        } else {
            return false;
        };
        cx.reply(req, Outcome::Failed(cause));
        true
    }

    #[inline]
    fn serve(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let Some(service) = &self.service else {
            self.meter.release(cx.now());
            self.execute(cx, req);
            return;
        };
        cx.doing(req, Doing::Working);
        let index = u64::from(self.served.insert(req));
        cx.hold(req, index);
        service.arm(cx, (req, self.salt ^ SERVICE), self.slow, index);
    }

    fn take_next(&mut self, cx: &mut Cx<'_>) -> bool {
        let now = cx.now();
        if self.meter.busy.level() >= self.servers {
            return false;
        }
        let Some(waiter) = self.line.pop(Order::Fifo) else { return false };
        self.meter.dequeue(now);
        self.meter.seize(now, now - waiter.since);
        self.serve(cx, waiter.req);
        true
    }
}

impl Component for Cache {
    const NAME: &'static str = "cache";
    const SUMMARY: &'static str =
        "A cache: real keys with replacement and time to live, or a stated hit ratio.";
    type Spec = CacheSpec;

    fn build(spec: &CacheSpec, site: &Site) -> Result<Self, Flaw> {
        spec::check(spec)?;
        let law = spec.service.as_ref().map(LawSpec::compile).transpose();
        let law = law.map_err(|message| bad("service", &message))?;
        let origin = spec.origin.as_ref().map(|origin| site.node(origin)).transpose();
        Ok(Cache {
            contents: Contents::new(spec)?,
            guarded: spec.max_clients.is_some() || spec.persistence != Persistence::None,
            max_clients: spec.max_clients.unwrap_or(u32::MAX),
            single: spec.single_flight.map(SingleFlight::new),
            early: spec.early.map(|early| early.beta * early.recompute.nanos() as f64),
            saver: Saver::new(spec)?,
            service: law.filter(|law| law.constant_nanos() != Some(0)).map(Delay::new),
            threads: spec.servers,
            servers: spec.servers,
            hit: spec.hit.map(Share::value),
            origin: origin.map_err(|flaw| Flaw { path: "origin".into(), ..flaw })?,
            salt: name_key(&site.name),
            slow: 1.0,
            luck: Stream::new(0),
            line: Queue::default(),
            served: Slab::default(),
            meter: Station::new(0, 0),
            hits: 0,
            misses: 0,
            writes: 0,
            refreshed: 0,
            refused: 0,
        })
    }

    fn retune(&mut self, cx: &mut Cx<'_>, spec: &CacheSpec, site: &Site) -> Result<(), Flaw> {
        let fresh = Self::build(spec, site)?;
        let now = cx.now();
        if fresh.single.is_some() != self.single.is_some() {
            let message = "single flight cannot start or stop while the run goes on";
            return Err(Flaw::new("single_flight", message, "change the time of its lock"));
        }
        self.contents.retune(fresh.contents, now, &mut self.luck)?;
        self.saver.retune(fresh.saver);
        (self.guarded, self.max_clients) = (fresh.guarded, fresh.max_clients);
        self.early = fresh.early;
        if let (Some(single), Some(fresh)) = (&mut self.single, fresh.single) {
            single.lock = fresh.lock;
            single.lock.prepare(&mut |delay| cx.lane(delay));
        }
        self.service = fresh.service;
        if let Some(service) = &mut self.service {
            service.prepare(&mut |delay| cx.lane(delay));
        }
        self.threads = fresh.threads;
        if self.servers > 0 {
            self.servers = self.threads;
        }
        self.hit = fresh.hit;
        self.origin = fresh.origin;
        self.meter.set_capacity(now, self.threads);
        while self.take_next(cx) {}
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("server", &self.meter);
        survey.counts.push(("hits", self.hits));
        survey.counts.push(("misses", self.misses));
        survey.counts.push(("writes", self.writes));
        let (evicted, expired) = self.contents.gone();
        survey.counts.push(("evicted", evicted));
        survey.counts.push(("expired", expired));
        survey.counts.push(("entries", u64::from(self.contents.len())));
        if let Some(bytes) = self.contents.used() {
            survey.counts.push(("bytes", bytes));
        }
        if self.guarded || self.contents.used().is_some() {
            survey.counts.push(("refused", self.refused));
        }
        if self.early.is_some() {
            survey.counts.push(("refreshed_early", self.refreshed));
        }
        if let Some(single) = &self.single {
            survey.resource("fetches", &single.meter);
            survey.counts.push(("joined", single.joined.count()));
            survey.counts.push(("overdue_fetches", single.overdue.count()));
        }
    }

    fn bound(spec: &CacheSpec) -> Bound {
        let law = spec.service.as_ref().and_then(|law| law.compile().ok());
        let mean = law.map_or(0.0, |law| law.mean());
        let per_second = (mean > 0.0).then(|| f64::from(spec.servers) / mean);
        Bound { per_second, ..Bound::default() }
    }

    fn widen(spec: &CacheSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        if resource == Some("server") {
            return Wider::only("servers", spec.servers);
        }
        Vec::new()
    }
}

impl Behaviour for Cache {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        if let Some(service) = &mut self.service {
            service.prepare(lanes);
        }
        if let Some(single) = &mut self.single {
            single.lock.prepare(lanes);
        }
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.luck = cx.stream("evict");
        self.servers = self.threads;
        self.meter.set_capacity(cx.now(), self.threads);
        if self.saver.forks() {
            cx.after(CRON_EVERY, CRON);
        }
        if self.saver.is_on() {
            self.saver.load(cx.now(), self.contents.used().unwrap_or(0));
            if self.saver.loading_until > cx.now() {
                let span = Duration(self.saver.loading_until - cx.now());
                cx.journal(format!("reads {} keys back for {span}", self.contents.len()));
            }
        }
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let now = cx.now();
        if self.guarded && self.turns_away(cx, req) {
            return;
        }
        if self.meter.busy.level() < self.servers {
            self.meter.seize(now, 0);
            self.serve(cx, req);
            return;
        }
        cx.doing(req, Doing::Waiting);
        self.meter.enqueue(now);
        let ticket = self.line.push(Waiter { req, since: now, word: 0 });
        cx.hold(req, IN_LINE | u64::from(ticket));
    }

    /// The origin has answered: only what it answered well is written, and its caller has it also
    /// where the cache had no room for it.
    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        if answer.outcome.is_done() {
            self.write(cx, answer.word);
        } else if let Some(single) = &self.single
            && let Some(flight) = single.of(answer.word)
        {
            self.fetch_again(cx, flight);
        }
        cx.reply(answer.req, answer.outcome);
    }

    #[inline]
    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        if word >> 32 != 0 {
            self.alarm(cx, word);
            return;
        }
        let Some(req) = self.served.remove(word as u32) else { return };
        self.meter.release(cx.now());
        self.execute(cx, req);
        self.take_next(cx);
    }

    fn waits_for(&self, held: u64) -> Option<&'static str> {
        (held & PARKED != 0).then_some("fetches")
    }

    /// Who waits in line leaves. A look-up is too short to be broken off, and a fetch from the
    /// origin goes on, so that the answer is there for the next one (as in the proxy module of
    /// nginx for what it may cache).
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        cx.mark_cancelled(gone.req);
        let held = cx.held(gone.req);
        if gone.word.is_some() {
            return;
        }
        if held & IN_LINE != 0 && self.line.remove(held as u32).is_some() {
            self.meter.dequeue(cx.now());
            cx.reply(gone.req, Outcome::Failed(Cause::Cancelled));
        } else if held & PARKED != 0
            && let Some(single) = &mut self.single
            && single.leave(cx.now(), held as u32)
        {
            cx.reply(gone.req, Outcome::Failed(Cause::Cancelled));
        }
    }

    /// Its memory is lost, but for what was saved.
    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for req in self.served.drain() {
            cx.reply(req, Outcome::Failed(cause));
        }
        for waiter in self.line.drain() {
            cx.reply(waiter.req, Outcome::Failed(cause));
        }
        if let Some(single) = &mut self.single {
            single.stop(cx, cause);
        }
        self.contents.keep_born_by(self.saver.survives(now));
        self.meter.close(now);
    }

    fn act(&mut self, _cx: &mut Cx<'_>, action: Action) -> bool {
        match action {
            Action::Slow(factor) => self.slow = factor,
            Action::Flush => self.contents.clear(),
            Action::Reload | Action::SlowDisk(_) | Action::FullDisk(_) => return false,
        }
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals::of(&self.meter, now)
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        (self.hits, self.misses, self.writes) = (0, 0, 0);
        (self.refreshed, self.refused) = (0, 0);
        self.contents.reset_counts();
        if let Some(single) = &mut self.single {
            single.reset_meters(now);
        }
    }
}
