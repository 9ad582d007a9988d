//! The way of a request through the proxy: thread, slot, connection, answer.

use serde::{Deserialize, Serialize};

use super::servers::Pick;
use super::{CONNECT, PAUSE, QueueingProxy, SENT, STATUSES, THREAD};
use crate::engine::agenda::Timer;
use crate::engine::delay::stretch;
use crate::engine::kernel::Cx;
use crate::engine::request::{Ask, Cause, Doing, Outcome, ReqId, Want};
use crate::engine::time::Nanos;
use crate::rules::thread;

/// Where a request is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// In line for the proxy's thread, or on it.
    Thread,
    /// In line for a slot: of this server, or of any.
    Queued { ticket: u32, timer: Timer, of: Option<u32> },
    /// A connection is being made.
    Connecting(Timer),
    /// Before the next attempt.
    Pausing(Timer),
    /// A server has it, or it is on its way there.
    Sent { child: ReqId, timer: Timer },
}

impl Stage {
    /// Nobody waits for it any more.
    pub(super) fn drop_all(&self, cx: &mut Cx<'_>) {
        match *self {
            Stage::Thread => {}
            Stage::Queued { timer, .. } | Stage::Connecting(timer) | Stage::Pausing(timer) => {
                cx.disarm(timer);
            }
            Stage::Sent { child, timer } => {
                cx.disarm(timer);
                cx.detach(child);
                cx.cancel(child);
            }
        }
    }
}

/// A request in the proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) req: ReqId,
    pub(super) stage: Stage,
    /// In this stage since.
    pub(super) since: Nanos,
    /// The server whose slot it has.
    pub(super) server: Option<u32>,
    /// The server that failed it.
    avoid: Option<u32>,
    failures: u32,
}

impl Visit {
    pub(super) fn new(req: ReqId, now: Nanos) -> Self {
        Visit { req, stage: Stage::Thread, since: now, server: None, avoid: None, failures: 0 }
    }
}

impl QueueingProxy {
    pub(super) fn compute(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get(index) else { return };
        if self.thread.join(cx, &mut self.cpu, (index, visit.req)) {
            self.compute_next(cx, index);
        }
    }

    fn compute_next(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get(index) else { return };
        let span = stretch(self.times.cpu, self.slow);
        thread::work(cx, &mut self.cpu, (visit.req, visit.since), (span, THREAD));
    }

    pub(super) fn computed(&mut self, cx: &mut Cx<'_>) {
        let (done, next) = self.thread.leave(cx.now(), &mut self.cpu);
        next.into_iter().for_each(|index| self.compute_next(cx, index));
        done.into_iter().for_each(|index| self.dispatch(cx, index, None));
    }

    /// A request gets a slot at a server, or a place in line, or 503.
    pub(super) fn dispatch(&mut self, cx: &mut Cx<'_>, index: u32, avoid: Option<u32>) {
        let Some(visit) = self.visits.get(index) else { return };
        if self.drops_aborted && cx.is_cancelled(visit.req) {
            self.end(cx, index, (0, Outcome::Failed(Cause::Cancelled)));
            return;
        }
        match self.servers.pick(cx.ask(visit.req).client, avoid) {
            Pick::Free(server) => self.occupy(cx, index, (server, 0)),
            Pick::Pinned(server) => self.enqueue(cx, index, Some(server)),
            Pick::Full => self.enqueue(cx, index, None),
            Pick::Nobody => self.end(cx, index, (503, Outcome::Failed(Cause::NoBackend))),
        }
    }

    /// A request has a slot; it had waited so long for it.
    pub(super) fn occupy(&mut self, cx: &mut Cx<'_>, index: u32, (server, waited): (u32, Nanos)) {
        self.servers.serve(server, true);
        self.slots.seize(cx.now(), waited);
        if let Some(visit) = self.visits.get_mut(index) {
            visit.server = Some(server);
        }
        self.connect(cx, index);
    }

    fn connect(&mut self, cx: &mut Cx<'_>, index: u32) {
        let handshake = self.times.handshake;
        if handshake == 0 {
            self.send(cx, index);
            return;
        }
        let Some(visit) = self.visits.get_mut(index) else { return };
        let wait = handshake.min(self.times.connect.unwrap_or(handshake));
        visit.stage = Stage::Connecting(cx.after(wait, CONNECT | u64::from(index)));
        cx.doing(visit.req, Doing::Travelling);
    }

    /// The handshake's round trip is over, or the time for it.
    pub(super) fn shaken(&mut self, cx: &mut Cx<'_>, index: u32) {
        if self.times.connect.is_some_and(|limit| limit < self.times.handshake) {
            self.not_connected(cx, index, (Cause::GatewayTimeout, false));
        } else {
            self.send(cx, index);
        }
    }

    fn send(&mut self, cx: &mut Cx<'_>, index: u32) {
        let first = [self.connect_left(), self.times.server].into_iter().flatten().min();
        let Some(visit) = self.visits.get_mut(index) else { return };
        let Some(server) = visit.server else { return };
        let node = self.servers.all[server as usize].node;
        let ask = Ask { want: Want::Answer, lease: 0, ..*cx.ask(visit.req) };
        let word = SENT | u64::from(index);
        let child = cx.fork(ask, Some(visit.req), node, word);
        let timer = match first {
            Some(after) => cx.after(after, word),
            None => Timer::NONE,
        };
        visit.since = cx.now();
        visit.stage = Stage::Sent { child, timer };
        cx.doing(visit.req, Doing::Away);
    }

