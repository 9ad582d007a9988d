//! The queues before the servers: one for all, and one for each server that clients are bound to.

use super::flow::Stage;
use super::{QUEUED, QueueingProxy};
use crate::engine::agenda::Timer;
use crate::engine::kernel::Cx;
use crate::engine::queue::{Order, Queue, Waiter};
use crate::engine::request::{Cause, Doing, Outcome};

impl QueueingProxy {
    fn line_of(&mut self, of: Option<u32>) -> &mut Queue {
        match of {
            Some(server) => &mut self.servers.all[server as usize].line,
            None => &mut self.line,
        }
    }

    /// A request waits for a slot of this server, or of any.
    pub(super) fn enqueue(&mut self, cx: &mut Cx<'_>, index: u32, of: Option<u32>) {
        let now = cx.now();
        let Some(visit) = self.visits.get_mut(index) else { return };
        let timer = match self.times.queue {
            Some(after) => cx.after(after, QUEUED | u64::from(index)),
            None => Timer::NONE,
        };
        visit.since = now;
        let req = visit.req;
        cx.doing(req, Doing::Waiting);
        self.slots.enqueue(now);
        let waiter = Waiter { req, since: now, word: u64::from(index) };
        let ticket = self.line_of(of).push(waiter);
        if let Some(visit) = self.visits.get_mut(index) {
            visit.stage = Stage::Queued { ticket, timer, of };
        }
    }

    pub(super) fn leave_line(&mut self, cx: &mut Cx<'_>, ticket: u32, of: Option<u32>) {
        self.line_of(of).remove(ticket);
        self.slots.dequeue(cx.now());
    }

    /// `timeout queue` is over.
    pub(super) fn waited_too_long(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get(index) else { return };
        if let Stage::Queued { ticket, of, .. } = visit.stage {
            self.leave_line(cx, ticket, of);
        }
        self.counts.queue_timeouts += 1;
        self.end(cx, index, (503, Outcome::Failed(Cause::QueueTimeout)));
    }

    /// A request gives its slot back, if it has one.
    pub(super) fn vacate(&mut self, cx: &mut Cx<'_>, index: u32) {
        let slot = self.visits.get_mut(index).and_then(|visit| visit.server.take());
        let Some(server) = slot else { return };
        self.servers.serve(server, false);
        self.slots.release(cx.now());
        self.take_over(cx, server);
    }

    /// A server takes those who have waited longest, its own or anybody's, while it has free slots.
    pub(super) fn take_over(&mut self, cx: &mut Cx<'_>, server: u32) {
        while self.servers.can_take(server) {
            let own = self.servers.all[server as usize].line.oldest().map(|it| it.since);
            let common = self.line.oldest().map(|it| it.since);
            let of = match (own, common) {
                (None, None) => return,
                (Some(own), Some(common)) => (own <= common).then_some(server),
                (own, _) => own.map(|_| server),
            };
            let Some(waiter) = self.line_of(of).pop(Order::Fifo) else { return };
            let (now, index) = (cx.now(), waiter.word as u32);
            self.slots.dequeue(now);
            if let Some(visit) = self.visits.get(index) {
                visit.stage.drop_all(cx);
            }
            self.occupy(cx, index, (server, now - waiter.since));
        }
    }

    /// A server is out: those who waited for it alone look for another one, if they may.
    pub(super) fn send_away(&mut self, cx: &mut Cx<'_>, server: u32) {
        if !self.redispatches {
            return;
        }
        for waiter in self.servers.all[server as usize].line.drain() {
            let index = waiter.word as u32;
            self.slots.dequeue(cx.now());
            if let Some(visit) = self.visits.get(index) {
                visit.stage.drop_all(cx);
            }
            self.counts.redispatches += 1;
            self.dispatch(cx, index, Some(server));
        }
    }
}
