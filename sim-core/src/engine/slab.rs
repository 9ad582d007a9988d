//! A slab: values under small numbers that are used again, so that steady state allocates nothing.

use serde::{Deserialize, Serialize};

const NONE: u32 = u32::MAX;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Slot<T> {
    Full(T),
    /// The next free number, or [`NONE`].
    Free(u32),
}

/// Values of one type under `u32` numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: u32,
    len: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { slots: Vec::new(), free: NONE, len: 0 }
    }
}

impl<T> Slab<T> {
    /// Puts a value in and tells its number.
    #[inline]
    pub fn insert(&mut self, value: T) -> u32 {
        if self.free == NONE {
            self.extend();
        }
        let index = self.free;
        let slot = &mut self.slots[index as usize];
        if let Slot::Free(next) = slot {
            self.free = *next;
        }
        *slot = Slot::Full(value);
        self.len += 1;
        index
    }

    #[cold]
    #[inline(never)]
    fn extend(&mut self) {
        self.free = self.slots.len() as u32;
        self.slots.push(Slot::Free(NONE));
    }

    /// Takes a value out.
    #[inline]
    pub fn remove(&mut self, index: u32) -> Option<T> {
        let slot = self.slots.get_mut(index as usize)?;
        if let Slot::Free(_) = slot {
            return None;
        }
        let Slot::Full(value) = core::mem::replace(slot, Slot::Free(self.free)) else {
            return None;
        };
        self.free = index;
        self.len -= 1;
        Some(value)
    }

    /// The value under a number.
    #[inline]
    #[must_use]
    pub fn get(&self, index: u32) -> Option<&T> {
        match self.slots.get(index as usize) {
            Some(Slot::Full(value)) => Some(value),
            _ => None,
        }
    }

    /// The value under a number, to be changed.
    #[inline]
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.slots.get_mut(index as usize) {
            Some(Slot::Full(value)) => Some(value),
            _ => None,
        }
    }

    /// Values held.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The numbers in use, in order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let full = |(_, slot): &(usize, &Slot<T>)| matches!(slot, Slot::Full(_));
        self.slots.iter().enumerate().filter(full).map(|(index, _)| index as u32)
    }

    /// Everything out, in order of the numbers; the numbers start again from 0.
    pub fn drain(&mut self) -> Vec<T> {
        (self.free, self.len) = (NONE, 0);
        let full = |slot| match slot {
            Slot::Full(value) => Some(value),
            Slot::Free(_) => None,
        };
        self.slots.drain(..).filter_map(full).collect()
    }
}