    /// What is left of the time to connect once the handshake is over.
    fn connect_left(&self) -> Option<Nanos> {
        self.times.connect.map(|limit| limit.saturating_sub(self.times.handshake))
    }

    /// The time to connect, or to be silent, may be over.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>, index: u32) {
        let (connect, silent) = (self.connect_left(), self.times.server);
        let Some(visit) = self.visits.get_mut(index) else { return };
        let Stage::Sent { child, timer } = &mut visit.stage else { return };
        let connected = cx.connected_at(*child);
        let due = match connected {
            None => connect.map(|left| visit.since + left),
            Some(at) => silent.map(|left| at.max(visit.since) + left),
        };
        match due {
            Some(due) if due <= cx.now() && connected.is_none() => {
                self.not_connected(cx, index, (Cause::GatewayTimeout, false));
            }
            Some(due) if due <= cx.now() => {
                self.end(cx, index, (504, Outcome::Failed(Cause::GatewayTimeout)));
            }
            Some(due) => *timer = cx.after(due - cx.now(), SENT | u64::from(index)),
            None => {
                // nothing limits this stage: looked at again as often as the other one would be
                let again = connect.or(silent).unwrap_or(Nanos::MAX).max(1);
                *timer = cx.after(again, SENT | u64::from(index));
            }
        }
    }

    /// A server's answer, or the end of the connection to it.
    pub(super) fn answered(&mut self, cx: &mut Cx<'_>, of: (u32, ReqId), outcome: Outcome) {
        let (index, child) = of;
        let Some(visit) = self.visits.get_mut(index) else { return };
        if let Stage::Sent { timer, .. } = visit.stage {
            cx.disarm(timer);
        }
        visit.stage = Stage::Thread;
        match outcome {
            Outcome::Failed(Cause::Refused) if cx.is_broken(child) => {
                self.not_connected(cx, index, (Cause::Refused, true));
            }
            Outcome::Failed(_) if cx.is_broken(child) => self.end(cx, index, (502, outcome)),
            outcome => self.end(cx, index, (200, outcome)),
        }
    }

    /// An attempt to connect has failed: another one, there or elsewhere, or 503. An error is not
    /// followed by an attempt at once, which would end the same way.
    fn not_connected(&mut self, cx: &mut Cx<'_>, index: u32, (cause, is_error): (Cause, bool)) {
        self.counts.connect_errors += 1;
        let Some(visit) = self.visits.get_mut(index) else { return };
        std::mem::replace(&mut visit.stage, Stage::Thread).drop_all(cx);
        if visit.failures >= self.retries {
            self.end(cx, index, (503, Outcome::Failed(cause)));
            return;
        }
        visit.failures += 1;
        let is_last = visit.failures == self.retries;
        let is_out = visit.server.is_none_or(|at| !self.servers.all[at as usize].is_usable());
        let has_choice = self.servers.has_choice();
        let goes_elsewhere = self.redispatches && (is_last || is_out || has_choice);
        if goes_elsewhere {
            visit.avoid = visit.server;
            self.counts.redispatches += 1;
            self.vacate(cx, index);
        } else {
            self.counts.retries += 1;
        }
        if is_error && !(goes_elsewhere && self.servers.are_many()) {
            let Some(visit) = self.visits.get_mut(index) else { return };
            let pause = cx.after(self.times.pause, PAUSE | u64::from(index));
            visit.stage = Stage::Pausing(pause);
            cx.doing(visit.req, Doing::Waiting);
        } else {
            self.try_again(cx, index);
        }
    }

    /// The next attempt: at the server whose slot the request has, or at another one.
    pub(super) fn try_again(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get(index) else { return };
        match visit.server {
            Some(_) => self.connect(cx, index),
            None => {
                let avoid = visit.avoid;
                self.dispatch(cx, index, avoid);
            }
        }
    }

    /// The client has left.
    pub(super) fn aborted(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let index = cx.held(req) as u32;
        cx.mark_cancelled(req);
        let Some(visit) = self.visits.get(index) else { return };
        if !self.drops_aborted || visit.stage == Stage::Thread {
            return;
        }
        if let Stage::Queued { ticket, of, .. } = visit.stage {
            self.leave_line(cx, ticket, of);
        }
        self.end(cx, index, (0, Outcome::Failed(Cause::Cancelled)));
    }

    /// The client has its answer; the slot goes to the next in line.
    pub(super) fn end(&mut self, cx: &mut Cx<'_>, index: u32, (status, outcome): (u16, Outcome)) {
        let Some(visit) = self.visits.get(index) else { return };
        visit.stage.drop_all(cx);
        if let Some(at) = STATUSES.iter().position(|&(known, _)| known == status) {
            self.counts.statuses[at] += 1;
        }
        cx.reply(visit.req, outcome);
        self.vacate(cx, index);
        self.visits.remove(index);
    }
}
