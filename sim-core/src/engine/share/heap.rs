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

/// A member: its key and its id, flat, for 32 bytes instead of 48.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    at: u128,
    order: u64,
    id: u32,
}

impl Entry {
    fn new(Key { at, order }: Key, id: u32) -> Self {
        Self { at, order, id }
    }

    fn key(&self) -> Key {
        Key { at: self.at, order: self.order }
    }
}

/// The smallest key first. The places of the members, by id, are the owner's: one table serves many
/// heaps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Heap {
    entries: Vec<Entry>,
}

impl Heap {
    pub(super) fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    pub(super) fn first(&self) -> Option<(Key, u32)> {
        self.entries.first().map(|first| (first.key(), first.id))
    }

    pub(super) fn key(&self, place: u32) -> Key {
        self.entries[place as usize].key()
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
                self.entries.push(Entry::new(key, id));
                self.settle(self.entries.len() - 1, places);
            }
            (Some(key), false) => {
                self.entries[place as usize] = Entry::new(key, id);
                self.settle(place as usize, places);
            }
        }
    }

    /// Takes out whoever stands at `place`.
    pub(super) fn remove(&mut self, place: u32, places: &mut [u32]) -> Key {
        let gone = self.entries.swap_remove(place as usize);
        places[gone.id as usize] = NOWHERE;
        if (place as usize) < self.entries.len() {
            self.settle(place as usize, places);
        }
        gone.key()
    }

    /// Moves the entry at `place` up or down to where it belongs.
    fn settle(&mut self, mut place: usize, places: &mut [u32]) {
        let moving = self.entries[place];
        while place > 0 && moving.key() < self.entries[(place - 1) / 2].key() {
            self.put(place, self.entries[(place - 1) / 2], places);
            place = (place - 1) / 2;
        }
        loop {
            let left = 2 * place + 1;
            let Some(mut child) = self.entries.get(left).copied() else { break };
            let mut from = left;
            if let Some(right) =
                self.entries.get(left + 1).filter(|right| right.key() < child.key())
            {
                (child, from) = (*right, left + 1);
            }
            if moving.key() <= child.key() {
                break;
            }
            self.put(place, child, places);
            place = from;
        }
        self.put(place, moving, places);
    }

    fn put(&mut self, place: usize, entry: Entry, places: &mut [u32]) {
        self.entries[place] = entry;
        places[entry.id as usize] = place as u32;
    }
}
