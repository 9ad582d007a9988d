//! An uplink: answers have a size, and those under way share what the line carries a second.

mod bandwidth;
mod egress;
#[cfg(test)]
mod tests;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::bandwidth::Bandwidth;
pub use self::egress::Egress;
use super::{Bound, Component, Survey};
use crate::engine::agenda::Timer;
use crate::engine::chance::{Law, LawSpec, mix, name_key};
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Vitals};
use crate::engine::meter::Station;
use crate::engine::request::{Cause, Doing, Outcome, ReqId};
use crate::engine::share::{JobKey, Share};
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};
use crate::units::Bytes;
use crate::wiring::{Flaw, Site, Target, Wider};

/// The line over which a node's answers leave. All answers under way get equal parts of its
/// bandwidth (processor sharing, as many TCP flows of one round trip do on one line), but none more
/// than its client's own line carries. Requests are small and pass at once, and so do errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UplinkSpec {
    /// The node whose answers it carries.
    pub to: Target,
    /// What it carries, like `1Gbit/s` or `100MB/s`.
    pub bandwidth: Bandwidth,
    /// What a client's own line carries at most. Default: as much as this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Bandwidth>,
    /// The mean size of an answer.
    pub size: Bytes,
    /// How unequal answers are: the coefficient of variation of their lognormal sizes; default 0,
    /// all alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_cv: Option<f64>,
    /// Mean sizes of the answers of endpoints that differ, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub sizes: IndexMap<String, Bytes>,
    /// What a gigabyte of answers costs that leaves over this line, like `0.09 USD/GB`; what a
    /// client breaks off is paid for as far as it was sent. Default: nothing is said of its cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress: Option<Egress>,
}

/// An answer on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Transfer {
    req: ReqId,
    job: JobKey,
    bytes: u64,
}

/// An uplink in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Uplink {
    to: u32,
    /// Bits per second of a client's line, and how many such lines fill this one.
    client_bps: f64,
    lines: f64,
    /// Bits per second of the line in whose time demands are told; it never changes.
    unit_bps: f64,
    /// Mean sizes by endpoint, bytes.
    sizes: Vec<u64>,
    /// A factor around 1 s.
    spread: Option<Law>,
    salt: u64,
    slow: f64,
    /// USD/GB, where it has a price.
    egress: Option<f64>,
    transfers: Slab<Transfer>,
    share: Option<Share>,
    timer: Timer,
    meter: Station,
    answers: u64,
    megabytes: u64,
    rest: u64,
}

/// Bytes of the unit in which traffic is counted and paid for.
const MEGABYTE: u64 = 1_000_000;
/// Stands for a job until the share has it.
const UNKNOWN: JobKey = JobKey { slot: 0, generation: 0 };
const SIZE: u64 = name_key("answer size");

impl Uplink {
    /// The size of a request's answer, bytes: the same in every variant.
    fn size(&self, cx: &Cx<'_>, req: ReqId) -> u64 {
        let mean = self.sizes[cx.ask(req).endpoint as usize];
        let Some(spread) = &self.spread else { return mean };
        let factor = spread.sample_nanos(&mut cx.draw(req, mix(self.salt, SIZE)));
        (mean as f64 * factor as f64 / SECOND as f64) as u64
    }

    /// How fast a client's line is now, beside the one in whose time demands are told.
    fn speed(&self) -> f64 {
        self.client_bps / self.unit_bps / self.slow
    }

    /// Bytes have left.
    fn count(&mut self, bytes: u64) {
        self.rest += bytes;
        self.megabytes += self.rest / MEGABYTE;
        self.rest %= MEGABYTE;
    }

    /// An answer ends before its time: what was sent of it has left.
    fn break_off(&mut self, now: Nanos, transfer: &Transfer) {
        let left_ns = self.share.as_mut().and_then(|share| share.remove(now, transfer.job));
        let left = left_ns.unwrap_or(0) as f64 / SECOND as f64 * self.unit_bps / 8.0;
        self.count(transfer.bytes.saturating_sub(libm::ceil(left) as u64));
    }

