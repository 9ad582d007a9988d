//! Requests that carry their own call stack, as plain data in one slab.

use serde::{Deserialize, Serialize};

use super::time::Nanos;

/// A request's handle. It goes stale when the request ends; asking for a stale one finds nothing.
/// One word, as a life is and for its reason: the slot below, its generation above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReqId(u64);

impl ReqId {
    #[inline]
    fn new(index: u32, generation: u32) -> Self {
        ReqId(u64::from(generation) << 32 | u64::from(index))
    }

    /// The slot.
    #[inline]
    pub(crate) fn index(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The handle as one word, for a timer or a frame.
    #[inline]
    #[must_use]
    pub fn word(self) -> u64 {
        self.0
    }

    /// The word of no request.
    pub(crate) const NOBODY: u64 = u64::MAX;

    /// The handle back from its word.
    #[must_use]
    pub fn from_word(word: u64) -> Self {
        ReqId(word)
    }
}

/// What a request is doing where it is held; every nanosecond of its life is charged to one of
/// these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doing {
    /// In a queue.
    Waiting = 0,
    /// Being served.
    Working = 1,
    /// On a wire.
    Travelling = 2,
    /// Blocked while children of it work; their time is charged, not its.
    Away = 3,
}

/// Why a request failed. The list is closed: reports count by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cause {
    /// Nobody listens there: the instance is down.
    Refused,
    /// The network lost it and nobody answered.
    Lost,
    /// The queue had no room.
    QueueFull,
    /// It waited too long in a proxy's queue.
    QueueTimeout,
    /// A limit on the rate, or on the number at a time, turned it away.
    RateLimited,
    /// No pooled connection became free in time.
    PoolTimeout,
    /// The database, or the proxy, accepts no further connection.
    TooManyConnections,
    /// No backend is in service.
    NoBackend,
    /// It was being served when its server died.
    Reset,
    /// The server answered with an error of its own.
    Error,
    /// The cache does not hold it: its caller asks the origin.
    Miss,
    /// The server did not know the session: the user is logged out.
    LoggedOut,
    /// A proxy waited too long for the server behind it.
    GatewayTimeout,
    /// The client's timeout ran out.
    Timeout,
    /// The user lost patience and left.
    Abandoned,
    /// Its caller took it back; a user never sees this one.
    Cancelled,
}

impl Cause {
    /// Every cause, in report order.
    pub const ALL: [Cause; 16] = [
        Cause::Refused,
        Cause::Lost,
        Cause::QueueFull,
        Cause::QueueTimeout,
        Cause::RateLimited,
        Cause::PoolTimeout,
        Cause::TooManyConnections,
        Cause::NoBackend,
        Cause::Reset,
        Cause::Error,
        Cause::Miss,
        Cause::LoggedOut,
        Cause::GatewayTimeout,
        Cause::Timeout,
        Cause::Abandoned,
        Cause::Cancelled,
    ];

    /// The cause's name in reports, snake case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cause::Refused => "refused",
            Cause::Lost => "lost",
            Cause::QueueFull => "queue_full",
            Cause::QueueTimeout => "queue_timeout",
            Cause::RateLimited => "rate_limited",
            Cause::PoolTimeout => "pool_timeout",
            Cause::TooManyConnections => "too_many_connections",
            Cause::NoBackend => "no_backend",
            Cause::Reset => "reset",
            Cause::Error => "error",
            Cause::Miss => "miss",
            Cause::LoggedOut => "logged_out",
            Cause::GatewayTimeout => "gateway_timeout",
            Cause::Timeout => "timeout",
            Cause::Abandoned => "abandoned",
            Cause::Cancelled => "cancelled",
        }
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Answered.
    Done,
    /// Not answered, or answered with an error.
    Failed(Cause),
}

impl Outcome {
    /// Whether it was answered.
    #[must_use]
    pub fn is_done(self) -> bool {
        self == Outcome::Done
    }
}

/// What a caller wants of the node that it calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Want {
    /// To have its work done.
    #[default]
    Answer,
    /// A resource of its own: the answer tells its number in [`Ask::lease`], and the caller gives
    /// it back with [`Note::Release`](super::kernel::Note::Release). Who does not lend just
    /// answers.
    Lease,
    /// To have its work done on a connection that stays open: [`Ask::lease`] is its number, 0 for a
    /// new one, and the answer tells the number under which the callee keeps it, or
    /// [`Ask::CLOSED`]. Who keeps no account of connections leaves the number alone.
    Kept,
}

