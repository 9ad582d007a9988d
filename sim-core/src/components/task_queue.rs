//! A queue of tasks in a broker: consumers take them, hold some ahead, and acknowledge them.

mod consumers;
mod spec;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use self::consumers::{Consumer, Delivery};
pub use self::spec::{Ack, TaskQueueSpec};
use super::{Component, Survey};
use crate::engine::agenda::Lane;
use crate::engine::chance::{LawSpec, Stream};
use crate::engine::delay::Delay;
use crate::engine::kernel::{Answer, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::meter::{Counter, Sketch, Station};
use crate::engine::request::{Ask, Cause, Doing, Outcome, ReqId, Want};
use crate::engine::slab::Slab;
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;
use crate::wiring::{Flaw, Site};

/// What a timer is about: the high half of its word; the low half is a delivery's number.
const FETCHED: u64 = 0;
const VISIBLE: u64 = 1 << 32;

/// A task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Task {
    ask: Ask,
    /// Its caller, while that one waits for the result.
    req: Option<ReqId>,
    published: Nanos,
    /// Places where it is: in the queue and at consumers.
    copies: u32,
    is_done: bool,
}

/// The form, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    ack: Ack,
    concurrency: u32,
    window: u32,
    /// ns; 0 never.
    visibility: Nanos,
    awaits: bool,
    fetch: Option<Delay>,
}

/// Counts since the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    published: Counter,
    completed: Counter,
    failed: Counter,
    lost: Counter,
    redelivered: Counter,
    repeated: Counter,
}

/// A task queue in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskQueue {
    terms: Terms,
    group: u32,
    tasks: Slab<Task>,
    /// Tasks in the broker and since when, the next one first.
    line: VecDeque<(u32, Nanos)>,
    deliveries: Slab<Delivery>,
    consumers: Vec<Consumer>,
    /// Consumers that want a task, the one first that has wanted one for longest.
    ready: VecDeque<u32>,
    luck: Stream,
    meter: Station,
    latency: Sketch,
    counts: Counts,
}

impl TaskQueue {
    /// A task comes in. Who waits for its result does so from now on.
    fn publish(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let ask = Ask { want: Want::Answer, lease: 0, ..*cx.ask(req) };
        let caller = self.terms.awaits.then_some(req);
        let now = cx.now();
        let task = Task { ask, req: caller, published: now, copies: 1, is_done: false };
        let index = self.tasks.insert(task);
        self.counts.published.add(1);
        self.meter.enqueue(now);
        self.line.push_back((index, now));
        if caller.is_some() {
            cx.hold(req, u64::from(index));
            cx.doing(req, Doing::Waiting);
        } else {
            cx.reply(req, Outcome::Done);
        }
        self.hand_out(cx);
    }

    /// One place fewer where a task is; the last one takes it along.
    fn drop_copy(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        task.copies -= 1;
        if task.copies > 0 {
            return;
        }
        let Some(task) = self.tasks.remove(index) else { return };
        if !task.is_done {
            self.counts.lost.add(1);
            // nobody will ever tell its caller
            task.req.into_iter().for_each(|req| cx.lose(req));
        }
    }

    /// A consumer has ended a task; only the first time counts.
    fn ended(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let is_monitored = cx.is_monitored();
        let Some(task) = self.tasks.get_mut(index) else { return };
        if std::mem::replace(&mut task.is_done, true) {
            self.counts.repeated.add(1);
            return;
        }
        let counter =
            if outcome.is_done() { &mut self.counts.completed } else { &mut self.counts.failed };
        counter.add(1);
        if is_monitored {
            self.latency.record(cx.now() - task.published);
        }
        if let Some(req) = task.req.take() {
            cx.reply(req, outcome);
        }
    }

    fn set_capacity(&mut self, cx: &Cx<'_>) {
        let there = self.consumers.iter().filter(|it| cx.in_service(it.node)).count() as u32;
        self.meter.set_capacity(cx.now(), there.saturating_mul(self.terms.window));
    }
}

impl Component for TaskQueue {
    const NAME: &'static str = "task-queue";
    const SUMMARY: &'static str =
        "A queue of tasks in a broker, as of Celery or a Redis list: prefetch, acknowledgement.";
    type Spec = TaskQueueSpec;

