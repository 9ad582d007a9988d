//! A resource as a report needs it: how much of it there is, how much is taken, who waits and for
//! how long.

use super::{Counter, Gauge};
use serde::{Deserialize, Serialize};

/// Meters of one resource: places that are held (workers, slots, connections, cores) and the queue
/// before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// Places there are; a gauge, for they come and go.
    pub capacity: Gauge,
    /// Places held.
    pub busy: Gauge,
    /// Who waits for a place.
    pub queue: Gauge,
    /// Those who found no place, not even in the queue.
    pub turned_away: Counter,
    seized: u64,
    waited: u64,
    wait_sum: u128,
    wait_max: u64,
}

impl Station {
    /// A station with `capacity` free places at `now` (ns).
    #[must_use]
    pub fn new(now: u64, capacity: u32) -> Self {
        let idle = Gauge::new(now, 0);
        Self { capacity: Gauge::new(now, capacity), busy: idle, queue: idle, ..Self::default() }
    }

    /// One enters the queue.
    #[inline]
    pub fn enqueue(&mut self, now: u64) {
        self.queue.up(now);
    }

    /// One leaves the queue, for a place or for good.
    #[inline]
    pub fn dequeue(&mut self, now: u64) {
        self.queue.down(now);
    }

    /// One takes a place after waiting `waited_ns`, 0 for at once.
    #[inline]
    pub fn seize(&mut self, now: u64, waited_ns: u64) {
        self.busy.up(now);
        self.share(waited_ns);
    }

    /// One is served after waiting `waited_ns` by whoever holds the place already.
    #[inline]
    pub fn share(&mut self, waited_ns: u64) {
        self.seized += 1;
        self.waited += u64::from(waited_ns > 0);
        self.wait_sum += u128::from(waited_ns);
        self.wait_max = self.wait_max.max(waited_ns);
    }

    /// One gives a place back.
    #[inline]
    pub fn release(&mut self, now: u64) {
        self.busy.down(now);
    }

    /// One is turned away.
    #[inline]
    pub fn turn_away(&mut self) {
        self.turned_away.add(1);
    }

    /// There are `capacity` places from `now` on; more may still be held until they are released.
    pub fn set_capacity(&mut self, now: u64, capacity: u32) {
        self.capacity.set(now, capacity);
    }

    /// Nobody holds a place or waits for one from `now` on, and there is none.
    pub fn close(&mut self, now: u64) {
        self.queue.set(now, 0);
        self.busy.set(now, 0);
        self.set_capacity(now, 0);
    }

    /// How many took a place since the last reset.
    #[must_use]
    pub fn seized(&self) -> u64 {
        self.seized
    }

    /// How many of them had to wait for it.
    #[must_use]
    pub fn waited(&self) -> u64 {
        self.waited
    }

    /// Mean wait of those who took a place, ns; the ones who did not wait count as 0.
    #[must_use]
    pub fn mean_wait(&self) -> Option<f64> {
        (self.seized > 0).then(|| self.wait_sum as f64 / self.seized as f64)
    }

    /// Exact sum of the waits of those who took a place, ns.
    #[must_use]
    pub fn wait_sum(&self) -> u128 {
        self.wait_sum
    }

    /// Longest wait of those who took a place, ns.
    #[must_use]
    pub fn wait_max(&self) -> u64 {
        self.wait_max
    }

    /// Time held over time there was to hold, since the last reset; 0 where there was nothing to
    /// hold.
    ///
    /// Above 1 only where the capacity was lowered under those who still held it.
    #[must_use]
    pub fn utilisation(&self, now: u64) -> f64 {
        match self.capacity.area_at(now) {
            0 => 0.0,
            capacity => self.busy.area_at(now) as f64 / capacity as f64,
        }
    }

    /// Forgets the past (end of the warm-up) and keeps who holds and who waits.
    pub fn reset(&mut self, now: u64) {
        self.capacity.reset(now);
        self.busy.reset(now);
        self.queue.reset(now);
        self.turned_away.reset();
        (self.seized, self.waited, self.wait_sum, self.wait_max) = (0, 0, 0, 0);
    }
}
