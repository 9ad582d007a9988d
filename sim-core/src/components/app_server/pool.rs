//! The connection pool of one worker process: connections opened in need, and a line before them.

use serde::{Deserialize, Serialize};

use super::spec::ProcessPoolSpec;
use crate::engine::queue::{Order, Queue, Waiter};
use crate::rules::pool::{PoolForm, PoolTerms};

impl ProcessPoolSpec {
    /// What it says as every pool does.
    pub(super) fn form(&self) -> PoolForm<'_> {
        PoolForm {
            under: "pool.",
            to: &self.to,
            size: self.size,
            overflow: self.overflow,
            timeout: self.timeout,
            connect: self.connect.as_ref(),
            sessions: false,
        }
    }
}

/// How a request gets a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// One lay idle.
    Idle,
    /// One has to be opened.
    New,
}

/// The pool of one process; empty when the process starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ProcessPool {
    /// Connections there are: taken, being opened or idle.
    open: u32,
    idle: u32,
    line: Queue,
}

impl ProcessPool {
    /// A connection, if one is free or may be opened.
    pub(super) fn take(&mut self, terms: &PoolTerms) -> Option<Grant> {
        if self.idle > 0 {
            self.idle -= 1;
            return Some(Grant::Idle);
        }
        (self.open < terms.limit).then(|| {
            self.open += 1;
            Grant::New
        })
    }

    /// A request waits for one; its ticket.
    pub(super) fn wait(&mut self, waiter: Waiter) -> u32 {
        self.line.push(waiter)
    }

    /// A request waits no more.
    pub(super) fn leave(&mut self, ticket: u32) {
        self.line.remove(ticket);
    }

    /// A connection comes back, broken or not; who gets the place, and how.
    pub(super) fn give_back(&mut self, terms: &PoolTerms, broken: bool) -> Option<(Waiter, Grant)> {
        if broken || self.open > terms.limit {
            self.open -= 1;
        } else {
            self.idle += 1;
        }
        self.next(terms)
    }

    /// The next in line, if there is a connection for it; else what is above the size is closed.
    pub(super) fn next(&mut self, terms: &PoolTerms) -> Option<(Waiter, Grant)> {
        if !self.line.is_empty()
            && let Some(grant) = self.take(terms)
        {
            return self.line.pop(Order::Fifo).map(|waiter| (waiter, grant));
        }
        while self.idle > 0 && self.open > terms.size {
            self.idle -= 1;
            self.open -= 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Law;
    use crate::engine::delay::Delay;
    use crate::engine::request::ReqId;

    fn terms(size: u32, limit: u32) -> PoolTerms {
        let timeout = Delay::new(Law::Constant { nanos: 1 });
        PoolTerms { to: 0, size, limit, timeout, connect: None, sessions: false }
    }

    fn waiter(word: u64) -> Waiter {
        Waiter { req: ReqId::from_word(word), since: 0, word }
    }

    #[test]
    fn overflow_is_opened_in_need_and_closed_when_it_comes_back() {
        let terms = terms(1, 2);
        let mut pool = ProcessPool::default();
        assert_eq!([pool.take(&terms), pool.take(&terms)], [Some(Grant::New); 2]);
        assert_eq!(pool.take(&terms), None);
        assert_eq!(pool.give_back(&terms, false), None);
        assert_eq!(pool.give_back(&terms, false), None);
        assert_eq!((pool.open, pool.idle), (1, 1), "one is kept");
        assert_eq!([pool.take(&terms), pool.take(&terms)], [Some(Grant::Idle), Some(Grant::New)]);
    }

    #[test]
    fn the_first_in_line_gets_what_comes_back_and_a_new_one_for_a_broken_one() {
        let terms = terms(1, 1);
        let mut pool = ProcessPool::default();
        assert_eq!(pool.take(&terms), Some(Grant::New));
        let first = pool.wait(waiter(1));
        pool.wait(waiter(2));
        pool.wait(waiter(3));
        pool.leave(first);
        assert_eq!(pool.give_back(&terms, false), Some((waiter(2), Grant::Idle)));
        assert_eq!(pool.give_back(&terms, true), Some((waiter(3), Grant::New)));
    }
}
