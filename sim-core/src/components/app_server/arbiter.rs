//! The master: it forks workers, looks after them, replaces them, and stops.

use super::job::Place;
use super::process::{Life, Process};
use super::spec::WorkerKind;
use super::{AppServer, BORN, LAST, LOADED, LOOK, OVERDUE};
use crate::engine::kernel::Cx;
use crate::engine::request::{Cause, Outcome};
use crate::engine::share::Share;
use crate::engine::time::{MILLISECOND, Nanos, SECOND};

/// The master waits up to this long between two forks (gunicorn: `0.1 * random()` s).
const PAUSE: Nanos = 100 * MILLISECOND;

impl AppServer {
    /// The instance starts: at the start of the run with everything loaded, later from nothing.
    pub(super) fn open(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        self.share = Some(Share::new(now, f64::from(self.terms.cores), 1.0 / self.slow));
        (self.started, self.next_fork) = (now, now);
        self.add_places(self.terms.workers);
        let loads = self.terms.preload && self.terms.boot.is_some();
        self.listener.is_open = now == 0 || !(loads || self.terms.launch.is_some());
        if now == 0 {
            (0..self.terms.workers).for_each(|process| self.born(cx, process));
        } else if self.listener.is_open {
            (0..self.terms.workers).for_each(|process| self.fork(cx, process));
        } else {
            let boot = if self.terms.preload { self.boot() } else { 0 };
            let launch = self.terms.launch.as_ref().map_or(0, |law| self.crew.draw(law));
            cx.after(launch + boot, LOADED);
        }
    }

    /// The master is ready: it listens and forks.
    pub(super) fn loaded(&mut self, cx: &mut Cx<'_>) {
        self.listener.is_open = true;
        (0..self.terms.workers).for_each(|process| self.fork(cx, process));
    }

    /// How long a worker loads the application: one of the first, or one that comes after them.
    fn boot(&mut self) -> Nanos {
        let terms = &self.terms;
        let again = terms.respawn.as_ref().filter(|_| self.crew.has_been_up());
        again.or(terms.boot.as_ref()).map_or(0, |law| self.crew.draw(law))
    }

    /// Places for so many processes.
    pub(super) fn add_places(&mut self, count: u32) {
        let is_one_at_a_time = self.terms.gil || self.terms.kind.has_loop();
        let width = if is_one_at_a_time { 1 } else { u32::MAX };
        let Some(share) = &mut self.share else { return };
        while self.crew.all.len() < count as usize {
            self.crew.all.push(Process::new(share.open_group(width)));
        }
    }

    /// Forks a worker after the one before it; it loads the application unless the master has.
    fn fork(&mut self, cx: &mut Cx<'_>, process: u32) {
        let now = cx.now();
        let at = self.next_fork.max(now);
        self.next_fork = at + self.crew.below(PAUSE);
        self.load(cx, process, at - now);
    }

    /// A worker is forked after a pause, and loads the application unless the master has.
    pub(super) fn load(&mut self, cx: &mut Cx<'_>, process: u32, pause: Nanos) {
        let boot = if self.terms.preload { 0 } else { self.boot() };
        let own = &mut self.crew.all[process as usize];
        own.life = Life::Booting;
        own.timer = cx.after(pause + boot, BORN | u64::from(process));
    }

    /// A worker is ready.
    pub(super) fn born(&mut self, cx: &mut Cx<'_>, process: u32) {
        let jitter = self.crew.below(u64::from(self.terms.jitter) + 1);
        let left = match self.terms.max_requests {
            0 => u64::MAX,
            most => u64::from(most) + jitter,
        };
        self.crew.born(process).left = left;
        self.used += self.terms.memory.map_or(0, |memory| memory.worker);
        self.recount(cx);
        self.freed.push(process);
    }

    /// Brings the meters' capacities in line with the processes there are.
    fn recount(&mut self, cx: &Cx<'_>) {
        let (now, alive) = (cx.now(), self.crew.alive());
        let slots = self.terms.places().map_or(0, |places| places.saturating_mul(alive));
        self.meters.slots.set_capacity(now, slots);
        self.meters.turns.set_capacity(now, alive);
        self.meters.cpu.set_capacity(now, self.terms.cores);
        let limit = self.terms.pool.as_ref().map_or(0, |pool| pool.limit);
        self.meters.pool.set_capacity(now, limit.saturating_mul(alive));
    }

    /// Has the master look when the process that works now could have been silent for too long.
    #[inline]
    pub(super) fn watch(&mut self, cx: &mut Cx<'_>) {
        if !self.looks && self.terms.timeout > 0 {
            let now = cx.now();
            self.look_after(cx, now);
        }
    }

