//! A rate limiter: token bucket, or the leaky bucket of nginx that delays and rejects.

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Component, Survey};
use crate::engine::agenda::Timer;
use crate::engine::kernel::{Behaviour, Cancelled, Cx, Vitals};
use crate::engine::meter::Station;
use crate::engine::request::{Cause, Doing, Outcome, ReqId};
use crate::engine::slab::Slab;
use crate::engine::time::Nanos;
use crate::rules::bucket::{Buckets, Limit, Per, TOKEN, Verdict};
use crate::units::Rate;
use crate::wiring::{Flaw, Site, Target, Wider};

/// How requests are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Tokens come at the rate into a bucket that holds `burst` and is full at first; each request
    /// takes one or is rejected. In any time t at most burst + rate t pass.
    #[default]
    TokenBucket,
    /// The excess over the rate, exactly as the limit_req module of nginx counts it: in thousandths
    /// of a request, once a millisecond. Above `burst` it rejects, above `delay` it delays.
    LeakyBucket,
}

/// A limit on the rate of requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSpec {
    /// The node that gets what passes; it answers.
    pub to: Target,
    /// The rate that passes in the long run, above 0.
    pub rate: Rate,
    /// Requests that may come at once beyond the rate. Default with `token-bucket`: what the rate
    /// lets pass in one second, at least 1; with `leaky-bucket`: 0, as in the limit_req module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// Whose requests share one limit; default `global`.
    #[serde(default)]
    pub per: Per,
    /// How requests are counted; default `token-bucket`.
    #[serde(default)]
    pub algorithm: Algorithm,
    /// With `leaky-bucket`: requests of the burst that pass without delay; default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<u32>,
    /// With `leaky-bucket`: the whole burst passes without delay; default false.
    #[serde(default)]
    pub nodelay: bool,
}

/// A request that is delayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    req: ReqId,
    since: Nanos,
    timer: Timer,
}

/// A rate limiter in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RateLimit {
    to: u32,
    limit: Limit,
    per: Per,
    buckets: Buckets,
    held: Slab<Held>,
    meter: Station,
    passed: u64,
    delayed: u64,
}

const RATE_MAX: f64 = 1e9;
const BURST_MAX: u32 = 1_000_000_000;

fn limit(spec: &RateLimitSpec) -> Result<Limit, Flaw> {
    let rate = spec.rate.per_second();
    if !(1e-3..=RATE_MAX).contains(&rate) {
        let message = format!("a rate of {} is not possible", spec.rate);
        return Err(Flaw::new("rate", message, "write 0.001/s to 1000000000/s, like 10/s"));
    }
    if let Some(burst) = spec.burst.filter(|&burst| burst > BURST_MAX) {
        let message = format!("a burst of {burst} is not possible");
        return Err(Flaw::new("burst", message, format!("write at most {BURST_MAX}")));
    }
    match spec.algorithm {
        Algorithm::TokenBucket => {
            if spec.delay.is_some() || spec.nodelay {
                let path = if spec.nodelay { "nodelay" } else { "delay" };
                let remedy = format!("remove it, or write algorithm: leaky-bucket beside {path}");
                return Err(Flaw::new(path, "a token bucket never delays a request", remedy));
            }
            let burst = spec.burst.unwrap_or(rate.ceil() as u32);
            if burst == 0 {
                let message = "a token bucket with a burst of 0 lets nothing pass";
                return Err(Flaw::new("burst", message, "write at least 1"));
            }
            let rate = (rate * 1e9 + 0.5) as u64;
            Ok(Limit::Token { rate, burst: u128::from(burst) * TOKEN })
        }
        Algorithm::LeakyBucket => {
            if let (Some(delay), true) = (spec.delay, spec.nodelay) {
                let message = format!("delay {delay} and nodelay exclude each other");
                return Err(Flaw::new("delay", message, "keep one of the two"));
            }
            let delay = if spec.nodelay { None } else { Some(spec.delay.unwrap_or(0)) };
            Ok(Limit::leaky(rate, spec.burst.unwrap_or(0), delay))
        }
    }
}

impl RateLimit {
    #[inline]
    fn pass(&mut self, cx: &mut Cx<'_>, req: ReqId, waited: Nanos) {
        self.passed += 1;
        self.meter.seize(cx.now(), waited);
        self.meter.release(cx.now());
        cx.pass(req, self.to);
    }