    /// Lines or speed have changed.
    fn reshare(&mut self, cx: &mut Cx<'_>) {
        let (speed, places) = (self.speed(), self.places());
        if let Some(share) = &mut self.share {
            share.set_speed(cx.now(), self.lines, speed);
            self.meter.set_capacity(cx.now(), places);
        }
        self.rearm(cx);
    }

    fn places(&self) -> u32 {
        libm::ceil(self.lines).min(f64::from(u32::MAX)) as u32
    }

    /// Meters what is under way and waits for the next answer to be through.
    fn rearm(&mut self, cx: &mut Cx<'_>) {
        let (now, places) = (cx.now(), self.places());
        cx.disarm(self.timer);
        self.timer = Timer::NONE;
        let Some(share) = &mut self.share else { return };
        self.meter.busy.set(now, share.len().min(places));
        self.meter.queue.set(now, share.len().saturating_sub(places));
        if let Some(at) = share.next() {
            self.timer = cx.after(at - now, 0);
        }
    }
}

/// The law of a factor with mean 1 s.
fn spread(cv: f64) -> Result<Option<Law>, Flaw> {
    let wrong =
        |message: String| Flaw::new("size_cv", message, "write a number like 1.5, or drop it");
    if cv == 0.0 {
        return Ok(None);
    }
    let form = serde_json::json!({"lognormal": {"mean": "1s", "cv": cv}});
    let spec: Result<LawSpec, _> = serde_json::from_value(form);
    let law = spec.map_err(|error| error.to_string()).and_then(|spec| spec.compile());
    law.map(Some).map_err(|_| wrong(format!("{cv} is no coefficient of variation")))
}

/// USD/GB, where the line has a price.
fn price(spec: &UplinkSpec) -> Result<Option<f64>, Flaw> {
    spec.egress.as_ref().map(|egress| egress.usd_per_gb("egress")).transpose()
}

fn sizes(spec: &UplinkSpec, site: &Site) -> Result<Vec<u64>, Flaw> {
    let mut sizes = vec![spec.size.bytes(); site.endpoints.len().max(1)];
    for (name, size) in &spec.sizes {
        let place = site.endpoints.iter().position(|known| known == name);
        let Some(place) = place.filter(|_| !name.is_empty()) else {
            let known: Vec<&str> = site.endpoints.iter().skip(1).map(String::as_str).collect();
            let remedy = format!("endpoints here are {}", known.join(", "));
            let message = format!("\"{name}\" is no endpoint");
            return Err(Flaw::new(&format!("sizes.{name}"), message, &remedy));
        };
        sizes[place] = size.bytes();
    }
    Ok(sizes)
}

impl Component for Uplink {
    const NAME: &'static str = "uplink";
    const SUMMARY: &'static str =
        "An uplink: answers have a size, and those under way share what the line carries a second.";
    type Spec = UplinkSpec;

    fn build(spec: &UplinkSpec, site: &Site) -> Result<Self, Flaw> {
        let bandwidth = spec.bandwidth.bits_per_second("bandwidth")?;
        let client = spec.client.as_ref().map(|client| client.bits_per_second("client"));
        let client_bps = client.transpose()?.unwrap_or(bandwidth).min(bandwidth);
        Ok(Uplink {
            to: site.node(&spec.to).map_err(|flaw| Flaw { path: "to".into(), ..flaw })?,
            client_bps,
            lines: bandwidth / client_bps,
            unit_bps: client_bps,
            sizes: sizes(spec, site)?,
            spread: spread(spec.size_cv.unwrap_or(0.0))?,
            salt: name_key(&site.name),
            slow: 1.0,
            egress: price(spec)?,
            transfers: Slab::default(),
            share: None,
            timer: Timer::NONE,
            meter: Station::new(0, 0),
            answers: 0,
            megabytes: 0,
            rest: 0,
        })
    }

