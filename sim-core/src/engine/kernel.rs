//! The loop: it delivers messages and timers to nodes, and knows nothing of what they are.

mod core;
mod cx;
mod inbox;
mod outage;
mod watched;

use serde::{Deserialize, Serialize};

use self::core::Command;
pub(crate) use self::core::{Core, Group, LIMBO, Seat};
pub use self::core::{JournalEntry, Note, Vitals};
pub use self::cx::{Cancelled, Cx};
use self::inbox::First;
pub(crate) use self::inbox::Message;
use super::agenda::{Alarm, Lane};
use super::request::{Cause, Life, Outcome, ReqId, Want};
use super::time::Nanos;

/// Messages in one instant after which the run is declared to be going round in circles.
const INSTANT_MAX: u64 = 20_000_000;

/// A call's answer, as the waiter hears it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// The request; for the end of a fork, the child.
    pub req: ReqId,
    /// The word the waiter left with the call.
    pub word: u64,
    /// How the call ended.
    pub outcome: Outcome,
}

/// What can be done to a node from outside, beside killing and restarting it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// All work takes `factor` times as long from now on; 1 is normal.
    Slow(f64),
    /// What is read from disk and written to it takes `factor` times as long from now on.
    SlowDisk(f64),
    /// The disk has no room left for what is written, or has room again.
    FullDisk(bool),
    /// Forget what is cached.
    Flush,
    /// Read the configuration anew: fresh processes take over from old ones, which finish.
    Reload,
}

/// A component's behaviour: a small set of messages over plain data.
pub trait Behaviour {
    /// The node is built: fixed delays look up their lanes. Instances are cloned from it.
    fn prepare(&mut self, _lanes: &mut dyn FnMut(Nanos) -> Lane) {}
    /// The node comes alive, at the start or after a restart; its working state is empty.
    fn start(&mut self, cx: &mut Cx<'_>);
    /// A request arrives: reply to it, call on, pass it, fork, or keep it.
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId);
    /// A call or a fork of this node has ended.
    fn answer(&mut self, _cx: &mut Cx<'_>, _answer: Answer) {}
    /// A timer of this node fires.
    fn timer(&mut self, _cx: &mut Cx<'_>, _word: u64) {}
    /// News that belongs to no request.
    fn note(&mut self, _cx: &mut Cx<'_>, _note: Note) {}
    /// The caller of a request that this node holds, or waits for, has left.
    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        cx.pass_on(gone);
    }
    /// The node dies now: it answers what it holds and empties its working state; meters stay.
    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause);
    /// Something is done to it from outside; false if it has no meaning here.
    fn act(&mut self, _cx: &mut Cx<'_>, _action: Action) -> bool {
        false
    }
    /// What a monitoring agent would read off it.
    fn vitals(&mut self, _now: Nanos) -> Vitals {
        Vitals::default()
    }
    /// What a request waits for that this node holds with that word, where it has several things
    /// to wait for: a resource by the name that reports give it.
    fn waits_for(&self, _held: u64) -> Option<&'static str> {
        None
    }
    /// The figures of the members of a group, as asked for with [`Cx::scrape`].
    fn scraped(&mut self, _cx: &mut Cx<'_>, _group: u32, _vitals: &[Vitals]) {}
    /// Warm-up ends: meters start again, the state stays.
    fn reset_meters(&mut self, now: Nanos);
}

/// How far [`World::advance`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Everything before the given time has happened.
    Reached,
    /// The budget of events is used up; call again.
    Budget,
    /// Messages go round without time moving; the last was for this node.
    Circling {
        /// Index of the node.
        node: u32,
    },
}

/// Nodes and the world beside them: plain data, so a clone is a snapshot and a fork.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct World<C> {
    pub(crate) nodes: Vec<C>,
    pub(crate) core: Core,
}

impl<C: Behaviour> World<C> {
    /// A world of nodes in their seats, none of them started.
    pub(crate) fn new(nodes: Vec<C>, core: Core) -> Self {
        assert_eq!(nodes.len(), core.seats.len(), "a seat for every node");
        World { nodes, core }
    }

    /// Lets time pass up to, and not including, `until`, handling at most `budget` events. How a
    /// run is sliced into calls never changes it.
    pub fn advance(&mut self, until: Nanos, budget: u64) -> Progress {
        let stop = self.core.events.saturating_add(budget);
        loop {
            let pause = stop.min(self.core.instant + INSTANT_MAX + 1);
            while self.deliver() {
                if self.core.events >= pause {
                    return self.paused();
                }
            }
            if !self.core.commands.is_empty() {
                self.obey();
                continue;
            }
            let Some((at, alarm)) = self.core.agenda.pop_before(until) else {
                self.core.now = self.core.now.max(until);
                return Progress::Reached;
            };
            if at > self.core.now {
                self.core.instant = self.core.events;
                self.core.now = at;
            }
            self.core.events += 1;
            self.ring(alarm);
            if self.core.events >= stop {
                return Progress::Budget;
            }
        }
    }

