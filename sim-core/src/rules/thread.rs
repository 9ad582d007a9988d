//! A thread of a program that serves requests in turn: the first in line has it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::engine::kernel::Cx;
use crate::engine::meter::Station;
use crate::engine::request::{Doing, ReqId};
use crate::engine::time::Nanos;

/// The line of those who need the thread, each with a number of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    line: VecDeque<u32>,
}

impl Thread {
    /// One more needs it; true if it has it at once.
    pub fn join(&mut self, cx: &mut Cx<'_>, meter: &mut Station, of: (u32, ReqId)) -> bool {
        self.line.push_back(of.0);
        if self.line.len() == 1 {
            return true;
        }
        meter.enqueue(cx.now());
        cx.doing(of.1, Doing::Waiting);
        false
    }

    /// The first in line is done; its number, and that of the one who has the thread now.
    pub fn leave(&mut self, now: Nanos, meter: &mut Station) -> (Option<u32>, Option<u32>) {
        let done = self.line.pop_front();
        meter.release(now);
        let next = self.line.front().copied();
        if next.is_some() {
            meter.dequeue(now);
        }
        (done, next)
    }

    /// The process is gone.
    pub fn clear(&mut self) {
        self.line.clear();
    }
}

/// A request that has waited since `since` has the thread for `span`, at whose end `word` is rung.
pub fn work(
    cx: &mut Cx<'_>,
    meter: &mut Station,
    (req, since): (ReqId, Nanos),
    (span, word): (Nanos, u64),
) {
    meter.seize(cx.now(), cx.now() - since);
    cx.doing(req, Doing::Working);
    cx.after(span, word);
}
