//! A pool of workers: each request holds one of them through all steps of its endpoint.

mod spec;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::spec::{ClientGone, WorkerPoolSpec};
use self::spec::{bound, limits};
use super::{Bound, Component, Limits, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::{flip, mix};
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Vitals};
use crate::engine::meter::{Sketch, Station};
use crate::engine::queue::{Order, Queue, Waiter};
use crate::engine::request::{Cause, Doing, Outcome, ReqId};
use crate::engine::share::Share;
use crate::engine::slab::Slab;
use crate::engine::time::Nanos;
use crate::steps::{Aside, Landing, NOTHING, Op, Program, Work, send};
use crate::wiring::{Flaw, Site, Wider};

const SHARED: u64 = 1 << 32;

/// A request that holds a worker or waits for one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    req: ReqId,
    began: Nanos,
    ticket: u32,
    pc: u16,
    /// Children under way.
    open: u16,
    on_cpu: bool,
    waiting: bool,
    gone: bool,
    failed: Option<Cause>,
    child: Option<ReqId>,
    /// Number of its extras.
    aside: u32,
}

/// One instance in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerPool {
    program: Arc<Program>,
    workers: u32,
    cores: Option<u32>,
    queue_max: u32,
    order: Order,
    client_gone: ClientGone,
    slow: f64,
    line: Queue,
    jobs: Slab<Job>,
    aside: Aside,
    share: Option<Share>,
    shared_timer: Timer,
    meter: Station,
    cpu: Station,
    latency: Sketch,
    errors: u64,
}

impl WorkerPool {
    /// Runs operations until one takes time.
    #[inline]
    fn go_on(&mut self, cx: &mut Cx<'_>, index: u32) {
        while self.step(cx, index) {}
    }

    /// Runs one operation; true if the next one follows at once.
    #[inline(never)]
    fn step(&mut self, cx: &mut Cx<'_>, index: u32) -> bool {
        let Some(job) = self.jobs.get_mut(index) else { return false };
        let req = job.req;
        if std::mem::take(&mut job.on_cpu) {
            self.cpu.busy.down(cx.now());
        }
        if job.gone && self.client_gone == ClientGone::Notice {
            self.finish(cx, index, Outcome::Failed(Cause::Cancelled));
            return false;
        }
        let Some(op) = self.program.ops.get(job.pc as usize) else {
            self.errors += 1;
            self.finish(cx, index, Outcome::Failed(Cause::Error));
            return false;
        };
        match op {
            Op::Cpu { time, salt } => {
                job.pc += 1;
                job.on_cpu = true;
                let Some(share) = &mut self.share else {
                    self.cpu.busy.up(cx.now());
                    time.arm(cx, (req, *salt), self.slow, u64::from(index));
                    return false;
                };
                share.add(cx.now(), time.draw(cx, req, *salt), u64::from(index));
                self.rearm_share(cx);
            }
            Op::Io { time, salt } => {
                job.pc += 1;
                time.arm(cx, (req, *salt), self.slow, u64::from(index));
            }
            Op::Luck { p, time, salt, hit } => {
                if !flip(&mut cx.draw(req, *salt), *p) {
                    job.pc += 1;
                    return true;
                }
                job.pc = *hit;
                time.arm(cx, (req, mix(*salt, 1)), self.slow, u64::from(index));
            }
            Op::Call { out, salt } | Op::Lookup { out, salt, .. } | Op::Write { out, salt } => {
                job.open = 1;
                let lease = self.aside.lease_of(job.aside, out.to);
                job.child = Some(send(cx, req, (out, *salt, lease), index));
                cx.doing(req, Doing::Away);
            }
            Op::Parallel { count } => {
                let count = *count;
                self.spread(cx, index, count);
            }
            Op::Release { to } => {
                job.pc += 1;
                self.aside.release(cx, job.aside, Some(*to));
                return true;
            }
            Op::Fail { p, salt } => {
                if flip(&mut cx.draw(req, mix(*salt, cx.now())), *p) {
                    self.finish(cx, index, Outcome::Failed(Cause::Error));
                    return false;
                }
                job.pc += 1;
                return true;
            }
            Op::End => self.finish(cx, index, Outcome::Done),
        }
        false
    }

    /// The next `count` operations are calls that run at the same time.
    fn spread(&mut self, cx: &mut Cx<'_>, index: u32, count: u16) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        let (req, first) = (job.req, job.pc as usize + 1);
        job.open = count;
        job.pc += count + 1;
        let calls = self.program.ops[first..first + count as usize].iter().filter_map(|branch| {
            let Op::Call { out, salt } = branch else { return None };
            let lease = self.aside.lease_of(job.aside, out.to);
            Some(send(cx, req, (out, *salt, lease), index))
        });
        let children = calls.collect();
        self.aside.spread(&mut job.aside, children);
        cx.doing(req, Doing::Away);
    }

