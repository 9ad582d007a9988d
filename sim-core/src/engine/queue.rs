//! A waiting line of requests from which anyone can be taken out in one step.

use serde::{Deserialize, Serialize};

use super::request::ReqId;
use super::time::Nanos;

const NONE: u32 = u32::MAX;

/// Who is served next.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// First in, first out.
    #[default]
    Fifo,
    /// Last in, first out.
    Lifo,
}

/// A request in line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiter {
    /// The request.
    pub req: ReqId,
    /// Since when it waits, ns.
    pub since: Nanos,
    /// One word of the component's own.
    pub word: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    waiter: Waiter,
    before: u32,
    after: u32,
    live: bool,
}

/// The line. Entries are named by tickets that the component keeps with the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    entries: Vec<Entry>,
    /// The first free entry; the others follow by their field `after`.
    free: u32,
    first: u32,
    last: u32,
    len: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Queue { entries: Vec::new(), free: NONE, first: NONE, last: NONE, len: 0 }
    }
}

impl Queue {
    /// Requests in line.
    #[inline]
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether nobody waits.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Joins at the end; the ticket takes it out again.
    pub fn push(&mut self, waiter: Waiter) -> u32 {
        let entry = Entry { waiter, before: self.last, after: NONE, live: true };
        let ticket = self.free;
        let ticket = match self.entries.get_mut(ticket as usize) {
            Some(place) => {
                self.free = place.after;
                *place = entry;
                ticket
            }
            None => {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            }
        };
        match self.last {
            NONE => self.first = ticket,
            last => self.entries[last as usize].after = ticket,
        }
        self.last = ticket;
        self.len += 1;
        ticket
    }

    /// The next one to be served.
    pub fn pop(&mut self, order: Order) -> Option<Waiter> {
        let ticket = match order {
            Order::Fifo => self.first,
            Order::Lifo => self.last,
        };
        self.remove(ticket)
    }

    /// Takes one out, wherever it stands; `None` if the ticket is used up.
    pub fn remove(&mut self, ticket: u32) -> Option<Waiter> {
        let entry = self.entries.get_mut(ticket as usize).filter(|entry| entry.live)?;
        entry.live = false;
        let (waiter, before, after) = (entry.waiter, entry.before, entry.after);
        entry.after = self.free;
        self.free = ticket;
        match before {
            NONE => self.first = after,
            before => self.entries[before as usize].after = after,
        }
        match after {
            NONE => self.last = before,
            after => self.entries[after as usize].before = before,
        }
        self.len -= 1;
        Some(waiter)
    }

    /// The one at the head, who has waited longest.
    #[must_use]
    pub fn oldest(&self) -> Option<&Waiter> {
        self.entries.get(self.first as usize).map(|entry| &entry.waiter)
    }

    /// Empties the line, oldest first.
    pub fn drain(&mut self) -> Vec<Waiter> {
        std::iter::from_fn(|| self.pop(Order::Fifo)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiter(word: u64) -> Waiter {
        Waiter { req: ReqId::from_word(word), since: 0, word }
    }

    #[test]
    fn anyone_can_leave_and_the_order_of_the_others_stays() {
        let mut queue = Queue::default();
        let tickets: Vec<u32> = (0..5).map(|word| queue.push(waiter(word))).collect();
        assert_eq!(queue.remove(tickets[2]).unwrap().word, 2);
        assert_eq!(queue.remove(tickets[2]), None);
        assert_eq!(queue.remove(tickets[0]).unwrap().word, 0);
        assert_eq!(queue.pop(Order::Lifo).unwrap().word, 4);
        assert_eq!(queue.oldest().unwrap().word, 1);
        assert_eq!(queue.drain().iter().map(|w| w.word).collect::<Vec<_>>(), [1, 3]);
        assert!(queue.is_empty() && queue.pop(Order::Fifo).is_none());
    }
}
