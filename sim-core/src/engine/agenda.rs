//! The future-event list: a heap for drawn delays, first-in first-out lanes for fixed ones.

mod heap;

use serde::{Deserialize, Serialize};

use self::heap::Heap;
use super::time::Nanos;

/// Lanes that are kept as lists; timers of further fixed delays go to the heap, because the earliest
/// timer is found by looking at every lane's head.
const LANES_MAX: usize = 16;
const SLOT_BITS: u32 = 26;
const SLOT_MASK: u128 = (1 << SLOT_BITS) - 1;
const SEQUENCE_MAX: u64 = 1 << (64 - SLOT_BITS);
const NONE: u32 = u32::MAX;

/// A pending timer's handle; it goes stale by itself when the timer fires or is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    slot: u32,
    generation: u32,
}

impl Timer {
    /// A handle that names no timer; cancelling it does nothing.
    pub const NONE: Timer = Timer { slot: NONE, generation: 0 };
}

/// A lane's handle: timers that all wait the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane(u16);

/// Whom a timer wakes, and the word it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    /// Node index.
    pub(crate) node: u32,
    /// The node's incarnation when the timer was set: a reborn node does not hear its past.
    pub(crate) incarnation: u32,
    /// The component's own word.
    pub(crate) word: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Place {
    Free,
    Heap,
    /// Cancelled, its key still in the heap.
    Dead,
    Lane(u16),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Slot {
    alarm: Alarm,
    generation: u32,
    place: Place,
    before: u32,
    after: u32,
    key: u128,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct List {
    delay: Nanos,
    first: u32,
    last: u32,
}

/// The agenda: timers ordered by (time, sequence).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Agenda {
    heap: Heap,
    lanes: Vec<List>,
    /// Key of each threaded lane's first timer, `u128::MAX` when it has none.
    heads: Vec<u128>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    sequence: u64,
    dead: u32,
    threaded: bool,
}

impl Agenda {
    /// An empty agenda; without lanes every timer goes through the heap (the digest is the same).
    pub(crate) fn new(lanes: bool) -> Self {
        Agenda {
            heap: Heap::default(),
            lanes: Vec::new(),
            heads: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            sequence: 0,
            dead: 0,
            threaded: lanes,
        }
    }

    /// The lane of a fixed delay, made on first use.
    pub(crate) fn lane(&mut self, delay: Nanos) -> Lane {
        if let Some(found) = self.lanes.iter().position(|lane| lane.delay == delay) {
            return Lane(found as u16);
        }
        self.lanes.push(List { delay, first: NONE, last: NONE });
        if self.threaded && self.heads.len() < LANES_MAX {
            self.heads.push(u128::MAX);
        }
        Lane((self.lanes.len() - 1) as u16)
    }

    /// The fixed delay of a lane.
    pub(crate) fn delay_of(&self, lane: Lane) -> Nanos {
        self.lanes[lane.0 as usize].delay
    }

    #[inline]
    fn enter(&mut self, at: Nanos, alarm: Alarm, place: Place) -> (u32, u128) {
        if self.sequence + 1 >= SEQUENCE_MAX {
            self.renumber();
        }
        self.sequence += 1;
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => self.extend(),
        };
        let low = (self.sequence << SLOT_BITS) | u64::from(slot);
        let key = (u128::from(at) << 64) | u128::from(low);
        let entry = &mut self.slots[slot as usize];
        entry.alarm = alarm;
        entry.place = place;
        entry.key = key;
        (slot, key)
    }

    #[cold]
    fn extend(&mut self) -> u32 {
        let slot = self.slots.len() as u32;
        assert!(u128::from(slot) < SLOT_MASK, "more than 67 million pending timers");
        self.slots.push(Slot {
            alarm: Alarm { node: 0, incarnation: 0, word: 0 },
            generation: 0,
            place: Place::Free,
            before: NONE,
            after: NONE,
            key: 0,
        });
        slot
    }

    /// Sets a timer for an absolute time.
    #[inline]
    pub(crate) fn at(&mut self, at: Nanos, alarm: Alarm) -> Timer {
        let (slot, key) = self.enter(at, alarm, Place::Heap);
        self.heap.push(key);
        Timer { slot, generation: self.slots[slot as usize].generation }
    }

    /// Sets a timer one lane's delay from `now`.
    #[inline]
    pub(crate) fn in_lane(&mut self, now: Nanos, lane: Lane, alarm: Alarm) -> Timer {
        let index = lane.0 as usize;
        let at = now + self.lanes[index].delay;
        if index >= self.heads.len() {
            return self.at(at, alarm);
        }
        let (slot, key) = self.enter(at, alarm, Place::Lane(lane.0));
        let list = &mut self.lanes[index];
        let last = core::mem::replace(&mut list.last, slot);
        if last == NONE {
            list.first = slot;
            self.heads[index] = key;
        } else {
            self.slots[last as usize].after = slot;
        }
        let entry = &mut self.slots[slot as usize];
        entry.before = last;
        entry.after = NONE;
        Timer { slot, generation: entry.generation }
    }

    #[inline]
    fn release(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        entry.place = Place::Free;
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(slot);
    }

    #[inline]
    fn unlink(&mut self, slot: u32, lane: u16) {
        let Slot { before, after, .. } = self.slots[slot as usize];
        let list = &mut self.lanes[lane as usize];
        if after == NONE {
            list.last = before;
        } else {
            self.slots[after as usize].before = before;
        }
        if before == NONE {
            list.first = after;
            let key = if after == NONE { u128::MAX } else { self.slots[after as usize].key };
            self.heads[lane as usize] = key;
        } else {
            self.slots[before as usize].after = after;
        }
    }

    /// Takes a timer back; false if it has fired or was cancelled before.
    #[inline]
    pub(crate) fn cancel(&mut self, timer: Timer) -> bool {
        let Some(entry) = self.slots.get_mut(timer.slot as usize) else { return false };
        if entry.generation != timer.generation {
            return false;
        }
        match entry.place {
            Place::Lane(lane) => {
                self.unlink(timer.slot, lane);
                self.release(timer.slot);
            }
            Place::Heap => {
                entry.place = Place::Dead;
                entry.generation = entry.generation.wrapping_add(1);
                self.dead += 1;
                if self.dead > 64 && self.dead * 2 > self.heap.len() {
                    self.compact();
                }
            }
            Place::Free | Place::Dead => return false,
        }
        true
    }

    #[cold]
    fn compact(&mut self) {
        let mut alive = Vec::with_capacity(self.heap.len() as usize);
        for key in self.heap.keys() {
            let slot = (key & SLOT_MASK) as u32;
            if self.slots[slot as usize].place == Place::Dead {
                self.slots[slot as usize].place = Place::Free;
                self.free.push(slot);
            } else {
                alive.push(key);
            }
        }
        self.heap.refill(&alive);
        self.dead = 0;
    }

    /// Starts the sequence anew, keeping the order: once in 2.7e11 timers.
    #[cold]
    fn renumber(&mut self) {
        self.compact();
        let mut keys: Vec<u128> = self.heap.keys().collect();
        for slot in self.slots.iter().filter(|slot| matches!(slot.place, Place::Lane(_))) {
            keys.push(slot.key);
        }
        keys.sort_unstable();
        self.heap.refill(&[]);
        self.sequence = 0;
        for key in keys {
            self.sequence += 1;
            let slot = (key & SLOT_MASK) as usize;
            let low = u128::from(self.sequence) << SLOT_BITS;
            let fresh = (key >> 64 << 64) | low | slot as u128;
            self.slots[slot].key = fresh;
            match self.slots[slot].place {
                Place::Lane(lane) if self.slots[slot].before == NONE => {
                    self.heads[lane as usize] = fresh;
                }
                Place::Heap => self.heap.push(fresh),
                _ => {}
            }
        }
    }

    /// The earliest timer before `limit`, taken out.
    #[inline]
    pub(crate) fn pop_before(&mut self, limit: Nanos) -> Option<(Nanos, Alarm)> {
        loop {
            let mut best = self.heap.peek();
            let mut from = usize::MAX;
            for (index, &head) in self.heads.iter().enumerate() {
                if head < best {
                    best = head;
                    from = index;
                }
            }
            let at = (best >> 64) as Nanos;
            if at >= limit {
                return None;
            }
            let slot = (best & SLOT_MASK) as u32;
            if from == usize::MAX {
                self.heap.pop();
                if self.slots[slot as usize].place == Place::Dead {
                    self.dead -= 1;
                    self.slots[slot as usize].place = Place::Free;
                    self.free.push(slot);
                    continue;
                }
            } else {
                self.unlink(slot, from as u16);
            }
            self.release(slot);
            return Some((at, self.slots[slot as usize].alarm));
        }
    }

    /// Timers set and not yet fired or cancelled.
    #[cfg(test)]
    fn pending(&self) -> usize {
        self.slots.len() - self.free.len() - self.dead as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(word: u64) -> Alarm {
        Alarm { node: 0, incarnation: 0, word }
    }

    fn drain(agenda: &mut Agenda) -> Vec<(Nanos, u64)> {
        std::iter::from_fn(|| agenda.pop_before(Nanos::MAX)).map(|(t, a)| (t, a.word)).collect()
    }

    #[test]
    fn simultaneous_timers_fire_in_the_order_they_were_set() {
        let mut agenda = Agenda::new(true);
        let lane = agenda.lane(10);
        agenda.at(10, alarm(1));
        agenda.in_lane(0, lane, alarm(2));
        agenda.at(10, alarm(3));
        assert_eq!(drain(&mut agenda), [(10, 1), (10, 2), (10, 3)]);
    }

    fn churn(lanes: bool) -> Vec<(Nanos, u64)> {
        let mut agenda = Agenda::new(lanes);
        let delays = [7u64, 100, 5_000];
        let (mut fired, mut set, mut x, mut now) = (Vec::new(), Vec::new(), 9u64, 0);
        for word in 0..30_000u64 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let timer = match x >> 62 {
                0 => agenda.at(now + (x >> 48) % 977, alarm(word)),
                pick => {
                    let lane = agenda.lane(delays[pick as usize - 1]);
                    agenda.in_lane(now, lane, alarm(word))
                }
            };
            set.push(timer);
            if x >> 33 & 3 == 0 {
                let victim = set.swap_remove((x >> 13) as usize % set.len());
                agenda.cancel(victim);
            }
            while x >> 21 & 1 == 1 {
                let Some((at, due)) = agenda.pop_before(now + 40) else { break };
                now = now.max(at);
                fired.push((at, due.word));
            }
            now += 3;
        }
        fired.extend(drain(&mut agenda));
        assert_eq!(agenda.pending(), 0);
        fired
    }

    #[test]
    fn lanes_and_heap_fire_the_same_timers_in_the_same_order() {
        assert_eq!(churn(true), churn(false));
    }

    #[test]
    fn renumbering_keeps_the_order() {
        let mut agenda = Agenda::new(true);
        agenda.sequence = SEQUENCE_MAX - 4;
        let lane = agenda.lane(10);
        for word in 0..4 {
            agenda.in_lane(0, lane, alarm(2 * word));
            agenda.at(10, alarm(2 * word + 1));
        }
        assert!(agenda.sequence < 100);
        assert_eq!(drain(&mut agenda), (0..8).map(|w| (10, w)).collect::<Vec<_>>());
    }

    #[test]
    fn a_stale_handle_cancels_nothing() {
        let mut agenda = Agenda::new(true);
        let lane = agenda.lane(5);
        let first = agenda.in_lane(0, lane, alarm(1));
        assert!(agenda.cancel(first) && !agenda.cancel(first));
        agenda.in_lane(0, lane, alarm(2));
        assert!(!agenda.cancel(first) && !agenda.cancel(Timer::NONE));
        assert_eq!(drain(&mut agenda), [(5, 2)]);
    }
}