    fn rearm_share(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let (Some(share), Some(cores)) = (&mut self.share, self.cores) else { return };
        self.cpu.busy.set(now, share.len().min(cores));
        self.cpu.queue.set(now, share.len().saturating_sub(cores));
        cx.disarm(self.shared_timer);
        self.shared_timer = match share.next() {
            Some(at) => cx.after(at - now, SHARED),
            None => Timer::NONE,
        };
    }

    fn share_done(&mut self, cx: &mut Cx<'_>) {
        while let Some(word) = self.share.as_mut().and_then(|share| share.pop_finished(cx.now())) {
            let index = word as u32;
            if let Some(job) = self.jobs.get_mut(index) {
                job.on_cpu = false;
            }
            self.go_on(cx, index);
        }
        self.rearm_share(cx);
    }

    /// Answers a job, frees its worker and takes the next one from the line.
    #[inline]
    fn finish(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let Some(job) = self.jobs.remove(index) else { return };
        let now = cx.now();
        self.aside.end(cx, job.aside);
        self.meter.release(now);
        if cx.is_monitored() {
            self.latency.record(now - job.began);
        }
        cx.reply(job.req, outcome);
        if !self.line.is_empty() {
            self.take_next(cx);
        }
    }

    fn take_next(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        if self.meter.busy.level() >= self.workers {
            return;
        }
        let Some(waiter) = self.line.pop(self.order) else { return };
        self.meter.dequeue(now);
        self.meter.seize(now, now - waiter.since);
        let index = waiter.word as u32;
        if let Some(job) = self.jobs.get_mut(index) {
            job.waiting = false;
        }
        cx.doing(waiter.req, Doing::Working);
        self.go_on(cx, index);
    }

    /// Ends what a job has under way elsewhere; the others run on for nobody.
    fn leave_children(&self, cx: &mut Cx<'_>, job: &Job) {
        for &child in job.child.iter().chain(self.aside.siblings(job.aside)) {
            cx.detach(child);
            cx.cancel(child);
        }
    }
}

impl Component for WorkerPool {
    const NAME: &'static str = "worker-pool";
    const SUMMARY: &'static str =
        "Application workers: each request holds one of them through all steps of its endpoint.";
    type Spec = WorkerPoolSpec;

    fn build(spec: &WorkerPoolSpec, site: &Site) -> Result<Self, Flaw> {
        for (path, number) in [("workers", Some(spec.workers)), ("cores", spec.cores)] {
            if number.is_some_and(|number| number == 0 || number > 100_000) {
                let message = format!("{} {path} are not possible", number.unwrap_or(0));
                return Err(Flaw::new(path, message, "write 1 to 100000"));
            }
        }
        let work = Work {
            database: spec.database.as_ref(),
            steps: &spec.steps,
            endpoints: &spec.endpoints,
        };
        Ok(WorkerPool {
            program: Arc::new(Program::new(work, site)?),
            workers: spec.workers,
            cores: spec.cores,
            queue_max: spec.queue.unwrap_or(u32::MAX),
            order: spec.order,
            client_gone: spec.client_gone,
            slow: 1.0,
            line: Queue::default(),
            jobs: Slab::default(),
            aside: Aside::default(),
            share: None,
            shared_timer: Timer::NONE,
            meter: Station::new(0, 0),
            cpu: Station::new(0, 0),
            latency: Sketch::default(),
            errors: 0,
        })
    }

    fn retune(&mut self, cx: &mut Cx<'_>, spec: &WorkerPoolSpec, site: &Site) -> Result<(), Flaw> {
        let mut fresh = Self::build(spec, site)?;
        if fresh.cores.is_some() != self.cores.is_some() {
            let message = "cores cannot begin or cease to be shared while the run goes on";
            return Err(Flaw::new("cores", message, "write cores: at the start, or leave it out"));
        }
        if !self.jobs.is_empty() {
            fresh.program = fresh.program.instead_of(&self.program)?;
        }
        let now = cx.now();
        Arc::make_mut(&mut fresh.program).prepare(&mut |delay| cx.lane(delay));
        self.program = fresh.program;
        self.workers = fresh.workers;
        self.cores = fresh.cores;
        self.queue_max = fresh.queue_max;
        self.order = fresh.order;
        self.client_gone = fresh.client_gone;
        self.meter.set_capacity(now, self.workers);
        self.cpu.set_capacity(now, self.cores.unwrap_or(self.workers));
        if let (Some(share), Some(cores)) = (&mut self.share, self.cores) {
            share.set_speed(now, f64::from(cores), 1.0 / self.slow);
        }
        self.rearm_share(cx);
        while self.meter.busy.level() < self.workers && !self.line.is_empty() {
            self.take_next(cx);
        }
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("workers", &self.meter);
        survey.resource("cpu", &self.cpu);
        survey.counts.push(("unknown_endpoint", self.errors));
    }

