//! A cache: real keys with replacement and time to live, or a stated hit ratio; beside the origin
//! or before it.

mod index;
mod store;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::store::Policy;
use self::store::Store;
use super::{Bound, Component, Survey};
use crate::engine::agenda::Lane;
use crate::engine::chance::{LawSpec, Stream, flip, name_key};
use crate::engine::delay::Delay;
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Vitals};
use crate::engine::meter::Station;
use crate::engine::queue::{Order, Queue, Waiter};
use crate::engine::request::{Ask, Cause, Doing, Outcome, ReqId};
use crate::engine::slab::Slab;
use crate::engine::time::Nanos;
use crate::units::{Duration, Share};
use crate::wiring::{Flaw, Site, Target};

/// A cache. Beside an origin (cache-aside) it answers a miss with a miss: the caller asks the
/// origin and writes the key afterwards. Before an origin (read-through) it asks the origin itself.
/// Misses of one key at the same time all go to the origin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheSpec {
    /// Keys that it has room for, 0 to 10000000; default: the most, 10000000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// Time after which a key is too old, counted from its last write; a hit does not prolong it.
    /// Default: keys never grow too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// Which key makes room for a new one; default `lru`.
    #[serde(default)]
    pub policy: Policy,
    /// Time of a look-up or a write; default 0s. Redis takes about 13 us for either over the
    /// loopback without pipelining (its benchmark page: 72000 to 79000 operations a second).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<LawSpec>,
    /// Look-ups and writes at the same time; default 1: Redis runs commands in one thread,
    /// memcached in 4.
    #[serde(default = "one")]
    pub servers: u32,
    /// A stated hit ratio instead of real keys: nothing is remembered, so it is never cold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit: Option<Share>,
    /// The node that the cache itself asks after a miss; default: the caller is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Target>,
}

fn one() -> u32 {
    1
}

const ENTRIES_MAX: u32 = 10_000_000;
const SERVICE: u64 = name_key("cache service");
const HIT: u64 = name_key("cache hit");
/// Set in the word kept with a request that waits; the rest is its ticket, else its place.
const IN_LINE: u64 = 1 << 32;

/// A cache in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cache {
    store: Store,
    service: Option<Delay>,
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
}

fn bad(path: &str, message: &str) -> Flaw {
    let (message, remedy) = message.split_once(": ").unwrap_or((message, "correct the value"));
    Flaw::new(path, message, remedy)
}

impl Cache {
    /// The look-up itself, or the write.
    #[inline]
    fn execute(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let (now, ask) = (cx.now(), *cx.ask(req));
        if ask.endpoint == Ask::WRITE {
            self.write(ask.key, now);
            cx.reply(req, Outcome::Done);
            return;
        }
        let hit = match self.hit {
            Some(ratio) => flip(&mut cx.draw(req, self.salt ^ HIT), ratio),
            None => self.store.get(ask.key, now),
        };
        if hit {
            self.hits += 1;
            cx.reply(req, Outcome::Done);
            return;
        }
        self.misses += 1;
        match self.origin {
            Some(origin) => cx.call(req, origin, ask.key),
            None => cx.reply(req, Outcome::Failed(Cause::Miss)),
        }
    }

    fn write(&mut self, key: u64, now: Nanos) {
        self.writes += 1;
        if self.hit.is_none() {
            self.store.put(key, now, &mut self.luck);
        }
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
        if spec.servers == 0 || spec.servers > 100_000 {
            let message = format!("{} servers are not possible", spec.servers);
            return Err(Flaw::new("servers", message, "write 1 to 100000"));
        }
        let entries = spec.entries.unwrap_or(u64::from(ENTRIES_MAX));
        if entries > u64::from(ENTRIES_MAX) {
            let message = format!("{entries} entries are too many");
            let remedy = format!("write at most {ENTRIES_MAX}, or state the hit ratio: hit: 90%");
            return Err(Flaw::new("entries", message, remedy));
        }
        let ttl = spec.ttl.map(Duration::nanos);
        if ttl == Some(0) {
            let remedy = "write entries: 0 for a cache that holds nothing";
            return Err(Flaw::new("ttl", "keys that live 0s are never found", remedy));
        }
        if spec.hit.is_some() && (spec.entries.is_some() || spec.ttl.is_some()) {
            let path = if spec.entries.is_some() { "entries" } else { "ttl" };
            let message = format!("{path} has no meaning beside a stated hit ratio");
            return Err(Flaw::new(path, message, "keep either hit or the real keys"));
        }
        let law = spec.service.as_ref().map(LawSpec::compile).transpose();
        let law = law.map_err(|message| bad("service", &message))?;
        let origin = spec.origin.as_ref().map(|origin| site.node(origin)).transpose();
        Ok(Cache {
            store: Store::new(entries as u32, ttl, spec.policy),
            service: law.filter(|law| law.constant_nanos() != Some(0)).map(Delay::new),
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
        })
    }

