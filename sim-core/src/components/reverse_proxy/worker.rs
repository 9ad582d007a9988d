//! A worker process: one core that takes jobs in turn, sockets, and idle connections to peers.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::idle::{Connection, Idle};
use super::peers::{Roster, State};
use super::{CPU, IDLE, ReverseProxy, word};
use crate::engine::chance::{mix, name_key};
use crate::engine::delay::stretch;
use crate::engine::kernel::{Cx, Note};
use crate::engine::request::Doing;
use crate::engine::time::Nanos;

/// Names which worker process accepted a client's connection.
const WORKER: u64 = name_key("reverse proxy worker");

/// One worker process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Worker {
    /// What it knows of the peers; of the first one, if there is a zone.
    pub(super) states: Vec<State>,
    pub(super) idle: Idle,
    /// A timer closes what is idle for too long.
    is_sweeping: bool,
    /// Sockets of clients and peers, idle ones included.
    pub(super) sockets: u32,
    /// Requests that need CPU; the first one has it.
    line: VecDeque<u32>,
}

impl Worker {
    pub(super) fn new(roster: &Roster) -> Self {
        Worker { states: roster.peers.iter().map(State::new).collect(), ..Worker::default() }
    }
}

impl ReverseProxy {
    /// The worker process that has a client's connection.
    pub(super) fn worker_of(&self, client: u64) -> u32 {
        let count = self.workers.len() as u64;
        if count == 1 { 0 } else { (mix(WORKER, client) % count) as u32 }
    }

    /// Takes a socket; false if there is none left.
    pub(super) fn open_socket(&mut self, now: Nanos, worker: u32) -> bool {
        let worker = &mut self.workers[worker as usize];
        if worker.sockets >= self.sockets_max {
            return false;
        }
        worker.sockets += 1;
        self.connections.seize(now, 0);
        true
    }

    pub(super) fn close_sockets(&mut self, now: Nanos, worker: u32, count: u32) {
        if count == 0 {
            return;
        }
        self.workers[worker as usize].sockets -= count;
        let level = self.connections.busy.level();
        self.connections.busy.set(now, level - count);
    }

    /// An idle connection to a peer, if there is one.
    pub(super) fn reuse(&mut self, cx: &mut Cx<'_>, worker: u32, peer: u32) -> Option<Connection> {
        let idle = &mut self.workers[worker as usize].idle;
        let closed = idle.expire(&self.keepalive, cx.now());
        let found = idle.take(peer);
        self.close(cx, worker, &closed);
        found
    }

    /// Closes connections on which nothing is under way.
    fn close(&mut self, cx: &mut Cx<'_>, worker: u32, closed: &[Connection]) {
        closed.iter().for_each(|connection| self.give_back(cx, connection));
        self.close_sockets(cx.now(), worker, closed.len() as u32);
    }

    /// Closes every idle connection.
    pub(super) fn close_idle(&mut self, cx: &mut Cx<'_>, worker: u32) {
        let idle = std::mem::take(&mut self.workers[worker as usize].idle);
        self.close(cx, worker, idle.all());
    }

    /// Tells a peer that keeps account of connections that one is closed.
    pub(super) fn give_back(&self, cx: &mut Cx<'_>, connection: &Connection) {
        if connection.number != 0 {
            let node = self.roster.peers[connection.peer as usize].node;
            cx.note(node, Note::Release { lease: connection.number });
        }
    }

    /// A peer has closed an idle connection.
    pub(super) fn hung_up(&mut self, now: Nanos, number: u64) {
        let count = self.workers.len() as u32;
        let whose = (0..count).find(|&at| self.workers[at as usize].idle.end(number));
        if let Some(worker) = whose {
            self.close_sockets(now, worker, 1);
        }
    }

    /// Keeps a connection after an answer, or closes it.
    pub(super) fn keep(&mut self, cx: &mut Cx<'_>, worker: u32, connection: Connection) {
        let now = cx.now();
        let Worker { idle, is_sweeping, .. } = &mut self.workers[worker as usize];
        let closed = idle.put(&self.keepalive, connection, now);
        if !*is_sweeping && let Some(end) = idle.first_end(&self.keepalive) {
            *is_sweeping = true;
            cx.after(end - now, word(IDLE, worker));
        }
        self.close(cx, worker, closed.as_slice());
    }

    /// Closes what was idle for too long, and looks again when the next one is.
    pub(super) fn sweep(&mut self, cx: &mut Cx<'_>, worker: u32) {
        let now = cx.now();
        let Worker { idle, is_sweeping, .. } = &mut self.workers[worker as usize];
        let closed = idle.expire(&self.keepalive, now);
        let end = idle.first_end(&self.keepalive);
        *is_sweeping = end.is_some();
        if let Some(end) = end {
            cx.after(end - now, word(IDLE, worker));
        }
        self.close(cx, worker, &closed);
    }

    /// A peer closed its side of every idle connection, or there is no such side any more.
    pub(super) fn forget_idle(&mut self, now: Nanos, peer: u32) {
        for worker in 0..self.workers.len() as u32 {
            let idle = &mut self.workers[worker as usize].idle;
            let before = idle.len();
            idle.forget(peer);
            let closed = before - idle.len();
            self.close_sockets(now, worker, closed);
        }
    }

    /// A request joins the line for its worker's core.
    pub(super) fn compute(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(visit) = self.visits.get(index) else { return };
        let (worker, req) = (visit.worker, visit.req);
        let line = &mut self.workers[worker as usize].line;
        line.push_back(index);
        if line.len() == 1 {
            self.compute_next(cx, worker);
        } else {
            self.cpu.enqueue(cx.now());
            cx.doing(req, Doing::Waiting);
        }
    }

    fn compute_next(&mut self, cx: &mut Cx<'_>, worker: u32) {
        let first = self.workers[worker as usize].line.front();
        let Some(visit) = first.and_then(|&index| self.visits.get(index)) else { return };
        self.cpu.seize(cx.now(), cx.now() - visit.since);
        cx.doing(visit.req, Doing::Working);
        cx.after(stretch(visit.cpu, self.slow), word(CPU, worker));
    }

    /// The first in line is done; who is it?
    pub(super) fn computed(&mut self, cx: &mut Cx<'_>, worker: u32) -> Option<u32> {
        let line = &mut self.workers[worker as usize].line;
        let done = line.pop_front();
        let more = !line.is_empty();
        self.cpu.release(cx.now());
        if more {
            self.cpu.dequeue(cx.now());
            self.compute_next(cx, worker);
        }
        done
    }
}
