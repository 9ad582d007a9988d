//! The future-event list: a heap for drawn delays, first-in first-out lanes for fixed ones.

mod heap;
mod pending;

use serde::{Deserialize, Serialize};

use self::pending::Pending;
use super::request::Life;
use super::time::Nanos;

/// Lanes that are kept as lists; timers of further fixed delays go to the heap.
const LANES_MAX: usize = 32;
const SLOT_BITS: u32 = 26;
const SLOT_MASK: u128 = (1 << SLOT_BITS) - 1;
/// One step of the sequence, which stands above the slot in a key.
const STEP: u64 = 1 << SLOT_BITS;
const NONE: u32 = u32::MAX;
/// Timers set one after another that a shuffle mixes.
const SHUFFLED: u64 = 1 << 12;

/// How an agenda keeps its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Fixed delays in lanes, drawn ones in the heap: the fastest.
    Lanes,
    /// All in the heap; the run is the same.
    Heap,
    /// All in the heap, and timers of one instant in an order that this number picks: another run,
    /// from which nothing that a model means may depend.
    Shuffled(u64),
}

/// A pending timer's handle; it goes stale by itself when the timer fires or is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer(u64);

impl Timer {
    /// A handle that names no timer; cancelling it does nothing.
    pub const NONE: Timer = Timer::new(NONE, 0);

    /// One word: halves are slower to read back.
    #[inline]
    const fn new(slot: u32, generation: u32) -> Self {
        Timer((generation as u64) << 32 | slot as u64)
    }

    #[inline]
    fn slot(self) -> u32 {
        self.0 as u32
    }

    #[inline]
    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// A lane's handle: timers that all wait the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane(u16);

/// Whom a timer wakes, and the word it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alarm {
    /// The node that set it: reborn, it does not hear its past.
    pub(crate) life: Life,
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
    /// The next timer of the lane, or the next free slot.
    after: u32,
    /// In a lane only: the heap keeps its own.
    key: u128,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct List {
    delay: Nanos,
    first: u32,
    last: u32,
    /// Key of the first timer, `u128::MAX` when there is none.
    head: u128,
}

/// The agenda: timers ordered by (time, sequence).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Agenda {
    heap: Pending,
    /// The least of all lanes' heads, and its lane.
    head: u128,
    ahead: u16,
    threaded: bool,
    /// Flips numbers of the sequence, so that timers of one instant change places; mostly 0.
    shuffle: u64,
    free: u32,
    dead: u32,
    sequence: u64,
    lanes: Vec<List>,
    slots: Vec<Slot>,
}

