//! Who records requests: it looks at the world between two events and changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{End, Identity, Move, Record, Step, Thread};
use crate::engine::kernel::{Behaviour, Core, LIMBO, Message};
use crate::engine::request::{Doing, Outcome, ReqId, Request};

/// An attempt or fork under way.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Watched {
    req: ReqId,
    of: Identity,
    thread: usize,
    at: u32,
    doing: Doing,
    depth: u16,
    what: Option<&'static str>,
    answer: Option<Outcome>,
}

impl Watched {
    /// The same where the request is now.
    fn at(self, &Request { at, doing, depth, .. }: &Request) -> Self {
        Watched { at, doing, depth, ..self }
    }
}

/// Records chosen requests while a world goes on.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    wanted: BTreeSet<Identity>,
    /// Threads of requests under way.
    open: BTreeMap<Identity, Vec<Thread>>,
    watched: Vec<Watched>,
    /// The request last seen in each slot of the slab.
    seen: Vec<Option<ReqId>>,
    /// Requests opened when the inbox was last searched, and messages of it that were known then.
    opened: u64,
    known: usize,
    done: Vec<Record>,
}

impl Recorder {
    /// Who records these requests, from the start of a run.
    pub(crate) fn new(wanted: BTreeSet<Identity>) -> Self {
        Recorder {
            wanted,
            open: BTreeMap::new(),
            watched: Vec::new(),
            seen: Vec::new(),
            opened: 0,
            known: 0,
            done: Vec::new(),
        }
    }

    /// The requests that have ended, in that order.
    pub(crate) fn records(self) -> Vec<Record> {
        self.done
    }

    /// Something is about to happen.
    pub(crate) fn before(&mut self, core: &Core) {
        if core.opened != self.opened {
            self.opened = core.opened;
            let calls: Vec<ReqId> = core.inbox.since(self.known).filter_map(called).collect();
            calls.into_iter().for_each(|req| self.meet(core, req));
        }
        self.known = core.inbox.len().saturating_sub(1);
        match core.inbox.first() {
            Some(Message::Call { to, req }) if core.seats[to as usize].hears => {
                self.hear(core, req, Move::Arrives);
            }
            Some(Message::Answer { req, outcome }) => {
                self.hear(core, req, Move::Answers(outcome));
            }
            _ => {}
        }
    }

    /// It has happened.
    pub(crate) fn after<C: Behaviour>(&mut self, core: &mut Core, nodes: &[C]) {
        let mut index = 0;
        while let Some(&one) = self.watched.get(index) {
            match core.requests.find(one.req) {
                None => {
                    self.leave(core.now, index, false);
                    continue;
                }
                Some(request) if request.detached => {
                    self.leave(core.now, index, true);
                    continue;
                }
                Some(request) => {
                    let now = Watched { what: wanted(&one, request, nodes), ..one }.at(request);
                    if now != one {
                        self.watched[index] = now;
                        self.write(core, index, Move::Does);
                    }
                }
            }
            index += 1;
        }
        let ends = core.ends.as_mut().map(std::mem::take).unwrap_or_default();
        ends.into_iter().for_each(|end| self.finish(end));
    }

    /// A call that may be the first one of a new request.
    fn meet(&mut self, core: &Core, req: ReqId) {
        let slot = req.index() as usize;
        if self.seen.len() <= slot {
            self.seen.resize(slot + 1, None);
        }
        if self.seen[slot].replace(req) == Some(req) {
            return;
        }
        let request = core.requests.get(req);
        let Some(opener) = core.requests.frame(req, 0).map(|frame| frame.life.node()) else {
            return;
        };
        let family = match request.held {
            ReqId::NOBODY => Some(((opener, request.ask.luck), None)),
            parent => self.find(ReqId::from_word(parent)).map(|one| (one.of, Some(one.thread))),
        };
        let Some((of, parent)) = family.filter(|(of, _)| self.wanted.contains(of)) else { return };
        let threads = self.open.entry(of).or_default();
        let (thread, born) = (threads.len(), request.born);
        let blank = Thread { parent, opener, born, ..Thread::default() };
        threads.push(blank);
        let (at, doing, depth) = (request.at, request.doing, request.depth);
        let (what, answer) = (None, None);
        self.watched.push(Watched { req, of, thread, at, doing, depth, what, answer });
        self.write(core, self.watched.len() - 1, Move::Does);
    }

    fn find(&self, req: ReqId) -> Option<&Watched> {
        self.watched.iter().find(|one| one.req == req)
    }

    /// A message about a request is about to be heard.
    fn hear(&mut self, core: &Core, req: ReqId, is: Move) {
        let Some(index) = self.watched.iter().position(|one| one.req == req) else { return };
        let one = &mut self.watched[index];
        *one = one.at(core.requests.get(req));
        if let Move::Answers(outcome) = is {
            one.answer = Some(outcome);
        }
        self.write(core, index, is);
    }

    fn write(&mut self, core: &Core, index: usize, is: Move) {
        let Watched { of, thread, at: node, doing, depth, what, .. } = self.watched[index];
        let step = Step { at: core.now, node, doing, what, depth, is };
        if let Some(threads) = self.open.get_mut(&of) {
            threads[thread].steps.push(step);
        }
    }

    /// A thread has ended, or nobody waits for it any more.
    fn leave(&mut self, now: u64, index: usize, is_left: bool) {
        let Watched { of, thread, answer, .. } = self.watched.swap_remove(index);
        if let Some(threads) = self.open.get_mut(&of) {
            let thread = &mut threads[thread];
            (thread.until, thread.is_left) = (now, is_left);
            thread.outcome = answer.filter(|_| !is_left);
        }
    }

    /// A logical request has ended, and with it the interest in what still runs on for it.
    fn finish(&mut self, end: End) {
        let of = end.identity();
        if !self.wanted.remove(&of) {
            return;
        }
        while let Some(index) = self.watched.iter().position(|one| one.of == of) {
            self.leave(end.ended, index, true);
        }
        let threads = self.open.remove(&of).unwrap_or_default();
        self.done.push(Record { end, threads });
    }
}

/// The request of a call.
fn called(message: Message) -> Option<ReqId> {
    match message {
        Message::Call { req, .. } => Some(req),
        _ => None,
    }
}

/// What a request waits for where it is now, if it waits. It may wait for something else than a
/// moment ago without having done anything between.
fn wanted<C: Behaviour>(one: &Watched, request: &Request, nodes: &[C]) -> Option<&'static str> {
    match request.doing {
        Doing::Waiting if request.at == LIMBO => one.what,
        Doing::Waiting => nodes[request.at as usize].waits_for(request.held),
        _ => None,
    }
}