    /// What is under way goes on at the new speed.
    fn retune(&mut self, cx: &mut Cx<'_>, spec: &UplinkSpec, site: &Site) -> Result<(), Flaw> {
        let fresh = Self::build(spec, site)?;
        if fresh.egress != self.egress {
            let message = "traffic has one price in the whole run";
            return Err(Flaw::new("egress", message, "compare two runs instead"));
        }
        self.to = fresh.to;
        (self.client_bps, self.lines) = (fresh.client_bps, fresh.lines);
        (self.sizes, self.spread) = (fresh.sizes, fresh.spread);
        self.reshare(cx);
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("bandwidth", &self.meter);
        survey.counts.push(("answers", self.answers));
        survey.counts.push(("megabytes", self.megabytes));
    }

    fn egress(spec: &UplinkSpec) -> Option<f64> {
        price(spec).ok().flatten()
    }

    fn bound(spec: &UplinkSpec) -> Bound {
        let bits = spec.bandwidth.bits_per_second("bandwidth").ok();
        let bytes = spec.size.bytes().max(1) as f64;
        let bits = bits.filter(|_| spec.sizes.is_empty());
        Bound { per_second: bits.map(|bps| bps / 8.0 / bytes), forwards: true, in_order: false }
    }

    fn widen(spec: &UplinkSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        let twice = spec.bandwidth.twice().filter(|_| resource.is_some());
        twice.map(|wider| vec![wider]).into_iter().collect()
    }
}

impl Behaviour for Uplink {
    fn start(&mut self, cx: &mut Cx<'_>) {
        self.share = Some(Share::new(cx.now(), self.lines, self.speed()));
        let places = self.places();
        self.meter.set_capacity(cx.now(), places);
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        cx.call(req, self.to, 0);
    }

    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let Answer { req, outcome, .. } = answer;
        let bytes = if outcome.is_done() { self.size(cx, req) } else { 0 };
        let Some(share) = self.share.as_mut().filter(|_| bytes > 0) else {
            cx.reply(req, outcome);
            return;
        };
        let demand = bytes as f64 * 8.0 / self.unit_bps * SECOND as f64;
        let index = self.transfers.insert(Transfer { req, job: UNKNOWN, bytes });
        let job = share.add(cx.now(), libm::ceil(demand) as Nanos, u64::from(index));
        if let Some(transfer) = self.transfers.get_mut(index) {
            transfer.job = job;
        }
        self.meter.seize(cx.now(), 0);
        cx.doing(req, Doing::Working);
        cx.hold(req, u64::from(index));
        self.rearm(cx);
    }

    fn timer(&mut self, cx: &mut Cx<'_>, _word: u64) {
        while let Some(word) = self.share.as_mut().and_then(|share| share.pop_finished(cx.now())) {
            let Some(transfer) = self.transfers.remove(word as u32) else { continue };
            self.answers += 1;
            self.count(transfer.bytes);
            cx.reply(transfer.req, Outcome::Done);
        }
        self.rearm(cx);
    }

    /// A client who closes its connection frees the line at once.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        if gone.word.is_some() {
            cx.pass_on(gone);
            return;
        }
        let Some(transfer) = self.transfers.remove(cx.held(gone.req) as u32) else { return };
        self.break_off(cx.now(), &transfer);
        cx.reply(gone.req, Outcome::Failed(Cause::Cancelled));
        self.rearm(cx);
    }

    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        for transfer in self.transfers.drain() {
            self.break_off(cx.now(), &transfer);
            cx.reply(transfer.req, Outcome::Failed(cause));
        }
        (self.share, self.timer) = (None, Timer::NONE);
        self.meter.close(cx.now());
    }

    fn act(&mut self, cx: &mut Cx<'_>, action: Action) -> bool {
        let Action::Slow(factor) = action else { return false };
        self.slow = factor;
        self.reshare(cx);
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals::of(&self.meter, now)
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        (self.answers, self.megabytes, self.rest) = (0, 0, 0);
    }
}
