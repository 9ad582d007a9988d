//! Waiters that have to be woken: who comes meanwhile may be served before them.

use super::{ConnectionPool, Job, Stage, WOKEN};
use crate::engine::kernel::Cx;
use crate::engine::queue::Waiter;

impl ConnectionPool {
    /// Where waiters take a while to run: tells the next one that there is a connection.
    pub(super) fn wake_next(&mut self, cx: &mut Cx<'_>) {
        let Some(law) = &self.terms.wake else { return };
        if !self.stock.has_room(&self.terms.pool) {
            return;
        }
        let Some(Waiter { since, word, .. }) = self.line.pop(self.terms.order) else { return };
        let span = law.sample_nanos(&mut self.luck);
        let wake = cx.after(span, WOKEN | word);
        if let Some(job) = self.jobs.get_mut(word as u32)
            && let Stage::Waiting { timer, .. } = job.stage
        {
            job.stage = Stage::Waking { since, timer, wake };
        }
    }

    /// A waiter runs: it has a connection, unless somebody took it; then it waits again, last of
    /// all, for what is left of its time.
    pub(super) fn woken(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(Job { stage, req: Some(req) }) = self.jobs.get(index) else { return };
        let (Stage::Waking { since, timer, .. }, req) = (stage.clone(), *req) else { return };
        let now = cx.now();
        if self.has_room() {
            self.jobs.remove(index);
            cx.disarm(timer);
            self.meter.dequeue(now);
            self.grant(cx, req, now - since);
            return;
        }
        let ticket = self.line.push(Waiter { req, since, word: u64::from(index) });
        if let Some(job) = self.jobs.get_mut(index) {
            job.stage = Stage::Waiting { ticket, timer };
        }
    }
}
