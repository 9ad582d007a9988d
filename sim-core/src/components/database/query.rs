//! The life of a query: its row, its computing, its I/O, its commit.

use serde::{Deserialize, Serialize};

use super::Database;
use super::terms::Kind;
use crate::engine::agenda::Timer;
use crate::engine::chance::name_key;
use crate::engine::delay::{Delay, stretch};
use crate::engine::kernel::Cx;
use crate::engine::queue::Waiter;
use crate::engine::request::{Ask, Cause, Doing, Outcome, ReqId};
use crate::engine::share::JobKey;
use crate::engine::time::Nanos;

const CPU: u64 = name_key("database cpu");
const IO: u64 = name_key("database io");
const FSYNC: u64 = name_key("database fsync");

/// What a timer means: the high half of its word; the low half is a job's number.
pub(super) const COMPUTED: u64 = 0;
pub(super) const READ: u64 = 1 << 32;
pub(super) const SHARED: u64 = 2 << 32;
pub(super) const FLUSHED: u64 = 3 << 32;
pub(super) const LOCKED_OUT: u64 = 4 << 32;
pub(super) const TOO_LONG: u64 = 5 << 32;

/// The kind of a query that the form does not list.
pub(super) const UNLISTED: u16 = u16::MAX;
/// The kind of a job that opens a connection.
pub(super) const CONNECT: u16 = u16::MAX - 1;
/// No row.
const NONE: u32 = u32::MAX;

/// What a query is at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Work {
    /// Waits for its row.
    Waiting {
        ticket: u32,
        timer: Timer,
    },
    /// Computes on shared cores.
    Sharing(JobKey),
    /// Computes on a core of its own.
    Computing(Timer),
    Reading(Timer),
    Committing,
}

/// A query in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) req: ReqId,
    began: Nanos,
    kind: u16,
    /// The line of those who want its row, or [`NONE`].
    row: u32,
    /// The connection it came on, 0 for its own.
    lease: u64,
    work: Work,
    deadline: Timer,
}

impl Database {
    fn kind(&self, kind: u16) -> Option<&Kind> {
        match kind {
            CONNECT => self.terms.connect.as_ref(),
            kind => self.terms.kinds.get(kind as usize),
        }
    }

    /// The law of a query's CPU time with its salt: of its kind, else of queries in general; none
    /// where the caller asks for a time, or the kind does not compute.
    fn cpu_of(&self, kind: u16, asked: Nanos) -> Option<(&Delay, u64)> {
        match self.kind(kind) {
            Some(Kind { cpu: Some(law), salt, .. }) => Some((law, salt ^ CPU)),
            None if asked == 0 => {
                self.terms.service.as_ref().map(|law| (law, self.terms.salt ^ CPU))
            }
            _ => None,
        }
    }

