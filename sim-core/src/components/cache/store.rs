//! What a cache holds: exact LRU, FIFO or random replacement with a time to live, O(1) each.

use serde::{Deserialize, Serialize};

use super::room::{Full, Life, Room};
use super::spec::Policy;
use crate::engine::chance::{Stream, below};
use crate::engine::index::Index;
use crate::engine::time::Nanos;

const NONE: u32 = u32::MAX;
/// In `before` of a slot that holds nothing.
const VACANT: u32 = u32::MAX - 1;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Slot {
    key: u64,
    written: Nanos,
    /// The neighbour that leaves earlier.
    before: u32,
    after: u32,
}

/// Keys, the order in which they leave, and when they were written: 32 bytes a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Store {
    pub(super) capacity: u32,
    pub(super) life: Life,
    pub(super) policy: Policy,
    /// `None` where sizes do not matter.
    pub(super) room: Option<Room>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    index: Index,
    /// The two ends of the order of leaving.
    first: u32,
    last: u32,
    /// The slot last looked at for being too old.
    hand: u32,
    pub(super) evicted: u64,
    pub(super) expired: u64,
}

impl Store {
    pub(super) fn new(capacity: u32, life: Life, policy: Policy) -> Self {
        Store {
            capacity,
            life,
            policy,
            room: None,
            slots: Vec::new(),
            free: Vec::new(),
            index: Index::default(),
            first: NONE,
            last: NONE,
            hand: 0,
            evicted: 0,
            expired: 0,
        }
    }

    /// Keys held, those too old included that nobody has asked for since.
    pub(super) fn len(&self) -> u32 {
        (self.slots.len() - self.free.len()) as u32
    }

    fn is_old(&self, slot: u32, now: Nanos) -> bool {
        let written = self.slots[slot as usize].written;
        self.life.ttl.is_some_and(|ttl| now.saturating_sub(written) >= ttl)
    }

    fn find(&self, key: u64) -> Option<u32> {
        self.index.find(key, |slot| self.slots[slot as usize].key)
    }

    /// Whether a key is there and not too old; it then counts as asked for.
    #[inline]
    pub(super) fn get(&mut self, key: u64, now: Nanos) -> bool {
        let Some(slot) = self.find(key) else { return false };
        if self.is_old(slot, now) {
            self.expired += 1;
            self.remove(slot);
            return false;
        }
        if self.policy == Policy::Lru {
            self.touch(slot);
        }
        true
    }

    /// How long a key that is there has left to live, ns.
    pub(super) fn left(&self, key: u64, now: Nanos) -> Option<Nanos> {
        let written = self.slots[self.find(key)? as usize].written;
        Some(written.saturating_add(self.life.ttl?).saturating_sub(now))
    }

