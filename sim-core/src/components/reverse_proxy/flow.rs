//! The way of a request through the proxy: core, limits, peer after peer, answer.

use serde::{Deserialize, Serialize};

use super::choose::{Chooser, Search};
use super::idle::Connection;
use super::next::{Failure, condition_of, status_after, status_of};
use super::peers::Turn;
use super::spec::Condition;
use super::{CONNECT, EPOCH_S, HELD, ReverseProxy, UPSTREAM, word};
use crate::engine::agenda::Timer;
use crate::engine::kernel::Cx;
use crate::engine::request::{Ask, Cause, Doing, Outcome, ReqId, Want};
use crate::engine::time::{Nanos, SECOND};
use crate::rules::bucket::Verdict;

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// In line for its worker's core, or on it.
    Cpu,
    /// Delayed by limit_req.
    Held,
    /// A connection to the peer is being made.
    Connecting,
    /// A peer has it, or it is on its way there.
    Upstream,
}

/// A request in the proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) req: ReqId,
    pub(super) worker: u32,
    pub(super) phase: Phase,
    pub(super) timer: Timer,
    /// In this phase since.
    pub(super) since: Nanos,
    /// CPU time that it needs.
    pub(super) cpu: Nanos,
    pub(super) child: Option<ReqId>,
    /// The client left while the core had not come to it.
    pub(super) is_gone: bool,
    /// limit_conn counts it.
    is_counted: bool,
    /// The connection stood already.
    is_cached: bool,
    /// The first peer was looked for then.
    begun: Nanos,
    search: Search,
    connection: Option<Connection>,
}

impl Visit {
    fn new(req: ReqId, worker: u32, now: Nanos) -> Self {
        Visit {
            req,
            worker,
            phase: Phase::Cpu,
            timer: Timer::NONE,
            since: now,
            cpu: 0,
            child: None,
            is_gone: false,
            is_counted: false,
            is_cached: false,
            begun: 0,
            search: Search::default(),
            connection: None,
        }
    }
}

impl ReverseProxy {
    /// A client's request arrives.
    pub(super) fn admit(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let (now, client) = (cx.now(), cx.ask(req).client);
        let worker = self.worker_of(client);
        if !self.open_socket(now, worker) {
            self.connections.turn_away();
            self.counts.dropped += 1;
            cx.hang_up(req, Cause::TooManyConnections);
            return;
        }
        let mut visit = Visit::new(req, worker, now);
        visit.cpu = self.cpu_ns;
        if let Some(clients) = &mut self.clients {
            let (hello, handshake) = clients.enter(client, now);
            self.counts.greet(hello);
            visit.cpu += handshake;
        }
        let cpu = visit.cpu;
        let index = self.visits.insert(visit);
        cx.hold(req, u64::from(index));
        if cpu > 0 { self.compute(cx, index) } else { self.limit(cx, index) }
    }

    /// limit_req comes first, as in nginx.
    pub(super) fn limit(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        if visit.is_gone {
            self.end(cx, index, (499, Outcome::Failed(Cause::Cancelled)));
            return;
        }
        let (req, now) = (visit.req, cx.now());
        let limit = self.limit_req.as_mut();
        match limit.map_or(Verdict::Pass, |limit| limit.judge(cx.ask(req), now)) {
            Verdict::Pass => self.enter(cx, index),
            Verdict::Reject => self.end(cx, index, (503, Outcome::Failed(Cause::RateLimited))),
            Verdict::Hold(wait) => {
                (visit.phase, visit.since) = (Phase::Held, now);
                visit.timer = cx.after(wait, word(HELD, index));
                cx.doing(req, Doing::Waiting);
                self.counts.delayed += 1;
            }
        }
    }

    /// limit_conn, then the first peer.
    pub(super) fn enter(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        if let Some(limit) = &mut self.limit_conn {
            if !limit.enter(cx.ask(visit.req)) {
                self.end(cx, index, (503, Outcome::Failed(Cause::RateLimited)));
                return;
            }
            visit.is_counted = true;
        }
        visit.begun = cx.now();
        visit.search = Search::new(&self.roster, self.next.tries);
        self.connect(cx, index);
    }

    /// Whose knowledge of peers a worker process uses.
    fn home(&self, worker: u32) -> usize {
        if self.zone { 0 } else { worker as usize }
    }

    /// The clock of the machine, in whole seconds: it was at some fraction of one at the start.
    fn now_s(&self, cx: &Cx<'_>) -> u64 {
        EPOCH_S + (cx.now() + self.fraction) / SECOND
    }