    fn bound(spec: &WorkerPoolSpec) -> Bound {
        bound(spec)
    }

    fn limits(spec: &WorkerPoolSpec) -> Limits {
        limits(spec)
    }

    fn endpoints(spec: &WorkerPoolSpec) -> Vec<String> {
        spec.endpoints.keys().map(|name| name.0.clone()).collect()
    }

    fn replicas(spec: &WorkerPoolSpec) -> u32 {
        spec.replicas.unwrap_or(1)
    }

    fn widen(spec: &WorkerPoolSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        spec::widen(spec, resource)
    }
}

impl Behaviour for WorkerPool {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        Arc::make_mut(&mut self.program).prepare(lanes);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        self.share = self.cores.map(|cores| Share::new(now, f64::from(cores), 1.0 / self.slow));
        self.meter.set_capacity(now, self.workers);
        self.cpu.set_capacity(now, self.cores.unwrap_or(self.workers));
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let now = cx.now();
        let free = self.meter.busy.level() < self.workers;
        if !free && self.line.len() >= self.queue_max {
            self.meter.turn_away();
            cx.reply(req, Outcome::Failed(Cause::QueueFull));
            return;
        }
        let index = self.jobs.insert(Job {
            req,
            began: now,
            ticket: 0,
            pc: self.program.start(cx.ask(req).endpoint),
            open: 0,
            on_cpu: false,
            waiting: !free,
            gone: false,
            failed: None,
            child: None,
            aside: NOTHING,
        });
        cx.hold(req, u64::from(index));
        if free {
            self.meter.seize(now, 0);
            self.go_on(cx, index);
            return;
        }
        cx.doing(req, Doing::Waiting);
        self.meter.enqueue(now);
        let ticket = self.line.push(Waiter { req, since: now, word: u64::from(index) });
        if let Some(job) = self.jobs.get_mut(index) {
            job.ticket = ticket;
        }
    }

    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let index = answer.word as u32;
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.open -= 1;
        if let Outcome::Failed(cause) = answer.outcome {
            job.failed = Some(cause);
        }
        if job.open > 0 {
            return;
        }
        let req = job.req;
        if let Some(child) = job.child.take() {
            debug_assert_eq!(child, answer.req);
            let landing =
                Landing { pc: &mut job.pc, failed: &mut job.failed, aside: &mut job.aside };
            landing.after(*cx.ask(child), &self.program, &mut self.aside);
        }
        self.aside.gather(job.aside);
        cx.doing(req, Doing::Working);
        match job.failed {
            Some(cause) => self.finish(cx, index, Outcome::Failed(cause)),
            None => self.go_on(cx, index),
        }
    }

    #[inline]
    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        if word == SHARED {
            self.share_done(cx);
            return;
        }
        self.go_on(cx, word as u32);
    }

    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        cx.mark_cancelled(gone.req);
        let index = cx.held(gone.req) as u32;
        if self.client_gone == ClientGone::Ignore {
            return;
        }
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.gone = true;
        if job.waiting {
            self.line.remove(job.ticket);
            self.meter.dequeue(cx.now());
            self.jobs.remove(index);
            cx.reply(gone.req, Outcome::Failed(Cause::Cancelled));
            return;
        }
        for &child in job.child.iter().chain(self.aside.siblings(job.aside)) {
            cx.cancel(child);
        }
    }

    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for job in self.jobs.drain() {
            self.leave_children(cx, &job);
            self.aside.end(cx, job.aside);
            cx.reply(job.req, Outcome::Failed(cause));
        }
        self.line = Queue::default();
        self.share = None;
        self.shared_timer = Timer::NONE;
        for station in [&mut self.meter, &mut self.cpu] {
            station.close(now);
        }
    }

    fn act(&mut self, cx: &mut Cx<'_>, action: Action) -> bool {
        let Action::Slow(factor) = action else { return false };
        self.slow = factor;
        if let (Some(share), Some(cores)) = (&mut self.share, self.cores) {
            share.set_speed(cx.now(), f64::from(cores), 1.0 / factor);
        }
        self.rearm_share(cx);
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        let (queued, latency) = (self.meter.queue.level(), self.latency.seal());
        Vitals { queued, latency, ..Vitals::of(&self.cpu, now) }
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        self.cpu.reset(now);
    }
}
