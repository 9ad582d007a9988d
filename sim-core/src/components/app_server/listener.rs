//! The machine's listening socket: the kernel's accept queue, and what becomes of connections that
//! find it full.
//!
//! Linux drops the SYN of a connection that finds the accept queue full and says nothing. The
//! client repeats it: the user sees lateness, not a refusal.

use serde::{Deserialize, Serialize};

use super::spec::SynRetries;
use crate::engine::meter::Counter;
use crate::engine::queue::{Order, Queue, Waiter};
use crate::engine::time::{Nanos, SECOND};

/// Doublings of the time between two SYNs (`tcp_syn_retries` = 6, first time-out 1 s).
const DOUBLINGS: u32 = 6;
/// Repetitions after one second each that come before (`tcp_syn_linear_timeouts` = 4).
const LINEAR: u32 = 4;

/// What a client does whose SYN was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Sends it again after this time.
    Repeats(Nanos),
    /// Gives up after this time.
    GivesUp(Nanos),
}

impl SynRetries {
    /// What follows when the `dropped`-th SYN of a connection is dropped, counted from 1.
    pub(super) fn after(self, dropped: u32) -> Next {
        let linear = match self {
            SynRetries::Classic => 0,
            SynRetries::Linear => LINEAR,
        };
        let doublings = dropped.saturating_sub(linear + 1).min(DOUBLINGS);
        let wait = SECOND << doublings;
        if doublings < DOUBLINGS { Next::Repeats(wait) } else { Next::GivesUp(wait) }
    }
}

/// The accept queue. It is open as long as some process listens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Listener {
    line: Queue,
    pub(super) is_open: bool,
    /// SYNs dropped (`ListenOverflows`).
    pub(super) overflows: Counter,
}

impl Listener {
    /// Whether nobody waits to be accepted.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Since when the oldest connection waits, ns.
    pub(super) fn oldest(&self) -> Option<Nanos> {
        self.line.oldest().map(|waiter| waiter.since)
    }

    /// Whether the queue holds fewer than `room`.
    pub(super) fn has_room(&self, room: u32) -> bool {
        self.line.len() < room
    }

    /// A connection joins the queue, if it holds fewer than `room`; its place.
    pub(super) fn enter(&mut self, waiter: Waiter, room: u32) -> Option<u32> {
        if self.has_room(room) {
            return Some(self.line.push(waiter));
        }
        self.overflows.add(1);
        None
    }

    /// Nobody listens any more, and nobody waits.
    pub(super) fn shut(&mut self) {
        self.line = Queue::default();
        self.is_open = false;
    }

    /// A process accepts the oldest connection.
    pub(super) fn accept(&mut self) -> Option<Waiter> {
        self.line.pop(Order::Fifo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(retries: SynRetries) -> (Vec<u64>, u64) {
        let (mut at, mut times) = (0, Vec::new());
        for dropped in 1.. {
            match retries.after(dropped) {
                Next::Repeats(wait) => {
                    at += wait / SECOND;
                    times.push(at);
                }
                Next::GivesUp(wait) => return (times, at + wait / SECOND),
            }
        }
        unreachable!("every client gives up")
    }

    /// The row "SYN to a full accept queue" of the kernel's two schedules.
    #[test]
    fn a_syn_to_a_full_accept_queue_is_repeated_on_the_kernels_schedule() {
        assert_eq!(times(SynRetries::Classic), (vec![1, 3, 7, 15, 31, 63], 127));
        let linear = vec![1, 2, 3, 4, 5, 7, 11, 19, 35, 67];
        assert_eq!(times(SynRetries::Linear), (linear, 131));
    }
}