    fn retune(&mut self, cx: &mut Cx<'_>, spec: &CacheSpec, site: &Site) -> Result<(), Flaw> {
        let fresh = Self::build(spec, site)?;
        let now = cx.now();
        self.store.ttl = fresh.store.ttl;
        self.store.policy = fresh.store.policy;
        self.store.resize(fresh.store.capacity, now, &mut self.luck);
        self.service = fresh.service;
        if let Some(service) = &mut self.service {
            service.prepare(&mut |delay| cx.lane(delay));
        }
        self.servers = fresh.servers;
        self.hit = fresh.hit;
        self.origin = fresh.origin;
        self.meter.set_capacity(now, self.servers);
        while self.take_next(cx) {}
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("server", &self.meter);
        survey.counts.push(("hits", self.hits));
        survey.counts.push(("misses", self.misses));
        survey.counts.push(("writes", self.writes));
        survey.counts.push(("evicted", self.store.evicted));
        survey.counts.push(("expired", self.store.expired));
        survey.counts.push(("entries", u64::from(self.store.len())));
    }

    fn bound(spec: &CacheSpec) -> Bound {
        let law = spec.service.as_ref().and_then(|law| law.compile().ok());
        let mean = law.map_or(0.0, |law| law.mean());
        Bound { per_second: (mean > 0.0).then(|| f64::from(spec.servers) / mean) }
    }
}

impl Behaviour for Cache {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        if let Some(service) = &mut self.service {
            service.prepare(lanes);
        }
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.luck = cx.stream("evict");
        self.meter.set_capacity(cx.now(), self.servers);
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let now = cx.now();
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

    /// The origin has answered: only what it answered well is written.
    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        if answer.outcome.is_done() {
            self.write(answer.word, cx.now());
        }
        cx.reply(answer.req, answer.outcome);
    }

    #[inline]
    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let Some(req) = self.served.remove(word as u32) else { return };
        self.meter.release(cx.now());
        self.execute(cx, req);
        self.take_next(cx);
    }

    /// Who waits in line leaves. A look-up is too short to be broken off, and a fetch from the
    /// origin goes on, so that the answer is there for the next one (as in the proxy module of
    /// nginx for what it may cache).
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        cx.mark_cancelled(gone.req);
        let held = cx.held(gone.req);
        if gone.word.is_none() && held & IN_LINE != 0 && self.line.remove(held as u32).is_some() {
            self.meter.dequeue(cx.now());
            cx.reply(gone.req, Outcome::Failed(Cause::Cancelled));
        }
    }

    /// Its memory is lost.
    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for req in self.served.drain() {
            cx.reply(req, Outcome::Failed(cause));
        }
        for waiter in self.line.drain() {
            cx.reply(waiter.req, Outcome::Failed(cause));
        }
        self.store.clear();
        self.meter.queue.set(now, 0);
        self.meter.busy.set(now, 0);
        self.meter.set_capacity(now, 0);
    }

    fn act(&mut self, _cx: &mut Cx<'_>, action: Action) -> bool {
        match action {
            Action::Slow(factor) => self.slow = factor,
            Action::Flush => self.store.clear(),
        }
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals {
            busy_ns: self.meter.busy.area_at(now),
            capacity_ns: self.meter.capacity.area_at(now),
            queued: self.meter.queue.level(),
            ..Vitals::default()
        }
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        (self.hits, self.misses, self.writes) = (0, 0, 0);
        (self.store.evicted, self.store.expired) = (0, 0);
    }
}
