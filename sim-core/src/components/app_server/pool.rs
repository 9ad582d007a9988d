//! The connection pool of one worker process: connections opened in need, and a line before them.

use serde::{Deserialize, Serialize};

use super::spec::ProcessPoolSpec;
use crate::engine::queue::{Order, Queue, Waiter};
use crate::rules::pool::{PoolForm, PoolTerms, Stock};

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
            sessions: self.sessions.unwrap_or(true),
        }
    }
}

/// How a request gets a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// This one lay idle.
    Idle(u32),
    /// This one lay idle, and is to be opened anew.
    Again(u32),
    /// One has to be opened.
    New,
}

/// The pool of one process; empty when the process starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ProcessPool {
    pub(super) stock: Stock,
    line: Queue,
}

impl ProcessPool {
    /// A connection, if one is free or may be opened.
    pub(super) fn take(&mut self, terms: &PoolTerms) -> Option<Grant> {
        if let Some((connection, _)) = self.stock.take() {
            let is_void = self.stock.is_void(connection);
            return Some(if is_void { Grant::Again(connection) } else { Grant::Idle(connection) });
        }
        (self.stock.open() < terms.limit).then(|| {
            self.stock.begin();
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

    /// The next in line, if there is a connection for it.
    pub(super) fn next(&mut self, terms: &PoolTerms) -> Option<(Waiter, Grant)> {
        if self.line.is_empty() {
            return None;
        }
        let grant = self.take(terms)?;
        self.line.pop(Order::Fifo).map(|waiter| (waiter, grant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Law;
    use crate::engine::delay::Delay;
    use crate::engine::request::ReqId;
    use crate::engine::time::Nanos;

    fn terms(size: u32, limit: u32) -> PoolTerms {
        let timeout = Delay::new(Law::Constant { nanos: 1 });
        PoolTerms { to: 0, size, limit, timeout, connect: None, sessions: false, salt: 0 }
    }

    fn waiter(word: u64) -> Waiter {
        Waiter { req: ReqId::from_word(word), since: 0, word }
    }

    /// Takes a connection and opens it where that has to be done.
    fn take(pool: &mut ProcessPool, terms: &PoolTerms) -> Option<u32> {
        pool.take(terms).map(|grant| match grant {
            Grant::Idle(connection) | Grant::Again(connection) => connection,
            Grant::New => pool.stock.add(0, 0, Nanos::MAX),
        })
    }

    #[test]
    fn overflow_is_opened_in_need_and_kept_while_fewer_than_the_size_lie_idle() {
        let terms = terms(1, 2);
        let mut pool = ProcessPool::default();
        assert_eq!([0, 1].map(|_| take(&mut pool, &terms)), [Some(0), Some(1)]);
        assert_eq!(pool.take(&terms), None);
        assert!(pool.stock.put(1, 0, &terms));
        assert_eq!(pool.stock.take_spare(&terms), None);
        assert!(pool.stock.put(0, 0, &terms));
        assert_eq!(pool.stock.take_spare(&terms), Some(0), "the one that came last is closed");
        pool.stock.remove(0);
        assert_eq!((pool.stock.open(), pool.stock.idle()), (1, 1), "one is kept");
        assert_eq!([0, 1].map(|_| pool.take(&terms)), [Some(Grant::Idle(1)), Some(Grant::New)]);
    }

    #[test]
    fn the_first_in_line_gets_what_comes_back_and_a_new_one_for_a_broken_one() {
        let terms = terms(1, 1);
        let mut pool = ProcessPool::default();
        assert_eq!(take(&mut pool, &terms), Some(0));
        let first = pool.wait(waiter(1));
        pool.wait(waiter(2));
        pool.wait(waiter(3));
        pool.leave(first);
        assert_eq!(pool.next(&terms), None);
        assert!(pool.stock.put(0, 0, &terms));
        assert_eq!(pool.next(&terms), Some((waiter(2), Grant::Idle(0))));
        pool.stock.remove(0);
        assert_eq!(pool.next(&terms), Some((waiter(3), Grant::New)));
    }
}