impl Agenda {
    /// An empty agenda.
    pub(crate) fn new(keeping: Keeping) -> Self {
        let shuffle = match keeping {
            Keeping::Lanes | Keeping::Heap => 0,
            Keeping::Shuffled(luck) => (luck & (SHUFFLED - 1)) * STEP,
        };
        Agenda {
            heap: Pending::default(),
            head: u128::MAX,
            ahead: 0,
            threaded: keeping == Keeping::Lanes,
            shuffle,
            free: NONE,
            dead: 0,
            sequence: 0,
            lanes: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// The lane of a fixed delay, made on first use.
    pub(crate) fn lane(&mut self, delay: Nanos) -> Lane {
        if let Some(found) = self.lanes.iter().position(|lane| lane.delay == delay) {
            return Lane(found as u16);
        }
        self.lanes.push(List { delay, first: NONE, last: NONE, head: u128::MAX });
        Lane((self.lanes.len() - 1) as u16)
    }

    /// The fixed delay of a lane.
    pub(crate) fn delay_of(&self, lane: Lane) -> Nanos {
        self.lanes[lane.0 as usize].delay
    }

    /// A slot for a new timer, and the timer's key.
    #[inline]
    fn enter(&mut self, at: Nanos) -> (u32, u128) {
        if self.free == NONE {
            self.extend();
        }
        self.sequence = match self.sequence.checked_add(STEP) {
            Some(next) => next,
            None => self.renumber(),
        };
        let slot = self.free;
        let low = (self.sequence ^ self.shuffle) | u64::from(slot);
        (slot, (u128::from(at) << 64) | u128::from(low))
    }

    #[cold]
    #[inline(never)]
    fn extend(&mut self) {
        let slot = self.slots.len() as u32;
        assert!(u128::from(slot) < SLOT_MASK, "more than 67 million pending timers");
        self.slots.push(Slot {
            alarm: Alarm { life: Life::default(), word: 0 },
            generation: 0,
            place: Place::Free,
            before: NONE,
            after: NONE,
            key: 0,
        });
        self.free = slot;
    }

    /// Sets a timer for an absolute time.
    #[inline]
    pub(crate) fn at(&mut self, at: Nanos, alarm: Alarm) -> Timer {
        let (slot, key) = self.enter(at);
        let entry = &mut self.slots[slot as usize];
        self.free = entry.after;
        entry.alarm = alarm;
        entry.place = Place::Heap;
        let generation = entry.generation;
        self.heap.push(key);
        Timer::new(slot, generation)
    }

    /// Sets a timer one lane's delay from `now`.
    #[inline]
    pub(crate) fn in_lane(&mut self, now: Nanos, lane: Lane, alarm: Alarm) -> Timer {
        let index = lane.0 as usize;
        let at = now + self.lanes[index].delay;
        if !self.threaded || index >= LANES_MAX {
            return self.at(at, alarm);
        }
        let (slot, key) = self.enter(at);
        let list = &mut self.lanes[index];
        let last = core::mem::replace(&mut list.last, slot);
        if last == NONE {
            list.first = slot;
            list.head = key;
            if key < self.head {
                (self.head, self.ahead) = (key, lane.0);
            }
        } else {
            self.slots[last as usize].after = slot;
        }
        let entry = &mut self.slots[slot as usize];
        self.free = entry.after;
        entry.alarm = alarm;
        entry.place = Place::Lane(lane.0);
        entry.key = key;
        entry.before = last;
        entry.after = NONE;
        Timer::new(slot, entry.generation)
    }

    #[inline]
    fn unlink(&mut self, lane: u16, before: u32, after: u32) {
        let list = &mut self.lanes[lane as usize];
        let head = match self.slots.get_mut(after as usize) {
            Some(next) => {
                next.before = before;
                next.key
            }
            None => {
                list.last = before;
                u128::MAX
            }
        };
        if let Some(previous) = self.slots.get_mut(before as usize) {
            previous.after = after;
            return;
        }
        list.first = after;
        list.head = head;
        if self.ahead == lane {
            self.look_ahead();
        }
    }

    /// Finds the lane whose first timer is the earliest.
    #[inline]
    fn look_ahead(&mut self) {
        let mut best = (u128::MAX, 0);
        for (index, list) in (0..).zip(&self.lanes) {
            if list.head < best.0 {
                best = (list.head, index);
            }
        }
        (self.head, self.ahead) = best;
    }

    /// Takes a timer back; false if it has fired or was cancelled before.
    #[inline]
    pub(crate) fn cancel(&mut self, timer: Timer) -> bool {
        let Some(entry) = self.slots.get_mut(timer.slot() as usize) else { return false };
        if entry.generation != timer.generation() {
            return false;
        }
        match entry.place {
            Place::Lane(lane) => {
                let (before, after) = (entry.before, entry.after);
                entry.place = Place::Free;
                entry.generation = entry.generation.wrapping_add(1);
                entry.after = core::mem::replace(&mut self.free, timer.slot());
                self.unlink(lane, before, after);
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

    #[inline]
    fn bury(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        entry.place = Place::Free;
        entry.after = core::mem::replace(&mut self.free, slot);
    }

    #[cold]
    fn compact(&mut self) {
        let keys = self.heap.keys();
        let mut alive = Vec::with_capacity(keys.len());
        for key in keys {
            let slot = (key & SLOT_MASK) as u32;
            if self.slots[slot as usize].place == Place::Dead {
                self.bury(slot);
            } else {
                alive.push(key);
            }
        }
        self.heap.refill(&alive);
        self.dead = 0;
    }

    /// Starts the sequence anew, keeping the order, and gives its next value: once in 2.7e11
    /// timers.
    #[cold]
    #[inline(never)]
    fn renumber(&mut self) -> u64 {
        self.compact();
        let mut keys = self.heap.keys();
        for slot in self.slots.iter().filter(|slot| matches!(slot.place, Place::Lane(_))) {
            keys.push(slot.key);
        }
        keys.sort_unstable();
        self.heap.refill(&[]);
        self.sequence = 0;
        for key in keys {
            self.sequence += STEP;
            let slot = (key & SLOT_MASK) as usize;
            let fresh = (key >> 64 << 64) | u128::from(self.sequence) | slot as u128;
            match self.slots[slot].place {
                Place::Lane(lane) => {
                    self.slots[slot].key = fresh;
                    if self.slots[slot].before == NONE {
                        self.lanes[lane as usize].head = fresh;
                    }
                }
                _ => self.heap.push(fresh),
            }
        }
        self.look_ahead();
        self.sequence + STEP
    }

    /// Puts the timer that was taken out just now back for a later time; its handle stays good.
    #[cold]
    pub(crate) fn put_off(&mut self, until: Nanos, alarm: Alarm) {
        // the free list ends with the slot that the timer left
        let last = self.free as usize;
        let generation = self.slots[last].generation.wrapping_sub(1);
        self.slots[last].generation = generation;
        let again = self.at(until, alarm);
        debug_assert_eq!(again, Timer::new(last as u32, generation));
    }

    /// The earliest timer before `limit`, taken out.
    #[inline]
    pub(crate) fn pop_before(&mut self, limit: Nanos) -> Option<(Nanos, Alarm)> {
        loop {
            let top = self.heap.peek();
            let best = top.min(self.head);
            let at = (best >> 64) as Nanos;
            if at >= limit {
                return None;
            }
            let slot = (best & SLOT_MASK) as u32;
            let entry = &mut self.slots[slot as usize];
            let (place, after) = (entry.place, entry.after);
            entry.place = Place::Free;
            entry.generation = entry.generation.wrapping_add(1);
            entry.after = core::mem::replace(&mut self.free, slot);
            let alarm = entry.alarm;
            match place {
                Place::Lane(lane) => self.unlink(lane, NONE, after),
                Place::Heap => self.heap.pop(),
                Place::Dead | Place::Free => {
                    self.dead -= 1;
                    self.heap.pop();
                    continue;
                }
            }
            return Some((at, alarm));
        }
    }

    /// Timers set and not yet fired or cancelled.
    #[cfg(test)]
    fn pending(&self) -> usize {
        self.slots.iter().filter(|slot| !matches!(slot.place, Place::Free | Place::Dead)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(word: u64) -> Alarm {
        Alarm { life: Life::default(), word }
    }

    fn drain(agenda: &mut Agenda) -> Vec<(Nanos, u64)> {
        std::iter::from_fn(|| agenda.pop_before(Nanos::MAX)).map(|(t, a)| (t, a.word)).collect()
    }

    #[test]
    fn simultaneous_timers_fire_in_the_order_they_were_set() {
        let mut agenda = Agenda::new(Keeping::Lanes);
        let lane = agenda.lane(10);
        agenda.at(10, alarm(1));
        agenda.in_lane(0, lane, alarm(2));
        agenda.at(10, alarm(3));
        assert_eq!(drain(&mut agenda), [(10, 1), (10, 2), (10, 3)]);
    }

    fn churn(keeping: Keeping) -> Vec<(Nanos, u64)> {
        let mut agenda = Agenda::new(keeping);
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
            if x >> 21 & 1 == 1 {
                while let Some((at, due)) = agenda.pop_before(now + 40) {
                    now = now.max(at);
                    fired.push((at, due.word));
                }
            }
            now += 3;
        }
        fired.extend(drain(&mut agenda));
        assert_eq!(agenda.pending(), 0);
        fired
    }

    #[test]
    fn lanes_and_heap_fire_the_same_timers_in_the_same_order() {
        assert_eq!(churn(Keeping::Lanes), churn(Keeping::Heap));
    }

    #[test]
    fn a_shuffle_changes_places_within_an_instant_only() {
        let order = |keeping| {
            let mut agenda = Agenda::new(keeping);
            for word in 0..64 {
                agenda.at(10 * (word % 2), alarm(word));
            }
            drain(&mut agenda)
        };
        let (straight, mut shuffled) = (order(Keeping::Heap), order(Keeping::Shuffled(0x2A5)));
        assert!(straight != shuffled && shuffled.is_sorted_by_key(|(at, _)| *at));
        shuffled.sort_unstable();
        assert_eq!(straight, shuffled);
    }

    #[test]
    fn renumbering_keeps_the_order() {
        let mut agenda = Agenda::new(Keeping::Lanes);
        agenda.sequence = (u64::MAX << SLOT_BITS) - 3 * STEP;
        let lane = agenda.lane(10);
        for word in 0..4 {
            agenda.in_lane(0, lane, alarm(2 * word));
            agenda.at(10, alarm(2 * word + 1));
        }
        assert!(agenda.sequence < 100 * STEP);
        assert_eq!(drain(&mut agenda), (0..8).map(|w| (10, w)).collect::<Vec<_>>());
    }

    #[test]
    fn a_stale_handle_cancels_nothing() {
        let mut agenda = Agenda::new(Keeping::Lanes);
        let lane = agenda.lane(5);
        let first = agenda.in_lane(0, lane, alarm(1));
        assert!(agenda.cancel(first) && !agenda.cancel(first));
        agenda.in_lane(0, lane, alarm(2));
        assert!(!agenda.cancel(first) && !agenda.cancel(Timer::NONE));
        assert_eq!(drain(&mut agenda), [(5, 2)]);
    }
}
