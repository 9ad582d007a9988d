//! A group's own virtual clock: service each of its jobs has had, while at most `width` of them run
//! at once.

use super::clock::{to_ns_up, to_units};
use super::heap::{Heap, Key};
use serde::{Deserialize, Serialize};

/// The jobs of one group, by their finish on the group's clock.
///
/// `clock` was read when the share's clock showed `synced`, and is brought up to date only when the
/// group changes: a look at the share never rounds anything. It never runs faster than the share's,
/// so `clock <= synced`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Group {
    width: u32,
    clock: u128,
    synced: u128,
    jobs: Heap,
}

impl Group {
    pub(super) fn new(width: u32) -> Self {
        Self { width, clock: 0, synced: 0, jobs: Heap::default() }
    }

    pub(super) fn set_width(&mut self, width: u32) {
        self.width = width;
    }

    pub(super) fn len(&self) -> u32 {
        self.jobs.len()
    }

    /// Threads that want a core.
    pub(super) fn runnable(&self) -> u32 {
        self.len().min(self.width)
    }

    /// The job that finishes first.
    pub(super) fn first(&self) -> Option<u32> {
        self.jobs.first().map(|(_, slot)| slot)
    }

    /// What the group's clock shows when the share's shows `share`.
    fn at(&self, share: u128) -> u128 {
        let passed = share - self.synced;
        if self.len() <= self.width {
            self.clock + passed
        } else {
            // Rounded up, in the jobs' favour like the rate: round numbers then come out round.
            self.clock + passed.saturating_mul(self.width.into()).div_ceil(self.len().into())
        }
    }

    pub(super) fn advance(&mut self, share: u128) {
        self.clock = if self.len() == 0 { 0 } else { self.at(share) };
        self.synced = share;
    }

    /// Starts a job; the group is up to date.
    pub(super) fn add(&mut self, demand_ns: u64, order: u64, slot: u32, places: &mut [u32]) {
        let at = self.clock.saturating_add(to_units(demand_ns));
        self.jobs.set(slot, Some(Key { at, order }), places);
    }

    /// Ends the job at `place` and tells what was left, ns rounded up; the group is up to date.
    pub(super) fn remove(&mut self, place: u32, places: &mut [u32]) -> u64 {
        let key = self.jobs.remove(place, places);
        to_ns_up(key.at.saturating_sub(self.clock))
    }

    /// What is left of the job at `place` when the share's clock shows `share`, ns rounded up.
    pub(super) fn left_ns(&self, share: u128, place: u32) -> u64 {
        to_ns_up(self.jobs.key(place).at.saturating_sub(self.at(share)))
    }

    /// When the first job finishes on the share's clock if the group does not change; the group is
    /// up to date.
    pub(super) fn next(&self) -> Option<Key> {
        let (Key { at, order }, _) = self.jobs.first()?;
        let at = match at.checked_sub(self.clock) {
            // Finished already, and not collected yet: it keeps its turn.
            None | Some(0) => self.synced - (self.clock - at),
            Some(left) if self.len() <= self.width => self.synced.saturating_add(left),
            Some(_) if self.width == 0 => u128::MAX,
            Some(left) => {
                let turns = left.saturating_mul(self.len().into());
                // The usual lock has width 1, and a 128-bit division is slow in a browser.
                let wait = if self.width == 1 { turns } else { turns.div_ceil(self.width.into()) };
                self.synced.saturating_add(wait)
            }
        };
        Some(Key { at, order })
    }
}
