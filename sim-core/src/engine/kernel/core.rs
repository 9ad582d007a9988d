//! The world beside the nodes: time, agenda, messages of this instant, requests, seats and groups.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::inbox::{Inbox, Message};
use crate::engine::agenda::{Agenda, Keeping};
use crate::engine::chance::{mix, name_key};
use crate::engine::meter::{SparseSketch, Station};
use crate::engine::record::End;
use crate::engine::request::{Cause, Doing, Frame, Outcome, ReqId, Request, Requests};
use crate::engine::time::Nanos;

/// The holder of requests that the network lost: it answers nothing until the caller gives up.
pub(crate) const LIMBO: u32 = u32::MAX;
/// Journal entries kept; further ones are counted.
const JOURNAL_MAX: usize = 10_000;

/// News between nodes that belongs to no request.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Note {
    /// A member of a watched group came into service or left it.
    Member {
        /// The group.
        group: u32,
        /// The member.
        node: u32,
        /// Into service, or out of it.
        up: bool,
    },
    /// The node that hears this is taken out of service: it may finish what it holds, and ends when
    /// that is answered.
    Leaving,
    /// A member of an adopted group has died.
    Exited {
        /// The member.
        node: u32,
        /// With which exit code, if it ended by itself.
        code: Option<u8>,
    },
    /// A leased resource is given back.
    Release {
        /// The lease, in the words of the node that granted it.
        lease: u64,
    },
    /// The node that accepted a connection of this one has closed it while it was idle.
    Closed {
        /// Its number, as the answers on it told it.
        lease: u64,
    },
}

/// What a monitoring agent reads off a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    /// Node index.
    pub node: u32,
    /// Busy time of its CPU (or what stands for it) since the run began, server-nanoseconds.
    pub busy_ns: u128,
    /// Capacity offered since the run began, server-nanoseconds.
    pub capacity_ns: u128,
    /// Requests waiting now.
    pub queued: u32,
    /// Time in the node of the requests that it answered since the last reading.
    pub latency: SparseSketch,
}

impl Vitals {
    /// Those of the resource that stands for a node's CPU; latencies are for who keeps them to add.
    #[must_use]
    pub fn of(station: &Station, now: Nanos) -> Self {
        Vitals {
            busy_ns: station.busy.area_at(now),
            capacity_ns: station.capacity.area_at(now),
            queued: station.queue.level(),
            ..Vitals::default()
        }
    }
}

/// Something worth a line in the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When, ns.
    pub at: Nanos,
    /// Where: the node's name.
    pub node: String,
    /// What, in words.
    pub what: String,
}

/// A node's place in the world, kept beside it so that the kernel needs no look inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(crate) incarnation: u32,
    /// Requests that this node holds or waits for.
    pub(crate) inside: u32,
    pub(crate) alive: bool,
    /// Alive, and its time does not stand still: it hears its timers.
    pub(crate) runs: bool,
    /// It runs and the network reaches it: it hears calls and answers.
    pub(crate) hears: bool,
    /// Cut off from the network: what is sent to it and what it answers is lost.
    pub(crate) cut: bool,
    /// It was killed, or told to stop, from outside and may come back.
    pub(crate) killed: bool,
    /// It ends by itself, with this exit code.
    pub(crate) exit: Option<u8>,
    /// It is on its way out, and starts again when it has stopped.
    pub(crate) returns: bool,
    /// Its time stands still until then; 0 for never.
    pub(crate) thaws: Nanos,
    /// Out of service, ends when the last request inside is answered.
    pub(crate) draining: bool,
    /// Its latencies are read by a monitor.
    pub(crate) scraped: bool,
    pub(crate) group: u32,
    pub(crate) key: u64,
    pub(crate) digest: u64,
    /// Request-nanoseconds spent here waiting, working and travelling.
    pub(crate) spent: [u128; Seat::DOINGS],
    pub(crate) name: String,
}

impl Seat {
    pub(crate) const DOINGS: usize = 3;

    pub(crate) fn new(name: String, group: u32, scope: &str) -> Self {
        let key = mix(name_key(scope), name_key(&name));
        Seat {
            incarnation: 0,
            inside: 0,
            alive: false,
            runs: false,
            hears: false,
            cut: false,
            killed: false,
            exit: None,
            returns: false,
            thaws: 0,
            draining: false,
            scraped: false,
            group,
            key,
            digest: 0,
            spent: [0; Seat::DOINGS],
            name,
        }
    }

