//! Processor sharing: jobs that run at once on cores, each at the same speed, nested in groups of
//! limited width.
//!
//! # Law
//!
//! A group lets at most `width` of its jobs run at one instant and its jobs take equal turns:
//! a process under a global interpreter lock has width 1, a frozen one 0, group 0 no limit. Group
//! `g` of `k_g` jobs has `min(k_g, width_g)` runnable threads, `R` is their sum, and each thread
//! runs at `speed * min(1, cores / R)`; so a job of group `g` runs at that rate times `min(1,
//! width_g / k_g)`. (Water filling by job would be wrong here: eight threads behind one lock ask
//! the scheduler for one core, not for eight.)
//!
//! # Cost and error
//!
//! Two virtual clocks, one of the share and one of each group, make every change O(log n): a job's
//! finish on its group's clock never changes. Clocks are integers, 2^-52 ns a unit, so how often a
//! share is looked at changes no bit. Rates are rounded up by less than one unit a ns, a group's
//! clock by less than one a change; completions come, and jobs leave, on the next whole ns. So
//! under the law with departures on whole ns a job ends less than 1 ns late, and after a sojourn
//! `T` at `rate` at most `2^-52 T / rate` early (2e-5 ns for a second among 100 jobs on a core).
//! The clocks return to 0 when the share is empty. Equal demands of a group finish first in, first
//! out.
//!
//! # Contract
//!
//! Whoever owns the share asks [`Share::next`] after every change, and calls
//! [`Share::pop_finished`] until it is empty at that instant, before time moves past it. Time never
//! runs backwards.

mod clock;
mod group;
mod heap;
mod process;
#[cfg(test)]
mod tests;
mod view;

use clock::Clock;
use group::Group;
use heap::{Heap, NOWHERE};
use serde::{Deserialize, Serialize};

/// A job in a share; stale after it has finished or was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobKey {
    /// Its place in the share's slab.
    pub slot: u32,
    /// Which tenant of that place.
    pub generation: u32,
}

/// What is known of a job beside its finish, which its group's heap holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Slot {
    word: u64,
    group: u32,
    generation: u32,
}

/// Cores and the jobs that share them. Times are ns since the run began, demands ns of one core at
/// speed 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    clock: Clock,
    runnable: u32,
    order: u64,
    groups: Vec<Group>,
    free_groups: Vec<u32>,
    slots: Vec<Slot>,
    free_slots: Vec<u32>,
    /// Where each job stands in its group's heap.
    job_places: Vec<u32>,
    /// The groups that have jobs, by when their first one finishes on the share's clock.
    heads: Heap,
    head_places: Vec<u32>,
}

impl Share {
    /// An empty share of `cores` (fractions allowed, infinity for none to share) at `speed` (1 =
    /// the reference core).
    #[must_use]
    pub fn new(now: u64, cores: f64, speed: f64) -> Self {
        Self {
            clock: Clock::new(now, cores, speed),
            runnable: 0,
            order: 0,
            groups: vec![Group::new(u32::MAX)],
            free_groups: Vec::new(),
            slots: Vec::new(),
            free_slots: Vec::new(),
            job_places: Vec::new(),
            heads: Heap::default(),
            head_places: vec![NOWHERE],
        }
    }

    /// Gives the share `cores` at `speed` from `now` on; 0 of either freezes every job.
    pub fn set_speed(&mut self, now: u64, cores: f64, speed: f64) {
        self.advance(now);
        self.clock.set_speed(cores, speed, self.runnable);
    }

    /// Starts a job of `demand_ns` in group 0; `word` comes back when it has finished.
    pub fn add(&mut self, now: u64, demand_ns: u64, word: u64) -> JobKey {
        self.add_to(now, 0, demand_ns, word)
    }

    /// Starts a job of `demand_ns` in `group`; `word` comes back when it has finished.
    pub fn add_to(&mut self, now: u64, group: u32, demand_ns: u64, word: u64) -> JobKey {
        self.advance(now);
        let slot = self.free_slots.pop().unwrap_or(self.slots.len() as u32);
        if slot as usize == self.slots.len() {
            self.slots.push(Slot { word, group, generation: 0 });
            self.job_places.push(NOWHERE);
        }
        let tenant = &mut self.slots[slot as usize];
        (tenant.word, tenant.group) = (word, group);
        let key = JobKey { slot, generation: tenant.generation };
        self.order += 1;
        let order = self.order;
        self.change(group, |group, places| group.add(demand_ns, order, slot, places));
        key
    }

    /// Takes a job out and tells what was left of its demand, ns rounded up; None if it is not here
    /// any more.
    pub fn remove(&mut self, now: u64, key: JobKey) -> Option<u64> {
        let group = self.group_of(key)?;
        self.advance(now);
        let left_ns =
            self.change(group, |group, places| group.remove(places[key.slot as usize], places));
        self.vacate(key.slot);
        Some(left_ns)
    }

    /// Takes out a job that has finished by `now` and gives its word back, in order of finish:
    /// repeat until None.
    pub fn pop_finished(&mut self, now: u64) -> Option<u64> {
        self.advance(now);
        let (head, group) = self.heads.first()?;
        if head.at > self.clock.now() { None } else { self.take_first(group) }
    }

    /// The ns at which the next job will have finished if nothing changes; None if none ever will.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        let (head, _) = self.heads.first()?;
        self.clock.when(head.at)
    }

    /// Forgets the cores used so far (end of the warm-up) and keeps the jobs.
    pub fn reset(&mut self, now: u64) {
        self.advance(now);
        self.clock.forget_use();
    }

    fn advance(&mut self, now: u64) {
        if self.clock.advance(now)
            && let Some((head, _)) = self.heads.first()
            && self.clock.is_overdue(head.at)
        {
            // nobody was awake to collect a finished job: the work stood still from then on
            self.clock.stood_still_at(head.at);
        }
    }

    fn take_first(&mut self, group: u32) -> Option<u64> {
        let slot = self.groups[group as usize].first()?;
        self.change(group, |group, places| group.remove(places[slot as usize], places));
        self.vacate(slot);
        Some(self.slots[slot as usize].word)
    }

    /// Brings a group up to date, changes it, and carries the change to the share: the only way a
    /// group changes.
    fn change<R>(&mut self, id: u32, change: impl FnOnce(&mut Group, &mut [u32]) -> R) -> R {
        let group = &mut self.groups[id as usize];
        group.advance(self.clock.now());
        let before = group.runnable();
        let answer = change(group, &mut self.job_places);
        self.runnable = self.runnable - before + group.runnable();
        self.heads.set(id, group.next(), &mut self.head_places);
        self.clock.share_among(self.runnable);
        answer
    }

    fn vacate(&mut self, slot: u32) {
        let tenant = &mut self.slots[slot as usize];
        tenant.generation = tenant.generation.wrapping_add(1);
        self.free_slots.push(slot);
        if self.is_empty() {
            self.clock.rebase();
        }
    }
}
