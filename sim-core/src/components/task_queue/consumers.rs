//! Who takes tasks: ready or not, what each holds, and what becomes of that.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Ack, FETCHED, TaskQueue, VISIBLE};
use crate::engine::agenda::Timer;
use crate::engine::chance::{Draw, below, name_key};
use crate::engine::kernel::Cx;
use crate::engine::request::{Cause, Doing, Outcome, ReqId};

const FETCH: u64 = name_key("task queue fetch");

/// A consumer, as far as the broker knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Consumer {
    pub(super) node: u32,
    /// Deliveries that it holds, in order; it works on the first ones.
    inside: VecDeque<u32>,
    /// It is getting a task now.
    is_fetching: bool,
    is_ready: bool,
}

impl Consumer {
    pub(super) fn new(node: u32) -> Self {
        Consumer { node, inside: VecDeque::new(), is_fetching: false, is_ready: false }
    }

    /// The broker died and knows nothing of it any more.
    pub(super) fn forget(&mut self) {
        self.inside.clear();
        (self.is_fetching, self.is_ready) = (false, false);
    }
}

/// A task at a consumer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Delivery {
    task: u32,
    /// `None` once that consumer has died.
    consumer: Option<u32>,
    pub(super) child: Option<ReqId>,
    /// Until it is handed out again.
    pub(super) timer: Timer,
    /// The queue has it no more.
    is_acked: bool,
}

impl TaskQueue {
    /// A consumer that has room for one more task gets in line, unless it stands there.
    pub(super) fn offer(&mut self, cx: &Cx<'_>, index: u32) {
        let window = self.terms.window as usize;
        let consumer = &mut self.consumers[index as usize];
        let wants = consumer.inside.len() < window && !consumer.is_fetching;
        if wants && !consumer.is_ready && cx.in_service(consumer.node) {
            consumer.is_ready = true;
            self.ready.push_back(index);
        }
    }

    /// Who is served next: a list serves the one that has waited longest; consumers that take
    /// ahead race for each task.
    fn next_ready(&mut self) -> Option<u32> {
        match (self.terms.ack, self.ready.len()) {
            (Ack::Pop, _) | (_, 0 | 1) => self.ready.pop_front(),
            (_, many) => self.ready.remove(below(&mut self.luck, many as u64) as usize),
        }
    }

    /// Tasks go to those who are ready.
    pub(super) fn hand_out(&mut self, cx: &mut Cx<'_>) {
        while !self.line.is_empty()
            && let Some(index) = self.next_ready()
        {
            let consumer = &mut self.consumers[index as usize];
            consumer.is_ready = false;
            if !cx.in_service(consumer.node) {
                continue;
            }
            let Some((task, since)) = self.line.pop_front() else { return };
            let now = cx.now();
            self.meter.dequeue(now);
            self.meter.seize(now, now - since);
            self.deliver(cx, task, index);
        }
    }

    /// A consumer takes a task; the way there takes its time.
    fn deliver(&mut self, cx: &mut Cx<'_>, task: u32, index: u32) {
        let is_acked = self.terms.ack == Ack::Pop;
        let (consumer, timer) = (Some(index), Timer::NONE);
        let delivery = Delivery { task, consumer, child: None, timer, is_acked };
        let number = self.deliveries.insert(delivery);
        if !is_acked && self.terms.visibility > 0 {
            let timer = cx.after(self.terms.visibility, VISIBLE | u64::from(number));
            if let Some(delivery) = self.deliveries.get_mut(number) {
                delivery.timer = timer;
            }
        }
        let consumer = &mut self.consumers[index as usize];
        consumer.inside.push_back(number);
        consumer.is_fetching = true;
        let Some(fetch) = &self.terms.fetch else {
            self.fetched(cx, number);
            return;
        };
        let luck = self.tasks.get(task).map_or(0, |task| task.ask.luck);
        let mut draw = Draw::new(luck ^ FETCH);
        cx.after(fetch.law().sample_nanos(&mut draw), FETCHED | u64::from(number));
    }

    /// The task is at its consumer, which may take the next one.
    pub(super) fn fetched(&mut self, cx: &mut Cx<'_>, number: u32) {
        let Some(delivery) = self.deliveries.get_mut(number) else { return };
        let (Some(index), Some(task)) = (delivery.consumer, self.tasks.get(delivery.task)) else {
            return;
        };
        let consumer = &mut self.consumers[index as usize];
        consumer.is_fetching = false;
        delivery.child = Some(cx.fork(task.ask, task.req, consumer.node, u64::from(number)));
        if let Some(req) = task.req {
            cx.doing(req, Doing::Away);
        }
        self.begin(cx, index);
        self.offer(cx, index);
        self.hand_out(cx);
    }

    /// A consumer works on the first of its tasks; with early acknowledgement these are gone from
    /// the queue.
    fn begin(&mut self, cx: &mut Cx<'_>, index: u32) {
        if self.terms.ack != Ack::Early {
            return;
        }
        let concurrency = self.terms.concurrency as usize;
        for &number in self.consumers[index as usize].inside.iter().take(concurrency) {
            if let Some(delivery) = self.deliveries.get_mut(number)
                && delivery.child.is_some()
                && !delivery.is_acked
            {
                delivery.is_acked = true;
                cx.disarm(delivery.timer);
            }
        }
    }

    /// A consumer has ended a task, or died with it.
    pub(super) fn answered(
        &mut self,
        cx: &mut Cx<'_>,
        number: u32,
        (outcome, is_broken): (Outcome, bool),
    ) {
        let Some(delivery) = self.deliveries.get_mut(number) else { return };
        delivery.child = None;
        let (task, is_acked) = (delivery.task, delivery.is_acked);
        let from = delivery.consumer.take();
        self.meter.release(cx.now());
        if let Some(index) = from {
            let inside = &mut self.consumers[index as usize].inside;
            inside.retain(|&held| held != number);
        }
        let was_refused = is_broken && outcome == Outcome::Failed(Cause::Refused);
        if was_refused {
            // it died while the task was on its way: nobody has taken it
            self.forget(cx, number);
            self.put_back(cx, task);
        } else if !is_broken {
            self.forget(cx, number);
            self.ended(cx, task, outcome);
            self.drop_copy(cx, task);
        } else if is_acked || self.terms.visibility == 0 {
            self.forget(cx, number);
            self.drop_copy(cx, task);
        }
        if let Some(index) = from {
            if !is_broken {
                self.begin(cx, index);
            }
            self.offer(cx, index);
        }
        self.hand_out(cx);
    }

    fn forget(&mut self, cx: &mut Cx<'_>, number: u32) {
        if let Some(delivery) = self.deliveries.remove(number) {
            cx.disarm(delivery.timer);
        }
    }

    /// A task is in the queue again, as the next one.
    fn put_back(&mut self, cx: &mut Cx<'_>, task: u32) {
        self.meter.enqueue(cx.now());
        self.line.push_front((task, cx.now()));
    }

    /// A task has not been acknowledged in time: it is handed out again, while a consumer that
    /// lives keeps its copy.
    pub(super) fn restore(&mut self, cx: &mut Cx<'_>, number: u32) {
        let Some(delivery) = self.deliveries.get_mut(number) else { return };
        let task = delivery.task;
        if delivery.consumer.is_none() {
            self.deliveries.remove(number);
        } else if let Some(task) = self.tasks.get_mut(task) {
            task.copies += 1;
        }
        self.counts.redelivered.add(1);
        self.put_back(cx, task);
        self.hand_out(cx);
    }
}
