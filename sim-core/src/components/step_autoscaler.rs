//! An autoscaler with steps: it adds or removes instances of a service when a condition holds.

mod condition;
mod rule;
mod spec;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

pub use self::condition::{Condition, Measure, Side};
use self::rule::{Reading, Rule};
pub use self::spec::{DownRule, StepAutoscalerSpec, UpRule};
use super::{Component, Limits, Survey};
use crate::engine::chance::{Law, LawSpec, Stream};
use crate::engine::kernel::{Behaviour, Cx, Note, Vitals};
use crate::engine::meter::{Counter, SparseSketch};
use crate::engine::request::{Cause, Outcome, ReqId};
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;
use crate::wiring::{Flaw, FlawKind, Site, Wider};

const COOLDOWN: Duration = Duration(300 * SECOND);
const EVERY: Duration = Duration(15 * SECOND);

/// What a timer means.
const SCRAPE: u64 = 0;
const EVALUATE: u64 = 1;
const BOOTED: u64 = 2;

/// What the form says, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    group: u32,
    service: String,
    min: u32,
    max: u32,
    cooldown: Nanos,
    every: Nanos,
    delay: Nanos,
    boot: Law,
}

/// An autoscaler in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepAutoscaler {
    terms: Terms,
    up: Rule,
    down: Option<Rule>,
    stream: Stream,
    /// CPU time used and offered by each member at its last scrape.
    seen: BTreeMap<u32, (u128, u128)>,
    /// Scrapes on their way through the monitoring system, oldest first.
    readings: VecDeque<Reading>,
    is_baseline: bool,
    acted: Option<Nanos>,
    booting: u32,
    /// Instances told to start whose start is not heard of yet.
    starting: u32,
    wants_more: bool,
    at_max: bool,
    accounted: Nanos,
    at_max_ns: Nanos,
    ups: Counter,
    downs: Counter,
}

impl Terms {
    fn new(spec: &StepAutoscalerSpec, site: &Site) -> Result<Self, Flaw> {
        let place = site.place(&spec.service.0);
        let place = place.map_err(|flaw| Flaw { path: "service".into(), ..flaw })?;
        if spec.min == 0 {
            let message = "a service without instances shows no figure to grow by";
            return Err(Flaw::new("min", message, "write min: 1 or more"));
        }
        if spec.min > spec.max {
            let message = format!("min ({}) is above max ({})", spec.min, spec.max);
            let remedy = format!("write min: {} or less, or a larger max", spec.max);
            return Err(Flaw::new("min", message, remedy).of(FlawKind::MinAboveMax));
        }
        if spec.max > 100_000 {
            let message = format!("{} instances are too many", spec.max);
            return Err(Flaw::new("max", message, "write at most 100000"));
        }
        let removed = spec.down.as_ref().map_or(1, |rule| rule.remove);
        let steps = [("up.add", spec.up.add), ("down.remove", removed)];
        if let Some((path, _)) = steps.iter().find(|(_, by)| *by == 0) {
            return Err(Flaw::new(path, "a step of 0 instances does nothing", "write 1 or more"));
        }
        let every = spec.every.unwrap_or(EVERY).nanos();
        if every == 0 {
            let message = "time would not pass between two scrapes";
            return Err(Flaw::new("every", message, "write a duration like 15s"));
        }
        let boot = spec.boot.as_ref().map_or(Ok(Law::Constant { nanos: 0 }), LawSpec::compile);
        let boot = boot.map_err(|message| Flaw::told("boot", &message, "correct the law"))?;
        Ok(Terms {
            group: place.group,
            service: spec.service.0.clone(),
            min: spec.min,
            max: spec.max,
            cooldown: spec.cooldown.unwrap_or(COOLDOWN).nanos(),
            every,
            delay: spec.delay.unwrap_or_default().nanos(),
            boot,
        })
    }
}

impl StepAutoscaler {
    /// What a scrape shows: CPU time used over offered since each member's last scrape, all members
    /// together; the mean number waiting; the latencies of all.
    fn read(&mut self, vitals: &[Vitals]) -> Reading {
        let (mut used, mut offered, mut queued) = (0, 0, 0u64);
        let mut latency = SparseSketch::default();
        for own in vitals {
            let before = self.seen.insert(own.node, (own.busy_ns, own.capacity_ns));
            // a meter that shows less than before has started again: the warm-up has ended
            let (busy, capacity) =
                before.filter(|&(_, capacity)| capacity <= own.capacity_ns).unwrap_or_default();
            used += own.busy_ns.saturating_sub(busy);
            offered += own.capacity_ns - capacity;
            queued += u64::from(own.queued);
            latency.merge(&own.latency);
        }
        Reading {
            cpu: (offered > 0).then(|| used as f64 / offered as f64),
            queue: (!vitals.is_empty()).then(|| queued as f64 / vitals.len() as f64),
            latency,
        }
    }