    /// Writes a key; its time to live begins anew.
    pub(super) fn put(&mut self, key: u64, now: Nanos, luck: &mut Stream) -> Result<(), Full> {
        if self.capacity == 0 {
            return Ok(());
        }
        let written = self.life.stamp(key, now, luck);
        if let Some(slot) = self.find(key) {
            self.slots[slot as usize].written = written;
            if self.policy == Policy::Lru {
                self.touch(slot);
            }
            return Ok(());
        }
        self.expire_some(now);
        if self.len() >= self.capacity {
            self.evict(now, luck);
        }
        if self.room.is_some() {
            self.make_room(key, now, luck)?;
        }
        let fresh = Slot { key, written, before: self.last, after: NONE };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = fresh;
                slot
            }
            None => {
                self.slots.push(fresh);
                (self.slots.len() - 1) as u32
            }
        };
        self.append(slot);
        self.index.insert(key, slot, |slot| self.slots[slot as usize].key);
        Ok(())
    }

    /// Lets keys go until a new one fits in the memory.
    fn make_room(&mut self, key: u64, now: Nanos, luck: &mut Stream) -> Result<(), Full> {
        let size = self.room.as_ref().filter(|room| room.takes(key)).map(|room| room.size(key));
        let size = size.ok_or(Full)?;
        self.shrink_to(|room| room.limit - size, now, luck);
        if let Some(room) = &mut self.room {
            room.add(key);
        }
        Ok(())
    }

    fn shrink_to(&mut self, most: impl Fn(&Room) -> u64, now: Nanos, luck: &mut Stream) {
        while self.len() > 0 && self.room.as_ref().is_some_and(|room| room.used > most(room)) {
            self.evict(now, luck);
        }
    }

    /// Every new key looks at two others and drops those too old, so that keys which are never
    /// asked for again do not stay for ever.
    fn expire_some(&mut self, now: Nanos) {
        if self.life.ttl.is_none() || self.slots.is_empty() {
            return;
        }
        for _ in 0..2 {
            self.hand = (self.hand + 1) % self.slots.len() as u32;
            if self.slots[self.hand as usize].before != VACANT && self.is_old(self.hand, now) {
                self.expired += 1;
                self.remove(self.hand);
            }
        }
    }

    fn evict(&mut self, now: Nanos, luck: &mut Stream) {
        let victim = match self.policy {
            Policy::Random => {
                let mut slot = below(luck, self.slots.len() as u64) as u32;
                while self.slots[slot as usize].before == VACANT {
                    slot = (slot + 1) % self.slots.len() as u32;
                }
                slot
            }
            _ => self.first,
        };
        if self.is_old(victim, now) {
            self.expired += 1;
        } else {
            self.evicted += 1;
        }
        self.remove(victim);
    }

    /// Holds at most `capacity` keys, in at most the memory of `room`, from now on.
    pub(super) fn resize(&mut self, to: (u32, Option<Room>), now: Nanos, luck: &mut Stream) {
        let (capacity, room) = to;
        self.capacity = capacity;
        self.room = room;
        if let Some(room) = &mut self.room {
            room.used = 0;
            let held = self.slots.iter().filter(|slot| slot.before != VACANT);
            held.for_each(|slot| room.add(slot.key));
        }
        while self.len() > capacity {
            self.evict(now, luck);
        }
        self.shrink_to(|room| room.limit, now, luck);
    }

    /// Forgets every key; counts stay.
    pub(super) fn clear(&mut self) {
        let blank = Store::new(self.capacity, self.life, self.policy);
        let room = self.room.take().map(Room::emptied);
        *self = Store { room, evicted: self.evicted, expired: self.expired, ..blank };
    }

    fn touch(&mut self, slot: u32) {
        if self.last != slot {
            self.unlink(slot);
            self.append(slot);
        }
    }

    fn append(&mut self, slot: u32) {
        self.slots[slot as usize].before = self.last;
        self.slots[slot as usize].after = NONE;
        match self.last {
            NONE => self.first = slot,
            last => self.slots[last as usize].after = slot,
        }
        self.last = slot;
    }

    fn unlink(&mut self, slot: u32) {
        let Slot { before, after, .. } = self.slots[slot as usize];
        match before {
            NONE => self.first = after,
            before => self.slots[before as usize].after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.slots[after as usize].before = before,
        }
    }

    fn remove(&mut self, slot: u32) {
        let key = self.slots[slot as usize].key;
        self.index.remove(key, |slot| self.slots[slot as usize].key);
        if let Some(room) = &mut self.room {
            room.free(key);
        }
        self.unlink(slot);
        self.slots[slot as usize].before = VACANT;
        self.free.push(slot);
    }

    /// Keys in the order in which they leave.
    #[cfg(test)]
    fn order(&self) -> Vec<u64> {
        let next = |&slot: &u32| {
            let after = self.slots[slot as usize].after;
            (after != NONE).then_some(after)
        };
        let first = (self.first != NONE).then_some(self.first);
        std::iter::successors(first, next).map(|slot| self.slots[slot as usize].key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::cache::spec::CacheSpec;
    use crate::engine::chance::{Zipf, mix};

    fn filled(policy: Policy, capacity: u32, keys: u64) -> (Store, Stream) {
        let (mut store, mut luck) = (Store::new(capacity, Life::default(), policy), Stream::new(1));
        (1..=keys).for_each(|key| store.put(key, key, &mut luck).unwrap());
        (store, luck)
    }

    #[test]
    fn the_least_recently_used_key_makes_room() {
        let (mut store, mut luck) = filled(Policy::Lru, 3, 3);
        assert!(store.get(1, 4));
        store.put(4, 5, &mut luck).unwrap();
        assert_eq!(store.order(), [3, 1, 4]);
        assert!(!store.get(2, 6) && store.get(3, 6));
        store.put(1, 7, &mut luck).unwrap();
        assert_eq!((store.order(), store.evicted), (vec![4, 3, 1], 1));
    }

    #[test]
    fn the_first_key_written_makes_room_however_often_it_is_asked_for() {
        let (mut store, mut luck) = filled(Policy::Fifo, 3, 3);
        assert!(store.get(1, 4));
        store.put(1, 4, &mut luck).unwrap();
        store.put(4, 5, &mut luck).unwrap();
        assert_eq!(store.order(), [2, 3, 4]);
    }

    #[test]
    fn a_random_key_makes_room() {
        let (store, _) = filled(Policy::Random, 100, 1000);
        assert_eq!((store.len(), store.evicted), (100, 900));
        let old = store.order().iter().filter(|&&key| key <= 900).count();
        // a key survives 100 evictions among 100 with probability 0.366
        assert!((20..80).contains(&old), "{old}");
    }

    #[test]
    fn a_cache_without_room_holds_nothing() {
        let (mut store, _) = filled(Policy::Lru, 0, 5);
        assert!(store.len() == 0 && !store.get(1, 9) && store.evicted == 0);
        let (mut store, mut luck) = filled(Policy::Lru, 5, 5);
        store.resize((2, None), 9, &mut luck);
        assert_eq!(store.order(), [4, 5]);
        store.resize((0, None), 9, &mut luck);
        assert!(store.order().is_empty());
    }

    #[test]
    fn a_key_is_too_old_exactly_at_its_time_to_live() {
        let (mut store, mut luck) =
            (Store::new(9, Life::fixed(Some(60)), Policy::Lru), Stream::new(1));
        store.put(1, 100, &mut luck).unwrap();
        assert!(store.get(1, 159), "a hit does not make it younger");
        assert!(!store.get(1, 160) && store.len() == 0 && store.expired == 1);
        store.put(1, 170, &mut luck).unwrap();
        store.put(1, 200, &mut luck).unwrap();
        assert!(store.get(1, 259), "a write does");
    }

    #[test]
    fn keys_that_nobody_asks_for_again_are_dropped() {
        let (mut store, mut luck) =
            (Store::new(1 << 30, Life::fixed(Some(1000)), Policy::Lru), Stream::new(1));
        (0..1_000_000).for_each(|now| store.put(mix(1, now), now, &mut luck).unwrap());
        assert!(store.len() < 4000, "{}", store.len());
        assert_eq!(store.evicted, 0);
    }

    #[test]
    fn links_index_and_slots_agree_after_a_million_steps() {
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random] {
            let (mut store, mut luck) =
                (Store::new(500, Life::fixed(Some(5_000)), policy), Stream::new(3));
            let zipf = Zipf::new(3_000, 0.8).unwrap();
            let mut twin = std::collections::BTreeMap::new();
            for now in 0..300_000 {
                let key = zipf.sample(&mut luck);
                if store.get(key, now) {
                    assert!(now - twin[&key] < 5_000);
                } else {
                    store.put(key, now, &mut luck).unwrap();
                    twin.insert(key, now);
                }
            }
            let order = store.order();
            assert_eq!(order.len(), store.len() as usize);
            assert!(order.iter().all(|&key| store.find(key).is_some()));
        }
    }

    fn roomy(form: &str) -> (Store, Stream) {
        let spec: CacheSpec = serde_json::from_str(form).unwrap();
        let mut store = Store::new(1 << 20, Life::new(&spec).unwrap(), spec.policy);
        store.room = Room::new(&spec).unwrap();
        (store, Stream::new(1))
    }

    #[test]
    fn keys_of_different_sizes_make_room_for_each_other_and_the_memory_is_never_exceeded() {
        let form = r#"{"memory": "1MiB", "item": "1KiB", "item_cv": 2.0, "item_max": "64KiB"}"#;
        let (mut store, mut luck) = roomy(form);
        let mut refused = 0;
        for key in 0..20_000 {
            refused += u64::from(store.put(key, key, &mut luck).is_err());
            let room = store.room.as_ref().unwrap();
            assert!(room.used <= 1 << 20);
        }
        let room = store.room.as_ref().unwrap();
        let sum: u64 = store.order().iter().map(|&key| room.size(key)).sum();
        assert_eq!(room.used, sum);
        let too_large = (0..20_000).filter(|&key| room.size(key) > 64 << 10).count() as u64;
        assert!(refused > 0 && refused == too_large, "{refused}, {too_large}");
        let mean = sum as f64 / f64::from(store.len());
        assert!((900.0..1100.0).contains(&mean), "{mean}");
        store.clear();
        assert_eq!(store.room.as_ref().unwrap().used, 0);
    }

    #[test]
    fn times_to_live_spread_evenly_and_some_keys_live_for_ever() {
        let (mut store, mut luck) = roomy(r#"{"ttl": "1000ns", "jitter": 0.1, "expiring": 0.75}"#);
        (0..40_000).for_each(|key| store.put(key, 0, &mut luck).unwrap());
        let mut alive = |now| (0..40_000).filter(|&key| store.get(key, now)).count() as f64;
        assert_eq!(alive(899), 40_000.0);
        // a quarter for ever; the others between 900 and 1100 ns
        let half = alive(1000);
        assert!((half / 40_000.0 - 0.625).abs() < 0.01, "{half}");
        let end = alive(1101);
        assert!((end / 40_000.0 - 0.25).abs() < 0.01, "{end}");
    }
}
