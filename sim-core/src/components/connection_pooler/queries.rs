//! The way of a query through the pooler: its thread, the line, a server connection, the database.

use super::{ConnectionPooler, EXPIRED, PoolMode, RESERVE, RUNNING, Stage, THREAD, TICK};
use crate::engine::agenda::Timer;
use crate::engine::delay::stretch;
use crate::engine::kernel::Cx;
use crate::engine::queue::Waiter;
use crate::engine::request::{Ask, Cause, Doing, Outcome};
use crate::rules::pool::breaks;
use crate::rules::thread;

impl ConnectionPooler {
    pub(super) fn compute(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        if self.thread.join(cx, &mut self.cpu, (index, job.req)) {
            self.compute_next(cx, index);
        }
    }

    fn compute_next(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        let span = stretch(self.terms.cpu, self.slow);
        thread::work(cx, &mut self.cpu, (job.req, job.since), (span, THREAD));
    }

    pub(super) fn computed(&mut self, cx: &mut Cx<'_>) {
        let (done, next) = self.thread.leave(cx.now(), &mut self.cpu);
        next.into_iter().for_each(|index| self.compute_next(cx, index));
        done.into_iter().for_each(|index| self.find_server(cx, index));
    }

    /// A query gets a server connection, or waits for one.
    pub(super) fn find_server(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index).cloned() else { return };
        if cx.is_cancelled(job.req) {
            self.jobs.remove(index);
            cx.reply(job.req, Outcome::Failed(Cause::Cancelled));
            self.end(cx, job.client, None);
        } else if let Some(server) = self.kept_by(job.client) {
            self.run(cx, index, server);
        } else if let Some(server) = self.stock.take_last() {
            self.meter.seize(cx.now(), 0);
            self.run(cx, index, server);
        } else if let Some(cause) = self.login_failure.filter(|_| self.stock.open() == 0) {
            self.jobs.remove(index);
            self.dismiss(cx, &job, cause);
        } else {
            self.enqueue(cx, index);
            self.launch(cx);
        }
    }

    fn enqueue(&mut self, cx: &mut Cx<'_>, index: u32) {
        let now = cx.now();
        let Some(job) = self.jobs.get_mut(index) else { return };
        cx.doing(job.req, Doing::Waiting);
        self.meter.enqueue(now);
        let ticket = self.line.push(Waiter { req: job.req, since: now, word: u64::from(index) });
        let timer = match self.terms.wait {
            0 => Timer::NONE,
            wait => {
                let ticks = (now + wait - self.started) / TICK + 1;
                cx.after(self.started + ticks * TICK - now, EXPIRED | u64::from(index))
            }
        };
        job.stage = Stage::Waiting { ticket, timer };
        if self.terms.reserve_after > 0 && self.terms.pool.limit > self.terms.pool.size {
            cx.after(self.terms.reserve_after, RESERVE);
        }
    }

    pub(super) fn leave_line(&mut self, cx: &mut Cx<'_>, (ticket, timer): (u32, Timer)) {
        cx.disarm(timer);
        self.line.remove(ticket);
        self.meter.dequeue(cx.now());
    }

    pub(super) fn expired(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.remove(index) else { return };
        if let Stage::Waiting { ticket, timer } = job.stage {
            self.leave_line(cx, (ticket, timer));
        }
        self.wait_timeouts.add(1);
        self.dismiss(cx, &job, Cause::Reset);
    }

    /// A query goes to the database.
    pub(super) fn run(&mut self, cx: &mut Cx<'_>, index: u32, server: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        if self.terms.mode == PoolMode::Session && job.client != 0 {
            self.kept[job.client as u32 as usize] = server;
        }
        let ask = Ask { lease: self.stock.session(server), ..*cx.ask(job.req) };
        let word = RUNNING | u64::from(index);
        let child = cx.fork(ask, Some(job.req), self.terms.pool.to, word);
        job.stage = Stage::Running { server, child };
        cx.doing(job.req, Doing::Away);
    }

    /// The database has answered. Where its end of the connection broke, so does the client's.
    pub(super) fn answered(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let Some(job) = self.jobs.remove(index) else { return };
        let Stage::Running { server, .. } = job.stage else { return };
        if cx.is_monitored() {
            self.latency.record(cx.now() - job.since);
        }
        match outcome {
            Outcome::Failed(cause) if breaks(cause) => {
                self.lose(cx, job.client, server);
                self.dismiss(cx, &job, cause);
            }
            outcome => {
                cx.reply(job.req, outcome);
                self.end(cx, job.client, Some(server));
            }
        }
    }
}