    fn size(&self, cx: &Cx<'_>) -> u32 {
        cx.size(self.terms.group) + self.booting
    }

    fn evaluate(&mut self, cx: &mut Cx<'_>) {
        let Some(reading) = self.readings.pop_front() else { return };
        let now = cx.now();
        let size = self.size(cx);
        let up = self.up.update(&reading, now);
        let down = self.down.as_mut().and_then(|rule| rule.update(&reading, now));
        let rests = self.acted.is_some_and(|acted| now - acted < self.terms.cooldown);
        if self.at_max {
            self.at_max_ns += now - self.accounted;
        }
        self.accounted = now;
        self.wants_more &= up.is_some();
        let target = self.act_on(cx, (size, rests), (up, down));
        self.at_max = target >= self.terms.max;
    }

    /// Takes the action that two values call for, if any; the size that the service then has.
    fn act_on(
        &mut self,
        cx: &mut Cx<'_>,
        (size, rests): (u32, bool),
        (up, down): (Option<f64>, Option<f64>),
    ) -> u32 {
        let Terms { min, max, .. } = self.terms;
        if size < min {
            return self.grow(cx, (size, min), "below min");
        }
        if size > max {
            return self.shrink(cx, (size, max), "above max");
        }
        if let Some(value) = up {
            let target = size.saturating_add(self.up.by).min(max);
            if target == size {
                self.report_max(cx);
            } else if !rests {
                let why = self.up.when.with(value);
                return self.grow(cx, (size, target), &why);
            }
        } else if let (Some(value), Some(rule)) = (down, &self.down) {
            let target = size.saturating_sub(rule.by).max(min);
            if target < size && !rests && self.booting == 0 {
                let why = rule.when.with(value);
                return self.shrink(cx, (size, target), &why);
            }
        }
        size
    }

    fn report_max(&mut self, cx: &mut Cx<'_>) {
        if !self.wants_more {
            self.wants_more = true;
            cx.journal(format!("at max {}, wanted more", self.terms.max));
        }
    }

    fn grow(&mut self, cx: &mut Cx<'_>, (size, target): (u32, u32), why: &str) -> u32 {
        self.announce(cx, (size, target), why);
        self.ups.add(1);
        for _ in size..target {
            self.booting += 1;
            match self.terms.boot.sample_nanos(&mut self.stream) {
                0 => self.booted(cx),
                span => {
                    cx.after(span, BOOTED);
                }
            }
        }
        target
    }

    fn shrink(&mut self, cx: &mut Cx<'_>, (size, target): (u32, u32), why: &str) -> u32 {
        self.announce(cx, (size, target), why);
        self.downs.add(1);
        for _ in target..size {
            cx.shrink(self.terms.group);
        }
        target
    }

    fn announce(&mut self, cx: &mut Cx<'_>, (from, to): (u32, u32), why: &str) {
        self.acted = Some(cx.now());
        cx.journal(format!("{} scales from {from} to {to}: {why}", self.terms.service));
    }

    /// An instance has booted. Where every place is still held by one that is on its way out, it
    /// waits for the next evaluation.
    fn booted(&mut self, cx: &mut Cx<'_>) {
        if cx.grow(self.terms.group) {
            self.booting -= 1;
            self.starting += 1;
        } else {
            cx.after(self.terms.every, BOOTED);
        }
    }
}

impl Component for StepAutoscaler {
    const NAME: &'static str = "step-autoscaler";
    const SUMMARY: &'static str =
        "Adds and removes instances by rules on CPU, queue or latency; has a cooldown.";
    type Spec = StepAutoscalerSpec;

    fn build(spec: &StepAutoscalerSpec, site: &Site) -> Result<Self, Flaw> {
        Ok(StepAutoscaler {
            terms: Terms::new(spec, site)?,
            up: spec.up.rule(),
            down: spec.down.as_ref().map(DownRule::rule),
            stream: Stream::new(0),
            seen: BTreeMap::new(),
            readings: VecDeque::new(),
            is_baseline: true,
            acted: None,
            booting: 0,
            starting: 0,
            wants_more: false,
            at_max: false,
            accounted: 0,
            at_max_ns: 0,
            ups: Counter::default(),
            downs: Counter::default(),
        })
    }

