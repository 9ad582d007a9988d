//! Workers that wait for their clients to close: the answer is out, and the place is taken still.

use serde::{Deserialize, Serialize};

use super::{AppServer, CLOSED};
use crate::engine::agenda::Timer;
use crate::engine::kernel::Cx;

/// A place that waits for its client's close.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Lingering {
    process: u32,
    timer: Timer,
}

impl AppServer {
    /// A request's place is free once its client has closed the connection.
    #[inline]
    pub(super) fn part(&mut self, cx: &mut Cx<'_>, process: u32) {
        let Some(law) = &self.terms.lingers else { return self.leave_process(cx, process) };
        let span = self.crew.draw(law);
        let index = self.lingering.insert(Lingering { process, timer: Timer::NONE });
        let timer = cx.after(span, CLOSED | u64::from(index));
        if let Some(lingering) = self.lingering.get_mut(index) {
            lingering.timer = timer;
        }
    }

    /// A client has closed.
    pub(super) fn closed(&mut self, cx: &mut Cx<'_>, index: u32) {
        if let Some(Lingering { process, .. }) = self.lingering.remove(index) {
            self.leave_process(cx, process);
        }
    }

    /// A process ends: it waits for nobody any more.
    pub(super) fn forget_lingering(&mut self, cx: &mut Cx<'_>, process: u32) {
        let own = |&index: &u32| {
            self.lingering.get(index).is_some_and(|lingering| lingering.process == process)
        };
        let own: Vec<u32> = self.lingering.numbers().filter(own).collect();
        for lingering in own.into_iter().filter_map(|index| self.lingering.remove(index)) {
            cx.disarm(lingering.timer);
            self.meters.slots.release(cx.now());
        }
    }
}
