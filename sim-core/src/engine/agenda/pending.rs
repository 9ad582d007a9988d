//! Timers of drawn delays: a sorted list while they are few, a heap when they are many.

use serde::{Deserialize, Serialize};

use super::heap::Heap;

/// Keys in the list at most; one more and all of them move to the heap.
const FEW_MAX: usize = 32;
/// With so few keys left in the heap they move back to the list.
const FEW_AGAIN: u32 = 12;

/// Unique keys in order. Up to a few dozen, a list that shifts on insertion beats every heap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// Falling, so that the smallest key is taken off the end; empty while the heap is in use.
    few: Vec<u128>,
    heap: Heap,
    many: bool,
}

impl Pending {
    /// Keys held.
    #[inline]
    pub(super) fn len(&self) -> u32 {
        if self.many { self.heap.len() } else { self.few.len() as u32 }
    }

    /// The smallest key, `u128::MAX` when empty.
    #[inline]
    pub(super) fn peek(&mut self) -> u128 {
        if self.many {
            return self.heap.peek();
        }
        self.few.last().copied().unwrap_or(u128::MAX)
    }

    /// Adds a key; keys are unique because they carry a sequence number.
    #[inline]
    pub(super) fn push(&mut self, key: u128) {
        if self.few.len() == FEW_MAX {
            self.overflow();
        }
        if self.many {
            self.heap.push(key);
            return;
        }
        self.few.push(key);
        let mut rest = &mut self.few[..];
        while let [.., above, hole] = rest {
            // a new key has the last number of its time, or shuffles: then any place will do
            if (*above >> 64) as u64 > (key >> 64) as u64 {
                break;
            }
            *hole = *above;
            let shorter = rest.len() - 1;
            rest = &mut rest[..shorter];
        }
        if let [.., hole] = rest {
            *hole = key;
        }
    }

    /// Takes the smallest key out, which must be there and the last one looked at.
    #[inline]
    pub(super) fn pop(&mut self) {
        if !self.many {
            self.few.pop();
            return;
        }
        self.heap.pop();
        if self.heap.len() <= FEW_AGAIN {
            self.subside();
        }
    }

    #[cold]
    #[inline(never)]
    fn overflow(&mut self) {
        self.many = true;
        self.heap.refill(&self.few);
        self.few.clear();
    }

    #[cold]
    #[inline(never)]
    fn subside(&mut self) {
        self.many = false;
        self.few.extend(self.heap.keys());
        self.few.sort_unstable_by(|a, b| b.cmp(a));
        self.heap.refill(&[]);
    }

    /// All keys, in no order.
    pub(super) fn keys(&mut self) -> Vec<u128> {
        if self.many { self.heap.keys().collect() } else { self.few.clone() }
    }

    /// Replaces the content.
    pub(super) fn refill(&mut self, keys: &[u128]) {
        self.few.clear();
        self.heap.refill(keys);
        self.many = true;
        if self.heap.len() <= FEW_AGAIN {
            self.subside();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_leave_in_order_while_their_number_swells_and_shrinks() {
        let mut pending = Pending::default();
        let mut twin = std::collections::BTreeSet::new();
        let mut x: u64 = 1;
        for round in 0..40_000u128 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let odds = if round % 2_000 < 1_000 { 110 } else { 146 };
            if x >> 56 < odds {
                assert_eq!(pending.peek(), twin.first().copied().unwrap_or(u128::MAX));
                if twin.pop_first().is_some() {
                    pending.pop();
                }
            } else {
                let key = (u128::from(x >> 40) << 64) | round;
                pending.push(key);
                twin.insert(key);
            }
            assert_eq!(pending.len() as usize, twin.len());
        }
        let mut keys = pending.keys();
        keys.sort_unstable();
        assert!(keys.into_iter().eq(twin));
    }
}
