//! How requests get connections of their process's pool, and give them back.

use super::job::{Hold, Job, NO_CONNECTION, Place};
use super::pool::Grant;
use super::{AppServer, DIALLED, EXPIRED, JOB};
use crate::engine::chance::mix;
use crate::engine::kernel::{Answer, Cx};
use crate::engine::queue::Waiter;
use crate::engine::request::{Cause, Doing, Outcome, Want};
use crate::engine::time::Nanos;
use crate::rules::pool::breaks;
use crate::steps::Op;

impl AppServer {
    /// A request wants a connection of its process's pool; true if its next step follows at once.
    pub(super) fn ask_pool(&mut self, cx: &mut Cx<'_>, index: u32, until: Hold) -> bool {
        let (Some(job), Some(terms)) = (self.jobs.get_mut(index), &self.terms.pool) else {
            return false;
        };
        if job.hold != Hold::Nothing {
            return self.use_connection(cx, index);
        }
        let now = cx.now();
        let pool = &mut self.crew.all[job.process as usize].pool;
        if let Some(grant) = pool.take(terms) {
            job.hold = until;
            job.since = now;
            return !self.connect(cx, index, grant) && self.use_connection(cx, index);
        }
        let waiter = Waiter { req: job.req, since: now, word: u64::from(index) };
        let ticket = pool.wait(waiter);
        let timer = terms.timeout.arm(cx, (job.req, 0), 1.0, EXPIRED | u64::from(index));
        job.place = Place::Pool { ticket, timer };
        job.since = now;
        cx.doing(job.req, Doing::Waiting);
        self.meters.pool.enqueue(now);
        false
    }

    /// A request has a connection; true if the way to the other end takes time first.
    fn connect(&mut self, cx: &mut Cx<'_>, index: u32, grant: Grant) -> bool {
        let now = cx.now();
        let (Some(job), Some(terms)) = (self.jobs.get_mut(index), &self.terms.pool) else {
            return false;
        };
        self.meters.pool.seize(now, now - job.since);
        match grant {
            Grant::Idle(connection) => {
                job.pooled = connection;
                return false;
            }
            Grant::Again(connection) => {
                let stock = &mut self.crew.all[job.process as usize].pool.stock;
                terms.close(cx, stock, connection);
                stock.begin();
            }
            Grant::New => {}
        }
        self.meters.pool_opened.add(1);
        let Some(time) = &terms.connect else { return false };
        cx.doing(job.req, Doing::Working);
        let luck = (job.req, mix(u64::from(job.pc), u64::from(terms.to)));
        job.place = Place::Asleep(time.arm(cx, luck, self.slow, JOB | u64::from(index)));
        true
    }

    /// A request goes on with its connection, or asks the other end for a session first; true if
    /// its next step follows at once.
    fn use_connection(&mut self, cx: &mut Cx<'_>, index: u32) -> bool {
        let (Some(job), Some(terms)) = (self.jobs.get_mut(index), &self.terms.pool) else {
            return false;
        };
        let stock = &mut self.crew.all[job.process as usize].pool.stock;
        if job.pooled == NO_CONNECTION && terms.sessions {
            let luck = mix(cx.ask(job.req).luck, u64::from(job.pc));
            job.open = 1;
            job.place = Place::Away;
            let word = DIALLED | u64::from(index);
            job.child = Some(terms.dial(cx, Some(job.req), (luck, 0), word));
            cx.doing(job.req, Doing::Away);
            return false;
        }
        if job.pooled == NO_CONNECTION {
            job.pooled = stock.add(cx.now(), 0, Nanos::MAX);
        }
        let op = self.program.ops.get(job.pc as usize);
        if terms.sessions && op.is_some_and(holds) {
            // the session is what the steps that follow hold
            job.pc += 1;
            return true;
        }
        self.call_out(cx, index);
        false
    }