    #[cold]
    fn paused(&self) -> Progress {
        if self.core.events - self.core.instant > INSTANT_MAX {
            return Progress::Circling { node: self.core.last_node };
        }
        Progress::Budget
    }

    #[inline]
    fn ring(&mut self, alarm: Alarm) {
        let node = alarm.life.node();
        let seat = &mut self.core.seats[node as usize];
        if !seat.runs || seat.incarnation != alarm.life.incarnation() {
            self.unheard_alarm(alarm);
            return;
        }
        seat.fold(self.core.now);
        let mut cx = Cx::new(&mut self.core, alarm.life);
        self.nodes[node as usize].timer(&mut cx, alarm.word);
    }

    /// Delivers the first message of this instant; false if there is none.
    #[inline(always)]
    fn deliver(&mut self) -> bool {
        match self.core.inbox.kind() {
            First::Nothing => return false,
            First::Call => {
                self.core.events += 1;
                let (to, req) = self.core.inbox.take_call();
                self.deliver_call(to, req);
            }
            First::Answer => {
                self.core.events += 1;
                let (req, outcome) = self.core.inbox.take_answer();
                self.deliver_answer(req, outcome);
            }
            First::Queued => self.deliver_queued(),
        }
        true
    }

    #[inline(never)]
    fn deliver_queued(&mut self) {
        match self.core.inbox.take_queued() {
            Some(Message::Note { to, note }) => {
                self.core.events += 1;
                self.deliver_note(to, note);
            }
            Some(Message::Cancel { req, depth }) => {
                self.core.events += 1;
                self.deliver_cancel(req, depth);
            }
            // a call or an answer comes first now
            Some(Message::Call { .. } | Message::Answer { .. }) | None => {}
        }
    }

    fn deliver_note(&mut self, to: u32, note: Note) {
        if self.core.seats[to as usize].runs {
            let mut cx = Cx::at(&mut self.core, to);
            self.nodes[to as usize].note(&mut cx, note);
        } else {
            self.core.hold_for(to, Message::Note { to, note });
        }
    }

    #[inline(always)]
    fn deliver_call(&mut self, to: u32, req: ReqId) {
        self.core.last_node = to;
        let request = self.core.requests.get_mut(req);
        let seat = &mut self.core.seats[to as usize];
        if !seat.hears {
            self.core.unheard_call(to, req);
            return;
        }
        request.moving = false;
        seat.inside += 1;
        seat.fold(self.core.now ^ request.ask.luck);
        let life = Life::new(to, seat.incarnation);
        let mut cx = Cx::new(&mut self.core, life);
        self.nodes[to as usize].call(&mut cx, req);
    }

    #[inline(always)]
    fn deliver_answer(&mut self, req: ReqId, outcome: Outcome) {
        let now = self.core.now;
        let (request, frame) = self.core.requests.pop(req);
        let root = request.depth == 0;
        let node = frame.life.node();
        let seat = &mut self.core.seats[node as usize];
        if !seat.hears && seat.alive {
            self.core.unheard_answer(node, req, outcome);
            return;
        }
        let deaf = !seat.alive || seat.incarnation != frame.life.incarnation();
        let unheard = deaf || (root && request.detached);
        if unheard && request.ask.want != Want::Answer {
            // nobody hears of the grant: it goes back at once
            let lease = request.ask.left_over(outcome.is_done());
            if lease != 0 {
                let note = Note::Release { lease };
                self.core.inbox.push_back(Message::Note { to: request.at, note });
            }
        }
        if deaf && !root {
            // a waiter that died meanwhile: its own caller sees the connection break
            self.core.break_off(req, Cause::Reset);
            return;
        }
        request.moving = false;
        request.at = node;
        if root && (deaf || request.detached) {
            if outcome != Outcome::Failed(Cause::Cancelled) {
                self.core.wasted += 1;
            }
            self.core.close(req);
            return;
        }
        seat.fold(now.rotate_left(17) ^ request.ask.luck ^ u64::from(outcome.is_done()));
        let mut cx = Cx::new(&mut self.core, frame.life);
        let answer = Answer { req, word: frame.word, outcome };
        self.nodes[node as usize].answer(&mut cx, answer);
        if root {
            self.core.close(req);
        }
    }