    fn build(spec: &TaskQueueSpec, site: &Site) -> Result<Self, Flaw> {
        let place = site.place(&spec.to.0).map_err(|flaw| Flaw { path: "to".into(), ..flaw })?;
        let concurrency = spec.concurrency.unwrap_or(1);
        if !(1..=100_000).contains(&concurrency) {
            let message = format!("a consumer cannot work on {concurrency} tasks at a time");
            return Err(Flaw::new("concurrency", message, "write 1 to 100000"));
        }
        let fetch = spec.fetch.as_ref().map(LawSpec::compile).transpose();
        let fetch = fetch.map_err(|message| Flaw::told("fetch", &message, "correct the law"))?;
        Ok(TaskQueue {
            terms: Terms {
                ack: spec.ack,
                concurrency,
                window: spec.window(),
                visibility: spec.visibility_timeout.map_or(3_600 * SECOND, Duration::nanos),
                awaits: spec.await_result,
                fetch: fetch.filter(|law| law.constant_nanos() != Some(0)).map(Delay::new),
            },
            group: place.group,
            tasks: Slab::default(),
            line: VecDeque::new(),
            deliveries: Slab::default(),
            consumers: place.members.iter().map(|&node| Consumer::new(node)).collect(),
            ready: VecDeque::new(),
            luck: Stream::new(0),
            meter: Station::new(0, 0),
            latency: Sketch::default(),
            counts: Counts::default(),
        })
    }

    /// Tasks that consumers hold stay with them.
    fn retune(&mut self, cx: &mut Cx<'_>, spec: &Self::Spec, site: &Site) -> Result<(), Flaw> {
        let mut fresh = Self::build(spec, site)?;
        if fresh.group != self.group || fresh.terms.ack != self.terms.ack {
            let message = "consumers and ack are fixed while the run goes on";
            return Err(Flaw::new("ack", message, "change prefetch_multiplier, fetch or times"));
        }
        fresh.prepare(&mut |delay| cx.lane(delay));
        self.terms = fresh.terms;
        self.set_capacity(cx);
        (0..self.consumers.len() as u32).for_each(|index| self.offer(cx, index));
        self.hand_out(cx);
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("tasks", &self.meter);
        let counts = &self.counts;
        survey.counts.extend([
            ("published", counts.published.count()),
            ("completed", counts.completed.count()),
            ("failed", counts.failed.count()),
            ("lost", counts.lost.count()),
            ("redelivered", counts.redelivered.count()),
            ("repeated", counts.repeated.count()),
        ]);
    }

    fn carries_leases(_spec: &TaskQueueSpec) -> bool {
        false
    }
}

impl Behaviour for TaskQueue {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        if let Some(fetch) = &mut self.terms.fetch {
            fetch.prepare(lanes);
        }
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.luck = cx.stream("race for tasks");
        cx.watch(self.group);
        (0..self.consumers.len() as u32).for_each(|index| self.offer(cx, index));
        self.set_capacity(cx);
    }

    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        self.publish(cx, req);
    }

    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let is_broken = cx.is_broken(answer.req);
        self.answered(cx, answer.word as u32, (answer.outcome, is_broken));
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        match word & !0xffff_ffff {
            FETCHED => self.fetched(cx, word as u32),
            _ => self.restore(cx, word as u32),
        }
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Member { node, up, .. } = note {
            let known = self.consumers.iter().position(|it| it.node == node);
            if let Some(index) = known.filter(|_| up) {
                self.offer(cx, index as u32);
                self.hand_out(cx);
            }
            self.set_capacity(cx);
        }
    }

    /// The caller waits no longer; nobody takes its task out of the queue.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        let index = cx.held(gone.req) as u32;
        if let Some(req) = self.tasks.get_mut(index).and_then(|task| task.req.take()) {
            cx.reply(req, Outcome::Failed(Cause::Cancelled));
        }
    }

    /// The broker dies, and with it what it holds in memory; consumers work on what they have.
    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        for delivery in self.deliveries.drain() {
            cx.disarm(delivery.timer);
            delivery.child.into_iter().for_each(|child| cx.detach(child));
        }
        for task in self.tasks.drain() {
            self.counts.lost.add(u64::from(!task.is_done));
            task.req.into_iter().for_each(|req| cx.reply(req, Outcome::Failed(cause)));
        }
        self.line.clear();
        self.ready.clear();
        self.consumers.iter_mut().for_each(Consumer::forget);
        self.meter.close(cx.now());
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals { latency: self.latency.seal(), ..Vitals::of(&self.meter, now) }
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        self.counts = Counts::default();
    }
}
