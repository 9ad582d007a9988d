//! What becomes of one wish of a user: its attempts, its end, and what its user does then.

use serde::{Deserialize, Serialize};

use super::source::Source;
use super::{AGAIN, BACKOFF, LEAVE, PATIENCE, THINK, THOUGHT, TIMEOUT, Users, word};
use crate::engine::agenda::Timer;
use crate::engine::chance::{Draw, mix};
use crate::engine::kernel::Cx;
use crate::engine::request::{Ask, Cause, Doing, Outcome, ReqId};
use crate::engine::time::Nanos;

/// To whom a logical request belongs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Owner {
    Nobody,
    Session(u32),
    User(u32),
}

/// A logical request under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) ask: Ask,
    pub(super) started: Nanos,
    owner: Owner,
    pub(super) class: u16,
    made: u16,
    waited: Nanos,
    child: Option<ReqId>,
    pub(super) timeout: Timer,
    patience: Timer,
    pub(super) again: Timer,
}

/// A session between its first and last request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) luck: u64,
    pub(super) client: u64,
    pub(super) visits: u64,
    pub(super) stage: u16,
    pub(super) left: u32,
}

impl Users {
    pub(super) fn begin_user(&mut self, cx: &mut Cx<'_>, user: u32, luck: u64) {
        let class = self.menu.pick(luck);
        let person = self.menu.person(u64::from(user));
        self.begin(cx, self.menu.ask(luck, class, Some(person)), class, Owner::User(user));
    }

    /// The next request of a session, or its end.
    pub(super) fn go_on(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        while session.left == 0 {
            session.stage += 1;
            if session.stage as usize >= self.menu.journey.len() {
                self.sessions.remove(index);
                return;
            }
            session.left = self.menu.visits(session.luck, session.stage);
        }
        session.left -= 1;
        session.visits += 1;
        let (class, client) = (session.stage, session.client);
        let luck = mix(session.luck, session.visits);
        let ask = self.menu.ask(luck, class, Some(client));
        self.begin(cx, ask, class, Owner::Session(index));
    }

    /// Begins a request of that class. Inlined: what it asks for then travels in registers.
    #[inline(always)]
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>, ask: Ask, class: u16, owner: Owner) {
        self.issued += 1;
        self.tallies[class as usize].issue();
        self.retry.first();
        let index = self.visits.insert(Visit {
            ask,
            started: cx.now(),
            owner,
            class,
            made: 0,
            waited: 0,
            child: None,
            timeout: Timer::NONE,
            patience: Timer::NONE,
            again: Timer::NONE,
        });
        if let Some(law) = &self.patience {
            let patience = law.sample_nanos(&mut Draw::new(ask.luck ^ PATIENCE));
            let timer = cx.after(patience, word(LEAVE, index));
            if let Some(visit) = self.visits.get_mut(index) {
                visit.patience = timer;
            }
        }
        self.attempt(cx, index, ask);
    }

    #[inline(always)]
    fn attempt(&mut self, cx: &mut Cx<'_>, index: u32, ask: Ask) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        visit.made += 1;
        visit.child = Some(cx.open(ask, self.enter, u64::from(index)));
        if let Some(lane) = self.timeout_lane {
            visit.timeout = cx.after_in(lane, word(TIMEOUT, index));
        }
    }

    pub(super) fn attempt_again(&mut self, cx: &mut Cx<'_>, index: u32) {
        if let Some(visit) = self.visits.get(index) {
            self.attempt(cx, index, visit.ask);
        }
    }

    pub(super) fn abandon_child(cx: &mut Cx<'_>, visit: &mut Visit) {
        if let Some(child) = visit.child.take() {
            cx.detach(child);
            cx.cancel(child);
        }
    }

    pub(super) fn attempt_failed(&mut self, cx: &mut Cx<'_>, index: u32, cause: Cause) {
        let Some(visit) = self.visits.get_mut(index) else { return };
        visit.child = None;
        if !self.retry.allow(visit.made) {
            self.finish(cx, index, Outcome::Failed(cause));
            return;
        }
        let luck = mix(visit.ask.luck ^ BACKOFF, u64::from(visit.made));
        visit.waited = self.retry.wait(visit.made, visit.waited, &mut Draw::new(luck));
        let wait = visit.waited;
        if wait == 0 {
            self.attempt_again(cx, index);
            return;
        }
        visit.again = cx.after(wait, word(AGAIN, index));
        cx.spend(Doing::Waiting, wait);
    }

    #[inline]
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let Some(visit) = self.visits.remove(index) else { return };
        cx.disarm(visit.timeout);
        if self.patience.is_some() {
            cx.disarm(visit.patience);
        }
        let tally = &mut self.tallies[visit.class as usize];
        match outcome {
            Outcome::Done => tally.complete(cx.now() - visit.started),
            Outcome::Failed(cause) => tally.fail(cause),
        }
        cx.end(visit.ask.luck, visit.class, visit.started, outcome);
        match visit.owner {
            Owner::Nobody => {}
            Owner::Session(session) if outcome == Outcome::Failed(Cause::Abandoned) => {
                self.leave(session);
            }
            Owner::Session(session) => self.think(cx, session, visit.ask.luck),
            Owner::User(user) => self.rest(cx, user, visit.ask.luck),
        }
    }

    /// A session ends before its time: its luck says what it would still have asked for.
    fn leave(&mut self, index: u32) {
        let Some(session) = self.sessions.remove(index) else { return };
        let Session { luck, stage, left, .. } = session;
        self.tallies[stage as usize].forgone += u64::from(left);
        for later in stage + 1..self.menu.journey.len() as u16 {
            self.tallies[later as usize].forgone += u64::from(self.menu.visits(luck, later));
        }
    }

    pub(super) fn think(&mut self, cx: &mut Cx<'_>, index: u32, luck: u64) {
        let pause = self.think.sample_nanos(&mut Draw::new(luck ^ THINK));
        cx.after(pause, word(THOUGHT, index));
    }

    fn rest(&mut self, cx: &mut Cx<'_>, user: u32, luck: u64) {
        match &mut self.source {
            Source::Crowd(crowd) => {
                if crowd.rest(user) {
                    cx.disarm(self.clock);
                    self.wind(cx);
                }
            }
            _ => self.think(cx, user, luck),
        }
    }
}
