//! What a component may say while it handles a message.

use serde::{Deserialize, Serialize};

use super::core::{Command, Core, LIMBO, Note};
use super::inbox::Message;
use crate::engine::agenda::{Alarm, Lane, Timer};
use crate::engine::chance::{Draw, Stream, mix, name_key};
use crate::engine::record::End;
use crate::engine::request::{Ask, Cause, Doing, Frame, Life, Outcome, ReqId};
use crate::engine::time::Nanos;

/// News that the caller of a request has left; a wire keeps it until it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cancelled {
    /// The request.
    pub req: ReqId,
    /// The node's own word if it waits for an answer; `None` if it holds the request.
    pub word: Option<u64>,
    pub(super) depth: u16,
}

/// The world as one node sees it while it handles one message.
pub struct Cx<'a> {
    core: &'a mut Core,
    life: Life,
}

impl<'a> Cx<'a> {
    #[inline]
    pub(super) fn new(core: &'a mut Core, life: Life) -> Self {
        Cx { core, life }
    }

    pub(super) fn at(core: &'a mut Core, me: u32) -> Self {
        let life = Life::new(me, core.seats[me as usize].incarnation);
        Cx { core, life }
    }
}

impl Cx<'_> {
    /// Simulated time, ns.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.core.now
    }

    /// This node's index.
    #[inline]
    #[must_use]
    pub fn me(&self) -> u32 {
        self.life.node()
    }

    /// A node's name.
    #[must_use]
    pub fn name(&self, node: u32) -> &str {
        &self.core.seats[node as usize].name
    }

    // requests ---------------------------------------------------------------------------------

    /// What a request asks for.
    #[inline]
    #[must_use]
    pub fn ask(&self, req: ReqId) -> &Ask {
        &self.core.requests.get(req).ask
    }

    /// What a request asks for, to be changed.
    #[inline]
    pub fn ask_mut(&mut self, req: ReqId) -> &mut Ask {
        &mut self.core.requests.get_mut(req).ask
    }

    /// When this attempt or fork began, ns.
    #[inline]
    #[must_use]
    pub fn born(&self, req: ReqId) -> Nanos {
        self.core.requests.get(req).born
    }

    /// The node that opened this attempt or fork.
    #[must_use]
    pub fn opener(&self, req: ReqId) -> u32 {
        self.core.requests.frame(req, 0).map_or(self.me(), |frame| frame.life.node())
    }

    /// Whether a request is still under way; a handle goes stale when it ends.
    #[must_use]
    pub fn is_alive(&self, req: ReqId) -> bool {
        self.core.requests.find(req).is_some()
    }

    /// When a connection to whoever has this fork was established, ns: when it came off the wire,
    /// or at once where there is none. `None` while it is on its way there, and for ever if the
    /// network lost it. The handshake itself takes no time of its own here.
    #[must_use]
    pub fn connected_at(&self, child: ReqId) -> Option<Nanos> {
        let request = self.core.requests.find(child)?;
        let is_on_its_way = request.at == LIMBO || request.doing == Doing::Travelling;
        match request.landed {
            0 if is_on_its_way => None,
            0 => Some(request.born),
            landed => Some(landed),
        }
    }

    /// Whether a failed answer is no answer but a broken connection: nobody listened, or the node
    /// that held the request died. An error of a node that lives is an answer.
    #[must_use]
    pub fn is_broken(&self, req: ReqId) -> bool {
        self.core.requests.get(req).broken
    }

    /// Whether the caller of a request has left and this reached a node that listens.
    #[inline]
    #[must_use]
    pub fn is_cancelled(&self, req: ReqId) -> bool {
        self.core.requests.get(req).cancelled
    }

    /// The word that this node keeps with a request it holds.
    #[inline]
    #[must_use]
    pub fn held(&self, req: ReqId) -> u64 {
        self.core.requests.get(req).held
    }

    /// Keeps one word with a request that this node holds.
    #[inline]
    pub fn hold(&mut self, req: ReqId, word: u64) {
        self.core.requests.get_mut(req).held = word;
    }

    #[inline]
    fn frame(&self, word: u64) -> Frame {
        Frame { life: self.life, word }
    }

    /// Calls `to` and waits: the answer brings `word` back.
    #[inline]
    pub fn call(&mut self, req: ReqId, to: u32, word: u64) {
        let frame = self.frame(word);
        self.core.call(req, to, frame);
    }

    /// Hands a request on for good: `to` answers this node's caller.
    #[inline]
    pub fn pass(&mut self, req: ReqId, to: u32) {
        self.core.leave(self.me());
        self.core.send(req, to);
    }

    /// Answers a request that this node holds.
    #[inline]
    pub fn reply(&mut self, req: ReqId, outcome: Outcome) {
        if self.core.leave(self.me()).cut {
            self.core.requests.get_mut(req).has_arrived();
            self.core.lose(req);
            return;
        }
        self.core.answer_from(req, outcome);
    }

    /// Closes the connection on which a request came instead of answering it.
    pub fn hang_up(&mut self, req: ReqId, cause: Cause) {
        self.core.requests.get_mut(req).broken = true;
        self.reply(req, Outcome::Failed(cause));
    }

    /// The network loses a request: nobody answers until its caller gives up.
    pub fn lose(&mut self, req: ReqId) {
        self.core.leave(self.me());
        self.core.lose(req);
    }

    /// Opens a request of its own, a user's attempt: its end is answered with `word`.
    #[inline(always)]
    pub fn open(&mut self, ask: Ask, to: u32, word: u64) -> ReqId {
        self.core.attempts += 1;
        self.fork(ask, None, to, word)
    }

    /// Opens a child of a request, or of nobody, that can be left behind; its end is answered with
    /// `word`.
    #[inline(always)]
    pub fn fork(&mut self, ask: Ask, of: Option<ReqId>, to: u32, word: u64) -> ReqId {
        self.core.opened += 1;
        let frame = self.frame(word);
        let of = of.map_or(ReqId::NOBODY, ReqId::word);
        let req = self.core.requests.open((ask, of), self.core.now, frame, to);
        self.core.inbox.call(to, req);
        req
    }

    /// A logical request of a class of this node, begun at `started`, ends: whoever keeps ends has
    /// one more.
    #[inline]
    pub fn end(&mut self, luck: u64, class: u16, started: Nanos, outcome: Outcome) {
        if self.core.ends.is_some() {
            let (node, ended) = (self.me(), self.core.now);
            self.core.keep(End { node, class, luck, started, ended, outcome });
        }
    }

    /// Stops waiting for a fork: it runs on, its answer is not heard.
    pub fn detach(&mut self, child: ReqId) {
        if self.core.requests.find(child).is_some() {
            self.core.requests.get_mut(child).detached = true;
        }
    }

    /// Tells whoever works on a fork that nobody waits any more; each node on its way decides.
    pub fn cancel(&mut self, child: ReqId) {
        self.core.inbox.push_back(Message::Cancel { req: child, depth: 1 });
    }

    /// Marks the request as one nobody waits for, where the holder goes on with it.
    pub fn mark_cancelled(&mut self, req: ReqId) {
        self.core.requests.get_mut(req).cancelled = true;
    }

    /// Passes the news on to the node that this one called.
    pub fn pass_on(&mut self, gone: Cancelled) {
        if gone.word.is_some() {
            let (req, depth) = (gone.req, gone.depth + 1);
            self.core.inbox.push_back(Message::Cancel { req, depth });
        }
    }

    /// Says what a held request is doing from now on.
    #[inline]
    pub fn doing(&mut self, req: ReqId, doing: Doing) {
        let now = self.core.now;
        self.core.charge(req).does(doing, now);
    }

    /// Charges time to this node for a request that is no object at that time (a user's back-off).
    pub fn spend(&mut self, doing: Doing, span: Nanos) {
        let me = self.me() as usize;
        self.core.seats[me].spent[doing as usize] += u128::from(span);
    }

    // time -------------------------------------------------------------------------------------

    #[inline]
    fn alarm(&self, word: u64) -> Alarm {
        Alarm { life: self.life, word }
    }

    /// Wakes this node after a delay.
    #[inline]
    pub fn after(&mut self, delay: Nanos, word: u64) -> Timer {
        let alarm = self.alarm(word);
        self.core.agenda.at(self.core.now.saturating_add(delay), alarm)
    }

    /// The lane of a fixed delay that many timers share.
    pub fn lane(&mut self, delay: Nanos) -> Lane {
        self.core.agenda.lane(delay)
    }

    /// The delay of a lane, ns.
    #[must_use]
    pub fn lane_delay(&self, lane: Lane) -> Nanos {
        self.core.agenda.delay_of(lane)
    }

    /// Wakes this node after a lane's fixed delay.
    #[inline]
    pub fn after_in(&mut self, lane: Lane, word: u64) -> Timer {
        let alarm = self.alarm(word);
        self.core.agenda.in_lane(self.core.now, lane, alarm)
    }

    /// Takes a timer back; false if it has fired already.
    #[inline]
    pub fn disarm(&mut self, timer: Timer) -> bool {
        self.core.agenda.cancel(timer)
    }

    // chance -----------------------------------------------------------------------------------

    /// Luck that belongs to a request: the same for a salt in every attempt and variant.
    #[inline]
    #[must_use]
    pub fn draw(&self, req: ReqId, salt: u64) -> Draw {
        Draw::new(self.core.requests.get(req).ask.luck ^ salt)
    }

    /// A stream of luck that belongs to this incarnation of this node.
    #[must_use]
    pub fn stream(&self, purpose: &str) -> Stream {
        let seat = &self.core.seats[self.me() as usize];
        let own = mix(seat.key, u64::from(self.life.incarnation()));
        Stream::new(mix(mix(self.core.seed, own), name_key(purpose)))
    }

    /// The key from which this node numbers the luck of the requests it opens.
    #[must_use]
    pub fn source_key(&self) -> u64 {
        mix(self.core.seed, self.core.seats[self.me() as usize].key)
    }

    // groups -----------------------------------------------------------------------------------

    /// Sends news to a node.
    pub fn note(&mut self, to: u32, note: Note) {
        self.core.inbox.push_back(Message::Note { to, note });
    }

    /// Asks to be told, by [`Note::Member`], when members of a group come and go.
    pub fn watch(&mut self, group: u32) {
        let me = self.me();
        let watchers = &mut self.core.groups[group as usize].watchers;
        if !watchers.contains(&me) {
            watchers.push(me);
        }
    }

    /// Members of a group, in service or not, in order.
    #[must_use]
    pub fn members(&self, group: u32) -> &[u32] {
        &self.core.groups[group as usize].members
    }

    /// Whether a node is alive and not on its way out.
    #[must_use]
    pub fn in_service(&self, node: u32) -> bool {
        let seat = &self.core.seats[node as usize];
        seat.alive && !seat.draining
    }

    /// Members of a group in service.
    #[must_use]
    pub fn size(&self, group: u32) -> u32 {
        self.core.in_service(group).count() as u32
    }

    /// Starts monitoring a group: its members keep latencies from now on.
    pub fn monitor(&mut self, group: u32) {
        for index in 0..self.core.groups[group as usize].members.len() {
            let member = self.core.groups[group as usize].members[index];
            self.core.seats[member as usize].scraped = true;
        }
    }

    /// Whether somebody monitors this node.
    #[inline]
    #[must_use]
    pub fn is_monitored(&self) -> bool {
        self.core.seats[self.me() as usize].scraped
    }

    /// Reads the vitals of a group's members; they come to `scraped` before the next event.
    pub fn scrape(&mut self, group: u32) {
        self.core.commands.push_back(Command::Scrape { group, to: self.me() });
    }

    /// Brings the first idle member of a group into service; false if there is none left.
    pub fn grow(&mut self, group: u32) -> bool {
        let seats = &self.core.seats;
        let starting = &self.core.commands;
        let idle = self.core.groups[group as usize].members.iter().copied().find(|&member| {
            !seats[member as usize].alive && !starting.contains(&Command::Start { node: member })
        });
        if let Some(node) = idle {
            self.core.commands.push_back(Command::Start { node });
        }
        idle.is_some()
    }

    /// Starts this node again as soon as it has stopped: what it stands for is not gone for good.
    pub fn come_back(&mut self) {
        self.core.commands.push_back(Command::Start { node: self.me() });
    }

    /// Takes the last member of a group out of service; it ends when its work is done.
    pub fn shrink(&mut self, group: u32) -> bool {
        let last = self.core.in_service(group).last();
        if let Some(node) = last {
            self.core.drain(node);
        }
        last.is_some()
    }

    /// Becomes parent of a group: told by [`Note::Exited`] when a member dies.
    pub fn adopt(&mut self, group: u32) {
        let me = self.me();
        let parents = &mut self.core.groups[group as usize].parents;
        if !parents.contains(&me) {
            parents.push(me);
        }
    }

    /// Brings a node to life, unless it lives.
    pub fn launch(&mut self, node: u32) {
        self.core.commands.push_back(Command::Start { node });
    }

    /// Ends a node's life before the next event; what it holds fails as if it had been torn away.
    pub fn kill(&mut self, node: u32) {
        self.core.commands.push_back(Command::Kill { node });
    }

    /// This node ends by itself, with an exit code for those who adopted its group.
    pub fn exit(&mut self, code: u8) {
        let me = self.me();
        self.core.seats[me as usize].exit = Some(code);
        self.kill(me);
    }

    /// Writes a line into the timeline of notable events.
    pub fn journal(&mut self, what: String) {
        self.core.journal(self.me(), what);
    }
}