    fn look_after(&mut self, cx: &mut Cx<'_>, heard: Nanos) {
        self.looks = true;
        let age = heard + self.terms.timeout - self.started;
        let at = self.started + (age / SECOND + 1) * SECOND;
        cx.after(at - cx.now(), LOOK);
    }

    /// The master kills workers that have been silent for longer than the timeout.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>) {
        self.looks = false;
        let (now, timeout) = (cx.now(), self.terms.timeout);
        let mut oldest = None;
        for process in 0..self.crew.all.len() as u32 {
            let own = &self.crew.all[process as usize];
            if !own.is_alive() || own.running == 0 {
                continue;
            }
            if now - own.heard <= timeout || timeout == 0 {
                oldest = Some(oldest.map_or(own.heard, |oldest: Nanos| oldest.min(own.heard)));
                continue;
            }
            // the abort is an exception in the application: a sync worker answers it with 500
            let is_sync = self.terms.kind == WorkerKind::Sync;
            cx.journal(format!("worker timeout: worker {process} is killed"));
            self.meters.killed.add(1);
            self.kill(cx, process, if is_sync { Cause::Error } else { Cause::Reset });
        }
        if let Some(oldest) = oldest.filter(|_| timeout > 0) {
            self.look_after(cx, oldest);
        }
    }

    /// A worker takes up a request; after its last one it is replaced.
    #[inline]
    pub(super) fn count_request(&mut self, cx: &mut Cx<'_>, process: u32) {
        let own = &mut self.crew.all[process as usize];
        own.left = own.left.saturating_sub(1);
        if own.left == 0 && own.life == Life::Up {
            self.meters.retired.add(1);
            self.leave(cx, process);
        }
    }

    /// A worker accepts no more and has a while to finish what it holds.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>, process: u32) {
        self.close_all_idle(cx, process);
        let own = &mut self.crew.all[process as usize];
        own.life = Life::Leaving;
        // a sync worker just does not take another request
        if self.terms.kind != WorkerKind::Sync {
            own.timer = cx.after(self.terms.graceful, OVERDUE | u64::from(process));
        }
        self.rank(process);
    }

    /// A worker that leaves has taken too long.
    pub(super) fn overdue(&mut self, cx: &mut Cx<'_>, process: u32) {
        self.kill(cx, process, Cause::Reset);
    }

    /// A worker dies with everything it holds, and is replaced.
    fn kill(&mut self, cx: &mut Cx<'_>, process: u32, cause: Cause) {
        let own = |index: &u32| self.jobs.get(*index).is_some_and(|job| job.process == process);
        let held: Vec<u32> = self.jobs.numbers().filter(own).collect();
        held.into_iter().for_each(|index| self.abort(cx, index, cause));
        self.exit(cx, process);
    }

    /// A worker that holds nothing any more ends, and is replaced if it is missed.
    pub(super) fn exit(&mut self, cx: &mut Cx<'_>, process: u32) {
        self.close_all_idle(cx, process);
        self.forget_lingering(cx, process);
        let own = &mut self.crew.all[process as usize];
        cx.disarm(own.timer);
        if own.running > 0 && self.terms.kind.has_loop() {
            self.meters.turns.release(cx.now());
        }
        let worker = self.terms.memory.map_or(0, |memory| memory.worker);
        self.used = self.used.saturating_sub(worker + own.grown);
        let (group, serial) = (own.group, own.serial);
        self.hang_up(cx, process);
        self.crew.rank(process, None);
        let place = &mut self.crew.all[process as usize];
        *place = Process::new(group);
        place.serial = serial;
        self.recount(cx);
        let there = |own: &&Process| matches!(own.life, Life::Booting | Life::Up);
        let there = self.crew.all.iter().filter(there).count();
        if self.listener.is_open && there < self.terms.workers as usize {
            self.fork(cx, process);
        }
    }

    /// A request ends before its time, wherever it stands.
    pub(super) fn abort(&mut self, cx: &mut Cx<'_>, index: u32, cause: Cause) {
        let Some(job) = self.jobs.remove(index) else { return };
        self.connections.end(job.connection);
        self.end_half(cx, job.half);
        let now = cx.now();
        let has_loop = self.terms.kind.has_loop();
        let mut has_slot = self.terms.places().is_some();
        match job.place {
            Place::Outside { timer, .. } => {
                cx.disarm(timer);
                has_slot = false;
            }
            Place::Half => has_slot = false,
            Place::Backlog => {
                self.door().dequeue(now);
                has_slot = false;
            }
            Place::Line if has_loop => self.meters.turns.dequeue(now),
            Place::Line => {
                self.meters.slots.dequeue(now);
                has_slot = false;
            }
            Place::Pool { timer, .. } => {
                cx.disarm(timer);
                self.meters.pool.dequeue(now);
            }
            Place::Asleep(timer) => {
                cx.disarm(timer);
            }
            Place::Computing(key) => {
                if let Some(share) = &mut self.share {
                    share.remove(now, key);
                }
                self.computed(cx, job.process);
            }
            Place::Away | Place::Running | Place::Silent => {}
        }
        if has_slot {
            self.meters.slots.release(now);
        }
        if job.hold != super::job::Hold::Nothing {
            self.meters.pool.release(now);
        }
        self.leave_children(cx, &job);
        self.aside.end(cx, job.aside);
        match cause {
            Cause::Refused | Cause::Reset | Cause::Lost => cx.hang_up(job.req, cause),
            _ => cx.reply(job.req, Outcome::Failed(cause)),
        }
    }

    /// A request leaves something behind in its worker's memory.
    #[inline]
    pub(super) fn remember(&mut self, process: u32) {
        if let Some(memory) = self.terms.memory {
            self.crew.all[process as usize].grown += memory.leak;
            self.used += memory.leak;
        }
    }

    /// Out of memory, the kernel kills the largest worker; false if there is enough.
    pub(super) fn kill_largest(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(memory) = self.terms.memory else { return false };
        if memory.base + self.used <= memory.machine {
            return false;
        }
        let all = self.crew.all.iter().enumerate().filter(|(_, own)| own.is_alive());
        let largest = all.max_by_key(|(at, own)| (own.grown, std::cmp::Reverse(*at)));
        let Some((process, _)) = largest else { return false };
        cx.journal(format!("out of memory: worker {process} is killed"));
        self.meters.starved.add(1);
        self.kill(cx, process as u32, Cause::Reset);
        true
    }

    /// The instance is told to stop: it listens no more and has a while to finish.
    pub(super) fn close(&mut self, cx: &mut Cx<'_>) {
        self.listener.is_open = false;
        while let Some(next) = self.listener.accept() {
            self.abort(cx, next.word as u32, Cause::Reset);
        }
        let outside = |index: &u32| {
            let place = self.jobs.get(*index).map(|job| job.place);
            matches!(place, Some(Place::Outside { .. } | Place::Half))
        };
        let outside: Vec<u32> = self.jobs.numbers().filter(outside).collect();
        outside.into_iter().for_each(|index| self.abort(cx, index, Cause::Refused));
        for process in 0..self.crew.all.len() as u32 {
            if self.crew.all[process as usize].life == Life::Up {
                self.close_all_idle(cx, process);
                self.crew.all[process as usize].life = Life::Leaving;
                self.freed.push(process);
            }
        }
        cx.after(self.terms.graceful, LAST);
    }

    /// The instance's grace is over.
    pub(super) fn end_all(&mut self, cx: &mut Cx<'_>) {
        let held: Vec<u32> = self.jobs.numbers().collect();
        held.into_iter().for_each(|index| self.abort(cx, index, Cause::Reset));
    }

    /// The program dies of itself.
    pub(super) fn crash(&mut self, cx: &mut Cx<'_>) {
        let code = self.terms.code;
        let said = if code == 0 { "ended with exit code 0" } else { "crashed" };
        cx.journal(said.to_owned());
        cx.exit(code);
    }

    /// After a change of the number of workers: more are forked, or the oldest leave.
    pub(super) fn resize(&mut self, cx: &mut Cx<'_>) {
        self.add_places(self.terms.workers);
        if !self.listener.is_open {
            return;
        }
        let count = self.crew.all.len() as u32;
        let there = |own: &&Process| matches!(own.life, Life::Booting | Life::Up);
        let mut surplus = self.crew.all.iter().filter(there).count() as i64;
        surplus -= i64::from(self.terms.workers);
        for process in 0..count {
            if surplus < 0 && self.crew.all[process as usize].life == Life::Gone {
                self.fork(cx, process);
                surplus += 1;
            }
        }
        for _ in 0..surplus {
            let up = (0..count).filter(|&at| self.crew.all[at as usize].life == Life::Up);
            let Some(oldest) = up.min_by_key(|&at| self.crew.all[at as usize].serial) else {
                break;
            };
            self.leave(cx, oldest);
        }
        self.recount(cx);
        self.freed.extend(0..count);
    }
}
