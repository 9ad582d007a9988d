//! How requests get through: accepted, given a thread or the event loop, answered.

use super::handshake::tick;
use super::job::Place;
use super::listener::Next;
use super::process::{Life, Rank};
use super::spec::WorkerKind;
use super::{AppServer, GAVE_UP, SYN};
use crate::engine::kernel::Cx;
use crate::engine::meter::Station;
use crate::engine::queue::{Order, Waiter};
use crate::engine::request::{Cause, Doing, Outcome};
use crate::rules::pool::breaks;

impl AppServer {
    /// The meter of the line in which connections wait before a process takes them.
    pub(super) fn door(&mut self) -> &mut Station {
        match self.terms.kind {
            WorkerKind::Uvicorn => &mut self.meters.turns,
            _ => &mut self.meters.slots,
        }
    }

    /// A client's SYN arrives: an idle process accepts the connection, or it waits to be accepted,
    /// or the kernel drops it.
    #[inline]
    pub(super) fn arrive(&mut self, cx: &mut Cx<'_>, index: u32) {
        if !self.enter(cx, index) {
            self.shut_out(cx, index);
        }
    }

    /// A connection is accepted by an idle process, or waits to be; false if there is no room.
    #[inline]
    pub(super) fn enter(&mut self, cx: &mut Cx<'_>, index: u32) -> bool {
        let now = cx.now();
        if self.listener.is_empty()
            && let Some(process) = self.crew.acceptor(self.terms.wakes)
        {
            self.accept(cx, index, process);
            return true;
        }
        let Some(job) = self.jobs.get_mut(index) else { return true };
        let req = job.req;
        let waiter = Waiter { req, since: now, word: u64::from(index) };
        if self.listener.enter(waiter, self.terms.backlog).is_none() {
            return false;
        }
        job.place = Place::Backlog;
        job.since = now;
        cx.doing(req, Doing::Waiting);
        self.door().enqueue(now);
        true
    }

    /// A SYN was dropped without a word.
    fn shut_out(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        let dropped = if let Place::Outside { dropped, .. } = job.place { dropped + 1 } else { 1 };
        let (wait, word) = match self.terms.retries.after(dropped) {
            Next::Repeats(wait) => (wait, SYN),
            Next::GivesUp(wait) => (wait, GAVE_UP),
        };
        let wait = tick(cx.now(), wait, self.terms.kernel_hz);
        let timer = cx.after(wait, word | u64::from(index));
        job.place = Place::Outside { dropped, timer };
        cx.doing(job.req, Doing::Travelling);
    }

    /// A client without a connection sends its SYN again, or has had enough.
    pub(super) fn outside(&mut self, cx: &mut Cx<'_>, index: u32, has_given_up: bool) {
        let cause = if has_given_up { Cause::Lost } else { Cause::Refused };
        if has_given_up || !self.listener.is_open {
            self.abort(cx, index, cause);
        } else if !(self.listener.has_room(self.terms.backlog) && self.answer_syn(cx, index)) {
            self.arrive(cx, index);
        }
    }

    /// The last packet of a handshake arrives, and the request behind it.
    pub(super) fn acknowledged(&mut self, cx: &mut Cx<'_>, index: u32) {
        if !self.enter(cx, index) {
            self.half_open(cx, index);
        }
    }

    /// A process takes a connection: late where it takes only what it can begin, early elsewhere.
    #[inline]
    pub(super) fn accept(&mut self, cx: &mut Cx<'_>, index: u32, process: u32) {
        let now = cx.now();
        let Some(job) = self.jobs.get_mut(index) else { return };
        let waited = matches!(job.place, Place::Backlog);
        if !waited {
            job.since = now;
        }
        job.process = process;
        let since = job.since;
        let own = &mut self.crew.all[process as usize];
        own.held += 1;
        if self.terms.kind.has_loop() {
            if waited {
                self.door().dequeue(now);
            }
            if self.terms.places().is_some() {
                self.meters.slots.seize(now, now - since);
            }
            self.resume(cx, index);
        } else if own.running < self.terms.slots {
            if waited {
                self.meters.slots.dequeue(now);
            }
            self.begin(cx, index);
        } else {
            if !waited {
                self.meters.slots.enqueue(now);
            }
            self.join(cx, index);
        }
        self.rank(process);
    }

    /// A request joins its process's line.
    fn join(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.place = Place::Line;
        let waiter = Waiter { req: job.req, since: cx.now(), word: u64::from(index) };
        self.crew.all[job.process as usize].line.push(waiter);
        cx.doing(job.req, Doing::Waiting);
    }

    /// A thread takes a request.
    #[inline]
    fn begin(&mut self, cx: &mut Cx<'_>, index: u32) {
        let now = cx.now();
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.is_new = false;
        job.place = Place::Running;
        let process = job.process;
        self.meters.slots.seize(now, now - job.since);
        cx.doing(job.req, Doing::Working);
        let own = &mut self.crew.all[process as usize];
        own.running += 1;
        own.heard = now;
        self.watch(cx);
        self.count_request(cx, process);
        if !self.falls_silent(index) {
            self.go_on(cx, index);
        }
    }

