//! What a cache holds: exact LRU, FIFO or random replacement with a fixed time to live, O(1) each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::index::Index;
use crate::engine::chance::{Stream, below};
use crate::engine::time::Nanos;

/// Which key makes room for a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The one that was not asked for or written for the longest time.
    #[default]
    Lru,
    /// The one that was written first.
    Fifo,
    /// Any.
    Random,
}

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
    pub(super) ttl: Option<Nanos>,
    pub(super) policy: Policy,
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
    pub(super) fn new(capacity: u32, ttl: Option<Nanos>, policy: Policy) -> Self {
        Store {
            capacity,
            ttl,
            policy,
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
        self.ttl.is_some_and(|ttl| now - self.slots[slot as usize].written >= ttl)
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

    /// Writes a key; its time to live begins anew.
    pub(super) fn put(&mut self, key: u64, now: Nanos, luck: &mut Stream) {
        if self.capacity == 0 {
            return;
        }
        if let Some(slot) = self.find(key) {
            self.slots[slot as usize].written = now;
            if self.policy == Policy::Lru {
                self.touch(slot);
            }
            return;
        }
        self.expire_some(now);
        if self.len() >= self.capacity {
            self.evict(now, luck);
        }
        let fresh = Slot { key, written: now, before: self.last, after: NONE };
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
    }

    /// Every new key looks at two others and drops those too old, so that keys which are never
    /// asked for again do not stay for ever.
    fn expire_some(&mut self, now: Nanos) {
        if self.ttl.is_none() || self.slots.is_empty() {
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
            Policy::Lru | Policy::Fifo => self.first,
            Policy::Random => {
                let mut slot = below(luck, self.slots.len() as u64) as u32;
                while self.slots[slot as usize].before == VACANT {
                    slot = (slot + 1) % self.slots.len() as u32;
                }
                slot
            }
        };
        if self.is_old(victim, now) {
            self.expired += 1;
        } else {
            self.evicted += 1;
        }
        self.remove(victim);
    }

    /// Holds at most `capacity` keys from now on.
    pub(super) fn resize(&mut self, capacity: u32, now: Nanos, luck: &mut Stream) {
        self.capacity = capacity;
        while self.len() > capacity {
            self.evict(now, luck);
        }
    }

    /// Forgets every key; counts stay.
    pub(super) fn clear(&mut self) {
        let blank = Store::new(self.capacity, self.ttl, self.policy);
        *self = Store { evicted: self.evicted, expired: self.expired, ..blank };
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
    use crate::engine::chance::{Zipf, mix};

    fn filled(policy: Policy, capacity: u32, keys: u64) -> (Store, Stream) {
        let (mut store, mut luck) = (Store::new(capacity, None, policy), Stream::new(1));
        (1..=keys).for_each(|key| store.put(key, key, &mut luck));
        (store, luck)
    }

    #[test]
    fn the_least_recently_used_key_makes_room() {
        let (mut store, mut luck) = filled(Policy::Lru, 3, 3);
        assert!(store.get(1, 4));
        store.put(4, 5, &mut luck);
        assert_eq!(store.order(), [3, 1, 4]);
        assert!(!store.get(2, 6) && store.get(3, 6));
        store.put(1, 7, &mut luck);
        assert_eq!((store.order(), store.evicted), (vec![4, 3, 1], 1));
    }

    #[test]
    fn the_first_key_written_makes_room_however_often_it_is_asked_for() {
        let (mut store, mut luck) = filled(Policy::Fifo, 3, 3);
        assert!(store.get(1, 4));
        store.put(1, 4, &mut luck);
        store.put(4, 5, &mut luck);
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
        store.resize(2, 9, &mut luck);
        assert_eq!(store.order(), [4, 5]);
        store.resize(0, 9, &mut luck);
        assert!(store.order().is_empty());
    }

    #[test]
    fn a_key_is_too_old_exactly_at_its_time_to_live() {
        let (mut store, mut luck) = (Store::new(9, Some(60), Policy::Lru), Stream::new(1));
        store.put(1, 100, &mut luck);
        assert!(store.get(1, 159), "a hit does not make it younger");
        assert!(!store.get(1, 160) && store.len() == 0 && store.expired == 1);
        store.put(1, 170, &mut luck);
        store.put(1, 200, &mut luck);
        assert!(store.get(1, 259), "a write does");
    }

    #[test]
    fn keys_that_nobody_asks_for_again_are_dropped() {
        let (mut store, mut luck) = (Store::new(1 << 30, Some(1000), Policy::Lru), Stream::new(1));
        (0..1_000_000).for_each(|now| store.put(mix(1, now), now, &mut luck));
        assert!(store.len() < 4000, "{}", store.len());
        assert_eq!(store.evicted, 0);
    }

    #[test]
    fn links_index_and_slots_agree_after_a_million_steps() {
        for policy in [Policy::Lru, Policy::Fifo, Policy::Random] {
            let (mut store, mut luck) = (Store::new(500, Some(5_000), policy), Stream::new(3));
            let zipf = Zipf::new(3_000, 0.8).unwrap();
            let mut twin = std::collections::BTreeMap::new();
            for now in 0..300_000 {
                let key = zipf.sample(&mut luck);
                if store.get(key, now) {
                    assert!(now - twin[&key] < 5_000);
                } else {
                    store.put(key, now, &mut luck);
                    twin.insert(key, now);
                }
            }
            let order = store.order();
            assert_eq!(order.len(), store.len() as usize);
            assert!(order.iter().all(|&key| store.find(key).is_some()));
        }
    }
}
