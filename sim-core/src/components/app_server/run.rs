//! The steps of a request, run until one takes time.

use super::job::{Hold, Place};
use super::spec::WorkerKind;
use super::{AppServer, DIALLED, JOB, SHARED};
use crate::engine::agenda::Timer;
use crate::engine::chance::{flip, mix};
use crate::engine::kernel::{Answer, Cx};
use crate::engine::request::{Cause, Doing, Outcome, Want};
use crate::steps::{Landing, Op, send};

impl AppServer {
    /// Runs operations until one takes time.
    #[inline]
    pub(super) fn go_on(&mut self, cx: &mut Cx<'_>, index: u32) {
        if self.terms.pool.is_some() {
            self.end_query(cx, index);
        }
        while self.step(cx, index) {}
    }

    /// Runs one operation; true if the next one follows at once.
    #[inline(never)]
    fn step(&mut self, cx: &mut Cx<'_>, index: u32) -> bool {
        let Some(job) = self.jobs.get_mut(index) else { return false };
        let req = job.req;
        if let Some(cause) = job.failed.or(job.is_gone.then_some(Cause::Cancelled)) {
            self.finish(cx, index, Outcome::Failed(cause));
            return false;
        }
        let Some(op) = self.program.ops.get(job.pc as usize) else {
            self.meters.unknown.add(1);
            self.finish(cx, index, Outcome::Failed(Cause::Error));
            return false;
        };
        match op {
            Op::Cpu { time, salt } => {
                job.pc += 1;
                let demand = time.draw(cx, req, *salt);
                self.compute(cx, index, demand);
            }
            Op::Io { time, salt } => {
                job.pc += 1;
                let timer = time.arm(cx, (req, *salt), self.slow, JOB | u64::from(index));
                job.place = Place::Asleep(timer);
            }
            Op::Luck { p, time, salt, hit } => {
                if !flip(&mut cx.draw(req, *salt), *p) {
                    job.pc += 1;
                    return true;
                }
                job.pc = *hit;
                let luck = (req, mix(*salt, 1));
                job.place = Place::Asleep(time.arm(cx, luck, self.slow, JOB | u64::from(index)));
            }
            Op::Call { out, .. } if self.terms.pool.as_ref().is_some_and(|p| p.to == out.to) => {
                let until = if out.want == Want::Lease { Hold::Session } else { Hold::Query };
                return self.ask_pool(cx, index, until);
            }
            Op::Call { .. } | Op::Lookup { .. } | Op::Write { .. } => self.call_out(cx, index),
            Op::Parallel { count } => {
                let count = *count;
                self.spread(cx, index, count);
            }
            Op::Release { to } => {
                job.pc += 1;
                let (to, aside) = (*to, job.aside);
                self.aside.release(cx, aside, Some(to));
                self.end_session(cx, index, to);
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

    /// A request wants a core.
    fn compute(&mut self, cx: &mut Cx<'_>, index: u32, demand: u64) {
        let (Some(job), Some(share)) = (self.jobs.get_mut(index), &mut self.share) else { return };
        let process = job.process;
        let own = &mut self.crew.all[process as usize];
        let key = share.add_to(cx.now(), own.group, demand, u64::from(index));
        job.place = Place::Computing(key);
        own.computing += 1;
        let is_first = own.computing == 1;
        self.stale = true;
        if self.has_lock() {
            let lock = &mut self.meters.turns;
            if is_first {
                lock.busy.up(cx.now())
            } else {
                lock.queue.up(cx.now())
            }
            self.rank(process);
        }
    }

    /// A request has left the cores.
    pub(super) fn computed(&mut self, cx: &mut Cx<'_>, process: u32) {
        let own = &mut self.crew.all[process as usize];
        own.computing -= 1;
        let is_last = own.computing == 0;
        self.stale = true;
        if self.has_lock() {
            let lock = &mut self.meters.turns;
            if is_last {
                lock.busy.down(cx.now())
            } else {
                lock.queue.down(cx.now())
            }
            self.rank(process);
        }
    }

    /// Whether threads of a process wait for each other's computing.
    pub(super) fn has_lock(&self) -> bool {
        self.terms.gil && self.terms.kind == WorkerKind::Gthread
    }

    /// What the cores have finished goes on.
    pub(super) fn share_done(&mut self, cx: &mut Cx<'_>) {
        while let Some(word) = self.share.as_mut().and_then(|share| share.pop_finished(cx.now())) {
            let index = word as u32;
            let Some(job) = self.jobs.get_mut(index) else { continue };
            job.place = Place::Running;
            let process = job.process;
            self.computed(cx, process);
            self.go_on(cx, index);
            if self.terms.kind.has_loop() {
                self.end_turn(cx, process);
            }
        }
        self.stale = true;
    }

    /// Ends an event: processes that were freed go on, and the cores' next finish is awaited.
    #[inline]
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        loop {
            while let Some(process) = self.freed.pop() {
                self.serve(cx, process);
            }
            if !self.kill_largest(cx) {
                break;
            }
        }
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let (now, cores) = (cx.now(), self.terms.cores);
        let Some(share) = &self.share else { return };
        let wanted = share.runnable();
        self.meters.cpu.busy.set(now, wanted.min(cores));
        self.meters.cpu.queue.set(now, wanted.saturating_sub(cores));
        cx.disarm(self.shared_timer);
        self.shared_timer = match share.next() {
            Some(at) => cx.after(at - now, SHARED),
            None => Timer::NONE,
        };
    }

    /// Sends the call at hand.
    pub(super) fn call_out(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        let op = &self.program.ops[job.pc as usize];
        let (Op::Call { out, salt } | Op::Lookup { out, salt, .. } | Op::Write { out, salt }) = op
        else {
            return;
        };
        job.open = 1;
        job.place = Place::Away;
        let is_pooled = self.terms.pool.as_ref().is_some_and(|pool| pool.to == out.to);
        let stock = &self.crew.all[job.process as usize].pool.stock;
        let lease = match stock.session(job.pooled) {
            session if session != 0 && is_pooled => session,
            _ => self.aside.lease_of(job.aside, out.to),
        };
        job.child = Some(send(cx, job.req, (out, *salt, lease), index));
        cx.doing(job.req, Doing::Away);
    }

    /// The next `count` operations are calls that run at the same time.
    fn spread(&mut self, cx: &mut Cx<'_>, index: u32, count: u16) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        let (req, first) = (job.req, job.pc as usize + 1);
        job.open = count;
        job.pc += count + 1;
        job.place = Place::Away;
        let calls = self.program.ops[first..first + count as usize].iter().filter_map(|branch| {
            let Op::Call { out, salt } = branch else { return None };
            let lease = self.aside.lease_of(job.aside, out.to);
            Some(send(cx, req, (out, *salt, lease), index))
        });
        let children = calls.collect();
        self.aside.spread(&mut job.aside, children);
        cx.doing(req, Doing::Away);
    }

    /// A call of a request has ended.
    #[inline]
    pub(super) fn answered(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        if answer.word & DIALLED != 0 {
            self.dialled(cx, answer);
            return;
        }
        let index = answer.word as u32;
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.open -= 1;
        if let Outcome::Failed(cause) = answer.outcome {
            job.failed = Some(cause);
        }
        if job.open > 0 {
            return;
        }
        if let Some(child) = job.child.take() {
            let landing =
                Landing { pc: &mut job.pc, failed: &mut job.failed, aside: &mut job.aside };
            landing.after(*cx.ask(child), &self.program, &mut self.aside);
            if job.hold == Hold::Query {
                job.hold = Hold::Over;
            }
        }
        self.aside.gather(job.aside);
        self.resume(cx, index);
    }
}
