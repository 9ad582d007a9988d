//! Waiting lines by key: one for each thing that somebody has and others want, and none for what
//! nobody wants.

use serde::{Deserialize, Serialize};

use super::index::Index;
use super::queue::Waiter;
use super::slab::Slab;

const NONE: u32 = u32::MAX;

/// What is held under a key, and the ends of the line of those who wait for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line<T> {
    key: u64,
    held: T,
    first: u32,
    last: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    waiter: Waiter,
    line: u32,
    before: u32,
    after: u32,
}

/// Keys that are held, each with its line, first in first out. Every step is O(1), and memory is
/// bounded by what is held and who waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lines<T> {
    lines: Slab<Line<T>>,
    places: Slab<Place>,
    index: Index,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Lines { lines: Slab::default(), places: Slab::default(), index: Index::default() }
    }
}

/// The key of a line, for the index.
fn key_of<T>(lines: &Slab<Line<T>>) -> impl Fn(u32) -> u64 {
    |line| lines.get(line).map_or(0, |line| line.key)
}

impl<T> Lines<T> {
    /// The line of a key that is held.
    #[must_use]
    pub fn find(&self, key: u64) -> Option<u32> {
        self.index.find(key, key_of(&self.lines))
    }

    /// A key that is not held yet is held from now on; the number of its line.
    pub fn open(&mut self, key: u64, held: T) -> u32 {
        let line = self.lines.insert(Line { key, held, first: NONE, last: NONE });
        self.index.insert(key, line, key_of(&self.lines));
        line
    }

    /// What is held under the key of a line.
    pub fn held(&mut self, line: u32) -> Option<&mut T> {
        self.lines.get_mut(line).map(|line| &mut line.held)
    }

    /// Joins a line at its end; the ticket takes it out again.
    pub fn join(&mut self, line: u32, waiter: Waiter) -> u32 {
        let last = self.lines.get(line).map_or(NONE, |line| line.last);
        let ticket = self.places.insert(Place { waiter, line, before: last, after: NONE });
        if let Some(before) = self.places.get_mut(last) {
            before.after = ticket;
        }
        if let Some(line) = self.lines.get_mut(line) {
            line.last = ticket;
            if last == NONE {
                line.first = ticket;
            }
        }
        ticket
    }

    /// Takes one out of its line; `None` if the ticket is used up.
    pub fn leave(&mut self, ticket: u32) -> Option<Waiter> {
        let one = self.places.remove(ticket)?;
        if let Some(before) = self.places.get_mut(one.before) {
            before.after = one.after;
        }
        if let Some(after) = self.places.get_mut(one.after) {
            after.before = one.before;
        }
        if let Some(line) = self.lines.get_mut(one.line) {
            if line.first == ticket {
                line.first = one.after;
            }
            if line.last == ticket {
                line.last = one.before;
            }
        }
        Some(one.waiter)
    }

    /// Takes the one out who has waited longest.
    pub fn next(&mut self, line: u32) -> Option<Waiter> {
        let first = self.lines.get(line)?.first;
        self.leave(first)
    }

    /// A key is held no more, and nobody waits for it; what was held.
    pub fn close(&mut self, line: u32) -> Option<T> {
        let key = self.lines.get(line)?.key;
        self.index.remove(key, key_of(&self.lines));
        self.lines.remove(line).map(|line| line.held)
    }

    /// Keys held.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.lines.len() as u32
    }

    /// Whether no key is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Everybody who waits; no key is held any more.
    pub fn drain(&mut self) -> Vec<Waiter> {
        let all = self.places.drain().into_iter().map(|place| place.waiter).collect();
        *self = Lines::default();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::request::ReqId;

    fn waiter(word: u64) -> Waiter {
        Waiter { req: ReqId::from_word(word), since: 0, word }
    }

    #[test]
    fn each_key_has_its_line_in_order_and_anyone_can_leave() {
        let mut lines = Lines::default();
        let (one, other) = (lines.open(7, 'a'), lines.open(8, 'b'));
        assert_eq!((lines.find(7), lines.find(8), lines.find(9)), (Some(one), Some(other), None));
        let tickets: Vec<u32> = (0..5).map(|word| lines.join(one, waiter(word))).collect();
        lines.join(other, waiter(99));
        for gone in [tickets[0], tickets[2], tickets[4]] {
            assert!(lines.leave(gone).is_some() && lines.leave(gone).is_none());
        }
        let next = |lines: &mut Lines<char>| lines.next(one).map(|waiter| waiter.word);
        assert_eq!(next(&mut lines), Some(1));
        lines.join(one, waiter(5));
        assert_eq!(
            (next(&mut lines), next(&mut lines), next(&mut lines)),
            (Some(3), Some(5), None)
        );
        assert_eq!((lines.close(one), lines.find(7), lines.len()), (Some('a'), None, 1));
        assert_eq!((lines.drain().len(), lines.len()), (1, 0));
    }
}