    /// A request goes on: at once in its thread, on an event loop as soon as it is free.
    #[inline]
    pub(super) fn resume(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        if !self.terms.kind.has_loop() {
            job.place = Place::Running;
            cx.doing(job.req, Doing::Working);
            self.go_on(cx, index);
            return;
        }
        // a new connection that nobody has counted yet waits since it came
        if !job.is_new || self.terms.places().is_some() {
            job.since = cx.now();
        }
        let process = &self.crew.all[job.process as usize];
        if process.running == 0 && process.line.is_empty() {
            self.take_turn(cx, index);
        } else {
            self.meters.turns.enqueue(cx.now());
            self.join(cx, index);
        }
    }

    /// The event loop runs a request until it waits for something.
    fn take_turn(&mut self, cx: &mut Cx<'_>, index: u32) {
        let now = cx.now();
        let Some(job) = self.jobs.get_mut(index) else { return };
        let (is_new, process) = (std::mem::take(&mut job.is_new), job.process);
        job.place = Place::Running;
        self.meters.turns.seize(now, now - job.since);
        cx.doing(job.req, Doing::Working);
        let own = &mut self.crew.all[process as usize];
        own.running = 1;
        own.heard = now;
        let is_crowded = own.open() >= self.terms.crowd;
        self.watch(cx);
        if is_new {
            self.count_request(cx, process);
        }
        if is_new && is_crowded {
            self.meters.turns.turn_away();
            self.turn_away(index);
            self.finish(cx, index, Outcome::Failed(Cause::QueueFull));
        } else {
            self.go_on(cx, index);
        }
        self.end_turn(cx, process);
    }

    /// A request finds the process full: the answer says that the connection closes.
    fn turn_away(&mut self, index: u32) {
        if let Some(job) = self.jobs.get_mut(index) {
            job.is_turned_away = true;
        }
    }

    /// The event loop is free again, unless what it ran computes.
    pub(super) fn end_turn(&mut self, cx: &mut Cx<'_>, process: u32) {
        let own = &mut self.crew.all[process as usize];
        if own.computing == 0 && own.running > 0 {
            own.running = 0;
            self.meters.turns.release(cx.now());
            self.freed.push(process);
        }
        self.rank(process);
    }

    /// Puts a process where it belongs among those who accept.
    pub(super) fn rank(&mut self, process: u32) {
        let own = &self.crew.all[process as usize];
        let is_free = own.life == Life::Up && own.open() < self.terms.room;
        let rank = match self.terms.kind {
            _ if !is_free => None,
            WorkerKind::Gevent | WorkerKind::Uvicorn if own.running > 0 => None,
            WorkerKind::Gthread if own.computing > 0 && self.terms.gil => Some(Rank::Computing),
            _ => Some(Rank::Idle),
        };
        self.crew.rank(process, rank);
    }

    /// A process has become free for something: it goes on with what waits.
    pub(super) fn serve(&mut self, cx: &mut Cx<'_>, process: u32) {
        if self.terms.kind.has_loop() {
            self.turn(cx, process);
        } else {
            while self.has_thread(process)
                && let Some(next) = self.crew.all[process as usize].line.pop(Order::Fifo)
            {
                self.meters.slots.dequeue(cx.now());
                self.begin(cx, next.word as u32);
            }
            while self.accepts(process)
                && let Some(next) = self.listener.accept()
            {
                self.accept(cx, next.word as u32, process);
            }
        }
        self.rank(process);
        let own = &self.crew.all[process as usize];
        if own.life == Life::Leaving && own.held == 0 {
            self.exit(cx, process);
        }
    }

    fn has_thread(&self, process: u32) -> bool {
        let own = &self.crew.all[process as usize];
        own.is_alive() && own.running < self.terms.slots
    }

    fn accepts(&self, process: u32) -> bool {
        let own = &self.crew.all[process as usize];
        own.life == Life::Up && own.open() < self.terms.room
    }

    /// The event loop takes up what became ready first: a request that may go on, or connections
    /// in the accept queue. `asyncio` accepts all there are, `gevent` one at a time.
    fn turn(&mut self, cx: &mut Cx<'_>, process: u32) {
        let takes_all = self.terms.kind == WorkerKind::Uvicorn;
        while self.crew.all[process as usize].running == 0 {
            let own = &self.crew.all[process as usize];
            let ready = own.line.oldest().map(|waiter| waiter.since);
            let came = self.listener.oldest().filter(|_| self.accepts(process));
            if came.is_some_and(|came| ready.is_none_or(|ready| came < ready)) {
                while let Some(next) = self.listener.accept() {
                    self.accept(cx, next.word as u32, process);
                    if !takes_all {
                        break;
                    }
                }
            } else if let Some(next) = self.crew.all[process as usize].line.pop(Order::Fifo) {
                self.meters.turns.dequeue(cx.now());
                self.take_turn(cx, next.word as u32);
            } else {
                break;
            }
        }
    }

    /// Answers a request and frees what it held.
    #[inline]
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let Some(job) = self.jobs.remove(index) else { return };
        let now = cx.now();
        self.give_back(cx, &job, job.failed.is_some_and(breaks));
        self.aside.end(cx, job.aside);
        if cx.is_monitored() {
            self.meters.latency.record(now - job.began);
        }
        self.keep(cx, &job);
        cx.reply(job.req, outcome);
        self.part(cx, job.process);
    }

    pub(super) fn leave_process(&mut self, cx: &mut Cx<'_>, process: u32) {
        let own = &mut self.crew.all[process as usize];
        own.held -= 1;
        if !self.terms.kind.has_loop() {
            own.running -= 1;
            self.freed.push(process);
        }
        if self.terms.places().is_some() {
            self.meters.slots.release(cx.now());
        }
        self.remember(process);
    }
}
