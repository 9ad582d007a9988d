//! How connections are opened, tried and closed.

use super::{ConnectionPool, DIALLED, Job, OPENED, Stage};
use crate::engine::chance::{below, mix, name_key};
use crate::engine::kernel::{Answer, Cx};
use crate::engine::request::{Doing, Outcome, ReqId};
use crate::engine::time::Nanos;

const CONNECT: u64 = name_key("connection pool connect");

impl ConnectionPool {
    /// Opens a connection for a call, or for nobody yet; its place is taken already.
    pub(super) fn open_for(&mut self, cx: &mut Cx<'_>, req: Option<ReqId>) {
        self.opened.add(1);
        self.stock.begin();
        let terms = &self.terms.pool;
        if let (Some(req), None, false) = (req, &terms.connect, terms.sessions) {
            let connection = self.add(cx.now(), 0);
            self.hand_over(cx, req, connection);
            return;
        }
        let index = self.jobs.insert(Job { req, stage: Stage::Opening });
        if let Some(req) = req {
            cx.hold(req, u64::from(index));
            cx.doing(req, Doing::Working);
        }
        let word = OPENED | u64::from(index);
        match (&self.terms.pool.connect, req) {
            (None, _) => self.connected(cx, index),
            (Some(connect), Some(req)) => {
                connect.arm(cx, (req, self.terms.pool.salt ^ CONNECT), 1.0, word);
            }
            (Some(connect), None) => {
                cx.after(connect.law().sample_nanos(&mut self.luck), word);
            }
        }
    }

    /// The way to the other end is open: where it counts sessions, one is asked for.
    pub(super) fn connected(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get(index) else { return };
        if self.terms.pool.sessions {
            let req = job.req;
            self.dial(cx, req, (index, 0));
        } else {
            self.ready(cx, index, 0);
        }
    }

    /// Asks the other end for a session, or whether one is still there.
    pub(super) fn dial(&mut self, cx: &mut Cx<'_>, req: Option<ReqId>, (index, lease): (u32, u64)) {
        let luck = match req {
            Some(req) => cx.ask(req).luck,
            None => mix(cx.source_key(), self.opened.ever()),
        };
        self.terms.pool.dial(cx, req, (luck, lease), DIALLED | u64::from(index));
        if let Some(req) = req {
            cx.doing(req, Doing::Away);
        }
    }

    /// The other end has granted a session, refused it, or told whether it is there.
    pub(super) fn dialled(&mut self, cx: &mut Cx<'_>, index: u32, answer: Answer) {
        let Some(Job { req, stage }) = self.jobs.get(index).cloned() else { return };
        if let Some(req) = req {
            cx.doing(req, Doing::Working);
        }
        match (stage, answer.outcome) {
            (Stage::Testing { connection }, outcome) => {
                self.jobs.remove(index);
                self.tested(cx, req, (connection, outcome.is_done()));
            }
            (_, Outcome::Done) => {
                let session = cx.ask(answer.req).lease;
                self.ready(cx, index, session);
                self.fill(cx);
            }
            (_, Outcome::Failed(cause)) => {
                self.jobs.remove(index);
                self.stock.fail();
                self.meter.release(cx.now());
                if let Some(req) = req {
                    cx.reply(req, Outcome::Failed(cause));
                }
                self.serve_line(cx);
            }
        }
    }

    fn tested(&mut self, cx: &mut Cx<'_>, req: Option<ReqId>, (it, is_fine): (u32, bool)) {
        if !is_fine {
            self.lose(cx, it);
        }
        match req {
            Some(req) if is_fine => self.hand_over(cx, req, it),
            Some(req) => self.provide(cx, req),
            None if is_fine => self.give_back(cx, it, false),
            None => {
                self.meter.release(cx.now());
                self.serve_line(cx);
            }
        }
        self.fill(cx);
    }

    /// A connection is open: its call goes ahead, or someone else's where that one has left.
    fn ready(&mut self, cx: &mut Cx<'_>, index: u32, session: u64) {
        let Some(job) = self.jobs.remove(index) else { return };
        let connection = self.add(cx.now(), session);
        match job.req {
            Some(req) => self.hand_over(cx, req, connection),
            None => self.give_back(cx, connection, false),
        }
    }

    fn add(&mut self, now: Nanos, session: u64) -> u32 {
        let life = self.terms.lifetime.map(|life| match self.terms.spread {
            0 => life,
            spread => life - below(&mut self.luck, spread + 1),
        });
        self.stock.add(now, session, life.map_or(Nanos::MAX, |life| now.saturating_add(life)))
    }

    /// Opens what is missing to a full pool, for nobody yet.
    pub(super) fn fill(&mut self, cx: &mut Cx<'_>) {
        while self.terms.fill && self.stock.open() < self.terms.pool.size {
            self.meter.seize(cx.now(), 0);
            self.open_for(cx, None);
        }
    }

    pub(super) fn close(&mut self, cx: &mut Cx<'_>, connection: u32) {
        self.terms.pool.close(cx, &mut self.stock, connection);
    }

    /// A connection is found broken, and with it perhaps all that lie idle.
    pub(super) fn lose(&mut self, cx: &mut Cx<'_>, connection: u32) {
        let all = self.terms.forget_all;
        self.terms.pool.lose(cx, &mut self.stock, (connection, all));
    }

    pub(super) fn close_old(&mut self, cx: &mut Cx<'_>) {
        while let Some(old) = self.stock.take_old(cx.now()) {
            self.close(cx, old);
        }
    }
}