    fn deliver_cancel(&mut self, req: ReqId, depth: u16) {
        let Some(request) = self.core.requests.find(req) else { return };
        if depth > request.depth {
            return;
        }
        let (at, moving) = (request.at, request.moving);
        let (node, word) = match self.core.requests.frame(req, depth) {
            Some(frame) => {
                let seat = &self.core.seats[frame.life.node() as usize];
                if !seat.alive || seat.incarnation != frame.life.incarnation() {
                    self.core.inbox.push_back(Message::Cancel { req, depth: depth + 1 });
                    return;
                }
                (frame.life.node(), Some(frame.word))
            }
            None if moving => {
                self.core.follow(req, Message::Cancel { req, depth });
                return;
            }
            None if at == LIMBO => {
                self.core.answer_from(req, Outcome::Failed(Cause::Cancelled));
                return;
            }
            None => (at, None),
        };
        if !self.core.seats[node as usize].hears {
            self.core.hold_for(node, Message::Cancel { req, depth });
            return;
        }
        let mut cx = Cx::at(&mut self.core, node);
        self.nodes[node as usize].cancelled(&mut cx, Cancelled { req, word, depth });
    }

    #[cold]
    fn obey(&mut self) {
        match self.core.commands.pop_front() {
            Some(Command::Start { node }) => self.start(node),
            Some(Command::Retire { node }) => self.retire(node),
            Some(Command::Kill { node }) => {
                self.kill(node);
            }
            Some(Command::Scrape { group, to }) => self.scrape(group, to),
            None => {}
        }
    }

    /// Brings a node to life with a new incarnation and tells the group's watchers.
    pub(crate) fn start(&mut self, node: u32) {
        let seat = &mut self.core.seats[node as usize];
        if seat.alive {
            return;
        }
        seat.lives(true);
        seat.incarnation += 1;
        let mut cx = Cx::at(&mut self.core, node);
        self.nodes[node as usize].start(&mut cx);
        self.core.announce(node, true);
    }

    /// Ends a node that was on its way out, unless a late request came in meanwhile: then its
    /// answer ends it.
    fn retire(&mut self, node: u32) {
        let seat = &self.core.seats[node as usize];
        if seat.draining && seat.inside == 0 {
            self.stop(node, Cause::Reset);
        }
    }

    /// Ends a node's life at once; what it held fails with `cause`.
    pub(crate) fn stop(&mut self, node: u32, cause: Cause) {
        if !self.core.seats[node as usize].alive {
            return;
        }
        let before = self.core.inbox.len();
        let mut cx = Cx::at(&mut self.core, node);
        self.nodes[node as usize].stop(&mut cx, cause);
        self.core.broke_since(before);
        let seat = &mut self.core.seats[node as usize];
        seat.lives(false);
        let returns = std::mem::take(&mut seat.returns);
        self.core.release();
        self.core.report_death(node);
        if returns {
            self.core.commands.push_back(Command::Start { node });
        }
    }

    fn scrape(&mut self, group: u32, to: u32) {
        let now = self.core.now;
        let mut vitals = Vec::new();
        for &member in &self.core.groups[group as usize].members {
            let seat = &self.core.seats[member as usize];
            if seat.hears && !seat.draining {
                let own = self.nodes[member as usize].vitals(now);
                vitals.push(Vitals { node: member, ..own });
            }
        }
        if self.core.seats[to as usize].runs {
            let mut cx = Cx::at(&mut self.core, to);
            self.nodes[to as usize].scraped(&mut cx, group, &vitals);
        }
    }

    /// Does something with a node from outside, now.
    pub(crate) fn with<R>(&mut self, node: u32, f: impl FnOnce(&mut C, &mut Cx<'_>) -> R) -> R {
        let mut cx = Cx::at(&mut self.core, node);
        f(&mut self.nodes[node as usize], &mut cx)
    }

    /// Does something to a node from outside, now; false if it has no meaning there.
    pub(crate) fn act(&mut self, node: u32, action: Action) -> bool {
        self.with(node, |body, cx| body.act(cx, action))
    }

    /// Ends the warm-up: every meter starts again.
    pub(crate) fn reset_meters(&mut self) {
        let now = self.core.now;
        self.core.settle();
        for seat in &mut self.core.seats {
            seat.spent = [0; Seat::DOINGS];
        }
        for node in &mut self.nodes {
            node.reset_meters(now);
        }
    }

    /// The run's digest so far: one digest per node, folded in name order.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let mut seats: Vec<&Seat> = self.core.seats.iter().collect();
        seats.sort_by(|a, b| a.name.cmp(&b.name));
        seats.iter().fold(self.core.now, |digest, seat| core::fold(digest ^ seat.key, seat.digest))
    }

    /// Requests alive, forks and attempts included.
    #[must_use]
    pub fn alive(&self) -> usize {
        self.core.requests.alive()
    }
}