    /// Comes to life, or dies.
    pub(crate) fn lives(&mut self, alive: bool) {
        self.alive = alive;
        self.draining = false;
        self.inside = 0;
        self.thaws = 0;
        self.settle();
    }

    /// After a change of state: what it hears from now on.
    pub(crate) fn settle(&mut self) {
        self.runs = self.alive && self.thaws == 0;
        self.hears = self.runs && !self.cut;
    }

    #[inline]
    pub(crate) fn fold(&mut self, word: u64) {
        self.digest = fold(self.digest, word);
    }
}

/// One step of the digest.
#[inline]
pub(crate) fn fold(digest: u64, word: u64) -> u64 {
    (digest.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Nodes of one name, and who wants to know when members come and go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) members: Vec<u32>,
    pub(crate) watchers: Vec<u32>,
    /// Who hears of it when a member dies.
    pub(crate) parents: Vec<u32>,
}

/// What only the kernel can do, between events.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Command {
    Start {
        node: u32,
    },
    /// A node on its way out is empty.
    Retire {
        node: u32,
    },
    /// A node dies at once.
    Kill {
        node: u32,
    },
    Scrape {
        group: u32,
        to: u32,
    },
}

/// Everything but the nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Core {
    pub(crate) now: Nanos,
    pub(crate) seed: u64,
    pub(crate) events: u64,
    /// `events` when time last moved.
    pub(crate) instant: u64,
    pub(crate) last_node: u32,
    pub(crate) agenda: Agenda,
    pub(crate) inbox: Inbox,
    pub(crate) commands: VecDeque<Command>,
    /// Messages for nodes whose time stands still.
    pub(crate) held: VecDeque<Message>,
    pub(crate) requests: Requests,
    pub(crate) seats: Vec<Seat>,
    pub(crate) groups: Vec<Group>,
    /// Attempts opened, forks not counted.
    pub(crate) attempts: u64,
    /// Requests, attempts and forks, whose work ended after their caller had left.
    pub(crate) wasted: u64,
    pub(crate) opened: u64,
    pub(crate) closed: u64,
    pub(crate) journal: Vec<JournalEntry>,
    pub(crate) journal_cut: u64,
    /// Logical requests that ended since somebody took them, if anybody wants to know.
    #[serde(skip)]
    pub(crate) ends: Option<Vec<End>>,
}

/// Charges time to a seat, unless nobody holds the request or its children are charged instead.
#[inline]
fn spend(seats: &mut [Seat], at: u32, doing: Doing, span: Nanos) {
    if let Some(seat) = seats.get_mut(at as usize)
        && let Some(spent) = seat.spent.get_mut(doing as usize)
    {
        *spent += u128::from(span);
    }
}

/// Charges a request's time up to now to the node that holds it.
#[inline]
fn charge(seats: &mut [Seat], request: &mut Request, now: Nanos) {
    let span = now - request.mark;
    if span > 0 {
        request.mark = now;
        spend(seats, request.at, request.doing, span);
    }
}

impl Core {
    pub(crate) fn new(seed: u64, stride: u32, keeping: Keeping) -> Self {
        Core {
            now: 0,
            seed,
            events: 0,
            instant: 0,
            last_node: 0,
            agenda: Agenda::new(keeping),
            inbox: Inbox::default(),
            commands: VecDeque::new(),
            held: VecDeque::new(),
            requests: Requests::new(stride),
            seats: Vec::new(),
            groups: Vec::new(),
            attempts: 0,
            wasted: 0,
            opened: 0,
            closed: 0,
            journal: Vec::new(),
            journal_cut: 0,
            ends: None,
        }
    }

    /// Charges a request's time up to now to the node that holds it.
    #[inline]
    pub(crate) fn charge(&mut self, req: ReqId) -> &mut Request {
        let request = self.requests.get_mut(req);
        charge(&mut self.seats, request, self.now);
        request
    }

    /// Sends a request on its way.
    #[inline]
    pub(crate) fn send(&mut self, req: ReqId, to: u32) {
        let now = self.now;
        self.charge(req).leaves_for(to, now);
        self.inbox.call(to, req);
    }

