//! Group commit: one flush of the log at a time, for everybody who came before it began.

use serde::{Deserialize, Serialize};

use crate::engine::meter::Station;
use crate::engine::time::Nanos;

/// Who is served by the flush under way, and who waits for the next one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Log {
    under_way: Vec<u32>,
    waiting: Vec<(u32, Nanos)>,
    /// An empty list, so that its memory is used again.
    spare: Vec<u32>,
    /// The disk under it: one flush at a time.
    pub(super) disk: Station,
    pub(super) flushes: u64,
}

impl Log {
    pub(super) fn new() -> Self {
        let disk = Station::new(0, 0);
        Log { under_way: Vec::new(), waiting: Vec::new(), spare: Vec::new(), disk, flushes: 0 }
    }

    /// A commit joins the line for the next flush; whether that can begin at once.
    pub(super) fn join(&mut self, now: Nanos, job: u32) -> bool {
        self.waiting.push((job, now));
        self.disk.enqueue(now);
        self.under_way.is_empty()
    }

    /// Everybody who waits is served by a flush that begins now; false if nobody does.
    pub(super) fn begin(&mut self, now: Nanos) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        self.flushes += 1;
        self.disk.busy.set(now, 1);
        for (job, since) in self.waiting.drain(..) {
            self.disk.dequeue(now);
            self.disk.share(now - since);
            self.under_way.push(job);
        }
        true
    }

    /// The first one who waits for the next flush.
    pub(super) fn first(&self) -> Option<u32> {
        self.waiting.first().map(|&(job, _)| job)
    }

    /// The flush is done; who was served by it, to be handed back with [`Log::take_back`].
    pub(super) fn end(&mut self, now: Nanos) -> Vec<u32> {
        self.disk.busy.set(now, 0);
        std::mem::replace(&mut self.under_way, std::mem::take(&mut self.spare))
    }

    /// The list of a flush that is over.
    pub(super) fn take_back(&mut self, mut served: Vec<u32>) {
        served.clear();
        self.spare = served;
    }

    pub(super) fn stop(&mut self, now: Nanos) {
        self.under_way.clear();
        self.waiting.clear();
        self.disk.close(now);
    }
}
