//! A binary heap whose members know their place, so that any of them can leave or move in O(log n).

use serde::{Deserialize, Serialize};

/// The place of who is not in the heap.
pub(super) const NOWHERE: u32 = u32::MAX;

/// What orders a heap: a time on a virtual clock (2^-52 ns), then the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) at: u128,
    pub(super) order: u64,
}

/// The smallest key first. The places of the members, by id, are the owner's: one table serves many
/// heaps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Heap {
    entries: Vec<(Key, u32)>,
}

impl Heap {
    pub(super) fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    pub(super) fn first(&self) -> Option<(Key, u32)> {
        self.entries.first().copied()
    }

    pub(super) fn key(&self, place: u32) -> Key {
        self.entries[place as usize].0
    }

    /// Puts `id` in, moves it, or with no key takes it out.
    pub(super) fn set(&mut self, id: u32, key: Option<Key>, places: &mut [u32]) {
        let place = places[id as usize];
        match (key, place == NOWHERE) {
            (None, true) => {}
            (None, false) => {
                self.remove(place, places);
            }
            (Some(key), true) => {
                self.entries.push((key, id));
                self.settle(self.entries.len() - 1, places);
            }
            (Some(key), false) => {
                self.entries[place as usize].0 = key;
                self.settle(place as usize, places);
            }
        }
    }

    /// Takes out whoever stands at `place`.
    pub(super) fn remove(&mut self, place: u32, places: &mut [u32]) -> (Key, u32) {
        let gone = self.entries.swap_remove(place as usize);
        places[gone.1 as usize] = NOWHERE;
        if (place as usize) < self.entries.len() {
            self.settle(place as usize, places);
        }
        gone
    }

    /// Moves the entry at `place` up or down to where it belongs.
    fn settle(&mut self, mut place: usize, places: &mut [u32]) {
        let moving = self.entries[place];
        while place > 0 && moving.0 < self.entries[(place - 1) / 2].0 {
            self.put(place, self.entries[(place - 1) / 2], places);
            place = (place - 1) / 2;
        }
        loop {
            let left = 2 * place + 1;
            let Some(mut child) = self.entries.get(left).copied() else { break };
            let mut from = left;
            if let Some(right) = self.entries.get(left + 1).filter(|right| right.0 < child.0) {
                (child, from) = (*right, left + 1);
            }
            if moving.0 <= child.0 {
                break;
            }
            self.put(place, child, places);
            place = from;
        }
        self.put(place, moving, places);
    }

    fn put(&mut self, place: usize, entry: (Key, u32), places: &mut [u32]) {
        self.entries[place] = entry;
        places[entry.1 as usize] = place as u32;
    }
}