    /// A query or a new connection begins, on a connection that it has.
    #[inline]
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>, (req, ask): (ReqId, Ask), kind: u16) {
        let now = cx.now();
        let work = Work::Committing;
        let (row, deadline) = (NONE, Timer::NONE);
        let job = Job { req, began: now, kind, row, lease: ask.lease, work, deadline };
        let index = self.jobs.insert(job);
        self.meter.seize(now, 0);
        if let Some(limit) = &self.terms.statement_timeout
            && kind != CONNECT
        {
            let timer = limit.arm(cx, (req, 0), 1.0, TOO_LONG | u64::from(index));
            if let Some(job) = self.jobs.get_mut(index) {
                job.deadline = timer;
            }
        }
        let rows = self.terms.kinds.get(kind as usize).and_then(|kind| kind.rows.as_ref());
        if let Some(row) = rows.map(|rows| rows.pick(ask.luck))
            && !self.lock(cx, index, (req, row))
        {
            return;
        }
        cx.doing(req, Doing::Working);
        self.compute(cx, index, (req, kind));
    }

    /// Locks a row for a query; false if it has to wait for it.
    fn lock(&mut self, cx: &mut Cx<'_>, index: u32, (req, row): (ReqId, u64)) -> bool {
        let now = cx.now();
        let Some(line) = self.rows.find(row) else {
            let line = self.rows.open(row, index);
            self.locks.seize(now, 0);
            if let Some(job) = self.jobs.get_mut(index) {
                job.row = line;
            }
            return true;
        };
        cx.doing(req, Doing::Waiting);
        self.locks.enqueue(now);
        let ticket = self.rows.join(line, Waiter { req, since: now, word: u64::from(index) });
        let limit = self.terms.lock_timeout.as_ref();
        let word = LOCKED_OUT | u64::from(index);
        let timer = limit.map_or(Timer::NONE, |limit| limit.arm(cx, (req, 0), 1.0, word));
        if let Some(job) = self.jobs.get_mut(index) {
            job.work = Work::Waiting { ticket, timer };
        }
        false
    }

    /// A row is free: the next one who wants it has it.
    fn unlock(&mut self, cx: &mut Cx<'_>, line: u32) {
        let now = cx.now();
        let Some(waiter) = self.rows.next(line) else {
            self.rows.close(line);
            self.locks.release(now);
            return;
        };
        self.locks.dequeue(now);
        self.locks.share(now - waiter.since);
        let index = waiter.word as u32;
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.row = line;
        if let Work::Waiting { timer, .. } = job.work {
            cx.disarm(timer);
        }
        let of = (waiter.req, job.kind);
        cx.doing(waiter.req, Doing::Working);
        self.compute(cx, index, of);
    }

    #[inline]
    fn compute(&mut self, cx: &mut Cx<'_>, index: u32, (req, kind): (ReqId, u16)) {
        let now = cx.now();
        let asked = cx.ask(req).demand;
        let law = self.cpu_of(kind, asked);
        if self.share.is_none() {
            let word = COMPUTED | u64::from(index);
            let timer = match law {
                Some((law, salt)) => law.arm(cx, (req, salt), self.slow, word),
                None => cx.after(stretch(asked, self.slow), word),
            };
            self.at(index, Work::Computing(timer));
            self.cpu.busy.up(now);
            return;
        }
        let demand = law.map_or(asked, |(law, salt)| law.draw(cx, req, salt));
        self.retime(now);
        if let Some(share) = &mut self.share {
            let key = share.add(now, demand, u64::from(index));
            self.at(index, Work::Sharing(key));
        }
        self.rearm(cx);
    }

    #[inline]
    fn at(&mut self, index: u32, work: Work) {
        if let Some(job) = self.jobs.get_mut(index) {
            job.work = work;
        }
    }

    /// Brings the share's speed in line with how many queries are in progress; who waits for a row
    /// sleeps.
    pub(super) fn retime(&mut self, now: Nanos) {
        let active = self.jobs.len() as u32 - self.locks.queue.level();
        if let Some(share) = &mut self.share {
            let (cores, speed) = self.terms.power(active, self.slow);
            share.set_speed(now, cores, speed);
        }
    }

    pub(super) fn rearm(&mut self, cx: &mut Cx<'_>) {
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

    pub(super) fn shared(&mut self, cx: &mut Cx<'_>) {
        while let Some(word) = self.share.as_mut().and_then(|share| share.pop_finished(cx.now())) {
            self.computed(cx, word as u32);
        }
        self.retime(cx.now());
        self.rearm(cx);
    }

    /// A query has computed: it goes on to its I/O, or to its end.
    #[inline]
    pub(super) fn computed(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        let (req, kind) = (job.req, self.kind(job.kind));
        // a log-in waits for the network
        let slow = if job.kind == CONNECT { self.slow } else { self.slow * self.disk.slow };
        match kind.and_then(|kind| kind.io.as_ref().map(|io| (io, kind.salt))) {
            Some((io, salt)) => {
                let timer = io.arm(cx, (req, salt ^ IO), slow, READ | u64::from(index));
                self.at(index, Work::Reading(timer));
            }
            None => self.commit(cx, index),
        }
    }

    /// A query that writes waits until the log is on disk.
    #[inline]
    pub(super) fn commit(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        let writes = self.kind(job.kind).is_some_and(|kind| kind.commit);
        if writes && self.disk.is_full {
            self.finish(cx, index, Outcome::Failed(Cause::Error));
            return;
        }
        if !self.terms.synchronous || !writes {
            self.finish(cx, index, Outcome::Done);
            return;
        }
        let req = job.req;
        self.at(index, Work::Committing);
        if self.log.join(cx.now(), index) {
            self.flush(cx, req);
        }
    }

    fn flush(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        if let Some(fsync) = &self.terms.fsync
            && self.log.begin(cx.now())
        {
            let slow = self.slow * self.disk.slow;
            fsync.arm(cx, (req, self.terms.salt ^ FSYNC), slow, FLUSHED);
        }
    }

    /// The log is on disk: whom the flush served has committed, and the next one begins. Its luck
    /// is that of the first commit that it serves.
    pub(super) fn flushed(&mut self, cx: &mut Cx<'_>) {
        let served = self.log.end(cx.now());
        if let Some(next) = self.log.first().and_then(|index| self.jobs.get(index)) {
            let req = next.req;
            self.flush(cx, req);
        }
        for &index in &served {
            self.finish(cx, index, Outcome::Done);
        }
        self.log.take_back(served);
        self.hurry(cx);
    }

    /// Fewer queries in progress hinder each other less.
    pub(super) fn hurry(&mut self, cx: &mut Cx<'_>) {
        if self.terms.usl.is_some() {
            self.retime(cx.now());
            self.rearm(cx);
        }
    }

    #[inline]
    fn finish(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let Some(job) = self.jobs.remove(index) else { return };
        let now = cx.now();
        self.meter.release(now);
        if cx.is_monitored() {
            self.latency.record(now - job.began);
        }
        if job.deadline != Timer::NONE {
            cx.disarm(job.deadline);
        }
        if job.lease == 0 {
            self.riding -= 1;
        } else {
            self.loans.leave(job.lease, false);
            self.count_sessions(now);
        }
        if job.kind == CONNECT {
            self.lend(cx, job.req);
        } else {
            cx.reply(job.req, outcome);
        }
        if job.row != NONE {
            self.unlock(cx, job.row);
        }
    }

    /// A query has taken too long, or waited too long for its row: it is an error.
    pub(super) fn give_up(&mut self, cx: &mut Cx<'_>, index: u32, waiting_only: bool) {
        let now = cx.now();
        let Some(job) = self.jobs.get(index) else { return };
        match job.work {
            Work::Committing => return,
            Work::Waiting { ticket, timer } => {
                self.rows.leave(ticket);
                self.locks.dequeue(now);
                cx.disarm(timer);
            }
            Work::Sharing(key) => {
                if let Some(share) = &mut self.share {
                    share.remove(now, key);
                }
            }
            Work::Computing(timer) => {
                self.cpu.busy.down(now);
                cx.disarm(timer);
            }
            Work::Reading(timer) => {
                cx.disarm(timer);
            }
        }
        if waiting_only {
            self.lock_timeouts.add(1);
        } else {
            self.statement_timeouts.add(1);
        }
        self.finish(cx, index, Outcome::Failed(Cause::Error));
        self.retime(now);
        self.rearm(cx);
    }
}