/// What a request asks for and who asks; a fork inherits it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The key of everything drawn for this request: the same in every attempt and variant.
    pub luck: u64,
    /// Client identity, for hashing and per-client limits.
    pub client: u64,
    /// The key of the object asked for, for caches and consistent hashing.
    pub key: u64,
    /// Work the caller asks of the callee, ns; 0 leaves it to the callee.
    pub demand: Nanos,
    /// The leased resource on which the callee does it, in the callee's own numbers; 0 for none.
    pub lease: u64,
    /// Endpoint or kind of query, numbered by the plan.
    pub endpoint: u16,
    /// What the caller wants.
    pub want: Want,
}

impl Ask {
    /// The endpoint of a request that writes its key into a cache instead of looking it up.
    pub const WRITE: u16 = u16::MAX;
    /// The lease of an answer after which the callee closes the connection.
    pub const CLOSED: u64 = u64::MAX;

    /// The lease that an answer leaves with a caller who does not hear it; 0 for none.
    pub(crate) fn left_over(&self, is_done: bool) -> u64 {
        match self.want {
            Want::Lease if is_done => self.lease,
            Want::Kept if self.lease != Ask::CLOSED => self.lease,
            _ => 0,
        }
    }
}

/// A node in one of its lives. One word, because it travels in a register: two halves would be
/// written to memory and read back as one before they have arrived there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Life(u64);

impl Life {
    #[inline]
    pub(crate) fn new(node: u32, incarnation: u32) -> Self {
        Life(u64::from(incarnation) << 32 | u64::from(node))
    }

    #[inline]
    pub(crate) fn node(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    pub(crate) fn incarnation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// Who waits, and one word of memory for that waiter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Frame {
    pub(crate) life: Life,
    pub(crate) word: u64,
}

/// One request, or one attempt of one: a thread of control with a stack of waiters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    /// One word of memory for the node that holds it; until one does, the word of the request for
    /// which it was opened, or [`ReqId::NOBODY`].
    pub(crate) held: u64,
    /// Time is charged up to here.
    pub(crate) mark: Nanos,
    pub(crate) born: Nanos,
    /// When it last came off a wire; 0 if it never was on one.
    pub(crate) landed: Nanos,
    generation: u32,
    /// The node that holds it, or that it travels to.
    pub(crate) at: u32,
    pub(crate) depth: u16,
    pub(crate) doing: Doing,
    pub(crate) detached: bool,
    pub(crate) cancelled: bool,
    /// A message that moves it is under way in this instant.
    pub(crate) moving: bool,
    /// The connection on which it was called broke: nobody was there, or who held it died. What a
    /// live node answers, errors included, is not that.
    pub(crate) broken: bool,
}

impl Request {
    /// A message that moves it to a node is under way.
    #[inline]
    pub(crate) fn leaves_for(&mut self, to: u32, now: Nanos) {
        self.at = to;
        self.does(Doing::Working, now);
        self.moving = true;
        self.broken = false;
    }

    /// A node has had it, so it was not lost on its way there.
    pub(crate) fn has_arrived(&mut self) {
        if self.landed == 0 {
            self.landed = self.born.max(1);
        }
    }

    /// It does something else from now on.
    #[inline]
    pub(crate) fn does(&mut self, doing: Doing, now: Nanos) {
        if self.doing == Doing::Travelling && doing != Doing::Travelling {
            self.landed = now;
        }
        self.doing = doing;
    }
}

/// The slab of requests; stacks lie in one flat array of `stride` frames each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Requests {
    slots: Vec<Request>,
    frames: Vec<Frame>,
    /// The first free slot; the others follow by their field `at`.
    free: u32,
    alive: u32,
    stride: u32,
}

/// No slot.
const NONE: u32 = u32::MAX;
/// The depth that marks a free slot.
const FREE: u16 = u16::MAX;

impl Requests {
    pub(crate) fn new(stride: u32) -> Self {
        let (slots, frames) = (Vec::new(), Vec::new());
        Requests { slots, frames, free: NONE, alive: 0, stride: stride.max(1) }
    }

