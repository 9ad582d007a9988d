//! A 4-ary minimum heap of unique 128-bit keys: one cache line holds the four children of an entry.

use serde::{Deserialize, Serialize};

const EMPTY: [u128; 4] = [u128::MAX; 4];
/// Where the smallest key lies.
const ROOT: usize = 3;

/// The heap. The root lies in slot 3 and the children of slot `s` fill line `s - 2`; unused slots
/// hold `u128::MAX`, which spares the pop a bounds test per child.
///
/// A taken root leaves a gap that the next push fills: most events set one timer when they fire,
/// and one sift then does the work of two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Heap {
    lines: Vec<[u128; 4]>,
    len: u32,
    gap: bool,
}

impl Default for Heap {
    fn default() -> Self {
        Heap { lines: vec![EMPTY; 8], len: 0, gap: false }
    }
}

impl Heap {
    /// Entries held.
    pub(super) fn len(&self) -> u32 {
        self.len - u32::from(self.gap)
    }

    /// The smallest key, `u128::MAX` when empty.
    #[inline]
    pub(super) fn peek(&mut self) -> u128 {
        if self.gap {
            self.close_gap();
        }
        self.lines[0][ROOT]
    }

    /// Moves `key` from the hole at `slot` towards the root until its parent is smaller.
    #[inline]
    fn rise(&mut self, mut slot: usize, key: u128) {
        while slot > ROOT {
            let parent = (slot >> 2) + 2;
            let above = self.lines[parent >> 2][parent & 3];
            if above <= key {
                break;
            }
            self.lines[slot >> 2][slot & 3] = above;
            slot = parent;
        }
        self.lines[slot >> 2][slot & 3] = key;
    }

    /// Puts `key` where the root is missing: smaller children move up until it fits.
    #[inline]
    fn sink(&mut self, key: u128) {
        let mut slot = ROOT;
        while let Some(line) = self.lines.get(slot - 2) {
            let (child, least) = smallest(line);
            if key <= least {
                break;
            }
            self.lines[slot >> 2][slot & 3] = least;
            slot = 4 * (slot - 2) + child;
        }
        self.lines[slot >> 2][slot & 3] = key;
    }

    /// Adds a key; keys are unique because they carry a sequence number.
    #[inline]
    pub(super) fn push(&mut self, key: u128) {
        if self.gap {
            self.gap = false;
            self.sink(key);
            return;
        }
        let slot = self.len as usize + ROOT;
        self.len += 1;
        if slot >> 2 >= self.lines.len() {
            self.grow();
        }
        self.rise(slot, key);
    }

    #[cold]
    fn grow(&mut self) {
        let lines = self.lines.len() * 2;
        self.lines.resize(lines, EMPTY);
    }

    /// Takes the smallest key out, which must be there and the last one looked at.
    #[inline]
    pub(super) fn pop(&mut self) {
        debug_assert!(self.len > 0 && !self.gap, "only a key that was seen can be taken");
        self.gap = true;
    }

    /// The hole sinks to a leaf along the smallest children and the last entry rises from there,
    /// which saves a comparison a level.
    #[inline]
    fn close_gap(&mut self) {
        self.gap = false;
        self.len -= 1;
        let end = self.len as usize + ROOT;
        let last = core::mem::replace(&mut self.lines[end >> 2][end & 3], u128::MAX);
        if end == ROOT {
            return;
        }
        let mut slot = ROOT;
        while 4 * (slot - 2) < end {
            let (child, least) = smallest(&self.lines[slot - 2]);
            self.lines[slot >> 2][slot & 3] = least;
            slot = 4 * (slot - 2) + child;
        }
        self.rise(slot, last);
    }

    /// All keys, in no order.
    pub(super) fn keys(&mut self) -> impl Iterator<Item = u128> + '_ {
        self.peek();
        let len = self.len as usize;
        self.lines.as_flattened()[ROOT..ROOT + len].iter().copied()
    }

    /// Replaces the content.
    pub(super) fn refill(&mut self, keys: &[u128]) {
        self.lines.fill(EMPTY);
        self.len = 0;
        self.gap = false;
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
                assert_eq!(heap.peek(), twin.pop_first().unwrap());
                heap.pop();
            } else {
                let key = (u128::from(x >> 40) << 64) | round;
                heap.push(key);
                twin.insert(key);
            }
            assert_eq!(heap.len() as usize, twin.len());
            if x >> 60 & 1 == 0 {
                assert_eq!(heap.peek(), twin.first().copied().unwrap_or(u128::MAX));
            }
        }
        while let Some(least) = twin.pop_first() {
            assert_eq!(heap.peek(), least);
            heap.pop();
        }
        assert_eq!((heap.peek(), heap.len()), (u128::MAX, 0));
    }
}
