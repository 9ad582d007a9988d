//! What few jobs have, kept apart so that jobs stay small: parallel children, and leases.

use serde::{Deserialize, Serialize};

use crate::engine::kernel::{Cx, Note};
use crate::engine::request::ReqId;
use crate::engine::slab::Slab;

/// The number of a job that has nothing aside.
pub(crate) const NOTHING: u32 = u32::MAX;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Extra {
    siblings: Vec<ReqId>,
    /// What the job holds: where, and the lease's number there.
    leases: Vec<(u32, u64)>,
}

/// The extras of a pool's jobs, under numbers that the jobs keep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Aside(Slab<Extra>);

impl Aside {
    fn add(&mut self, number: &mut u32, change: impl FnOnce(&mut Extra)) {
        if *number == NOTHING {
            *number = self.0.insert(Extra::default());
        }
        if let Some(extra) = self.0.get_mut(*number) {
            change(extra);
        }
    }

    /// Children of a parallel step, or none.
    pub(crate) fn siblings(&self, number: u32) -> &[ReqId] {
        self.0.get(number).map_or(&[], |extra| &extra.siblings)
    }

    /// Keeps the children of a parallel step.
    pub(crate) fn spread(&mut self, number: &mut u32, children: Vec<ReqId>) {
        self.add(number, |extra| extra.siblings = children);
    }

    /// The parallel step is over.
    #[inline]
    pub(crate) fn gather(&mut self, number: u32) {
        if let Some(extra) = self.0.get_mut(number) {
            extra.siblings.clear();
        }
    }

    /// Keeps a lease.
    pub(crate) fn keep(&mut self, number: &mut u32, to: u32, lease: u64) {
        self.add(number, |extra| extra.leases.push((to, lease)));
    }

    /// The lease that a job holds of a node; 0 for none.
    #[inline]
    pub(crate) fn lease_of(&self, number: u32, to: u32) -> u64 {
        let Some(extra) = self.0.get(number) else { return 0 };
        extra.leases.iter().find(|(at, _)| *at == to).map_or(0, |(_, lease)| *lease)
    }

    /// Gives back what a job holds of a node, or everything.
    #[inline]
    pub(crate) fn release(&mut self, cx: &mut Cx<'_>, number: u32, of: Option<u32>) {
        let Some(extra) = self.0.get_mut(number) else { return };
        extra.leases.retain(|&(to, lease)| {
            let ends = of.is_none_or(|of| of == to);
            if ends {
                cx.note(to, Note::Release { lease });
            }
            !ends
        });
    }

    /// The job ends: it gives everything back.
    #[inline]
    pub(crate) fn end(&mut self, cx: &mut Cx<'_>, number: u32) {
        if number != NOTHING {
            self.release(cx, number, None);
            self.0.remove(number);
        }
    }
}
