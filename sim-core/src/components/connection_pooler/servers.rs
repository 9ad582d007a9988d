//! The pooler's connections to the database: opened one at a time, kept, closed.

use super::{ConnectionPooler, DIALLED, Job, NONE, OPENING, RETRY, SWEEP, Stage};
use crate::engine::chance::mix;
use crate::engine::kernel::{Answer, Cx};
use crate::engine::queue::Order;
use crate::engine::request::Outcome;
use crate::engine::time::Nanos;

impl ConnectionPooler {
    /// Opens one more for those in line, unless one is being opened or there are enough.
    pub(super) fn launch(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        let Some(oldest) = self.line.oldest() else { return };
        let waited = now - oldest.since;
        if self.is_opening
            || now < self.retries_at
            || !self.terms.allows_one_more(self.stock.open(), waited)
        {
            return;
        }
        self.is_opening = true;
        self.opened.add(1);
        self.stock.begin();
        match &self.terms.pool.connect {
            Some(connect) => {
                cx.after(connect.law().sample_nanos(&mut self.luck), OPENING);
            }
            None => self.log_in(cx),
        }
    }

    /// The way to the database is open: a session is asked for.
    pub(super) fn log_in(&mut self, cx: &mut Cx<'_>) {
        let luck = mix(cx.source_key(), self.opened.ever());
        self.terms.pool.dial(cx, None, (luck, 0), DIALLED);
    }

    /// The database has granted a session or refused it.
    pub(super) fn logged_in(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        self.is_opening = false;
        match answer.outcome {
            Outcome::Done => {
                self.login_failure = None;
                let server = self.stock.add(cx.now(), cx.ask(answer.req).lease, Nanos::MAX);
                self.offer(cx, server);
                self.launch(cx);
            }
            Outcome::Failed(cause) => {
                self.stock.fail();
                self.login_failure = Some(cause);
                self.retries_at = cx.now() + self.terms.retry_after;
                cx.after(self.terms.retry_after, RETRY);
            }
        }
    }

    /// One is free: the first in line gets it, or it lies idle.
    fn offer(&mut self, cx: &mut Cx<'_>, server: u32) {
        let now = cx.now();
        if self.stock.open() > self.terms.pool.limit {
            self.terms.pool.close(cx, &mut self.stock, server);
            return;
        }
        let Some(waiter) = self.line.pop(Order::Fifo) else {
            let is_kept = self.stock.put(server, now, &self.terms.pool);
            debug_assert!(is_kept, "there is room for it");
            self.watch_idle(cx);
            return;
        };
        let index = waiter.word as u32;
        self.meter.dequeue(now);
        self.meter.seize(now, now - waiter.since);
        if let Some(Job { stage: Stage::Waiting { timer, .. }, .. }) = self.jobs.get(index) {
            cx.disarm(*timer);
        }
        self.run(cx, index, server);
    }

    /// Nobody works on it any more.
    pub(super) fn free(&mut self, cx: &mut Cx<'_>, server: u32) {
        self.meter.release(cx.now());
        self.offer(cx, server);
        self.launch(cx);
    }

    /// It broke, or was left in the middle of a transaction: it is of no use to anybody else. A
    /// second query on it finds that it is gone.
    pub(super) fn lose(&mut self, cx: &mut Cx<'_>, client: u64, server: u32) {
        self.part(client);
        if !self.stock.has(server) {
            return;
        }
        self.meter.release(cx.now());
        self.terms.pool.close(cx, &mut self.stock, server);
        self.launch(cx);
    }

    /// The server connection that a client keeps, if it has one.
    pub(super) fn kept_by(&self, client: u64) -> Option<u32> {
        let kept = self.kept.get(client as u32 as usize).filter(|_| client != 0);
        kept.copied().filter(|&server| server != NONE)
    }

    /// A client keeps its server connection no longer.
    pub(super) fn part(&mut self, client: u64) -> Option<u32> {
        let server = self.kept_by(client)?;
        self.kept[client as u32 as usize] = NONE;
        Some(server)
    }

    /// Closes what was idle for too long.
    pub(super) fn sweep(&mut self, cx: &mut Cx<'_>) {
        let before = cx.now() - self.terms.idle_after;
        while let Some(server) = self.stock.take_idle_since(before) {
            self.terms.pool.close(cx, &mut self.stock, server);
        }
        self.is_sweeping = false;
        self.watch_idle(cx);
    }

    /// Looks again when the one that is idle for longest is so for too long.
    fn watch_idle(&mut self, cx: &mut Cx<'_>) {
        let after = self.terms.idle_after;
        if after > 0
            && !self.is_sweeping
            && let Some(since) = self.stock.oldest_idle()
        {
            self.is_sweeping = true;
            cx.after(since + after - cx.now(), SWEEP);
        }
    }
}