    fn delay(&mut self, cx: &mut Cx<'_>, req: ReqId, wait: Nanos) {
        let since = cx.now();
        self.delayed += 1;
        self.meter.enqueue(since);
        cx.doing(req, Doing::Waiting);
        let index = self.held.insert(Held { req, since, timer: Timer::NONE });
        cx.hold(req, u64::from(index));
        let timer = cx.after(wait, u64::from(index));
        if let Some(held) = self.held.get_mut(index) {
            held.timer = timer;
        }
    }
}

impl Component for RateLimit {
    const NAME: &'static str = "rate-limit";
    const SUMMARY: &'static str =
        "A rate limiter: a token bucket, or the leaky bucket of nginx that delays and rejects.";
    type Spec = RateLimitSpec;

    fn build(spec: &RateLimitSpec, site: &Site) -> Result<Self, Flaw> {
        Ok(RateLimit {
            to: site.node(&spec.to).map_err(|flaw| Flaw { path: "to".into(), ..flaw })?,
            limit: limit(spec)?,
            per: spec.per,
            buckets: Buckets::default(),
            held: Slab::default(),
            meter: Station::new(0, 0),
            passed: 0,
            delayed: 0,
        })
    }

    fn retune(&mut self, cx: &mut Cx<'_>, spec: &RateLimitSpec, site: &Site) -> Result<(), Flaw> {
        let fresh = Self::build(spec, site)?;
        let kind = std::mem::discriminant(&self.limit);
        if fresh.per != self.per || std::mem::discriminant(&fresh.limit) != kind {
            return Err(Flaw::new(
                "algorithm",
                "how and for whom requests are counted is fixed while the run goes on",
                "change rate, burst, delay or nodelay",
            ));
        }
        self.buckets.settle(&self.limit, cx.now());
        self.limit = fresh.limit;
        self.to = fresh.to;
        Ok(())
    }

    fn carries_leases(_spec: &Self::Spec) -> bool {
        false
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("limit", &self.meter);
        survey.counts.push(("passed", self.passed));
        survey.counts.push(("delayed", self.delayed));
        survey.counts.push(("limited", self.meter.turned_away.count()));
    }

    fn bound(spec: &RateLimitSpec) -> Bound {
        let per_second = (spec.per == Per::Global).then(|| spec.rate.per_second());
        Bound { per_second, ..Bound::default() }
    }

    fn widen(spec: &RateLimitSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        let twice = Rate::new(spec.rate.per_second() * 2.0).ok().filter(|_| resource.is_some());
        let wider = |to: Rate| Wider {
            field: "rate".to_owned(),
            from: spec.rate.to_string(),
            to: to.to_string(),
        };
        twice.map(|to| vec![wider(to)]).into_iter().collect()
    }
}

impl Behaviour for RateLimit {
    fn start(&mut self, _cx: &mut Cx<'_>) {}

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let key = self.per.key(cx.ask(req));
        match self.buckets.admit(&self.limit, key, cx.now()) {
            Verdict::Pass => self.pass(cx, req, 0),
            Verdict::Hold(wait) => self.delay(cx, req, wait),
            Verdict::Reject => {
                self.meter.turn_away();
                cx.reply(req, Outcome::Failed(Cause::RateLimited));
            }
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let Some(held) = self.held.remove(word as u32) else { return };
        let now = cx.now();
        self.meter.dequeue(now);
        self.pass(cx, held.req, now - held.since);
    }

    /// A delayed request leaves; its place in the bucket stays taken.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        let Some(held) = self.held.remove(cx.held(gone.req) as u32) else { return };
        cx.disarm(held.timer);
        self.meter.dequeue(cx.now());
        cx.reply(gone.req, Outcome::Failed(Cause::Cancelled));
    }

    /// The counts are in its memory: it forgets them.
    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        for held in self.held.drain() {
            cx.reply(held.req, Outcome::Failed(cause));
        }
        self.buckets.clear();
        self.meter.queue.set(cx.now(), 0);
    }

    fn vitals(&mut self, _now: Nanos) -> Vitals {
        Vitals { queued: self.meter.queue.level(), ..Vitals::default() }
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        (self.passed, self.delayed) = (0, 0);
    }
}
