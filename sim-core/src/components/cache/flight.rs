//! Single flight: of those who miss a key at the same time one fetches it and the others wait.

use serde::{Deserialize, Serialize};

use crate::engine::agenda::Timer;
use crate::engine::chance::Law;
use crate::engine::delay::Delay;
use crate::engine::kernel::Cx;
use crate::engine::lines::Lines;
use crate::engine::meter::{Counter, Station};
use crate::engine::queue::Waiter;
use crate::engine::request::{Cause, Doing, Outcome, ReqId};
use crate::engine::time::Nanos;
use crate::units::Duration;

/// Set in the word kept with a look-up that waits for another one's fetch; the rest is its ticket.
pub(super) const PARKED: u64 = 1 << 33;
/// Set in a timer's word when it is the lock of a fetch; the rest is the fetch's number.
const LOCK: u64 = 1 << 32;

/// One fetch a key at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SingleFlight {
    /// Fetches under way, each with the lock that ends it if nobody finishes it.
    flights: Lines<Timer>,
    /// How long a fetcher's lock lasts.
    pub(super) lock: Delay,
    /// Fetches under way, and look-ups that wait for them.
    pub(super) meter: Station,
    /// Look-ups answered by another one's fetch.
    pub(super) joined: Counter,
    /// Locks that ended before the fetch did.
    pub(super) overdue: Counter,
}

impl SingleFlight {
    pub(super) fn new(lock: Duration) -> Box<Self> {
        Box::new(SingleFlight {
            flights: Lines::default(),
            lock: Delay::new(Law::Constant { nanos: lock.nanos() }),
            meter: Station::new(0, 0),
            joined: Counter::default(),
            overdue: Counter::default(),
        })
    }

    /// The fetch of a key that is under way.
    pub(super) fn of(&self, key: u64) -> Option<u32> {
        self.flights.find(key)
    }

    /// Somebody begins to fetch a key.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>, key: u64, req: ReqId) {
        let flight = self.flights.open(key, Timer::NONE);
        self.meter.seize(cx.now(), 0);
        self.hold(cx, flight, req);
    }

    /// Somebody fetches a key, for the lock's time at most.
    fn hold(&mut self, cx: &mut Cx<'_>, flight: u32, req: ReqId) {
        let timer = self.lock.arm(cx, (req, 0), 1.0, LOCK | u64::from(flight));
        if let Some(lock) = self.flights.held(flight) {
            cx.disarm(std::mem::replace(lock, timer));
        }
    }

    /// A look-up waits for the fetch of its key.
    pub(super) fn park(&mut self, cx: &mut Cx<'_>, flight: u32, req: ReqId) {
        let since = cx.now();
        cx.doing(req, Doing::Waiting);
        self.meter.enqueue(since);
        let ticket = self.flights.join(flight, Waiter { req, since, word: 0 });
        cx.hold(req, PARKED | u64::from(ticket));
    }

    /// A look-up waits no more, because its caller has left.
    pub(super) fn leave(&mut self, now: Nanos, ticket: u32) -> bool {
        let has_left = self.flights.leave(ticket).is_some();
        if has_left {
            self.meter.dequeue(now);
        }
        has_left
    }

    fn next(&mut self, now: Nanos, flight: u32) -> Option<ReqId> {
        let waiter = self.flights.next(flight)?;
        self.meter.dequeue(now);
        self.meter.share(now - waiter.since);
        Some(waiter.req)
    }

    /// The key is there: everybody who waited for it has it.
    pub(super) fn land(&mut self, cx: &mut Cx<'_>, flight: u32) {
        while let Some(req) = self.next(cx.now(), flight) {
            self.joined.add(1);
            cx.reply(req, Outcome::Done);
        }
        self.end(cx, flight);
    }

    /// A fetch came to nothing: the next one in line is to fetch, if there is one.
    pub(super) fn pass_on(&mut self, cx: &mut Cx<'_>, flight: u32) -> Option<ReqId> {
        let next = self.next(cx.now(), flight);
        match next {
            Some(req) => self.hold(cx, flight, req),
            None => self.end(cx, flight),
        }
        next
    }

    fn end(&mut self, cx: &mut Cx<'_>, flight: u32) {
        if let Some(lock) = self.flights.close(flight) {
            cx.disarm(lock);
            self.meter.release(cx.now());
        }
    }

    pub(super) fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        for waiter in self.flights.drain() {
            cx.reply(waiter.req, Outcome::Failed(cause));
        }
        self.meter.queue.set(cx.now(), 0);
        self.meter.busy.set(cx.now(), 0);
    }

    pub(super) fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
        self.joined.reset();
        self.overdue.reset();
    }
}
