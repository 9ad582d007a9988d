//! Active health checks on a proxy's own account: when they are asked, and what they conclude.

use serde::{Deserialize, Serialize};

use crate::engine::agenda::Timer;
use crate::engine::kernel::Cx;
use crate::engine::request::{Ask, ReqId};
use crate::engine::time::Nanos;

/// How a server is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckTerms {
    /// The endpoint asked; `None` where only the connection is tried.
    pub endpoint: Option<u16>,
    /// From one check to the next, ns.
    pub interval: Nanos,
    /// An answer later than this is a failure, ns; at most the interval.
    pub timeout: Nanos,
    /// Successes in a row after which a server is back.
    pub rise: u32,
    /// Failures in a row after which it is out.
    pub fall: u32,
}

/// The checks of one server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    child: Option<ReqId>,
    next: Timer,
    late: Timer,
    is_good: bool,
    /// Checks in a row with that result.
    pub streak: u32,
}

impl Default for Check {
    fn default() -> Self {
        let (next, late) = (Timer::NONE, Timer::NONE);
        Check { child: None, next, late, is_good: true, streak: 0 }
    }
}

impl Check {
    /// The next check is due after a time.
    pub fn schedule(&mut self, cx: &mut Cx<'_>, after: Nanos, word: u64) {
        cx.disarm(self.next);
        self.next = cx.after(after, word);
    }

    /// Asks the server; `late` is rung when the time for the answer is over.
    pub fn ask(
        &mut self,
        cx: &mut Cx<'_>,
        terms: &CheckTerms,
        (ask, node): (Ask, u32),
        (word, late): (u64, u64),
    ) {
        self.next = cx.after(terms.interval, word);
        self.late = cx.after(terms.timeout, late);
        self.child = Some(cx.fork(ask, None, node, word));
    }

    /// The time for the answer is over; false if it has come.
    pub fn expire(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(child) = self.child.take() else { return false };
        cx.disarm(self.late);
        cx.detach(child);
        cx.cancel(child);
        true
    }

    /// The answer has come.
    pub fn heard(&mut self, cx: &mut Cx<'_>) {
        cx.disarm(self.late);
        self.child = None;
    }

    /// No more checks: the server left, or the proxy dies.
    pub fn end(&mut self, cx: &mut Cx<'_>) {
        let check = std::mem::take(self);
        cx.disarm(check.next);
        cx.disarm(check.late);
        if let Some(child) = check.child {
            cx.detach(child);
            cx.cancel(child);
        }
    }

    /// Counts a result; whether the server is healthy from now on.
    pub fn conclude(&mut self, terms: &CheckTerms, is_good: bool, is_healthy: bool) -> bool {
        self.streak = if self.is_good == is_good { self.streak + 1 } else { 1 };
        self.is_good = is_good;
        match (is_healthy, is_good) {
            (false, true) => self.streak >= terms.rise,
            (true, false) => self.streak < terms.fall,
            (as_before, _) => as_before,
        }
    }
}