    /// Picks a peer and connects to it.
    fn connect(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        let (worker, req, now) = (visit.worker, visit.req, cx.now());
        let home = if self.zone { 0 } else { worker as usize };
        let mut chooser = Chooser {
            roster: &self.roster,
            states: &mut self.workers[home].states,
            stream: &mut self.stream,
            balance: self.balance,
            ask: *cx.ask(req),
            now_s: EPOCH_S + (now + self.fraction) / SECOND,
        };
        let Some(peer) = chooser.pick(&mut visit.search) else {
            self.end(cx, index, (502, Outcome::Failed(Cause::NoBackend)));
            return;
        };
        let reused = self.reuse(cx, worker, peer);
        if reused.is_none() && !self.open_socket(now, worker) {
            self.connections.turn_away();
            self.release(cx, (worker, peer), false);
            self.end(cx, index, (500, Outcome::Failed(Cause::TooManyConnections)));
            return;
        }
        self.counts.connects += u64::from(reused.is_none());
        let Some(visit) = self.visits.get_mut(index) else { return };
        visit.is_cached = reused.is_some();
        visit.connection = Some(reused.unwrap_or(Connection::fresh(peer, now)));
        if visit.is_cached || self.connect_ns == 0 {
            self.send(cx, index);
            return;
        }
        visit.phase = Phase::Connecting;
        let wait = self.connect_ns.min(self.connect_timeout);
        visit.timer = cx.after(wait, word(CONNECT, index));
        cx.doing(req, Doing::Travelling);
    }

    /// The handshake's round trip is over, or the time for it.
    pub(super) fn connected(&mut self, cx: &mut Cx<'_>, index: u32) {
        if self.connect_ns > self.connect_timeout {
            self.fail(cx, index, TOO_LATE);
        } else {
            self.send(cx, index);
        }
    }

    /// Sends the request to the peer.
    fn send(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        let Some(connection) = visit.connection else { return };
        let node = self.roster.peers[connection.peer as usize].node;
        self.counts.tries += 1;
        (visit.phase, visit.since) = (Phase::Upstream, cx.now());
        let (want, lease) = match self.keepalive.keeps() {
            true => (Want::Kept, connection.number),
            false => (Want::Answer, 0),
        };
        let ask = Ask { want, lease, ..*cx.ask(visit.req) };
        visit.child = Some(cx.fork(ask, Some(visit.req), node, word(UPSTREAM, index)));
        let lane = if visit.is_cached { self.read_lane } else { self.first_lane };
        if let Some(lane) = lane {
            visit.timer = cx.after_in(lane, word(UPSTREAM, index));
        }
        cx.doing(visit.req, Doing::Away);
    }

