//! Where a key is: a hash table of slot numbers that has no order of its own.

use serde::{Deserialize, Serialize};

use crate::engine::chance::mix;

const NONE: u32 = u32::MAX;
const SMALLEST: usize = 16;

/// Open addressing with linear probing, at most half full. The keys stay with their owner, who
/// tells the key of a slot; nobody walks through the table, so its order does not matter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Index {
    table: Vec<u32>,
    len: u32,
}

impl Index {
    fn home(&self, key: u64) -> usize {
        mix(0, key) as usize & (self.table.len() - 1)
    }

    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.table.len() - 1)
    }

    fn place(&self, key: u64, key_of: impl Fn(u32) -> u64) -> Option<usize> {
        if self.table.is_empty() {
            return None;
        }
        let mut at = self.home(key);
        while self.table[at] != NONE {
            if key_of(self.table[at]) == key {
                return Some(at);
            }
            at = self.next(at);
        }
        None
    }

    /// The slot of a key.
    #[inline]
    pub(crate) fn find(&self, key: u64, key_of: impl Fn(u32) -> u64) -> Option<u32> {
        self.place(key, key_of).map(|at| self.table[at])
    }

    /// Enters a key that is not there yet.
    pub(crate) fn insert(&mut self, key: u64, slot: u32, key_of: impl Fn(u32) -> u64) {
        self.len += 1;
        if self.len as usize * 2 > self.table.len() {
            let bigger = (self.table.len() * 2).max(SMALLEST);
            let old = std::mem::replace(&mut self.table, vec![NONE; bigger]);
            for known in old.into_iter().filter(|&known| known != NONE) {
                self.settle(key_of(known), known);
            }
        }
        self.settle(key, slot);
    }

    fn settle(&mut self, key: u64, slot: u32) {
        let mut at = self.home(key);
        while self.table[at] != NONE {
            at = self.next(at);
        }
        self.table[at] = slot;
    }

    /// Takes a key out and closes the gap, so that no mark of it stays behind.
    pub(crate) fn remove(&mut self, key: u64, key_of: impl Fn(u32) -> u64) {
        let Some(mut gap) = self.place(key, &key_of) else { return };
        self.len -= 1;
        let mask = self.table.len() - 1;
        let mut at = self.next(gap);
        while self.table[at] != NONE {
            let home = self.home(key_of(self.table[at]));
            // it may move back unless its home lies after the gap
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(gap) & mask {
                self.table[gap] = self.table[at];
                gap = at;
            }
            at = self.next(at);
        }
        self.table[gap] = NONE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_finds_what_is_in_it_and_nothing_else() {
        let (mut index, mut twin) = (Index::default(), BTreeSet::new());
        let key_of = |slot: u32| u64::from(slot) * 7;
        for n in 0..100_000u64 {
            let slot = (mix(1, n) % 700) as u32;
            let key = key_of(slot);
            if twin.insert(key) {
                index.insert(key, slot, key_of);
            } else {
                twin.remove(&key);
                index.remove(key, key_of);
            }
            assert_eq!(index.find(key, key_of).is_some(), twin.contains(&key));
        }
        for slot in 0..700 {
            let found = index.find(key_of(slot), key_of);
            assert_eq!(found, twin.contains(&key_of(slot)).then_some(slot));
        }
        assert_eq!(index.len as usize, twin.len());
    }
}
