//! Connections that callers keep open between requests: each belongs to one process, which closes
//! it when it was idle for too long.
//!
//! A request that was sent before the news of the close had come meets a closed connection and is
//! reset: the news and the request pass each other on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::job::Job;
use super::process::Life;
use super::{AppServer, FIN, IDLE};
use crate::engine::agenda::Timer;
use crate::engine::kernel::{Cx, Note};
use crate::engine::request::{Ask, Cause, ReqId, Want};
use crate::engine::time::Nanos;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum State {
    /// A request is under way on it.
    Busy,
    /// Until this timer closes it.
    Idle(Timer),
    /// The news of the close is on its way to the caller.
    Closed,
}

/// A connection that its caller keeps open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Connection {
    process: u32,
    /// The node at the other end.
    opener: u32,
    /// Time on the wire from there, ns.
    far: Nanos,
    state: State,
}

/// All of them, by numbers that are never used twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Connections {
    ever: u32,
    all: BTreeMap<u32, Connection>,
}

impl Connections {
    /// The machine is down: they are all gone, and their numbers void.
    pub(super) fn void(&mut self) {
        self.all.clear();
    }

    /// A connection ends together with the request on it.
    pub(super) fn end(&mut self, number: u32) {
        self.all.remove(&number);
    }
}

/// The number as callers know it: of every server another.
fn name(cx: &Cx<'_>, number: u32) -> u64 {
    u64::from(cx.me()) << 32 | u64::from(number)
}

impl AppServer {
    /// A request on a connection that was kept: it goes to the process that has it, busy or not.
    pub(super) fn call_again(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let lease = cx.ask(req).lease;
        let number = lease as u32;
        let known = self.connections.all.get_mut(&number);
        let Some(connection) = known.filter(|_| lease == name(cx, number)) else {
            self.reset(cx, req);
            return;
        };
        let State::Idle(timer) = connection.state else {
            self.reset(cx, req);
            return;
        };
        cx.disarm(timer);
        connection.state = State::Busy;
        let process = connection.process;
        self.crew.all[process as usize].idle -= 1;
        let pc = self.program.start(cx.ask(req).endpoint);
        let mut job = Job::new(req, cx.now(), pc);
        job.connection = number;
        let index = self.jobs.insert(job);
        cx.hold(req, u64::from(index));
        self.accept(cx, index, process);
    }

    fn reset(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        self.meters.resets.add(1);
        cx.hang_up(req, Cause::Reset);
    }

    /// What becomes of a connection after an answer: a process that leaves, or has as many idle
    /// ones as it may, closes it.
    pub(super) fn keep(&mut self, cx: &mut Cx<'_>, job: &Job) {
        if cx.ask(job.req).want != Want::Kept {
            return;
        }
        let own = &mut self.crew.all[job.process as usize];
        let keeps = own.life == Life::Up && own.idle < self.terms.idle && !job.is_turned_away;
        let Some(lane) = self.terms.keep_lane.filter(|_| keeps) else {
            self.connections.end(job.connection);
            cx.ask_mut(job.req).lease = Ask::CLOSED;
            return;
        };
        own.idle += 1;
        let number = if job.connection == 0 {
            self.connections.ever = self.connections.ever.wrapping_add(1).max(1);
            self.connections.ever
        } else {
            job.connection
        };
        let timer = cx.after_in(lane, IDLE | u64::from(number));
        // a packet that was lost and sent again came late, and says nothing of the wire
        let before = self.connections.all.get(&number).map_or(Nanos::MAX, |before| before.far);
        let connection = Connection {
            process: job.process,
            opener: cx.opener(job.req),
            far: before.min(job.began - cx.born(job.req)),
            state: State::Idle(timer),
        };
        self.connections.all.insert(number, connection);
        cx.ask_mut(job.req).lease = name(cx, number);
    }

    /// A connection is closed because it was idle for too long, or because its process ends.
    pub(super) fn close_idle(&mut self, cx: &mut Cx<'_>, number: u32) {
        let Some(connection) = self.connections.all.get_mut(&number) else { return };
        let State::Idle(timer) = connection.state else { return };
        cx.disarm(timer);
        connection.state = State::Closed;
        let Connection { process, far, .. } = *connection;
        self.crew.all[process as usize].idle -= 1;
        self.freed.push(process);
        self.meters.idle_closed.add(1);
        if far > 0 {
            cx.after(far, FIN | u64::from(number));
        } else {
            self.told(cx, number);
        }
    }

    /// The news of the close reaches the other end.
    pub(super) fn told(&mut self, cx: &mut Cx<'_>, number: u32) {
        if let Some(connection) = self.connections.all.remove(&number) {
            let lease = name(cx, number);
            cx.note(connection.opener, Note::Closed { lease });
        }
    }

    /// A process closes every connection on which nothing is under way.
    pub(super) fn close_all_idle(&mut self, cx: &mut Cx<'_>, process: u32) {
        if self.crew.all[process as usize].idle == 0 {
            return;
        }
        let own = |(&number, connection): (&u32, &Connection)| {
            (connection.process == process).then_some(number)
        };
        let numbers: Vec<u32> = self.connections.all.iter().filter_map(own).collect();
        numbers.into_iter().for_each(|number| self.close_idle(cx, number));
    }

    /// The other end has closed an idle connection.
    pub(super) fn released(&mut self, cx: &mut Cx<'_>, lease: u64) {
        let number = lease as u32;
        if lease != name(cx, number) {
            return;
        }
        let Some(connection) = self.connections.all.get(&number).copied() else { return };
        if let State::Idle(timer) = connection.state {
            cx.disarm(timer);
            self.connections.end(number);
            self.crew.all[connection.process as usize].idle -= 1;
            self.freed.push(connection.process);
        }
    }
}
