//! What the jobs of a pool hold elsewhere: few at a time, so a short list serves them all.

use serde::{Deserialize, Serialize};

use crate::engine::kernel::{Cx, Note};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    job: u32,
    to: u32,
    lease: u64,
}

/// Leases by job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Leases(Vec<Held>);

impl Leases {
    /// A job holds something of a node.
    pub(super) fn add(&mut self, job: u32, to: u32, lease: u64) {
        self.0.push(Held { job, to, lease });
    }

    /// The lease that a job holds of a node; 0 without one.
    #[inline]
    pub(super) fn of(&self, job: u32, to: u32) -> u64 {
        let held = self.0.iter().find(|held| held.job == job && held.to == to);
        held.map_or(0, |held| held.lease)
    }

    /// Gives back what a job holds of a node, or everything it holds.
    #[inline]
    pub(super) fn release(&mut self, cx: &mut Cx<'_>, job: u32, of: Option<u32>) {
        if self.0.is_empty() {
            return;
        }
        self.0.retain(|held| {
            let ends = held.job == job && of.is_none_or(|of| of == held.to);
            if ends {
                cx.note(held.to, Note::Release { lease: held.lease });
            }
            !ends
        });
    }

    /// Gives everything back: the pool dies.
    pub(super) fn release_all(&mut self, cx: &mut Cx<'_>) {
        for held in self.0.drain(..) {
            cx.note(held.to, Note::Release { lease: held.lease });
        }
    }
}