    /// Nothing came in the time for connecting, or for reading.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        let Some(child) = visit.child else { return };
        let standing = if visit.is_cached { Some(visit.since) } else { cx.connected_at(child) };
        let connect_left = self.connect_timeout - self.connect_ns.min(self.connect_timeout);
        let (due, failure) = match standing {
            None => (visit.since + connect_left, TOO_LATE),
            Some(at) => {
                let due = at.max(visit.since) + self.read_timeout;
                (due, Failure { is_sent: true, ..TOO_LATE })
            }
        };
        if cx.now() >= due {
            self.fail(cx, index, failure);
        } else {
            visit.timer = cx.after(due - cx.now(), word(UPSTREAM, index));
        }
    }

    /// A peer's answer, or the end of the connection to it.
    pub(super) fn answered(&mut self, cx: &mut Cx<'_>, of: (u32, ReqId), outcome: Outcome) {
        let (index, child) = of;
        let Some(visit) = self.visits.get_mut(index) else { return };
        cx.disarm(visit.timer);
        visit.child = None;
        if let Some(connection) = &mut visit.connection {
            let said = cx.ask(child);
            connection.number = if said.want == Want::Kept { said.lease } else { 0 };
        }
        let Outcome::Failed(cause) = outcome else {
            self.pass_back(cx, index, (200, outcome));
            return;
        };
        if cx.is_broken(child) {
            let is_sent = cause != Cause::Refused;
            self.fail(cx, index, Failure { condition: Condition::Error, cause, is_sent });
            return;
        }
        let status = status_of(cause);
        let tries = visit.search.tries;
        let (endpoint, spent) = (cx.ask(visit.req).endpoint, cx.now() - visit.begun);
        let failure =
            condition_of(status).map(|condition| Failure { condition, cause, is_sent: true });
        match failure {
            Some(failure) if tries > 1 && self.next.allows(failure, endpoint, spent) => {
                self.fail(cx, index, failure);
            }
            _ => self.pass_back(cx, index, (status, outcome)),
        }
    }

    /// The peer's own answer goes to the client; errors too, and they are no failure of the peer.
    fn pass_back(&mut self, cx: &mut Cx<'_>, index: u32, answer: (u16, Outcome)) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        let worker = visit.worker;
        if let Some(mut connection) = visit.connection.take() {
            connection.requests += 1;
            self.release(cx, (worker, connection.peer), false);
            if connection.number == Ask::CLOSED {
                self.close_sockets(cx.now(), worker, 1);
            } else {
                self.keep(cx, worker, connection);
            }
        }
        self.end(cx, index, answer);
    }

    /// A try has failed: the next peer, or the error.
    fn fail(&mut self, cx: &mut Cx<'_>, index: u32, failure: Failure) {
        self.counts.failures += 1;
        self.drop_upstream(cx, index, true);
        let single = self.roster.is_single();
        let Some(visit) = self.visits.get_mut(index) else { return };
        let tries = &mut visit.search.tries;
        *tries = if single { 0 } else { tries.saturating_sub(1) };
        // a kept connection may just have been closed by the peer: that try is given back
        let stale = visit.is_cached && failure.cause != Cause::Refused;
        *tries += u32::from(stale && failure.condition == Condition::Error);
        let (endpoint, spent) = (cx.ask(visit.req).endpoint, cx.now() - visit.begun);
        if *tries > 0 && self.next.allows(failure, endpoint, spent) {
            self.connect(cx, index);
        } else {
            let status = status_after(failure.condition);
            self.end(cx, index, (status, Outcome::Failed(failure.cause)));
        }
    }

    /// Closes the connection to the peer, whatever it is doing there.
    fn drop_upstream(&mut self, cx: &mut Cx<'_>, index: u32, failed: bool) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        cx.disarm(visit.timer);
        let child = visit.child.take();
        if let Some(child) = child {
            cx.detach(child);
            cx.cancel(child);
        }
        let worker = visit.worker;
        if let Some(connection) = visit.connection.take() {
            if child.is_none() && connection.number != Ask::CLOSED {
                self.give_back(cx, &connection);
            }
            self.release(cx, (worker, connection.peer), failed);
            self.close_sockets(cx.now(), worker, 1);
        }
    }

    /// A try at a peer is over; the account of it.
    fn release(&mut self, cx: &mut Cx<'_>, of: (u32, u32), failed: bool) {
        let (worker, index) = of;
        let (home, now_s) = (self.home(worker), self.now_s(cx));
        let peer = &self.roster.peers[index as usize];
        let state = &mut self.workers[home].states[index as usize];
        if self.roster.is_single() {
            (state.fails, state.conns) = (0, state.conns - 1);
            return;
        }
        let turn = if failed { state.fail(peer, now_s) } else { state.succeed(peer) };
        let whose = if home == 0 { String::new() } else { format!(" (worker {home})") };
        match turn {
            Some(Turn::Out) => {
                self.counts.disabled += 1;
                let after = peer.max_fails;
                let plural = if after == 1 { "failure" } else { "failures" };
                cx.journal(format!("{} is left out after {after} {plural}{whose}", peer.name));
            }
            Some(Turn::Back) => cx.journal(format!("{} answers again{whose}", peer.name)),
            None => {}
        }
    }

    /// The client left.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let index = cx.held(req) as u32;
        cx.mark_cancelled(req);
        let Some(visit) = self.visits.get_mut(index) else { return };
        match visit.phase {
            Phase::Cpu => visit.is_gone = true,
            Phase::Connecting | Phase::Upstream if self.ignores_abort => {}
            _ => {
                self.drop_upstream(cx, index, false);
                self.end(cx, index, (499, Outcome::Failed(Cause::Cancelled)));
            }
        }
    }

    /// The client has its answer.
    fn end(&mut self, cx: &mut Cx<'_>, index: u32, answer: (u16, Outcome)) {
        let Some(visit) = self.visits.remove(index) else { return };
        let now = cx.now();
        if let Some(limit) = self.limit_conn.as_mut().filter(|_| visit.is_counted) {
            limit.leave(cx.ask(visit.req));
        }
        if let Some(clients) = &mut self.clients {
            clients.leave(cx.ask(visit.req).client, now);
        }
        self.close_sockets(now, visit.worker, 1);
        self.counts.answer(answer.0);
        cx.reply(visit.req, answer.1);
    }
}

/// The peer could not be reached in time; the request never was there.
const TOO_LATE: Failure =
    Failure { condition: Condition::Timeout, cause: Cause::GatewayTimeout, is_sent: false };