    /// The other end has granted a session, or refused it.
    pub(super) fn dialled(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let index = answer.word as u32;
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.open = 0;
        job.child = None;
        let process = job.process;
        let stock = &mut self.crew.all[process as usize].pool.stock;
        match answer.outcome {
            Outcome::Done => job.pooled = stock.add(cx.now(), cx.ask(answer.req).lease, Nanos::MAX),
            Outcome::Failed(cause) => {
                job.failed = Some(cause);
                job.hold = Hold::Nothing;
                stock.fail();
                self.meters.pool.release(cx.now());
                self.serve_pool(cx, process);
            }
        }
        self.resume(cx, index);
    }

    /// A query is over: its connection goes back when the request runs again, which on an event
    /// loop may be late.
    pub(super) fn end_query(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        if job.hold == Hold::Over {
            let is_broken = job.failed.is_some_and(breaks);
            self.let_go(cx, index, is_broken);
        }
    }

    /// A session is over: its connection goes back to the pool.
    pub(super) fn end_session(&mut self, cx: &mut Cx<'_>, index: u32, to: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        if job.hold == Hold::Session && self.terms.pool.as_ref().is_some_and(|pool| pool.to == to) {
            self.let_go(cx, index, false);
        }
    }

    fn let_go(&mut self, cx: &mut Cx<'_>, index: u32, is_broken: bool) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        let copy = job.clone();
        (job.hold, job.pooled) = (Hold::Nothing, NO_CONNECTION);
        self.give_back(cx, &copy, is_broken);
    }

    /// What a request has of its process's pool goes back; the next in line gets it.
    pub(super) fn give_back(&mut self, cx: &mut Cx<'_>, job: &Job, is_broken: bool) {
        let Some(terms) = &self.terms.pool else { return };
        if job.hold == Hold::Nothing {
            return;
        }
        let now = cx.now();
        self.meters.pool.release(now);
        let stock = &mut self.crew.all[job.process as usize].pool.stock;
        if job.pooled == NO_CONNECTION {
            stock.fail();
        } else if is_broken {
            terms.lose(cx, stock, (job.pooled, self.terms.forget_all));
        } else if !stock.put(job.pooled, now, terms) {
            terms.close(cx, stock, job.pooled);
        }
        self.serve_pool(cx, job.process);
    }

    /// The next in line gets what there is; what nobody needs then is closed.
    fn serve_pool(&mut self, cx: &mut Cx<'_>, process: u32) {
        let Some(terms) = &self.terms.pool else { return };
        let pool = &mut self.crew.all[process as usize].pool;
        let Some((waiter, grant)) = pool.next(terms) else {
            while let Some(spare) = pool.stock.take_spare(terms) {
                terms.close(cx, &mut pool.stock, spare);
            }
            return;
        };
        self.meters.pool.dequeue(cx.now());
        let index = waiter.word as u32;
        let Some(next) = self.jobs.get_mut(index) else { return };
        if let Place::Pool { timer, .. } = next.place {
            cx.disarm(timer);
        }
        let op = self.program.ops.get(next.pc as usize);
        next.hold = if op.is_some_and(holds) { Hold::Session } else { Hold::Query };
        if !self.connect(cx, index, grant) {
            self.resume(cx, index);
        }
    }

    /// A request has waited too long for a connection.
    pub(super) fn pool_timeout(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        let Place::Pool { ticket, .. } = job.place else { return };
        self.crew.all[job.process as usize].pool.leave(ticket);
        self.meters.pool.dequeue(cx.now());
        self.meters.pool_timeouts.add(1);
        job.failed = Some(Cause::PoolTimeout);
        self.resume(cx, index);
    }

    /// A process has ended: the other end sees its connections close.
    pub(super) fn hang_up(&mut self, cx: &mut Cx<'_>, process: u32) {
        if let Some(terms) = &self.terms.pool {
            terms.hang_up(cx, &mut self.crew.all[process as usize].pool.stock);
        }
    }
}

/// Whether an operation takes a connection for the steps that follow.
fn holds(op: &Op) -> bool {
    matches!(op, Op::Call { out, .. } if out.want == Want::Lease)
}
