//! A 4-ary minimum heap of unique 128-bit keys: one cache line holds the four children of an entry.

use serde::{Deserialize, Serialize};

const EMPTY: [u128; 4] = [u128::MAX; 4];

/// The heap. Entry `i` lives at slot `i + 3`, so that its children fill line `i + 1`; unused slots
/// hold `u128::MAX`, which spares the pop a bounds test per child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Heap {
    lines: Vec<[u128; 4]>,
    len: u32,
}

impl Default for Heap {
    fn default() -> Self {
        Heap { lines: vec![EMPTY; 8], len: 0 }
    }
}

impl Heap {
    /// Entries held.
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// The smallest key, `u128::MAX` when empty.
    #[inline]
    pub(super) fn peek(&self) -> u128 {
        self.lines[0][3]
    }

    #[inline]
    fn put(&mut self, entry: usize, key: u128) {
        let slot = entry + 3;
        self.lines[slot >> 2][slot & 3] = key;
    }

    /// Moves `key` from the hole at `entry` towards the root until its parent is smaller.
    #[inline]
    fn rise(&mut self, mut entry: usize, key: u128) {
        while entry > 0 {
            let parent = (entry - 1) / 4;
            let above = self.lines[(parent + 3) >> 2][(parent + 3) & 3];
            if above <= key {
                break;
            }
            self.put(entry, above);
            entry = parent;
        }
        self.put(entry, key);
    }

    /// Adds a key; keys are unique because they carry a sequence number.
    #[inline]
    pub(super) fn push(&mut self, key: u128) {
        let entry = self.len as usize;
        self.len += 1;
        if (entry + 3) >> 2 >= self.lines.len() - 1 {
            self.grow();
        }
        self.rise(entry, key);
    }

    #[cold]
    fn grow(&mut self) {
        let lines = self.lines.len() * 2;
        self.lines.resize(lines, EMPTY);
    }

    /// Takes the smallest key out. Bottom-up: the hole sinks to a leaf along the smallest children
    /// and the last entry rises from there, which saves a comparison a level.
    #[inline]
    pub(super) fn pop(&mut self) -> u128 {
        let top = self.peek();
        if self.len == 0 {
            return top;
        }
        self.len -= 1;
        let count = self.len as usize;
        let slot = count + 3;
        let last = core::mem::replace(&mut self.lines[slot >> 2][slot & 3], u128::MAX);
        if count == 0 {
            return top;
        }
        let mut hole = 0;
        while 4 * hole + 1 < count {
            let (child, key) = smallest(&self.lines[hole + 1]);
            self.put(hole, key);
            hole = 4 * hole + 1 + child;
        }
        self.rise(hole, last);
        top
    }

    /// All keys, in no order.
    pub(super) fn keys(&self) -> impl Iterator<Item = u128> + '_ {
        let len = self.len as usize;
        (3..len + 3).map(|slot| self.lines[slot >> 2][slot & 3])
    }

    /// Replaces the content.
    pub(super) fn refill(&mut self, keys: &[u128]) {
        self.lines.fill(EMPTY);
        self.len = 0;
        for &key in keys {
            self.push(key);
        }
    }
}

#[inline]
fn smallest(line: &[u128; 4]) -> (usize, u128) {
    let (a, ka) = if line[1] < line[0] { (1, line[1]) } else { (0, line[0]) };
    let (b, kb) = if line[3] < line[2] { (3, line[3]) } else { (2, line[2]) };
    if kb < ka { (b, kb) } else { (a, ka) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pops_in_order_whatever_the_order_of_pushes() {
        let mut heap = Heap::default();
        let mut twin = std::collections::BTreeSet::new();
        let mut x: u64 = 1;
        for round in 0..20_000u128 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if x >> 62 == 0 && !twin.is_empty() {
                assert_eq!(heap.pop(), twin.pop_first().unwrap());
            } else {
                let key = (u128::from(x >> 40) << 64) | round;
                heap.push(key);
                twin.insert(key);
            }
            assert_eq!(heap.len() as usize, twin.len());
            assert_eq!(heap.peek(), twin.first().copied().unwrap_or(u128::MAX));
        }
        while let Some(least) = twin.pop_first() {
            assert_eq!(heap.pop(), least);
        }
        assert_eq!(heap.pop(), u128::MAX);
    }
}
