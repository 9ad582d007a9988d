//! What can be read of a share without changing it.

use super::{JobKey, Share};

impl Share {
    /// What is left of a job's demand at `now`, ns rounded up; None if it is not here any more.
    #[must_use]
    pub fn remaining(&self, now: u64, key: JobKey) -> Option<u64> {
        let group = &self.groups[self.group_of(key)? as usize];
        Some(group.left_ns(self.clock.at(now), self.job_places[key.slot as usize]))
    }

    /// How many jobs there are, running or waiting for a turn.
    #[must_use]
    pub fn len(&self) -> u32 {
        (self.slots.len() - self.free_slots.len()) as u32
    }

    /// Whether there is no job.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many jobs of `group` there are.
    #[must_use]
    pub fn group_len(&self, group: u32) -> u32 {
        self.groups[group as usize].len()
    }

    /// How many threads want a core now: jobs, less those who wait for a turn in their group.
    #[must_use]
    pub fn runnable(&self) -> u32 {
        self.runnable
    }

    /// Cores in use now, at whatever speed: the runnable threads or all cores.
    #[must_use]
    pub fn busy_cores(&self) -> f64 {
        self.clock.busy_cores()
    }

    /// Integral of the cores in use from the last reset to `now`, core-ns, exact to 2^-20 core.
    #[must_use]
    pub fn busy_core_ns(&self, now: u64) -> f64 {
        self.clock.busy_core_ns(now)
    }

    pub(super) fn group_of(&self, key: JobKey) -> Option<u32> {
        let slot = self.slots.get(key.slot as usize)?;
        (slot.generation == key.generation).then_some(slot.group)
    }
}