    /// Sends a request on its way; who sends it waits for the answer.
    #[inline]
    pub(crate) fn call(&mut self, req: ReqId, to: u32, frame: Frame) {
        let request = self.requests.push(req, frame);
        charge(&mut self.seats, request, self.now);
        request.leaves_for(to, self.now);
        self.inbox.call(to, req);
    }

    /// Sends a request's answer from whoever holds it.
    #[inline]
    pub(crate) fn answer_from(&mut self, req: ReqId, outcome: Outcome) {
        self.charge(req).moving = true;
        self.inbox.answer(req, outcome);
    }

    /// The network loses a request: nobody answers until its caller gives up.
    pub(crate) fn lose(&mut self, req: ReqId) {
        let request = self.charge(req);
        request.at = LIMBO;
        request.moving = false;
    }

    /// Answers for a node that is not there, or died: the connection broke.
    #[cold]
    pub(crate) fn break_off(&mut self, req: ReqId, cause: Cause) {
        self.requests.get_mut(req).broken = true;
        self.inbox.answer(req, Outcome::Failed(cause));
    }

    /// The answers among the messages from the `from`-th on are those of a node that died.
    pub(crate) fn broke_since(&mut self, from: usize) {
        for message in self.inbox.since(from) {
            if let Message::Answer { req, .. } = message {
                self.requests.get_mut(req).broken = true;
            }
        }
    }

    /// Keeps the end of a logical request.
    #[cold]
    pub(super) fn keep(&mut self, end: End) {
        self.ends.get_or_insert_default().push(end);
    }

    #[inline]
    pub(crate) fn close(&mut self, req: ReqId) {
        self.closed += 1;
        self.requests.close(req);
    }

    /// Charges what every live request has spent so far: totals are then exact to the nanosecond.
    pub(crate) fn settle(&mut self) {
        let now = self.now;
        let held: Vec<_> = self.requests.held().collect();
        for (at, doing, mark) in held {
            spend(&mut self.seats, at, doing, now - mark);
        }
        self.requests.mark_all(now);
    }

    /// A request has left a node for good.
    #[inline]
    pub(crate) fn leave(&mut self, node: u32) -> &Seat {
        let seat = &mut self.seats[node as usize];
        debug_assert!(seat.inside > 0, "a node answers what it does not hold");
        seat.inside = seat.inside.saturating_sub(1);
        if seat.draining && seat.inside == 0 {
            self.commands.push_back(Command::Retire { node });
        }
        seat
    }

    /// Tells the watchers of a node's group that it came or went.
    pub(crate) fn announce(&mut self, node: u32, up: bool) {
        let group = self.seats[node as usize].group;
        for index in 0..self.groups[group as usize].watchers.len() {
            let to = self.groups[group as usize].watchers[index];
            self.inbox.push_back(Message::Note { to, note: Note::Member { group, node, up } });
        }
    }

    /// Takes a node out of service; it ends when its last request is answered.
    pub(crate) fn drain(&mut self, node: u32) {
        let seat = &mut self.seats[node as usize];
        if !seat.alive || seat.draining {
            return;
        }
        seat.draining = true;
        if seat.inside == 0 {
            self.commands.push_back(Command::Retire { node });
        }
        self.inbox.push_back(Message::Note { to: node, note: Note::Leaving });
        self.announce(node, false);
    }

    /// Tells those who adopted a node's group that it has died.
    pub(crate) fn report_death(&mut self, node: u32) {
        let code = self.seats[node as usize].exit.take();
        let group = self.seats[node as usize].group;
        for index in 0..self.groups[group as usize].parents.len() {
            let to = self.groups[group as usize].parents[index];
            self.inbox.push_back(Message::Note { to, note: Note::Exited { node, code } });
        }
    }

    /// Members of a group that are in service.
    pub(crate) fn in_service(&self, group: u32) -> impl Iterator<Item = u32> + '_ {
        self.groups[group as usize].members.iter().copied().filter(|&member| {
            let seat = &self.seats[member as usize];
            seat.alive && !seat.draining
        })
    }

    pub(crate) fn journal(&mut self, node: u32, what: String) {
        if self.journal.len() >= JOURNAL_MAX {
            self.journal_cut += 1;
            return;
        }
        let node = self.seats[node as usize].name.clone();
        self.journal.push(JournalEntry { at: self.now, node, what });
    }
}