    /// Instances up to `max` are prepared, so that they can come into service.
    fn limits(spec: &Self::Spec) -> Limits {
        let scales_on_cpu = match spec.up.when {
            Condition { measure: Measure::Cpu(share), side: Side::Above, .. } => {
                Some((spec.service.0.clone(), share.value()))
            }
            _ => None,
        };
        Limits { scales_on_cpu, ..Limits::default() }
    }

    /// Under a steady load too: how fast it gets there is what it is played for.
    fn varies(_spec: &StepAutoscalerSpec) -> bool {
        true
    }

    fn grows(spec: &Self::Spec) -> Option<(String, u32)> {
        Some((spec.service.0.clone(), spec.max))
    }

    /// A changed condition has to hold anew; instances that boot go on booting.
    fn retune(&mut self, cx: &mut Cx<'_>, spec: &Self::Spec, site: &Site) -> Result<(), Flaw> {
        let terms = Terms::new(spec, site)?;
        if terms.group != self.terms.group {
            let message = format!("it scales {}, not {}", self.terms.service, terms.service);
            return Err(Flaw::new("service", message, "keep the service"));
        }
        let at_hand = cx.members(terms.group).len();
        if terms.max as usize > at_hand {
            let message = format!("max ({}) is above the {at_hand} at hand", terms.max);
            let remedy = format!("write max: {at_hand} or less, or begin a new run");
            return Err(Flaw::new("max", message, remedy));
        }
        self.terms = terms;
        let (mut up, mut down) = (spec.up.rule(), spec.down.as_ref().map(DownRule::rule));
        if up.when == self.up.when {
            up.since = self.up.since;
        }
        if let (Some(new), Some(old)) = (&mut down, &self.down)
            && new.when == old.when
        {
            new.since = old.since;
        }
        (self.up, self.down) = (up, down);
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.counts.push(("scale_ups", self.ups.count()));
        survey.counts.push(("scale_downs", self.downs.count()));
        survey.counts.push(("seconds_at_max", self.at_max_ns / SECOND));
    }

    fn widen(spec: &Self::Spec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        // a service that it looks after may only have as many as it says
        let more = |field: &str, from: u32| Wider::twice(field, from);
        resource.map_or_else(Vec::new, |_| vec![vec![more("min", spec.min), more("max", spec.max)]])
    }
}

impl Behaviour for StepAutoscaler {
    fn start(&mut self, cx: &mut Cx<'_>) {
        self.stream = cx.stream("boot");
        self.accounted = cx.now();
        cx.watch(self.terms.group);
        cx.monitor(self.terms.group);
        self.is_baseline = true;
        cx.scrape(self.terms.group);
        cx.after(self.terms.every, SCRAPE);
    }

    /// It answers nobody.
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        cx.reply(req, Outcome::Failed(Cause::Refused));
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        match word {
            SCRAPE => {
                cx.scrape(self.terms.group);
                cx.after(self.terms.every, SCRAPE);
            }
            EVALUATE => self.evaluate(cx),
            _ => self.booted(cx),
        }
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Member { node, up: true, .. } = note
            && self.starting > 0
        {
            self.starting -= 1;
            let what = format!("{} in service after boot", cx.name(node));
            cx.journal(what);
        }
    }

    fn scraped(&mut self, cx: &mut Cx<'_>, _group: u32, vitals: &[Vitals]) {
        let reading = self.read(vitals);
        if std::mem::take(&mut self.is_baseline) {
            return;
        }
        self.readings.push_back(reading);
        match self.terms.delay {
            0 => self.evaluate(cx),
            delay => {
                cx.after(delay, EVALUATE);
            }
        }
    }

    /// What boots is lost with it; what is in service stays.
    fn stop(&mut self, _cx: &mut Cx<'_>, _cause: Cause) {
        self.readings.clear();
        self.up.since = None;
        if let Some(rule) = &mut self.down {
            rule.since = None;
        }
        self.acted = None;
        (self.booting, self.starting) = (0, 0);
        (self.wants_more, self.at_max) = (false, false);
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.at_max_ns = 0;
        self.accounted = now;
        self.ups.reset();
        self.downs.reset();
    }
}