    /// Requests alive.
    pub(crate) fn alive(&self) -> usize {
        self.alive as usize
    }

    /// Opens a request on its way to a node, for another one or for nobody, with the one who waits
    /// for its end.
    #[inline(always)]
    pub(crate) fn open(
        &mut self,
        (ask, of): (Ask, u64),
        now: Nanos,
        frame: Frame,
        to: u32,
    ) -> ReqId {
        if self.free == NONE {
            self.extend();
        }
        let index = self.free;
        let slot = &mut self.slots[index as usize];
        self.free = slot.at;
        self.alive += 1;
        slot.ask = ask;
        slot.held = of;
        slot.mark = now;
        slot.born = now;
        slot.landed = 0;
        slot.at = to;
        slot.depth = 1;
        slot.doing = Doing::Working;
        slot.detached = false;
        slot.cancelled = false;
        slot.moving = true;
        slot.broken = false;
        self.frames[index as usize * self.stride as usize] = frame;
        ReqId::new(index, slot.generation)
    }

    #[cold]
    #[inline(never)]
    fn extend(&mut self) {
        self.free = self.slots.len() as u32;
        self.slots.push(Request {
            ask: Ask::default(),
            held: 0,
            mark: 0,
            born: 0,
            landed: 0,
            generation: 0,
            at: NONE,
            depth: FREE,
            doing: Doing::Working,
            detached: false,
            cancelled: false,
            moving: false,
            broken: false,
        });
        let blank = Frame { life: Life::default(), word: 0 };
        self.frames.resize(self.frames.len() + self.stride as usize, blank);
    }

    #[inline]
    pub(crate) fn close(&mut self, req: ReqId) {
        let slot = &mut self.slots[req.index() as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.depth = FREE;
        slot.at = self.free;
        self.free = req.index();
        self.alive -= 1;
    }

    /// The request, if the handle is not stale.
    #[inline]
    pub(crate) fn find(&self, req: ReqId) -> Option<&Request> {
        self.slots.get(req.index() as usize).filter(|slot| slot.generation == req.generation())
    }

    /// The request by a handle that is known to be alive.
    #[inline]
    pub(crate) fn get(&self, req: ReqId) -> &Request {
        let slot = &self.slots[req.index() as usize];
        debug_assert_eq!(slot.generation, req.generation(), "stale request handle");
        slot
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, req: ReqId) -> &mut Request {
        let slot = &mut self.slots[req.index() as usize];
        debug_assert_eq!(slot.generation, req.generation(), "stale request handle");
        slot
    }

    #[inline]
    pub(crate) fn push(&mut self, req: ReqId, frame: Frame) -> &mut Request {
        let slot = &mut self.slots[req.index() as usize];
        debug_assert_eq!(slot.generation, req.generation(), "stale request handle");
        assert!(u32::from(slot.depth) < self.stride, "call stack deeper than the plan allows");
        self.frames[req.index() as usize * self.stride as usize + slot.depth as usize] = frame;
        slot.depth += 1;
        slot
    }

    /// The frame at `depth`, counted from the root; `None` at and above the top.
    #[inline]
    pub(crate) fn frame(&self, req: ReqId, depth: u16) -> Option<Frame> {
        let top = self.get(req).depth;
        (depth < top)
            .then(|| self.frames[req.index() as usize * self.stride as usize + depth as usize])
    }

    #[inline]
    pub(crate) fn pop(&mut self, req: ReqId) -> (&mut Request, Frame) {
        let slot = &mut self.slots[req.index() as usize];
        debug_assert_eq!(slot.generation, req.generation(), "stale request handle");
        slot.depth -= 1;
        let place = req.index() as usize * self.stride as usize + slot.depth as usize;
        (slot, self.frames[place])
    }

    /// Starts charging every request anew from `now`.
    pub(crate) fn mark_all(&mut self, now: Nanos) {
        for slot in &mut self.slots {
            slot.mark = now;
        }
    }

    /// Every live request's holder, what it is doing and since when it is charged.
    pub(crate) fn held(&self) -> impl Iterator<Item = (u32, Doing, Nanos)> + '_ {
        let alive = self.slots.iter().filter(|slot| slot.depth != FREE);
        alive.map(|slot| (slot.at, slot.doing, slot.mark))
    }
}
